#include "swarm/cache_policy.hpp"

#include "swarm/cache_policy_fifo.hpp"
#include "swarm/cache_policy_gdsf.hpp"
#include "swarm/cache_policy_live.hpp"
#include "swarm/cache_policy_lru.hpp"
#include "swarm/cache_policy_rarity.hpp"
#include "swarm/cache_policy_s3_fifo.hpp"

#include <array>

namespace shoal::swarm {

namespace {

constexpr std::array kinds{cache_policy_kind::live, cache_policy_kind::fifo,
                           cache_policy_kind::lru,  cache_policy_kind::gdsf,
                           cache_policy_kind::s3_fifo, cache_policy_kind::rarity};

/// Of somebody's input that a sentence repeats.
constexpr std::size_t shown_characters_max = 32;

std::string counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string readable(std::chrono::seconds span) {
  const auto seconds = static_cast<std::uint64_t>(span.count());
  if (seconds < 120) return counted(seconds, "second", "seconds");
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " minutes";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " hours";
  return std::to_string(seconds / 86400) + " days";
}

std::string used_times(std::uint32_t uses) {
  if (uses == 0) return "not used since it came";
  return "used " + (uses == 1 ? "once" : counted(uses, "time", "times"));
}

std::string first_clause(const cache_victim& victim) {
  const auto idle = readable(victim.idle);
  switch (victim.reason) {
  case cache_reason::no_longer_live: return "no running VM has needed it for " + idle;
  case cache_reason::oldest: return "it came before what else is here";
  case cache_reason::used_longest_ago: return "not used for " + idle;
  case cache_reason::least_used: return used_times(victim.uses) + ", last " + idle + " ago";
  case cache_reason::used_only_once: return used_times(victim.uses) + " while it was new";
  case cache_reason::cheapest_to_fetch_again:
    return used_times(victim.uses) + ", last " + idle + " ago";
  }
  return {};
}

} // namespace

std::span<const cache_policy_kind> cache_policy_kinds() { return kinds; }

std::string_view to_string(cache_policy_kind kind) {
  switch (kind) {
  case cache_policy_kind::live: return "live";
  case cache_policy_kind::fifo: return "fifo";
  case cache_policy_kind::lru: return "lru";
  case cache_policy_kind::gdsf: return "gdsf";
  case cache_policy_kind::s3_fifo: return "s3-fifo";
  case cache_policy_kind::rarity: return "rarity";
  }
  return {};
}

result<cache_policy_kind> parse_cache_policy(std::string_view text) {
  std::string names;
  for (const auto kind : kinds) {
    if (text == to_string(kind)) return kind;
    names += (names.empty() ? "" : ", ") + std::string{to_string(kind)};
  }
  std::string shown{text.substr(0, shown_characters_max)};
  for (auto& c : shown) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return error{errc::invalid_argument, "'" + shown + "' is no cache policy; there are " + names};
}

std::string sentence(const cache_victim& victim) {
  auto text = first_clause(victim);
  if (victim.copies.in_site == 1) text += ", the only copy in the site";
  if (victim.copies.in_site > 1) {
    text += ", " + counted(victim.copies.in_site - 1, "other copy", "other copies") + " in the site";
  }
  return text;
}

std::unique_ptr<cache_policy> make_cache_policy(cache_policy_config config) {
  switch (config.kind) {
  case cache_policy_kind::live: return std::make_unique<cache_policy_live>(std::move(config));
  case cache_policy_kind::fifo: return std::make_unique<cache_policy_fifo>(std::move(config));
  case cache_policy_kind::lru: return std::make_unique<cache_policy_lru>(std::move(config));
  case cache_policy_kind::gdsf: return std::make_unique<cache_policy_gdsf>(std::move(config));
  case cache_policy_kind::s3_fifo: return std::make_unique<cache_policy_s3_fifo>(std::move(config));
  case cache_policy_kind::rarity: return std::make_unique<cache_policy_rarity>(std::move(config));
  }
  return nullptr;
}

std::uint64_t cache_quota::limit_bytes(std::uint64_t image_bytes) const {
  if (bytes > 0 || images <= 0) return bytes;
  return static_cast<std::uint64_t>(images * static_cast<double>(image_bytes));
}

} // namespace shoal::swarm
