// A node as a process of its own: `link_peer certificate key authority [port]`. Without a port it
// listens and prints its port; with one it dials there and prints "open". Echoes, and lives until
// it is killed or its standard input ends.
#include "web/link_runtime.hpp"

#include <cstdio>
#include <cstdlib>

int main(int count, char** words) {
  using namespace shoal;
  if (count < 4) return 2;
  web::link_options options;
  options.certificate_file = words[1];
  options.key_file = words[2];
  options.authority_file = words[3];
  if (count == 4) options.listen_address = "127.0.0.1";
  const actors::link_handler echo{
      .on_frame = [](const std::shared_ptr<actors::link_connection>& from, std::string frame) {
        static_cast<void>(from->send(std::move(frame)));
      }};
  const auto started = web::link_runtime::start(options, echo);
  if (!started) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  const auto say = [](const std::string& line) {
    std::puts(line.c_str());
    std::fflush(stdout);
  };
  if (count == 4) {
    say(std::to_string((*started)->port()));
  } else {
    (*started)->dial("127.0.0.1", static_cast<std::uint16_t>(std::atoi(words[4])),
                     actors::node_role::host, echo,
                     [&](const auto& opened) { say(opened ? "open" : opened.error().message); });
  }
  while (std::getchar() != EOF) {
  }
  return 0;
}
