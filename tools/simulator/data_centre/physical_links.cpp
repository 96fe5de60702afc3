#include "tools/simulator/data_centre/physical_links.hpp"

#include "topology/assert.hpp"

namespace shoal::simulator {

physical_links::physical_links(event_queue& events, const data_centre_config& config, arrived done)
    : config_{config}, network_{events}, done_{std::move(done)},
      streams_from_(config.shape.hosts()) {
  const auto& rates = config.physical;
  const auto add = [&](std::vector<link_number>& links, std::uint32_t count, double bits) {
    for (std::uint32_t i = 0; i < count; ++i)
      links.push_back(network_.add_link(bits / 8));
  };
  const auto racks = config.shape.clusters * config.shape.racks_per_cluster;
  for (auto* links : {&host_up_, &host_down_})
    add(*links, config.shape.hosts(), rates.host_bits_per_second);
  for (auto* links : {&rack_up_, &rack_down_})
    add(*links, racks, rates.rack_bits_per_second);
  for (auto* links : {&cluster_up_, &cluster_down_})
    add(*links, config.shape.clusters, rates.cluster_bits_per_second);
  server_up_ = network_.add_link(rates.server_bits_per_second / 8);
}

std::vector<link_number> physical_links::path(std::uint32_t from, std::uint32_t to) const {
  const auto& shape = config_.shape;
  const bool server = from == server_source;
  std::vector<link_number> links{server ? server_up_ : host_up_[from], host_down_[to]};
  const auto away = server ? topology::distance::same_site : shape.between(from, to);
  if (away >= topology::distance::same_cluster) {
    if (!server) links.push_back(rack_up_[shape.rack_of(from)]);
    links.push_back(rack_down_[shape.rack_of(to)]);
  }
  if (away >= topology::distance::same_site) {
    if (!server) links.push_back(cluster_up_[shape.cluster_of(from)]);
    links.push_back(cluster_down_[shape.cluster_of(to)]);
  }
  return links;
}

void physical_links::count(std::uint32_t from, int by) {
  auto& streams = from == server_source ? server_streams_ : streams_from_[from];
  streams = static_cast<std::uint32_t>(static_cast<int>(streams) + by);
}

void physical_links::send(std::uint32_t from, std::uint32_t to, item_number item) {
  SHOAL_ASSERT(from != to);
  auto& one = streams_[{to, from}];
  one.pieces.push_back(item);
  if (from == server_source) ++queued_from_server_;
  if (one.pieces.size() == 1) {
    count(from, 1);
    begin(from, to);
  }
}

void physical_links::begin(std::uint32_t from, std::uint32_t to) {
  streams_.at({to, from}).flow =
      network_.start(path(from, to), static_cast<double>(config_.piece_bytes),
                     flow_network::unlimited, [this, from, to] { ended(from, to); });
}

void physical_links::ended(std::uint32_t from, std::uint32_t to) {
  const auto found = streams_.find({to, from});
  SHOAL_ASSERT(found != streams_.end() && !found->second.pieces.empty());
  const auto item = found->second.pieces.front();
  found->second.pieces.pop_front();
  if (from == server_source) --queued_from_server_;
  if (found->second.pieces.empty()) {
    streams_.erase(found);
    count(from, -1);
  } else {
    const bool goes_on =
        network_.extend(found->second.flow, static_cast<double>(config_.piece_bytes),
                        [this, from, to] { ended(from, to); });
    SHOAL_ASSERT(goes_on);
  }
  done_(from, to, item);
}

std::size_t physical_links::queued(std::uint32_t from, std::uint32_t to) const {
  const auto found = streams_.find({to, from});
  return found == streams_.end() ? 0 : found->second.pieces.size();
}

std::uint32_t physical_links::streams_from(std::uint32_t from) const {
  return from == server_source ? server_streams_ : streams_from_[from];
}

std::size_t physical_links::take_over(std::uint32_t from, std::uint32_t to,
                                      const std::function<bool(item_number)>& can_send) {
  stream* longest = nullptr;
  std::uint32_t loser = 0;
  for (auto at = streams_.lower_bound({to, 0}); at != streams_.end() && at->first.first == to;
       ++at) {
    if (at->first.second == from || at->second.pieces.size() < 3) continue;
    if (longest != nullptr && at->second.pieces.size() <= longest->pieces.size()) continue;
    longest = &at->second;
    loser = at->first.second;
  }
  if (longest == nullptr) return 0;
  const auto most = longest->pieces.size() / 2;
  std::vector<item_number> taken;
  for (auto at = longest->pieces.size() - 1; at > 0 && taken.size() < most; --at) {
    const auto item = longest->pieces[at];
    if (!can_send(item)) continue;
    taken.push_back(item);
    longest->pieces.erase(longest->pieces.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (loser == server_source) queued_from_server_ -= taken.size();
  for (const auto item : taken)
    send(from, to, item);
  return taken.size();
}

} // namespace shoal::simulator
