// A node that is killed is missed at once by the other end, whichever end dialled.
#include "link_fixture.hpp"

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shoal::web {
namespace {

/// A `link_peer` process; killed with the object.
class peer_process {
public:
  peer_process(const link_options& options, const std::string& port) {
    int from[2] = {-1, -1};
    int to[2] = {-1, -1};
    EXPECT_EQ(::pipe2(from, O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(to, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], 0);
    posix_spawn_file_actions_adddup2(&actions, from[1], 1);
    std::vector<std::string> words{LINK_PEER, options.certificate_file, options.key_file,
                                   options.authority_file};
    if (!port.empty()) words.push_back(port);
    std::vector<char*> pointers;
    for (auto& word : words)
      pointers.push_back(word.data());
    pointers.push_back(nullptr);
    EXPECT_EQ(::posix_spawn(&id_, LINK_PEER, &actions, nullptr, pointers.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(from[1]);
    ::close(to[0]);
    input_ = to[1];
    output_ = ::fdopen(from[0], "r");
  }
  ~peer_process() {
    kill();
    ::close(input_);
    std::fclose(output_);
  }
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;

  std::string line() {
    char text[200] = "";
    if (std::fgets(text, sizeof text, output_) == nullptr) return "";
    std::string read{text};
    while (!read.empty() && read.back() == '\n')
      read.pop_back();
    return read;
  }
  void kill() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    id_ = 0;
  }

private:
  pid_t id_ = 0;
  int input_ = -1;
  std::FILE* output_ = nullptr;
};

class LinkDeathOfANodeTest : public ::testing::Test {
protected:
  link_cluster cluster;
  ears heard;

  void expect_to_be_missed(peer_process& peer) {
    const auto begun = std::chrono::steady_clock::now();
    peer.kill();
    EXPECT_EQ(heard.closed().code, errc::unreachable);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 1s);
  }
};

TEST_F(LinkDeathOfANodeTest, OfTheOneThatListensIsNoticedAtOnce) {
  peer_process peer{cluster.server("peer"), ""};
  const auto node = start(cluster.node("node"));
  const auto port = static_cast<std::uint16_t>(std::stoi(peer.line()));
  const auto opened = dial(*node, port, heard.handler());
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  ASSERT_TRUE((*opened)->send("hello").ok());
  heard.frames(1);
  expect_to_be_missed(peer);
}

TEST_F(LinkDeathOfANodeTest, OfTheOneThatDialledIsNoticedAtOnce) {
  const auto node = start(cluster.server(), heard.handler());
  peer_process peer{cluster.node("peer"), std::to_string(node->port())};
  EXPECT_EQ(peer.line(), "open");
  const auto opened = heard.opened();
  ASSERT_TRUE(opened && opened->send("hello").ok());
  heard.frames(1);
  expect_to_be_missed(peer);
}

} // namespace
} // namespace shoal::web
