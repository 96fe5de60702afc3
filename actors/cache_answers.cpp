#include "actors/cache_answers.hpp"

#include "actors/node_answers.hpp"

#include <algorithm>
#include <map>

namespace shoal::actors {

namespace {

/// Smaller quotas cannot hold one image and only produce errors later.
constexpr std::uint64_t quota_bytes_min = 16ull << 20;

result<swarm::pack_cache*> cache_of(job& asker) {
  auto* cache = asker.context().store->cache();
  if (cache == nullptr) return error{errc::failed, "this host's store does not evict"};
  return cache;
}

/// Last copies are to be known before something goes; if nobody says, what is known counts.
void refresh(job& asker) {
  static_cast<void>(ask<wire::Ack>(asker.self(), asker.context().cache, refresh_copies{},
                                   std::chrono::seconds{5}));
}

/// The pieces an image needs, by pack.
result<std::vector<std::pair<swarm::pack_id, swarm::piece_set>>> needs_of(job& asker,
                                                                          const std::string& image) {
  auto name = image_name::parse(image);
  if (!name) return name.error();
  auto record = asker.find_image(*name, true);
  if (!record) return record.error();
  std::vector<std::pair<swarm::pack_id, swarm::piece_set>> needs;
  for (const auto& need : record->needs()) {
    const auto id = swarm::pack_id::from_raw(need.pack());
    auto pieces = pieces_of(need);
    if (!id || !pieces) {
      return {errc::corrupt, "the general index server sent a malformed list of pieces"};
    }
    needs.emplace_back(*id, std::move(*pieces));
  }
  return needs;
}

/// Which images refer to each pack, as far as their recipes are here. None while the server is away.
std::map<std::string, std::vector<std::string>> images_by_pack(job& asker) {
  std::map<std::string, std::vector<std::string>> by_pack;
  const auto images = answer_images(asker);
  if (!images) return by_pack;
  for (const auto& image : *images) {
    const auto id = swarm::recipe_id::parse(image.recipe);
    const auto bytes = id ? asker.context().store->recipe_bytes(*id)
                          : result<std::string>{errc::not_found, ""};
    const auto recipe = bytes ? swarm::decode_recipe(*bytes) : bytes.error();
    if (!recipe) continue;
    for (const auto& pack : recipe->packs) {
      by_pack[pack.id.hex()].push_back(image.name + ":" + image.version);
    }
  }
  return by_pack;
}

std::string why_it_stays(const cache_line& line, std::uint32_t copies_floor) {
  if (!line.pins.empty()) return "pinned by " + line.pins.front();
  if (line.pieces_held == 0) return "nothing of it is here";
  if (copies_floor > 0) return "among the last copies in the site, as far as is known";
  return "in use";
}

/// Adds what the policy says of a run to its pack's line.
void add_run(cache_line& line, const swarm::cache_run& run, std::uint32_t place) {
  line.evictable_bytes += run.why.bytes;
  if (line.goes != 0) return;
  line.goes = place;
  line.why = sentence(run.why);
  line.copies_in_site = run.why.copies.in_site;
}

cache_line line_of(const swarm::pack_store& store, const swarm::pack_status& pack) {
  cache_line line{.pack = pack.id.hex(),
                  .held_bytes = pack.held_bytes,
                  .length_bytes = pack.length_bytes,
                  .pieces_held = pack.piece_count_held,
                  .piece_count = pack.piece_count,
                  .pins = store.pins(pack.id)};
  line.pins.erase(std::unique(line.pins.begin(), line.pins.end()), line.pins.end());
  const std::chrono::duration<double> idle = std::chrono::system_clock::now() - pack.last_use;
  line.idle_seconds = std::max(0.0, idle.count());
  return line;
}

cache_gc_outcome outcome_of(const swarm::eviction& gone, bool dry_run) {
  cache_gc_outcome outcome{.dry_run = dry_run, .freed_bytes = gone.bytes};
  for (const auto& pack : gone.packs) {
    outcome.packs.push_back({pack.pack.hex(), pack.piece_count, pack.bytes});
  }
  return outcome;
}

void count_what_is_over(const swarm::pack_store& store, cache_gc_outcome& outcome) {
  const auto quota = store.quota_bytes();
  const auto held = store.held_bytes() - (outcome.dry_run ? outcome.freed_bytes : 0);
  outcome.over_bytes = quota != 0 && held > quota ? held - quota : 0;
}

result<cache_gc_outcome> collect_image(job& asker, swarm::pack_cache& cache,
                                       const cache_gc_order& order) {
  const auto needs = needs_of(asker, order.image);
  if (!needs) return needs.error();
  const auto& store = *asker.context().store;
  cache_gc_outcome outcome{.dry_run = order.dry_run};
  for (const auto& [pack, pieces] : *needs) {
    if (store.have(pack).size() != pieces.size()) continue;
    const auto gone = cache.evict_pieces(pack, pieces, order.dry_run);
    if (!gone && gone.error().code == errc::conflict) {
      outcome.kept.push_back(gone.error().message);
    } else if (!gone) {
      return gone.error();
    } else if (gone->bytes > 0) {
      outcome.freed_bytes += gone->bytes;
      outcome.packs.push_back({pack.hex(), gone->packs.front().piece_count, gone->bytes});
    }
  }
  return outcome;
}

/// The image that multiples are of: the largest in the catalogue, so that `1x` holds any of them.
result<image_status> largest_image(job& asker) {
  auto images = answer_images(asker);
  if (!images) return images.error();
  if (images->empty()) {
    return {errc::not_found, "there are no images yet, of which a limit could be a multiple; give "
                             "bytes, as 200GiB"};
  }
  return *std::max_element(images->begin(), images->end(), [](const auto& a, const auto& b) {
    return a.fetch_bytes < b.fetch_bytes;
  });
}

} // namespace

result<cache_status> answer_cache(job& asker) {
  const auto cache = cache_of(asker);
  if (!cache) return cache.error();
  const auto& store = *asker.context().store;
  const auto report = (*cache)->report();
  cache_status status{.policy = std::string{to_string(report.settings.policy)},
                      .configured_policy = std::string{to_string(report.configured.policy)},
                      .quota_bytes = report.settings.quota_bytes,
                      .configured_quota_bytes = report.configured.quota_bytes,
                      .copies_floor = report.settings.copies_floor,
                      .held_bytes = report.held_bytes,
                      .evictable_bytes = report.evictable_bytes,
                      .policy_memory_bytes = report.policy_memory_bytes};
  std::map<swarm::pack_id, cache_line> lines;
  for (const auto& pack : store.packs()) {
    // Packs that are known but not here (any more) are nothing to keep or to give up.
    if (pack.piece_count_held > 0 || pack.pinned) lines.emplace(pack.id, line_of(store, pack));
  }
  std::uint32_t place = 0;
  for (const auto& run : (*cache)->next_to_go()) {
    if (const auto line = lines.find(run.pack); line != lines.end()) {
      add_run(line->second, run, ++place);
    }
  }
  auto images = images_by_pack(asker);
  for (auto& [pack, line] : lines) {
    if (line.goes == 0) line.why = why_it_stays(line, report.settings.copies_floor);
    line.images = std::move(images[line.pack]);
    status.packs.push_back(std::move(line));
  }
  std::stable_sort(status.packs.begin(), status.packs.end(), [](const auto& a, const auto& b) {
    // What does not go has no place: it comes last.
    return a.goes - 1 < b.goes - 1;
  });
  return status;
}

result<cache_gc_outcome> answer_collect(job& asker, const cache_gc_order& order) {
  const auto cache = cache_of(asker);
  if (!cache) return cache.error();
  result<cache_gc_outcome> outcome = cache_gc_outcome{};
  if (order.image.empty()) {
    refresh(asker);
    const auto gone = order.bytes > 0 ? (*cache)->evict(order.bytes, order.dry_run)
                                      : (*cache)->evict_to_quota(order.dry_run);
    if (!gone) return gone.error();
    outcome = outcome_of(*gone, order.dry_run);
  } else {
    outcome = collect_image(asker, **cache, order);
  }
  if (outcome) count_what_is_over(*asker.context().store, *outcome);
  return outcome;
}

result<cache_limit_outcome> answer_limit(job& asker, const cache_limit_order& order) {
  const auto cache = cache_of(asker);
  if (!cache) return cache.error();
  cache_limit_outcome outcome;
  auto wanted = (*cache)->overridden();
  wanted.quota_bytes.reset();
  if (order.limit) {
    if (order.limit->bytes == 0 && order.limit->images > 0) {
      const auto largest = largest_image(asker);
      if (!largest) return largest.error();
      outcome.image = largest->name + ":" + largest->version;
      outcome.image_bytes = largest->fetch_bytes;
    }
    wanted.quota_bytes = order.limit->limit_bytes(outcome.image_bytes);
    if (!order.limit->unlimited() && *wanted.quota_bytes < quota_bytes_min) {
      return {errc::invalid_argument, std::to_string(*wanted.quota_bytes) +
                                          " bytes are too small a limit; expected at least 16MiB"};
    }
  }
  if (auto changed = (*cache)->change(wanted); !changed) return changed.error();
  outcome.quota_bytes = (*cache)->report().settings.quota_bytes;
  auto evicted = answer_collect(asker, {});
  if (!evicted) return evicted.error();
  outcome.evicted = std::move(*evicted);
  return outcome;
}

result<cache_status> answer_policy(job& asker, const std::string& name) {
  const auto cache = cache_of(asker);
  if (!cache) return cache.error();
  auto wanted = (*cache)->overridden();
  wanted.policy.reset();
  if (!name.empty()) {
    const auto kind = swarm::parse_cache_policy(name);
    if (!kind) return kind.error();
    wanted.policy = *kind;
  }
  if (auto changed = (*cache)->change(wanted); !changed) return changed.error();
  return answer_cache(asker);
}

result<cache_pin_outcome> answer_pin(job& asker, const std::string& image) {
  const auto needs = needs_of(asker, image);
  if (!needs) return needs.error();
  auto& store = *asker.context().store;
  const auto owner = operator_pin_prefix + image;
  cache_pin_outcome outcome{.image = image, .pinned = true};
  std::vector<swarm::pack_id> packs;
  for (const auto& [pack, pieces] : *needs) {
    const auto descriptor = store.descriptor(pack);
    if (!descriptor || descriptor->piece_count() != pieces.size()) continue;
    const auto held = pieces & store.have(pack);
    pieces.for_each([&](auto piece) { outcome.needed_bytes += descriptor->piece_length(piece); });
    held.for_each([&](auto piece) { outcome.held_bytes += descriptor->piece_length(piece); });
    if (!held.empty()) packs.push_back(pack);
  }
  if (packs.empty()) {
    return {errc::not_found, "nothing of " + image + " is on this host: get it first"};
  }
  for (const auto& pack : packs) {
    const auto owners = store.pins(pack);
    // Pinned once, however often it is asked for, so that it is unpinned at once too.
    if (std::find(owners.begin(), owners.end(), owner) != owners.end()) continue;
    if (auto pinned = store.pin(pack, owner); !pinned) return pinned.error();
  }
  outcome.pack_count = static_cast<std::uint32_t>(packs.size());
  return outcome;
}

result<cache_pin_outcome> answer_unpin(job& asker, const std::string& image) {
  if (auto name = image_name::parse(image); !name) return name.error();
  auto& store = *asker.context().store;
  const auto owner = operator_pin_prefix + image;
  cache_pin_outcome outcome{.image = image};
  for (const auto& pack : store.packs()) {
    const auto owners = store.pins(pack.id);
    if (std::find(owners.begin(), owners.end(), owner) == owners.end()) continue;
    if (auto unpinned = store.unpin(pack.id, owner); !unpinned) return unpinned.error();
    ++outcome.pack_count;
    outcome.held_bytes += pack.held_bytes;
  }
  if (outcome.pack_count == 0) return {errc::not_found, image + " is not pinned on this host"};
  return outcome;
}

} // namespace shoal::actors
