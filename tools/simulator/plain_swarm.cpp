#include "tools/simulator/plain_swarm.hpp"

#include "tools/simulator/bits.hpp"

#include <algorithm>

namespace shoal::simulator {

namespace {

constexpr std::uint32_t none = ~0u;

} // namespace

struct plain_swarm::host {
  bit_words have;
  /// Had or on its way.
  bit_words taken;
  std::vector<std::uint32_t> neighbours;
  /// How many neighbours have each chunk.
  std::vector<std::uint16_t> rarity;
  /// Its uploads.
  std::vector<std::uint32_t> slots;
  std::uint32_t missing = 0;
};

struct plain_swarm::upload {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint32_t chunk = 0;
  /// Another peer's turn is next.
  bool last = false;
  flow_id flow;
};

plain_swarm::plain_swarm(event_queue& events, flow_network& links, const link_tree& tree,
                         plain_swarm_config config, std::uint32_t hosts)
    : events_{events}, links_{links}, tree_{tree}, config_{config},
      chunk_count_{static_cast<std::uint32_t>((config.image_bytes + config.chunk_bytes - 1) /
                                              config.chunk_bytes)},
      random_{config.seed}, finished_s_(hosts), unfinished_{hosts} {
  SHOAL_ASSERT(config.image_bytes > 0 && hosts > 0);
  for (std::uint32_t i = 0; i <= hosts; ++i) {
    auto one = std::make_unique<host>();
    one->have.resize(words_for(chunk_count_));
    for (std::uint32_t chunk = 0; i == 0 && chunk < chunk_count_; ++chunk)
      set_bit(one->have, chunk);
    one->taken = one->have;
    one->missing = i == 0 ? 0 : chunk_count_;
    one->rarity.resize(chunk_count_);
    hosts_.push_back(std::move(one));
  }
  for (std::uint32_t i = 0; i <= hosts; ++i) {
    for (std::uint32_t k = 0; k < std::min(config.neighbours, hosts); ++k)
      connect(i, static_cast<std::uint32_t>(random_() % (hosts + 1)));
    // Whatever the tracker said, the seed is no further than everybody's reach.
    if (i > 0 && hosts_[i]->neighbours.empty()) connect(i, 0);
  }
}

plain_swarm::~plain_swarm() = default;

void plain_swarm::connect(std::uint32_t a, std::uint32_t b) {
  auto& known = hosts_[a]->neighbours;
  if (a == b || std::find(known.begin(), known.end(), b) != known.end()) return;
  known.push_back(b);
  hosts_[b]->neighbours.push_back(a);
  const auto learn = [](host& who, const host& of) {
    for_each_bit(of.have, [&](std::uint32_t chunk) { ++who.rarity[chunk]; });
  };
  learn(*hosts_[a], *hosts_[b]);
  learn(*hosts_[b], *hosts_[a]);
}

void plain_swarm::start() {
  events_.after(config_.start_delay_s, [this] {
    fill_slots(0);
    for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
      // Not all at one instant.
      const auto phase = static_cast<double>(i) / static_cast<double>(hosts_.size());
      events_.after(config_.rotate_interval_s * (1 + phase), [this, i] { rotate(i); });
    }
  });
}

bool plain_swarm::interested(std::uint32_t who, std::uint32_t in) const {
  const auto& taken = hosts_[who]->taken;
  const auto& have = hosts_[in]->have;
  for (std::size_t i = 0; i < have.size(); ++i) {
    if ((have[i] & ~taken[i]) != 0) return true;
  }
  return false;
}

// Serves any interested neighbours that it does not serve yet.
void plain_swarm::fill_slots(std::uint32_t from) {
  auto& one = *hosts_[from];
  const auto count = one.neighbours.size();
  const auto first = count == 0 ? 0 : random_() % count;
  for (std::size_t i = 0; i < count && one.slots.size() < config_.upload_slots; ++i) {
    const auto to = one.neighbours[(first + i) % count];
    if (hosts_[to]->missing == 0 || !interested(to, from)) continue;
    const bool served = std::any_of(one.slots.begin(), one.slots.end(),
                                    [&](auto slot) { return uploads_[slot]->to == to; });
    if (!served) begin(from, to, pick(to, from));
  }
}

// One of those it serves makes room for another.
void plain_swarm::rotate(std::uint32_t from) {
  if (unfinished_ == 0) return;
  auto& one = *hosts_[from];
  if (one.slots.size() == config_.upload_slots) {
    uploads_[one.slots[random_() % one.slots.size()]]->last = true;
  }
  events_.after(config_.rotate_interval_s, [this, from] { rotate(from); });
}

std::uint32_t plain_swarm::pick(std::uint32_t who, std::uint32_t from) {
  const auto& have = hosts_[from]->have;
  const auto& taken = hosts_[who]->taken;
  return rarest_bit(
      have.size(), random_() % (have.size() * 64), none,
      [&](std::size_t at) { return have[at] & ~taken[at]; }, hosts_[who]->rarity);
}

double plain_swarm::wire_bytes(std::uint32_t chunk) const {
  const auto begin = std::uint64_t{chunk} * config_.chunk_bytes;
  const auto bytes = std::min<std::uint64_t>(config_.chunk_bytes, config_.image_bytes - begin);
  return static_cast<double>(bytes) * config_.wire_factor;
}

void plain_swarm::begin(std::uint32_t from, std::uint32_t to, std::uint32_t chunk) {
  std::uint32_t number = 0;
  if (free_uploads_.empty()) {
    number = static_cast<std::uint32_t>(uploads_.size());
    uploads_.push_back(std::make_unique<upload>());
  } else {
    number = free_uploads_.back();
    free_uploads_.pop_back();
  }
  *uploads_[number] = {from, to, chunk, false, {}};
  hosts_[from]->slots.push_back(number);
  set_bit(hosts_[to]->taken, chunk);
  std::vector<link_number> path;
  tree_.path(from, to, path);
  uploads_[number]->flow =
      links_.start(path, wire_bytes(chunk), config_.connection_bytes_per_second_max,
                   [this, number] { arrived(number); });
}

void plain_swarm::arrived(std::uint32_t number) {
  auto& by = *uploads_[number];
  auto& to = *hosts_[by.to];
  set_bit(to.have, by.chunk);
  for (const auto neighbour : to.neighbours)
    ++hosts_[neighbour]->rarity[by.chunk];
  if (--to.missing == 0) {
    finished_s_[by.to - 1] = events_.now();
    --unfinished_;
  }
  const auto receiver = by.to;
  const auto next = by.last || to.missing == 0 ? none : pick(by.to, by.from);
  if (next == none) {
    end(number);
  } else {
    by.chunk = next;
    set_bit(to.taken, next);
    links_.extend(by.flow, wire_bytes(next), [this, number] { arrived(number); });
  }
  // It has something to give that its neighbours may lack.
  fill_slots(receiver);
}

void plain_swarm::end(std::uint32_t number) {
  const auto from = uploads_[number]->from;
  std::erase(hosts_[from]->slots, number);
  free_uploads_.push_back(number);
  fill_slots(from);
}

} // namespace shoal::simulator
