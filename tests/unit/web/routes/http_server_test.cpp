#include "tests/unit/web/routes/fake_node.hpp"
#include "web/http_client.hpp"
#include "web/http_server.hpp"
#include "web/http_socket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <latch>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace shoal::web {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A socket of our own, to say what no client would.
class raw_client {
public:
  explicit raw_client(const std::string& path) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM, 0);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    // Only so that a server which never answers fails the test instead of stopping it.
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~raw_client() { ::close(socket_); }

  bool connected() const { return connected_; }
  void say(const std::string& text) { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }

  /// Everything until the server closes.
  std::string hear() {
    std::string out;
    char buffer[4096];
    for (;;) {
      const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
      if (count <= 0) return out;
      out.append(buffer, static_cast<std::size_t>(count));
    }
  }

private:
  int socket_ = -1;
  bool connected_ = false;
};

class HttpServerTest : public ::testing::Test {
protected:
  HttpServerTest() {
    char folder[] = "/tmp/shoal-http-XXXXXX";
    folder_ = ::mkdtemp(folder);
    config.socket = folder_ / "s";
    config.request_time_max = 500ms;
    config.idle_time_max = 500ms;
  }
  ~HttpServerTest() override {
    server.reset();
    std::filesystem::remove_all(folder_);
  }

  void serve(http_server::handler answer = echo) {
    auto started = http_server::start(config, std::move(answer));
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(started).value();
  }

  static api_response echo(const api_request& request) {
    return {.status = 200,
            .content_type = "text/plain",
            .body = request.method + " " + request.target + " " + request.body};
  }

  result<http_reply> ask_server(std::string method, std::string target, std::string body = "") {
    return ask(config.socket, {std::move(method), std::move(target), std::move(body)}, 20s);
  }

  std::filesystem::path folder_;
  http_server_config config;
  std::unique_ptr<http_server> server;
};

TEST_F(HttpServerTest, CarriesARequestAndItsAnswer) {
  serve();
  const auto reply = ask_server("POST", "/a?b=c", "body");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(reply->body, "POST /a?b=c body");
  EXPECT_EQ(reply->content_type, "text/plain");
}

TEST_F(HttpServerTest, CarriesLargeAnswersWhole) {
  const std::string large(5 << 20, 'x');
  config.request_time_max = 20s;
  serve([&](const api_request&) { return api_response{.body = large}; });
  const auto reply = ask_server("GET", "/");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, large);
}

TEST_F(HttpServerTest, KeepsAConnectionForSeveralRequests) {
  serve();
  raw_client client{config.socket};
  client.say("GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n"
             "Connection: close\r\n\r\n");
  EXPECT_THAT(client.hear(), ::testing::AllOf(HasSubstr("GET /1 "), HasSubstr("GET /2 ")));
}

TEST_F(HttpServerTest, TheSocketIsForOwnerAndGroupOnly) {
  const auto before = ::umask(0077);
  serve();
  ::umask(before);
  struct stat found {};
  ASSERT_EQ(::stat(config.socket.c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777, 0660u);
}

TEST_F(HttpServerTest, ASecondDaemonOnTheSocketIsAConflict) {
  serve();
  const auto second = http_server::start(config, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::conflict);
  EXPECT_TRUE(ask_server("GET", "/")) << "the first one must go on";
}

TEST_F(HttpServerTest, ADeadDaemonsSocketIsReplaced) {
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  config.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  serve();
  EXPECT_TRUE(ask_server("GET", "/"));
}

TEST_F(HttpServerTest, ALiveStrangersSocketIsAConflict) {
  const int alive = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  config.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(alive, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(alive, 1), 0);
  const auto started = http_server::start(config, echo);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::conflict);
  ::close(alive);
}

TEST_F(HttpServerTest, AFileThatIsNoSocketIsNeverRemoved) {
  std::ofstream{config.socket} << "precious";
  const auto started = http_server::start(config, echo);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::conflict);
  EXPECT_TRUE(std::filesystem::exists(config.socket));
}

TEST_F(HttpServerTest, BadPlacesAreExplained) {
  config.socket = folder_ / "nowhere" / "s";
  EXPECT_EQ(http_server::start(config, echo).error().code, errc::not_found);
  config.socket = "/tmp/" + std::string(200, 'x');
  EXPECT_EQ(http_server::start(config, echo).error().code, errc::invalid_argument);
}

TEST_F(HttpServerTest, StopRemovesTheSocketAndAnotherMayStart) {
  serve();
  server->stop();
  EXPECT_FALSE(std::filesystem::exists(config.socket));
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "its lock, for one, is still there";
  const auto reply = ask_server("GET", "/");
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::unreachable);
  EXPECT_THAT(reply.error().message, HasSubstr("systemctl start shoald"));
  server.reset();
  serve();
  EXPECT_TRUE(ask_server("GET", "/"));
}

