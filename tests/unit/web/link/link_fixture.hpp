// A cluster in a temporary folder, and ears for what the link tells.
//
// Threads: a `listener_log` is told things on the link's thread and asked on the test's.
#pragma once

#include "swarm/crypto/certificate.hpp"
#include "web/link_runtime.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace shoal::web {

using actors::link_connection;
using actors::link_handler;
using actors::node_role;
using namespace std::chrono_literals;

using link = std::shared_ptr<link_connection>;

/// How long a test waits for what must come; reaching it is a failure.
constexpr auto patience = 20s;

/// Remembers all that a link tells.
class ears {
public:
  /// `echo` sends every frame back.
  link_handler handler(bool echo = false) {
    return {.on_open = [this](link opened) { note([&] { opened_.push_back(std::move(opened)); }); },
            .on_frame =
                [this, echo](const link& from, std::string frame) {
                  if (echo) {
                    EXPECT_TRUE(from->send(std::move(frame)).ok());
                    return;
                  }
                  note([&] { frames_.push_back(std::move(frame)); });
                },
            .on_closed = [this](const link&,
                                const error& why) { note([&] { closed_.push_back(why); }); }};
  }

  log_function log() {
    return [this](log_level, const std::string& line) { note([&] { log_ += line + "\n"; }); };
  }

  /// Waits until so many links were opened. @returns the last of them.
  link opened(std::size_t count = 1) {
    EXPECT_TRUE(wait([&] { return opened_.size() >= count; })) << "no link was opened\n"
                                                               << log_text();
    const std::lock_guard lock{mutex_};
    return opened_.empty() ? nullptr : opened_.back();
  }

  std::vector<std::string> frames(std::size_t count) {
    EXPECT_TRUE(wait([&] { return frames_.size() >= count; })) << "frames are missing";
    const std::lock_guard lock{mutex_};
    return frames_;
  }

  /// Waits until a link was closed. @returns why the last one was.
  error closed(std::size_t count = 1) {
    EXPECT_TRUE(wait([&] { return closed_.size() >= count; })) << "no link was closed";
    const std::lock_guard lock{mutex_};
    return closed_.empty() ? error{} : closed_.back();
  }

  bool logged(const std::string& text) {
    return wait([&] { return log_.find(text) != std::string::npos; });
  }

  std::string log_text() {
    const std::lock_guard lock{mutex_};
    return log_;
  }

  std::size_t opened_count() {
    const std::lock_guard lock{mutex_};
    return opened_.size();
  }
  std::size_t closed_count() {
    const std::lock_guard lock{mutex_};
    return closed_.size();
  }

private:
  template <class Act>
  void note(Act act) {
    const std::lock_guard lock{mutex_};
    act();
    changed_.notify_all();
  }
  template <class Predicate>
  bool wait(Predicate predicate) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, predicate);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<link> opened_;
  std::vector<std::string> frames_;
  std::vector<error> closed_;
  std::string log_;
};

/// An authority and its nodes' certificates.
class link_cluster {
public:
  link_cluster() {
    auto name = (std::filesystem::temp_directory_path() / "link_test.XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    authority_ = {folder_ / "ca.crt", folder_ / "ca.key"};
    EXPECT_TRUE(swarm::create_authority("shoal-test", authority_, lasting(24h)).ok());
  }
  ~link_cluster() { std::filesystem::remove_all(folder_); }
  link_cluster(const link_cluster&) = delete;
  link_cluster& operator=(const link_cluster&) = delete;

  static swarm::certificate_validity lasting(std::chrono::seconds length) {
    return swarm::certificate_validity::lasting(std::chrono::system_clock::now(), length);
  }

  /// Options of a node that dials only; issues its certificate.
  [[nodiscard]] link_options node(const std::string& host,
                                  std::vector<std::string> roles = {"host"},
                                  std::chrono::seconds lifetime = 24h) const {
    const swarm::certificate_files files{folder_ / (host + ".crt"), folder_ / (host + ".key")};
    const auto issued = swarm::issue_certificate(
        authority_, files, {host, {"lyon", "nova", "rack1"}, std::move(roles)}, lasting(lifetime));
    EXPECT_TRUE(issued.ok()) << (issued.ok() ? "" : issued.error().message);
    link_options options;
    options.certificate_file = files.certificate;
    options.key_file = files.key;
    options.authority_file = authority_.certificate;
    return options;
  }

  /// Options of a node that listens on loopback.
  [[nodiscard]] link_options server(const std::string& host = "server",
                                    std::vector<std::string> roles = {"host", "index"}) const {
    auto options = node(host, std::move(roles));
    options.listen_address = "127.0.0.1";
    return options;
  }

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

private:
  std::filesystem::path folder_;
  swarm::certificate_files authority_;
};

inline std::unique_ptr<link_runtime> start(link_options options, link_handler accepted = {}) {
  auto started = link_runtime::start(std::move(options), std::move(accepted));
  EXPECT_TRUE(started.ok()) << (started.ok() ? "" : started.error().message);
  return started.ok() ? std::move(*started) : nullptr;
}

/// A dial whose outcome can be waited for.
struct pending_dial {
  std::future<result<link>> outcome;

  result<link> get() {
    if (outcome.wait_for(patience) != std::future_status::ready) {
      return {errc::failed, "the dial never ended"};
    }
    return outcome.get();
  }
};

inline pending_dial begin_dial(link_runtime& from, std::uint16_t port, link_handler handler = {},
                               node_role role = node_role::host,
                               const std::string& address = "127.0.0.1") {
  auto promise = std::make_shared<std::promise<result<link>>>();
  auto outcome = promise->get_future();
  from.dial(address, port, role, std::move(handler),
            [promise](result<link> came) { promise->set_value(std::move(came)); });
  return {std::move(outcome)};
}

inline result<link> dial(link_runtime& from, std::uint16_t port, link_handler handler = {},
                         node_role role = node_role::host) {
  return begin_dial(from, port, std::move(handler), role).get();
}

/// Opens a link and has one frame echoed over it. @pre the server echoes.
inline ::testing::AssertionResult echoes(link_runtime& from, std::uint16_t port) {
  ears heard;
  const auto opened = dial(from, port, heard.handler());
  if (!opened) return ::testing::AssertionFailure() << opened.error().message;
  const bool sent = (*opened)->send("hello").ok();
  const bool echoed = sent && heard.frames(1) == std::vector<std::string>{"hello"};
  (*opened)->close("done");
  heard.closed();
  if (!echoed) return ::testing::AssertionFailure() << "no echo";
  return ::testing::AssertionSuccess();
}

} // namespace shoal::web
