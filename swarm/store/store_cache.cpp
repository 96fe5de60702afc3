#include "swarm/store/store_cache.hpp"

#include <limits>
#include <utility>

namespace shoal::swarm {

namespace {

constexpr std::uint64_t settings_bytes_max = 4096;

pack_runs::time now() { return std::chrono::system_clock::now(); }

} // namespace

store_cache::store_cache(store_parts& parts, const cache_settings& configured,
                         const pack_directory& packs)
    : parts_{parts}, configured_{configured}, packs_{packs}, runs_{configured, packs} {}

cache_settings store_cache::settings() const {
  const std::lock_guard lock{settings_mutex_};
  auto current = configured_;
  current.policy = override_.policy.value_or(configured_.policy);
  current.quota_bytes = override_.quota_bytes.value_or(configured_.quota_bytes);
  return current;
}

cache_override store_cache::overridden() const {
  const std::lock_guard lock{settings_mutex_};
  return override_;
}

void store_cache::apply(const cache_override& wanted) {
  {
    const std::lock_guard lock{settings_mutex_};
    override_ = wanted;
  }
  const auto current = settings();
  parts_.space.set_quota(current.quota_bytes);
  runs_.change(current, now());
}

result<void> store_cache::load_settings() {
  const auto path = parts_.layout.cache_settings();
  const auto text = read_small_file(path, settings_bytes_max);
  if (!text && text.error().code == errc::not_found) return {};
  const auto set = text ? decode_cache_override(*text) : text.error();
  if (!set) {
    return error{set.error().code, path.native() + ": " + set.error().message +
                                       "; the configuration's cache settings count"};
  }
  apply(*set);
  return {};
}

result<void> store_cache::change(const cache_override& wanted) {
  const std::lock_guard lock{eviction_mutex_};
  const auto& layout = parts_.layout;
  auto done = wanted == cache_override{}
                  ? remove_file(layout.cache_settings())
                  : replace_file(layout.cache_settings(), layout.staging() / "cache",
                                 encode_cache_override(wanted));
  if (done) done = sync_directory(layout.root);
  if (done) apply(wanted);
  return done;
}

void store_cache::follow() const { runs_.follow(now()); }

cache_report store_cache::report() const {
  follow();
  return {.settings = settings(),
          .configured = configured_,
          .held_bytes = parts_.space.held_bytes(),
          .evictable_bytes = runs_.evictable_bytes(),
          .run_count = runs_.run_count(),
          .policy_memory_bytes = runs_.memory_bytes()};
}

std::vector<cache_run> store_cache::next_to_go() const {
  follow();
  return runs_.foresee(std::numeric_limits<std::uint64_t>::max(), now());
}

void store_cache::touch(pack_id pack) {
  const auto found = packs_.find(pack);
  if (!found) return;
  // What came before this use must rank before it.
  follow();
  found->touch(now());
  runs_.used(found, nullptr, now());
}

void store_cache::used(pack_id pack, const piece_set& pieces) {
  const auto found = packs_.find(pack);
  if (!found) return;
  follow();
  found->touch(now());
  runs_.used(found, &pieces, now());
}

void store_cache::set_copies(pack_id pack, std::span<const cache_copies> runs) {
  runs_.set_copies(pack, runs);
}

void store_cache::on_eviction(eviction_listener listener) {
  const std::lock_guard lock{settings_mutex_};
  listener_ = std::move(listener);
}

void store_cache::tell(const eviction& gone) const {
  std::vector<pack_id> packs;
  for (const auto& pack : gone.packs) {
    if (pack.piece_count > 0) packs.push_back(pack.pack);
  }
  if (packs.empty()) return;
  const std::lock_guard lock{settings_mutex_};
  if (listener_) listener_(std::move(packs));
}

} // namespace shoal::swarm
