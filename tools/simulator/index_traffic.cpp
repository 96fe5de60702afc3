#include "tools/simulator/index_traffic.hpp"

#include <algorithm>

namespace shoal::simulator {

using topology::index_address;
using topology::network_level;

namespace {

constexpr std::array index_levels{network_level::rack, network_level::cluster, network_level::site,
                                  network_level::world};

} // namespace

index_traffic::index_traffic(event_queue& events, const topology::network& network,
                             index_traffic_config config)
    : events_{events}, network_{network}, config_{config}, asked_at_(network.host_count(), -1) {
  setting_ = {.scheme = config.scheme,
              .config = config.index,
              .net = &network,
              .ring = nullptr,
              .counters = &counters_};
  SHOAL_ASSERT(config.scheme == topology::index_scheme::topo);
  for (topology::host_number host = 0; host < network.host_count(); ++host)
    clients_.push_back(make_index_client(setting_, host, 1));
  tallies_[at(network_level::host)].resize(network.host_count());
  wake_at_[at(network_level::host)].resize(network.host_count(), event_queue::never);
  for (const auto level : index_levels) {
    const auto count = network.domain_count(level);
    for (topology::domain_number number = 0; number < count; ++number)
      nodes_[at(level)].push_back(make_index_node(setting_, {level, number}, 1));
    tallies_[at(level)].resize(count);
    wake_at_[at(level)].resize(count, event_queue::never);
  }
}

topology::instant index_traffic::instant_now() const {
  const std::chrono::duration<double> since{events_.now() + 3600};
  return topology::instant{std::chrono::duration_cast<std::chrono::nanoseconds>(since)};
}

void index_traffic::hold(topology::host_number host, topology::pack_pieces pieces) {
  topology::index_outbox out;
  clients_[host]->hold(std::move(pieces));
  clients_[host]->flush(instant_now(), out);
  send(out);
}

void index_traffic::look_up(topology::host_number host, const topology::pack_pieces& wanted) {
  topology::index_outbox out;
  asked_at_[host] = events_.now();
  clients_[host]->lookup({wanted}, {}, instant_now(), out);
  send(out);
  wake({network_level::host, host});
}

void index_traffic::end_fetch(topology::host_number host, const topology::pack_key& pack) {
  topology::index_outbox out;
  clients_[host]->end_fetch(std::span{&pack, 1}, instant_now(), out);
  send(out);
}

void index_traffic::count(index_address node) {
  auto& one = tallies_[at(node.level)][node.number];
  const auto second = static_cast<std::uint32_t>(events_.now());
  if (one.second != second) {
    one.second = second;
    one.in_second = 0;
  }
  ++one.total;
  one.peak = std::max(one.peak, ++one.in_second);
}

void index_traffic::send(topology::index_outbox& out) {
  for (auto& message : out) {
    count(message.from);
    const auto delay = config_.delay_s[at(network_.common_level(message.from, message.to))];
    events_.after(delay, [this, sent = std::move(message)] { deliver(sent); });
  }
  out.clear();
}

void index_traffic::deliver(const topology::index_message& message) {
  topology::index_outbox out;
  count(message.to);
  if (message.to.level == network_level::host) {
    clients_[message.to.number]->handle(message, instant_now(), out);
    take_results(message.to.number);
  } else {
    nodes_[at(message.to.level)][message.to.number]->handle(message, instant_now(), out);
  }
  send(out);
  wake(message.to);
}

// Has the node's clock run when it next has something to do.
void index_traffic::wake(index_address node) {
  const bool host = node.level == network_level::host;
  const auto due = host ? clients_[node.number]->due() : nodes_[at(node.level)][node.number]->due();
  if (!due) return;
  const std::chrono::duration<double> since = due->time_since_epoch();
  // Nanoseconds cannot name every double: never before it is due.
  const auto when = std::max(events_.now(), since.count() - 3600 + 1e-6);
  auto& planned = wake_at_[at(node.level)][node.number];
  if (planned <= when) return;
  planned = when;
  events_.at(when, [this, node, when] {
    auto& now_planned = wake_at_[at(node.level)][node.number];
    if (now_planned != when) return;
    now_planned = event_queue::never;
    topology::index_outbox out;
    if (node.level == network_level::host) {
      clients_[node.number]->tick(instant_now(), out);
      take_results(node.number);
    } else {
      nodes_[at(node.level)][node.number]->tick(instant_now(), out);
    }
    send(out);
    wake(node);
  });
}

void index_traffic::take_results(topology::host_number host) {
  clients_[host]->take_news();
  for (const auto& result : clients_[host]->take_results()) {
    const auto took = events_.now() - asked_at_[host];
    ++lookups_;
    lookup_sum_s_ += took;
    lookup_max_s_ = std::max(lookup_max_s_, took);
    const bool nobody = std::all_of(
        result.answers.begin(), result.answers.end(),
        [](const auto& answer) { return answer.holders.empty() && answer.fetchers.empty(); });
    unanswered_ += nobody ? 1 : 0;
  }
}

node_load index_traffic::load(network_level level) const {
  node_load told;
  for (const auto& one : tallies_[at(level)]) {
    told.messages += one.total;
    told.peak_per_second = std::max<std::uint64_t>(told.peak_per_second, one.peak);
    ++told.nodes;
  }
  for (const auto& node : nodes_[at(level)])
    told.table_bytes_max = std::max(told.table_bytes_max, node->counts().table_bytes);
  return told;
}

} // namespace shoal::simulator
