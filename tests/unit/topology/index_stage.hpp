// A whole index on one stage: every node and client of a network, with messages that may be lost,
// doubled or overtaken.
//
// Threads: one. Errors: none; time stands still but for `pass`.
#pragma once

#include "topology/index_client.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

namespace shoal::topology {

/// A pack's key that differs with the number.
inline pack_key numbered_key(unsigned number) {
  pack_key made{};
  made[0] = static_cast<std::byte>(number);
  made[1] = static_cast<std::byte>(number >> 8);
  made[31] = std::byte{7};
  return made;
}

/// Those pieces of a pack.
inline pack_pieces pieces_of(const pack_key& pack, std::uint32_t count,
                             std::initializer_list<std::uint32_t> pieces) {
  piece_words words(words_for(count));
  for (const auto piece : pieces)
    words[piece / 64] |= std::uint64_t{1} << (piece % 64);
  return make_pieces(pack, count, std::move(words));
}

class index_stage {
public:
  index_stage(index_scheme scheme, network shape, index_config config = {})
      : net{std::move(shape)} {
    setting = {.scheme = scheme,
               .config = config,
               .net = &net,
               .ring = &ring,
               .counters = &counters};
    ring.join(net.hosts(whole_world));
    for (const auto host : net.hosts(whole_world)) {
      clients[host] = make_index_client(setting, host, 1);
      add_node({network_level::host, host}, 1);
    }
    for (const auto level : {network_level::rack, network_level::cluster, network_level::site,
                             network_level::world}) {
      for (domain_number number = 0; number < net.domain_count(level); ++number)
        add_node({level, number}, 1);
    }
  }

  void add_node(index_address address, std::uint64_t epoch) {
    if (auto node = make_index_node(setting, address, epoch)) nodes[address] = std::move(node);
  }

  /// The index at that address is replaced by an empty one, as when a standby takes over.
  void replace(index_address address, std::uint64_t epoch) {
    nodes.erase(address);
    add_node(address, epoch);
    nodes.at(address)->start(now, out);
    run();
  }

  void hold(host_number host, const pack_pieces& pieces) {
    clients.at(host)->hold(pieces);
    clients.at(host)->flush(now, out);
    run();
  }

  /// Asks and waits. @returns the answers.
  lookup_result ask(host_number host, std::vector<pack_pieces> wanted, lookup_options options = {}) {
    const auto request = clients.at(host)->lookup(std::move(wanted), options, now, out);
    run();
    for (int i = 0; i < 200; ++i) {
      for (auto& result : clients.at(host)->take_results())
        if (result.request == request) return result;
      pass(std::chrono::milliseconds{100});
    }
    return {};
  }

  /// Delivers until nothing is under way.
  void run() {
    while (true) {
      for (auto& message : out) {
        const bool lost = chance(loss);
        if (!lost) queue.push_back(message);
        if (chance(doubling)) queue.push_back(std::move(message));
      }
      out.clear();
      if (queue.empty()) return;
      const auto next = chance(overtaking) ? random() % queue.size() : 0;
      const auto message = std::move(queue[next]);
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(next));
      deliver(message);
    }
  }

  void deliver(const index_message& message) {
    if (dead.contains(message.to)) return;
    if (is_for_client(setting.scheme, message)) {
      clients.at(message.to.number)->handle(message, now, out);
    } else if (const auto node = nodes.find(message.to); node != nodes.end()) {
      node->second->handle(message, now, out);
    }
  }

  /// Time passes; whoever has something to do does it.
  void pass(std::chrono::milliseconds time) {
    now += time;
    for (auto& [host, client] : clients)
      if (!dead.contains({network_level::host, host})) client->tick(now, out);
    for (auto& [address, node] : nodes)
      if (!dead.contains(address)) node->tick(now, out);
    run();
  }

  /// Until everything that was told has come to the top.
  void settle() {
    for (int i = 0; i < 5; ++i)
      pass(std::chrono::milliseconds{300});
  }

  bool chance(double share) {
    return share > 0 && std::uniform_real_distribution<>{}(random) < share;
  }

  network net;
  hash_ring ring;
  index_counters counters;
  index_setting setting;
  std::map<host_number, std::unique_ptr<index_client>> clients;
  std::map<index_address, std::unique_ptr<index_node>> nodes;
  std::set<index_address> dead;
  std::deque<index_message> queue;
  index_outbox out;
  instant now{};
  std::mt19937 random{1};
  double loss = 0;
  double doubling = 0;
  double overtaking = 0;
};

/// The hosts named, in order.
inline std::vector<host_number> hosts_of(const std::vector<index_holder>& named) {
  std::vector<host_number> hosts;
  for (const auto& one : named)
    hosts.push_back(one.host);
  return hosts;
}

} // namespace shoal::topology
