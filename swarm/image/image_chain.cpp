#include "swarm/image/image_chain.hpp"

#include "swarm/image/child_process.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace shoal::swarm {

namespace {

/// What `qemu-img check` exits with.
constexpr int check_found_nothing = 0;
constexpr int check_found_leaks = 3;
constexpr int check_unsupported = 63;

/// Far above what people build; a chain that is longer leads back to itself.
constexpr int chain_length_max = 200;

/// The last line of what a tool said, without its own name.
std::string reason_of(std::string said) {
  while (!said.empty() && said.back() == '\n')
    said.pop_back();
  if (const auto line = said.rfind('\n'); line != std::string::npos) said.erase(0, line + 1);
  if (said.starts_with("qemu-img: ")) said.erase(0, std::string_view{"qemu-img: "}.size());
  return said.empty() ? "qemu-img gives no reason" : said;
}

/// One image of a chain.
struct chain_link {
  std::string file;
  /// Empty: qemu looks.
  std::string format;
  /// The image that is built on it; empty for the one that was asked for.
  std::string user;
};

error refused_to_open(const chain_link& link, const std::string& complaint) {
  const auto reason = reason_of(complaint);
  const auto what =
      link.user.empty() ? link.file : "the backing file of " + link.user + ", " + link.file + ",";
  if (reason.find("Permission denied") != std::string::npos) {
    return {errc::permission, what + " cannot be opened: " + reason};
  }
  if (!link.user.empty() && reason.find("No such file") != std::string::npos) {
    return {errc::not_found, what + " is not there; put it back or, if it has moved, tell the " +
                                 "image so: qemu-img rebase -u -b FILE -F FORMAT " + link.user};
  }
  return {errc::corrupt, what + " is not a readable " +
                             (link.format.empty() ? "image" : link.format + " image") + ": " +
                             reason + "; if it was damaged on its way here, copy it again"};
}

/// A backing file that is a network address or a JSON description could be made to name anything
/// that this machine can reach.
bool is_local_path(const std::string& name) {
  const auto colon = name.find(':');
  return colon == std::string::npos || name.find('/') < colon;
}

std::string one_piece(const std::string& file) {
  return "publish a copy in one piece: qemu-img convert -O qcow2 " + file + " NEW.qcow2";
}

result<void> check_tables(const std::string& file) {
  auto ran = run_tool({"qemu-img", "check", "-q", "-f", "qcow2", "--", file});
  if (!ran) return ran.error();
  switch (ran->exit_code) {
  case check_found_nothing:
  case check_found_leaks:
  case check_unsupported: return {};
  default:
    return {errc::corrupt, file + " is truncated or corrupt (qemu-img check): " +
                               reason_of(ran->complaint + ran->output) +
                               "; if it was damaged on its way here, copy it again"};
  }
}

/// What `qemu-img info` says of one image. Without `--backing-chain` it opens nothing but the file.
result<nlohmann::json> describe(const chain_link& link) {
  std::vector<std::string> command{"qemu-img", "info", "--output=json"};
  if (!link.format.empty()) command.insert(command.end(), {"-f", link.format});
  command.insert(command.end(), {"--", link.file});
  auto ran = run_tool(command);
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return refused_to_open(link, ran->complaint);
  auto described = nlohmann::json::parse(ran->output, nullptr, false);
  if (described.is_object()) return described;
  return {errc::failed, "qemu-img describes " + link.file + " in a way that is not understood"};
}

/// Whether everything of the image is in its own file, for anybody to read.
result<void> check_kind(const std::string& file, const nlohmann::json& described) {
  if (described.value("encrypted", false)) {
    return {errc::invalid_argument,
            file + " is an encrypted image; publish a decrypted copy: qemu-img convert " +
                "--object secret,id=s,file=PASSWORD --image-opts driver=qcow2,file.filename=" +
                file + ",encrypt.key-secret=s -O qcow2 NEW.qcow2"};
  }
  const auto special = described.value(nlohmann::json::json_pointer{"/format-specific/data"},
                                       nlohmann::json::object());
  // Its name is missing where nobody wrote it into the image.
  if (special.contains("data-file") || special.contains("data-file-raw")) {
    return {errc::invalid_argument, file + " keeps its data in another file, " +
                                        special.value("data-file", "unnamed") +
                                        ", which is not read; " + one_piece(file)};
  }
  return {};
}

} // namespace

result<void> check_qcow2_chain(const std::filesystem::path& file) {
  chain_link link{.file = std::filesystem::absolute(file).string(), .format = "qcow2"};
  std::vector<std::string> qcow2_files;
  for (int length = 1;; ++length) {
    auto described = describe(link);
    if (!described) return described.error();
    if (auto fine = check_kind(link.file, *described); !fine) return fine;
    if (described->value("format", std::string{}) == "qcow2") qcow2_files.push_back(link.file);
    auto below = described->value("full-backing-filename", std::string{});
    if (below.empty()) break;
    if (!is_local_path(below)) {
      return {errc::invalid_argument,
              link.file + " is built on " + below +
                  "; only backing files on this machine are read: " + one_piece(link.file)};
    }
    if (length == chain_length_max) {
      return {errc::corrupt, file.string() + " is built on itself, or on more than " +
                                 std::to_string(chain_length_max) + " images"};
    }
    link = {std::move(below), described->value("backing-filename-format", std::string{}),
            link.file};
  }
  // Last, because this opens all that an image is built on.
  for (const auto& one : qcow2_files) {
    if (auto whole = check_tables(one); !whole) return whole;
  }
  return {};
}

} // namespace shoal::swarm
