// What machines that are no nodes can do to one: nothing that lasts.
#include "link_fixture.hpp"

#include "tls_client.hpp"

#include <sys/resource.h>

#include <thread>

namespace shoal::web {
namespace {

using steady = std::chrono::steady_clock;

/// Descriptors for a thousand connections in one process.
void allow_many_descriptors() {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, 8192);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/// This process's processor time over some idle time, as a share of one core.
double busy_share(std::chrono::milliseconds length) {
  const auto used = [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  };
  const auto before = used();
  std::this_thread::sleep_for(length);
  return (used() - before) / std::chrono::duration<double>(length).count();
}

class LinkStrangersTest : public ::testing::Test {
protected:
  link_cluster cluster;
  ears heard;
  std::unique_ptr<link_runtime> server;
  std::unique_ptr<link_runtime> client;

  void serve(link_options options) {
    options.log = heard.log();
    server = start(std::move(options), heard.handler(true));
    client = start(cluster.node("client"));
  }

  void expect_prompt_service() {
    const auto begun = steady::now();
    EXPECT_TRUE(echoes(*client, server->port())) << heard.log_text();
    EXPECT_LT(steady::now() - begun, 1s);
  }
};

TEST_F(LinkStrangersTest, GarbageIsAnsweredByAClosedConnection) {
  serve(cluster.server());
  const std::vector<std::string> garbage{
      std::string(32, '\0'), "GET / HTTP/1.1\r\n\r\n", std::string(100'000, '\xff'),
      std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x')};
  for (const auto& bytes : garbage) {
    raw_socket stranger{server->port()};
    stranger.write(bytes);
    EXPECT_TRUE(stranger.closed_by_peer());
  }
  expect_prompt_service();
}

TEST_F(LinkStrangersTest, WhoeverDoesNotFinishTheHandshakeIsDroppedInTime) {
  auto options = cluster.server();
  options.handshake_timeout = 1s;
  serve(options);
  raw_socket silent{server->port()};
  raw_socket hesitant{server->port()};
  hesitant.write("\x16");
  const auto node = cluster.node("speechless");
  tls_client speechless{server->port(), &node};
  EXPECT_TRUE(silent.closed_by_peer());
  EXPECT_TRUE(hesitant.closed_by_peer());
  EXPECT_EQ(speechless.read_all(), "");
  EXPECT_TRUE(heard.logged("does not finish its handshake")) << heard.log_text();
  expect_prompt_service();
}

TEST_F(LinkStrangersTest, AThousandHalfOpenConnectionsCostNoTimeAndKeepNobodyOut) {
  allow_many_descriptors();
  auto options = cluster.server();
  // Nothing may help but the limits.
  options.handshake_timeout = 600s;
  serve(options);
  std::vector<raw_socket> strangers;
  for (int i = 0; i < 1000; ++i) {
    raw_socket stranger;
    const auto from = "127.0.0." + std::to_string(1 + i % 3);
    ASSERT_TRUE(stranger.bind(from.c_str()) && stranger.connect(server->port()));
    if (i % 2 == 1) stranger.write(std::string("\x16\x03\x01\x02\x00\x01", i % 7));
    strangers.push_back(std::move(stranger));
  }
  expect_prompt_service();
  EXPECT_LE(server->counts().half_open, 3U * 256U);
  EXPECT_GE(server->counts().half_open, 700U);
  EXPECT_LT(busy_share(1500ms), 0.05);
  expect_prompt_service();
}

TEST_F(LinkStrangersTest, RunningOutOfDescriptorsDoesNotSpinAndPasses) {
  serve(cluster.server());
  std::vector<raw_socket> strangers(30);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int lowest_free = ::dup(0);
  ASSERT_GE(lowest_free, 0);
  ::close(lowest_free);
  auto scarce = before;
  scarce.rlim_cur = static_cast<rlim_t>(lowest_free) + 5;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &scarce), 0);
  for (auto& stranger : strangers)
    EXPECT_TRUE(stranger.connect(server->port()));
  EXPECT_TRUE(heard.logged("cannot accept connections"));
  EXPECT_LT(busy_share(1000ms), 0.05);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(echoes(*client, server->port()));
}

TEST_F(LinkStrangersTest, ALimitOnConnectionsTurnsNewOnesAway) {
  auto options = cluster.server();
  options.connections_max = 2;
  serve(options);
  ears first_ears;
  ears second_ears;
  ASSERT_TRUE(dial(*client, server->port(), first_ears.handler()).ok());
  ASSERT_TRUE(dial(*client, server->port(), second_ears.handler()).ok());
  EXPECT_FALSE(dial(*client, server->port()).ok());
  EXPECT_TRUE(heard.logged("are the limit")) << heard.log_text();
  EXPECT_EQ(first_ears.closed_count() + second_ears.closed_count(), 0U);
  client.reset();
}

TEST_F(LinkStrangersTest, ABlackHoleDelaysNoOtherDial) {
  serve(cluster.server());
  raw_socket mute;
  const auto mute_port = mute.listen(8);
  // A full queue of connections: the kernel drops further SYNs, like a host that is off.
  raw_socket full;
  const auto full_port = full.listen(0);
  const raw_socket filler{full_port};
  auto options = cluster.node("dialler");
  options.connect_timeout = 2s;
  options.handshake_timeout = 2s;
  const auto dialler = start(options);
  const auto begun = steady::now();
  auto to_mute = begin_dial(*dialler, mute_port);
  std::vector<pending_dial> to_full;
  for (int i = 0; i < 3; ++i)
    to_full.push_back(begin_dial(*dialler, full_port));
  EXPECT_TRUE(echoes(*dialler, server->port()));
  EXPECT_LT(steady::now() - begun, 1s);
  EXPECT_EQ(to_mute.get().error().code, errc::unreachable);
  for (auto& pending : to_full)
    EXPECT_EQ(pending.get().error().code, errc::unreachable);
  EXPECT_GE(steady::now() - begun, 2s);
  EXPECT_LT(steady::now() - begun, 6s);
}

TEST_F(LinkStrangersTest, AClosedPortAndABadNameAreToldAtOnce) {
  serve(cluster.server());
  std::uint16_t closed_port = 0;
  {
    raw_socket gone;
    closed_port = gone.listen(1);
  }
  const auto refused = dial(*client, closed_port);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::unreachable);
  EXPECT_NE(refused.error().message.find(std::to_string(closed_port)), std::string::npos);
  const auto named = begin_dial(*client, server->port(), {}, node_role::host, "localhost").get();
  ASSERT_TRUE(named.ok()) << named.error().message;
  EXPECT_EQ((*named)->peer().address, "127.0.0.1");
}

TEST_F(LinkStrangersTest, StoppingEndsDialsThatAreUnderWay) {
  serve(cluster.server());
  raw_socket mute;
  auto to_mute = begin_dial(*client, mute.listen(8));
  raw_socket full;
  const auto full_port = full.listen(0);
  const raw_socket filler{full_port};
  std::vector<pending_dial> to_full;
  for (int i = 0; i < 3; ++i)
    to_full.push_back(begin_dial(*client, full_port));
  const auto begun = steady::now();
  client->stop();
  EXPECT_LT(steady::now() - begun, 1s);
  ASSERT_EQ(to_mute.outcome.wait_for(0s), std::future_status::ready) << "told after stop()";
  EXPECT_EQ(to_mute.get().error().code, errc::cancelled);
  for (auto& pending : to_full)
    EXPECT_EQ(pending.get().error().code, errc::cancelled);
  bool called = false;
  client->dial("127.0.0.1", full_port, node_role::host, {}, [&](const auto&) { called = true; });
  client.reset();
  EXPECT_FALSE(called);
}

} // namespace
} // namespace shoal::web