TEST_F(HttpServerTest, OfManyThatComeAndGoEachHoldsALockThatTheOthersSee) {
  const auto lock_is_seen = [&] {
    const int probe = ::open((config.socket + ".lock").c_str(), O_RDWR | O_CLOEXEC);
    const bool refused = probe >= 0 && ::flock(probe, LOCK_EX | LOCK_NB) != 0;
    ::close(probe);
    return refused;
  };
  std::atomic<int> unseen{0};
  std::vector<std::jthread> daemons;
  for (int i = 0; i < 4; ++i) {
    daemons.emplace_back([&] {
      for (int opened = 0; opened < 1500;) {
        const auto listener = unix_listener::open(config.socket);
        if (!listener) continue;
        ++opened;
        if (!lock_is_seen()) ++unseen;
      }
    });
  }
  daemons.clear();
  EXPECT_EQ(unseen, 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(HttpServerTest, StopWaitsForAnAnswerUnderWay) {
  std::latch inside{1};
  std::promise<void> go_on;
  serve([&, gate = go_on.get_future().share()](const api_request& request) {
    inside.count_down();
    gate.wait();
    return echo(request);
  });
  auto asking = std::async(std::launch::async, [&] { return ask_server("GET", "/"); });
  inside.wait();
  auto stopping = std::async(std::launch::async, [&] { server->stop(); });
  go_on.set_value();
  stopping.get();
  EXPECT_NO_THROW(static_cast<void>(asking.get()));
}

TEST_F(HttpServerTest, TooLargeABodyIsRefusedBeforeItIsRead) {
  config.body_bytes_max = 1000;
  serve();
  raw_client client{config.socket};
  client.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  const auto heard = client.hear();
  EXPECT_THAT(heard, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(heard, HasSubstr("application/problem+json"));
}

TEST_F(HttpServerTest, TooLargeAHeaderIsRefused) {
  serve();
  raw_client client{config.socket};
  client.say("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, GarbageIsRefused) {
  serve();
  for (const auto* garbage :
       {"\x16\x03\x01\x02\x01garbage\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n"}) {
    raw_client client{config.socket};
    client.say(garbage);
    EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 400 ")) << garbage;
  }
  EXPECT_TRUE(ask_server("GET", "/"));
}

TEST_F(HttpServerTest, SilentAndHalfSilentClientsAreClosed) {
  serve();
  raw_client silent{config.socket};
  raw_client half{config.socket};
  half.say("GET / HTTP/1.1\r\nHost:");
  // Both return only because the server closes.
  EXPECT_EQ(silent.hear(), "");
  EXPECT_EQ(half.hear(), "");
}

TEST_F(HttpServerTest, AFullQueueAnswersAtOnceThatItIsBusy) {
  config.worker_count = 1;
  config.queue_length_max = 1;
  std::latch inside{1};
  std::promise<void> go_on;
  serve([&, gate = go_on.get_future().share()](const api_request& request) {
    if (request.target == "/first") inside.count_down();
    gate.wait();
    return echo(request);
  });
  auto first = std::async(std::launch::async, [&] { return ask_server("GET", "/first"); });
  inside.wait();
  // Of the next two one finds the queue's only place and one does not.
  auto second = std::async(std::launch::async, [&] { return ask_server("GET", "/second"); });
  auto third = std::async(std::launch::async, [&] { return ask_server("GET", "/third"); });
  while (second.wait_for(5ms) != std::future_status::ready &&
         third.wait_for(5ms) != std::future_status::ready) {
  }
  go_on.set_value();
  const auto statuses = std::multiset{second.get()->status, third.get()->status};
  EXPECT_EQ(statuses, (std::multiset<unsigned>{200, 503}));
  EXPECT_EQ(first.get()->status, 200u);
}

TEST_F(HttpServerTest, ManyClientsAtOnceAreAllAnswered) {
  serve();
  std::vector<std::future<result<http_reply>>> asking;
  for (int i = 0; i < 32; ++i) {
    asking.push_back(std::async(std::launch::async, [this] { return ask_server("GET", "/x"); }));
  }
  for (auto& one : asking)
    EXPECT_TRUE(one.get());
}

TEST_F(HttpServerTest, ClientsBeyondTheLimitAreClosedAndTheOthersServed) {
  config.connection_count_max = 2;
  serve();
  auto one = std::make_unique<raw_client>(config.socket);
  auto two = std::make_unique<raw_client>(config.socket);
  raw_client three{config.socket};
  EXPECT_EQ(three.hear(), "");
  one->say("GET /kept HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(one->hear(), HasSubstr("GET /kept"));
}

TEST(HttpClientTest, AnAnswerThatNeverComesEndsWithTheTimeLimit) {
  char folder[] = "/tmp/shoal-http-XXXXXX";
  const std::string path = std::string{::mkdtemp(folder)} + "/s";
  const int mute = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(mute, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(mute, 1), 0);
  const auto reply = ask(path, {"GET", "/", ""}, 100ms);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, errc::unreachable);
  EXPECT_THAT(reply.error().message, HasSubstr("in time"));
  ::close(mute);
  std::filesystem::remove_all(folder);
}

TEST(HttpClientTest, EncodesWhatAPathMayNotHold) {
  EXPECT_EQ(percent_encoded("web:2/..%\n+"), "web%3A2%2F..%25%0A%2B");
}

} // namespace
} // namespace shoal::web
