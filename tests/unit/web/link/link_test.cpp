// Two honest nodes and their frames.
#include "link_fixture.hpp"

#include <atomic>
#include <thread>

namespace shoal::web {
namespace {

class LinkTest : public ::testing::Test {
protected:
  link_cluster cluster;
  // Declared before the runtimes, which tell them things until they are gone.
  ears server_ears;
  ears client_ears;
  std::unique_ptr<link_runtime> server;
  std::unique_ptr<link_runtime> client;

  /// Starts both nodes and opens a link from the client to the server.
  link open(link_options server_options, link_options client_options) {
    server_options.log = server_ears.log();
    server = start(std::move(server_options), server_ears.handler());
    client = start(std::move(client_options));
    const auto dialled = dial(*client, server->port(), client_ears.handler(), node_role::index);
    EXPECT_TRUE(dialled.ok()) << (dialled.ok() ? "" : dialled.error().message);
    return dialled.ok() ? *dialled : nullptr;
  }
  link open() { return open(cluster.server(), cluster.node("client")); }
};

TEST_F(LinkTest, CarriesFramesOfEverySizeBothWaysInOrder) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  const auto to_client = server_ears.opened();
  ASSERT_TRUE(to_client);
  std::vector<std::string> sent;
  for (const std::size_t size : {0U, 1U, 125U, 126U, 16384U, 65535U, 65536U, 1U << 20, 0U, 5U}) {
    std::string frame(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      frame[i] = static_cast<char>(i * 31 + size);
    sent.push_back(std::move(frame));
  }
  for (const auto& frame : sent)
    ASSERT_TRUE(to_server->send(frame).ok());
  EXPECT_EQ(server_ears.frames(sent.size()), sent);
  for (const auto& frame : sent)
    ASSERT_TRUE(to_client->send(frame).ok());
  EXPECT_EQ(client_ears.frames(sent.size()), sent);
}

TEST_F(LinkTest, SaysWhoIsThereAsTheCertificatesDo) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  EXPECT_EQ(to_server->peer().host, "server");
  EXPECT_TRUE(to_server->peer().may(node_role::index));
  EXPECT_FALSE(to_server->peer().may(node_role::gis));
  EXPECT_EQ(to_server->peer().address, "127.0.0.1");
  const auto to_client = server_ears.opened();
  ASSERT_TRUE(to_client);
  EXPECT_EQ(to_client->peer().host, "client");
  EXPECT_EQ(to_client->peer().where, (topology::place{"lyon", "nova", "rack1"}));
  EXPECT_EQ(to_client->peer().roles, std::vector{node_role::host});
  EXPECT_EQ(server->self().host, "server");
}

TEST_F(LinkTest, ComesFromTheSourceAddressThatWasAskedFor) {
  auto options = cluster.node("client");
  options.source_address = "127.0.0.77";
  ASSERT_TRUE(open(cluster.server(), options));
  EXPECT_EQ(server_ears.opened()->peer().address, "127.0.0.77");
}

TEST_F(LinkTest, TakesFramesFromManyThreads) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  constexpr int threads = 4;
  constexpr int frames_per_thread = 500;
  std::vector<std::thread> senders;
  for (int thread = 0; thread < threads; ++thread) {
    senders.emplace_back([&, thread] {
      for (int i = 0; i < frames_per_thread; ++i) {
        EXPECT_TRUE(to_server->send(std::to_string(thread) + " " + std::to_string(i)).ok());
      }
    });
  }
  for (auto& sender : senders)
    sender.join();
  const auto frames = server_ears.frames(threads * frames_per_thread);
  std::vector<int> next(threads, 0);
  for (const auto& frame : frames) {
    const auto thread = static_cast<std::size_t>(frame[0] - '0');
    EXPECT_EQ(frame.substr(2), std::to_string(next[thread]++)) << "out of order";
  }
}

TEST_F(LinkTest, DeliversWhatWasQueuedBeforeACloseAndSaysWhy) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(to_server->send(large).ok());
  to_server->close("superseded by a newer session");
  to_server->close("again");
  EXPECT_EQ(to_server->send("late").error().code, errc::unreachable);
  EXPECT_EQ(server_ears.frames(5).size(), 5U);
  const auto why = server_ears.closed();
  EXPECT_EQ(why.code, errc::unreachable);
  EXPECT_NE(why.message.find("superseded by a newer session"), std::string::npos) << why.message;
  EXPECT_EQ(client_ears.closed(), (error{errc::cancelled, "superseded by a newer session"}));
  EXPECT_EQ(client_ears.closed_count(), 1U);
}

TEST_F(LinkTest, RefusesToSendAFrameBeyondTheLimitButLivesOn) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  EXPECT_EQ(to_server->send(std::string((1 << 20) + 1, 'x')).error().code, errc::invalid_argument);
  ASSERT_TRUE(to_server->send("small").ok());
  EXPECT_EQ(server_ears.frames(1).front(), "small");
}

TEST_F(LinkTest, ClosesALinkWhosePeerSendsTooLargeAFrameAndNoOther) {
  auto generous = cluster.node("client");
  generous.message_bytes_max = 2 << 20;
  const auto offender = open(cluster.server(), generous);
  ASSERT_TRUE(offender);
  ears other_ears;
  const auto other_node = start(cluster.node("other"));
  const auto other = dial(*other_node, server->port(), other_ears.handler(), node_role::index);
  ASSERT_TRUE(other.ok());

  ASSERT_TRUE(offender->send(std::string((1 << 20) + 1, 'x')).ok());
  EXPECT_EQ(server_ears.closed().code, errc::corrupt);
  const auto why = client_ears.closed();
  EXPECT_EQ(why.code, errc::invalid_argument) << why.message;
  ASSERT_TRUE((*other)->send("still here").ok());
  EXPECT_EQ(server_ears.frames(1), std::vector<std::string>{"still here"});
  EXPECT_EQ(server_ears.closed_count(), 1U);
}

