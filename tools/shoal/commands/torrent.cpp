#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <unistd.h>

namespace shoal::cli {

namespace {

struct torrent_flags {
  std::string pack;
  std::string to_file;
};

result<void> torrent(const session& to, const torrent_flags& given) {
  if (given.to_file.empty() && ::isatty(STDOUT_FILENO) == 1) {
    return error{errc::invalid_argument,
                 "a torrent is not text for a terminal; give --to FILE or redirect it"};
  }
  const auto content = daemon{to}.download("/api/v1/packs/" + given.pack + "/torrent");
  if (!content) return content.error();
  if (given.to_file.empty()) {
    to.print(*content);
    return {};
  }
  errno = 0;
  std::ofstream out{given.to_file, std::ios::binary | std::ios::trunc};
  out << *content;
  out.close();
  if (!out) {
    const auto code = errno == ENOSPC   ? errc::no_space
                      : errno == EACCES ? errc::permission
                                        : errc::failed;
    return error{code, "cannot write " + given.to_file + ": " + std::strerror(errno)};
  }
  return {};
}

} // namespace

void add_torrent(CLI::App& app, session& to) {
  auto* command =
      app.add_subcommand("torrent", "Write a pack's .torrent, for any BitTorrent v2 client");
  const auto given = std::make_shared<torrent_flags>();
  command->add_option("pack", given->pack, "the pack: 64 hexadecimal digits")
      ->type_name("PACK")
      ->required()
      ->check(is_pack());
  command->add_option("--to", given->to_file, "the file to write; default: standard output")
      ->type_name("FILE");
  command->footer(
      "Examples:\n"
      "  shoal torrent $(shoal plan web:2 -o json | jq -r .packs[0].pack) --to web.torrent");
  command->callback([&to, given] { to.action = [&to, given] { return torrent(to, *given); }; });
}

} // namespace shoal::cli
