// Hosts with real bulk sessions on loopback addresses of their own, for the tests of this folder.
#pragma once

#include "swarm/torrent/swarm_session.hpp"
#include "tests/support/memory_pack_store.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace shoal::test {

/// Remembers what a session told, and lets a test wait for it.
class recorded_events final : public swarm::swarm_events {
public:
  struct corruption {
    std::uint32_t piece;
    std::string peer;
    bool banned;
  };

  void on_pieces(swarm::pack_id, std::vector<std::uint32_t> pieces) override {
    const std::lock_guard lock{mutex_};
    piece_count += pieces.size();
    changed_.notify_all();
  }
  void on_fetched(swarm::pack_id) override {
    const std::lock_guard lock{mutex_};
    ++fetched;
    finished_at = std::chrono::steady_clock::now();
    changed_.notify_all();
  }
  void on_failed(swarm::pack_id, error why) override {
    const std::lock_guard lock{mutex_};
    failures.push_back(why);
    changed_.notify_all();
  }
  void on_corrupt(swarm::pack_id, std::uint32_t piece, std::string peer, bool banned) override {
    const std::lock_guard lock{mutex_};
    corruptions.push_back({piece, peer, banned});
    changed_.notify_all();
  }

  template <class Condition>
  bool wait(Condition condition, std::chrono::seconds limit = std::chrono::seconds{30}) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, limit, [&] { return condition(); });
  }
  bool wait_fetched(std::size_t times = 1, std::chrono::seconds limit = std::chrono::seconds{30}) {
    return wait([&] { return fetched >= times; }, limit);
  }

  std::size_t piece_count = 0;
  std::size_t fetched = 0;
  std::chrono::steady_clock::time_point finished_at;
  std::vector<error> failures;
  std::vector<corruption> corruptions;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// A host: a store in memory and a session.
struct test_host {
  std::string name;
  topology::place where;
  std::string address;
  memory_pack_store store;
  recorded_events events;
  std::unique_ptr<swarm::swarm_session> session;

  /// What a test wants otherwise than by default; name, place and address are filled in.
  swarm::swarm_session_config config;

  void start() {
    config.self = {name, where};
    config.listen_address = address;
    auto started = swarm::swarm_session::start(config, store, events);
    ASSERT_TRUE(started.ok()) << started.error().message;
    session = std::move(*started);
  }
  [[nodiscard]] swarm::swarm_peer peer() const {
    return {name, where, address, session->port(), session->tls_port()};
  }
  /// What it sent. The receiver can be done before the sender has counted: waits for the count.
  [[nodiscard]] std::uint64_t sent_bytes_after(std::uint64_t expected) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (sent_bytes() < expected && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    return sent_bytes();
  }
  [[nodiscard]] std::uint64_t sent_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& one : session->transfers())
      sum += one.sent_bytes;
    return sum;
  }
};

class SwarmFixture : public ::testing::Test {
protected:
  test_host& host(const std::string& rack, bool member = true) {
    return host(topology::place{"site", "cluster", rack}, {}, member);
  }
  test_host& host(const topology::place& where, swarm::swarm_session_config config,
                  bool member = true) {
    auto made = std::make_unique<test_host>();
    const auto number = ++host_count_;
    made->name = "host" + std::to_string(number);
    made->where = where;
    made->config = std::move(config);
    // Each test program has an address range of its own, so that programs can run side by side.
    made->address =
        "127.9." + std::to_string(number / 200) + "." + std::to_string(number % 200 + 1);
    made->start();
    auto& told = *made;
    hosts_.push_back(std::move(made));
    if (member) tell_members();
    return told;
  }
  void tell_members() {
    std::vector<swarm::swarm_peer> members;
    for (const auto& one : hosts_) {
      if (one->session) members.push_back(one->peer());
    }
    for (const auto& one : hosts_) {
      if (one->session) one->session->set_members(members);
    }
  }
  static swarm::swarm_view view(const std::vector<test_host*>& holders,
                                const std::vector<test_host*>& fetchers) {
    swarm::swarm_view made;
    for (const auto* one : holders)
      made.holders.push_back(one->peer());
    for (const auto* one : fetchers)
      made.fetchers.push_back(one->peer());
    return made;
  }
  static void fetch_all(test_host& who, const swarm::pack_descriptor& pack,
                        const swarm::swarm_view& from) {
    ASSERT_TRUE(who.store.add(pack).ok());
    const auto begun =
        who.session->fetch(pack.id, swarm::piece_set{pack.piece_count(), true}, from);
    ASSERT_TRUE(begun.ok()) << begun.error().message;
  }

  std::vector<std::unique_ptr<test_host>> hosts_;

private:
  static inline int host_count_ = 0;
};

} // namespace shoal::test