TEST_F(LinkTest, ClosesTheLinkOfAReaderTooSlowAndNoOther) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  server = start(cluster.server(), server_ears.handler());
  client = start(cluster.node("client"));
  const auto slow =
      dial(*client, server->port(),
           {.on_frame = [released](const link&, const std::string&) { released.wait(); }},
           node_role::index);
  ASSERT_TRUE(slow.ok());
  const auto to_slow = server_ears.opened(1);
  const auto other_node = start(cluster.node("other"));
  const auto other = dial(*other_node, server->port(), client_ears.handler(), node_role::index);
  ASSERT_TRUE(other.ok());
  const auto to_other = server_ears.opened(2);

  const std::string frame(1 << 18, 'x');
  auto sent = to_slow->send(frame);
  // The queue holds 8 MiB and the kernel's buffers a few more; it must end long before 1 GiB.
  for (int i = 0; i < 4096 && sent.ok(); ++i) {
    sent = to_slow->send(frame);
    std::this_thread::yield();
  }
  ASSERT_FALSE(sent.ok());
  EXPECT_EQ(sent.error().code, errc::overloaded);
  EXPECT_EQ(to_slow->send("more").error().code, errc::unreachable);
  EXPECT_EQ(server_ears.closed().code, errc::overloaded);
  ASSERT_TRUE(to_other->send("hello").ok());
  EXPECT_EQ(client_ears.frames(1), std::vector<std::string>{"hello"});
  release.set_value();
}

TEST_F(LinkTest, StaysOpenWhileIdleBecauseItPings) {
  auto server_options = cluster.server();
  auto client_options = cluster.node("client");
  for (auto* options : {&server_options, &client_options}) {
    options->ping_interval = 100ms;
    options->idle_timeout = 1500ms;
  }
  const auto to_server = open(server_options, client_options);
  ASSERT_TRUE(to_server);
  // Nothing but the passing of time shows that silence is survived.
  std::this_thread::sleep_for(3500ms);
  EXPECT_EQ(server_ears.closed_count() + client_ears.closed_count(), 0U);
  ASSERT_TRUE(to_server->send("still here").ok());
  EXPECT_EQ(server_ears.frames(1).front(), "still here");
}

TEST_F(LinkTest, IsOpenedAgainAfterTheServersRestart) {
  ASSERT_TRUE(open());
  auto options = cluster.server();
  options.listen_port = server->port();
  server->stop();
  EXPECT_EQ(client_ears.closed().code, errc::unreachable);
  EXPECT_EQ(dial(*client, options.listen_port).error().code, errc::unreachable);
  const auto restarted = start(options, server_ears.handler(true));
  ASSERT_TRUE(restarted);
  EXPECT_TRUE(echoes(*client, restarted->port()));
}

TEST_F(LinkTest, AdmitsManyNodesAtOnce) {
  server = start(cluster.server(), server_ears.handler(true));
  client = start(cluster.node("client"));
  std::vector<pending_dial> dials;
  for (int i = 0; i < 200; ++i)
    dials.push_back(begin_dial(*client, server->port()));
  std::size_t opened = 0;
  for (auto& pending : dials)
    opened += pending.get().ok() ? 1 : 0;
  EXPECT_EQ(opened, 200U);
  server_ears.opened(200);
  EXPECT_EQ(server->counts().open, 200U);
  EXPECT_EQ(server->counts().half_open, 0U);
}

TEST_F(LinkTest, TellsEverybodyOnceWhenItStopsAndNobodyAfterwards) {
  const auto to_server = open();
  ASSERT_TRUE(to_server);
  server_ears.opened();
  std::atomic<bool> done{false};
  std::thread sender{[&] {
    while (!done)
      static_cast<void>(to_server->send("noise"));
  }};
  client->stop();
  const auto told = client_ears.closed_count();
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(client_ears.closed().code, errc::cancelled);
  done = true;
  sender.join();
  client->stop();
  client.reset();
  EXPECT_EQ(to_server->send("late").error().code, errc::unreachable);
  to_server->close("late");
  EXPECT_EQ(to_server->peer().host, "server");
  EXPECT_EQ(client_ears.closed_count(), told);
}

TEST_F(LinkTest, RefusesOptionsThatCannotWork) {
  const auto code_of = [](const link_options& options) {
    const auto started = link_runtime::start(options, {});
    return started.ok() ? errc::failed : started.error().code;
  };
  auto options = cluster.server();
  options.authority_file.clear();
  EXPECT_EQ(code_of(options), errc::invalid_argument) << "a link without an authority";
  options = cluster.server();
  options.authority_file = cluster.folder() / "absent";
  EXPECT_EQ(code_of(options), errc::not_found);
  options = cluster.server();
  options.key_file = cluster.node("other").key_file;
  EXPECT_EQ(code_of(options), errc::corrupt) << "another certificate's key";
  options = cluster.server();
  options.listen_address = "no address";
  EXPECT_EQ(code_of(options), errc::invalid_argument);
  server = start(cluster.server());
  options = cluster.server();
  options.listen_port = server->port();
  EXPECT_EQ(code_of(options), errc::conflict);
}

} // namespace
} // namespace shoal::web
