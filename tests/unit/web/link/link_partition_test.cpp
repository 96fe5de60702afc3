// A cable that is pulled sends no farewell: two network namespaces, a link between them, and the
// link's cable taken down. Needs root.
#include "link_fixture.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <thread>

namespace shoal::web {
namespace {

bool shell(const std::string& command) { return std::system(command.c_str()) == 0; }

/// A network namespace that lives as long as the object. Threads started by what runs in it, and
/// commands, live in it too.
class network_namespace {
public:
  network_namespace() {
    std::thread{[this] {
      if (::unshare(CLONE_NEWNET) != 0) return;
      descriptor_ = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    }}.join();
  }
  ~network_namespace() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  network_namespace(const network_namespace&) = delete;
  network_namespace& operator=(const network_namespace&) = delete;

  [[nodiscard]] bool ok() const { return descriptor_ >= 0; }
  [[nodiscard]] std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(descriptor_);
  }
  void run(const std::function<void()>& act) const {
    std::thread{[&] {
      if (::setns(descriptor_, CLONE_NEWNET) == 0) act();
    }}.join();
  }
  [[nodiscard]] bool command(const std::string& text) const {
    bool done = false;
    run([&] { done = shell(text); });
    return done;
  }

private:
  int descriptor_ = -1;
};

TEST(LinkPartitionTest, IsNoticedByBothEndsWithinTheIdleTimeout) {
  const network_namespace here;
  const network_namespace there;
  if (!here.ok() || !there.ok()) GTEST_SKIP() << "network namespaces need root";
  const bool cabled =
      here.command("ip link add cable0 type veth peer name cable1 netns " + there.path() +
                   " && ip addr add 10.99.0.1/24 dev cable0 && ip link set cable0 up") &&
      there.command("ip addr add 10.99.0.2/24 dev cable1 && ip link set cable1 up");
  if (!cabled) GTEST_SKIP() << "this kernel has no veth";

  const link_cluster cluster;
  ears server_ears;
  ears client_ears;
  ears again;
  auto server_options = cluster.server();
  auto client_options = cluster.node("client");
  server_options.listen_address = "10.99.0.2";
  for (auto* options : {&server_options, &client_options}) {
    options->ping_interval = 200ms;
    options->idle_timeout = 1000ms;
  }
  std::unique_ptr<link_runtime> server;
  std::unique_ptr<link_runtime> client;
  there.run([&] { server = start(server_options, server_ears.handler()); });
  here.run([&] { client = start(client_options); });
  ASSERT_TRUE(server && client);
  const auto opened =
      begin_dial(*client, server->port(), client_ears.handler(), node_role::host, "10.99.0.2")
          .get();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  server_ears.opened();

  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(there.command("ip link set cable1 down"));
  EXPECT_EQ(client_ears.closed().code, errc::unreachable);
  EXPECT_EQ(server_ears.closed().code, errc::unreachable);
  const auto took = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(took, 500ms);
  EXPECT_LT(took, 3s);

  ASSERT_TRUE(there.command("ip link set cable1 up"));
  const auto reopened =
      begin_dial(*client, server->port(), again.handler(), node_role::host, "10.99.0.2").get();
  EXPECT_TRUE(reopened.ok()) << reopened.error().message;
}

} // namespace
} // namespace shoal::web
