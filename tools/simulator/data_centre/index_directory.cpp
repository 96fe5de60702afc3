#include "tools/simulator/data_centre/index_directory.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cstring>

namespace shoal::simulator {

using topology::network_level;

namespace {

topology::pack_key key_of(std::uint32_t pack) {
  topology::pack_key key{};
  std::memcpy(key.data(), &pack, sizeof pack);
  return key;
}

} // namespace

topology::index_config index_directory::exact_answers() {
  topology::index_config config;
  config.holders_max = 100'000;
  config.domains_max = 100'000;
  config.cache_for = std::chrono::milliseconds{0};
  config.push_every = std::chrono::milliseconds{0};
  return config;
}

index_directory::index_directory(topology::index_scheme which, const tree_shape& shape,
                                 const data_centre_load& load, topology::index_config config)
    : pieces_per_pack_{load.pieces_per_pack}, net_{topology::network::regular(
                                                  {.clusters = shape.clusters,
                                                   .racks = shape.racks_per_cluster,
                                                   .hosts = shape.hosts_per_rack})},
      published_{shape.hosts(), load.packs, load.pieces_per_pack} {
  std::vector<topology::host_number> hosts(shape.hosts());
  for (std::uint32_t i = 0; i < hosts.size(); ++i)
    hosts[i] = i;
  ring_.join(hosts);
  setting_ = {
      .scheme = which, .config = config, .net = &net_, .ring = &ring_, .counters = &counters_};
  for (std::uint32_t pack = 0; pack < load.packs; ++pack)
    keys_.push_back(key_of(pack));
  for (const auto host : hosts)
    clients_.push_back(topology::make_index_client(setting_, host, 1));
  for (const auto level : {network_level::host, network_level::rack, network_level::cluster,
                           network_level::site, network_level::world}) {
    for (std::uint32_t number = 0; number < net_.domain_count(level); ++number) {
      auto node = topology::make_index_node(setting_, {level, number}, 1);
      if (!node) continue;
      node->start(now_, outbox_);
      nodes_.emplace(topology::index_address{level, number}, std::move(node));
    }
  }
  deliver();
  // New indexes wait for their children before they speak to the index above.
  now_ += config.recover_for + std::chrono::seconds{1};
  for (auto& [address, node] : nodes_)
    node->tick(now_, outbox_);
  deliver();
}

index_directory::~index_directory() = default;

topology::pack_pieces index_directory::pieces_of(std::uint32_t pack, piece_words words) const {
  return {.pack = keys_[pack], .piece_count = pieces_per_pack_, .words = std::move(words)};
}

/// Until nobody has anything to say.
void index_directory::deliver() {
  do {
    std::move(outbox_.begin(), outbox_.end(), std::back_inserter(in_flight_));
    outbox_.clear();
    if (in_flight_.empty()) return;
    const auto message = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (message.to.level == network_level::host &&
        topology::is_for_client(setting_.scheme, message)) {
      clients_[message.to.number]->handle(message, now_, outbox_);
    } else if (const auto node = nodes_.find(message.to); node != nodes_.end()) {
      node->second->handle(message, now_, outbox_);
    }
  } while (true);
}

void index_directory::publish(std::uint32_t host, std::span<const holding_change> changes) {
  std::vector<std::uint32_t> packs;
  for (const auto& change : changes) {
    change.added ? published_.insert(host, change.item) : published_.erase(host, change.item);
    packs.push_back(change.item / pieces_per_pack_);
  }
  std::sort(packs.begin(), packs.end());
  packs.erase(std::unique(packs.begin(), packs.end()), packs.end());
  for (const auto pack : packs) {
    const auto words = published_.words(host, pack);
    clients_[host]->hold(pieces_of(pack, {words.begin(), words.end()}));
  }
  clients_[host]->flush(now_, outbox_);
  deliver();
}

void index_directory::find(std::uint32_t host, std::span<const image_part> wanted,
                           lookup_reach reach, std::vector<found_holder>& found) {
  std::vector<topology::pack_pieces> question;
  for (const auto& part : wanted)
    question.push_back(pieces_of(part.pack, part.pieces));
  auto& client = *clients_[host];
  client.lookup(std::move(question),
                {.fetching = false, .every_level = reach == lookup_reach::every_level}, now_,
                outbox_);
  deliver();
  for (auto& result : client.take_results()) {
    for (std::uint32_t part = 0; part < result.answers.size(); ++part) {
      for (auto& holder : result.answers[part].holders) {
        if (holder.host == host) continue;
        auto pieces = holder.all ? wanted[part].pieces : std::move(holder.words);
        for (std::size_t i = 0; i < pieces.size(); ++i)
          pieces[i] &= wanted[part].pieces[i];
        if (count_of(pieces) > 0) found.push_back({holder.host, part, std::move(pieces)});
      }
    }
  }
  SHOAL_ASSERT(client.waiting() == 0);
}

index_overhead index_directory::overhead() const {
  const auto lookups = counters_.of(topology::lookup_kinds);
  const auto publishes = counters_.of(topology::publish_kinds);
  return {.lookup_messages = lookups.messages,
          .lookup_bytes = lookups.bytes,
          .lookup_cost = counters_.paper_cost(topology::lookup_kinds),
          .publish_messages = publishes.messages,
          .publish_bytes = publishes.bytes,
          .publish_cost = counters_.paper_cost(topology::publish_kinds)};
}

} // namespace shoal::simulator
