#include "topology/told_fetchers.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace shoal::topology {

namespace {

/// The hosts that are in one list and not, or not the same, in the other.
void add_differing(std::span<const fetcher_record> one, std::span<const fetcher_record> other,
                   std::set<std::string>& to) {
  std::vector<fetcher_record> differing;
  std::ranges::set_symmetric_difference(one, other, std::back_inserter(differing));
  for (auto& record : differing)
    to.insert(std::move(record.host));
}

} // namespace

fetcher_news told_fetchers::tell(const pack_key& pack, std::uint64_t revision,
                                 std::span<const fetcher_record> now, std::size_t holders) {
  auto& before = packs_[pack];
  add_differing(now, before.fetchers, before.differed);
  fetcher_news news{.base = before.revision, .revision = revision};
  news.other_holders = before.revision == 0 || before.holders != holders;
  for (const auto& host : std::exchange(before.differed, {})) {
    const bool fetches = std::ranges::binary_search(now, host, {}, &fetcher_record::host);
    (fetches ? news.came : news.gone).push_back(host);
  }
  if (!news.empty()) before = {revision, {now.begin(), now.end()}, holders, {}};
  return news;
}

void told_fetchers::answered(const pack_key& pack, std::span<const fetcher_record> now) {
  auto& before = packs_[pack];
  add_differing(now, before.fetchers, before.differed);
}

bool told_fetchers::knows_all(const pack_key& pack, std::uint64_t known,
                              std::span<const fetcher_record> now) const {
  const auto before = packs_.find(pack);
  return before != packs_.end() && known >= before->second.revision &&
         before->second.differed.empty() && std::ranges::equal(now, before->second.fetchers);
}

void told_fetchers::forget(const pack_key& pack) { packs_.erase(pack); }

} // namespace shoal::topology
