#include "actors/swarm_news.hpp"

#include "actors/wire_convert.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace shoal::actors {

namespace {

/// More than come while an answer is on its way.
constexpr std::size_t waiting_max = 64;
/// What a folded message may become.
constexpr std::size_t unfolded_bytes_max = std::size_t{64} << 20;

void erase_named(std::vector<swarm::swarm_peer>& from, const std::vector<std::string>& names) {
  std::erase_if(from, [&](const auto& one) { return std::ranges::binary_search(names, one.host); });
}

} // namespace

void fold(wire::Swarms& swarms) {
  std::map<std::string, std::uint32_t> numbers;
  for (auto& swarm : *swarms.mutable_swarms()) {
    for (auto& fetcher : *swarm.mutable_fetchers()) {
      const auto next = static_cast<std::uint32_t>(swarms.peers_size());
      const auto [number, is_new] = numbers.emplace(fetcher.host(), next);
      swarm.add_fetcher_numbers(number->second);
      if (is_new) *swarms.add_peers() = std::move(fetcher);
    }
    swarm.clear_fetchers();
  }
}

void unfold(wire::Swarms& swarms) {
  std::size_t bytes = 0;
  for (auto& swarm : *swarms.mutable_swarms()) {
    for (const auto number : swarm.fetcher_numbers()) {
      if (number >= static_cast<std::uint32_t>(swarms.peers_size())) continue;
      const auto& peer = swarms.peers(static_cast<int>(number));
      bytes += peer.ByteSizeLong();
      if (bytes > unfolded_bytes_max) break;
      *swarm.add_fetchers() = peer;
    }
    swarm.clear_fetcher_numbers();
  }
  swarms.clear_peers();
}

swarm_news news_of(const wire::Swarm& swarm) {
  swarm_news news;
  news.stamp = {swarm.table(), swarm.revision()};
  if (swarm.has_base_revision()) news.base = swarm.base_revision();
  news.view = to_view(swarm);
  news.gone = {swarm.gone().begin(), swarm.gone().end()};
  news.same_holders = swarm.same_holders();
  return news;
}

told_swarm::fit told_swarm::fits(const swarm_news& news) const {
  const bool older = news.stamp.table == stamp_.table && news.stamp.revision < stamp_.revision;
  if (older) return fit::never;
  if (!news.base) return fit::now;
  // Another index's, or of one that nothing is known of yet.
  if (news.stamp.table != stamp_.table) return stamp_.table == 0 ? fit::later : fit::never;
  return *news.base <= stamp_.revision ? fit::now : fit::later;
}

bool told_swarm::take(swarm_news news) {
  const auto how = fits(news);
  if (how == fit::never) return false;
  if (how == fit::later) {
    if (waiting_.size() == waiting_max) waiting_.erase(waiting_.begin());
    waiting_.push_back(std::move(news));
    return false;
  }
  apply(std::move(news));
  for (auto& one : std::exchange(waiting_, {}))
    take(std::move(one));
  return true;
}

void told_swarm::apply(swarm_news news) {
  stamp_ = news.stamp;
  if (!news.base) {
    view_ = std::move(news.view);
    return;
  }
  auto replaced = std::move(news.gone);
  for (const auto& one : news.view.fetchers)
    replaced.push_back(one.host);
  std::ranges::sort(replaced);
  erase_named(view_.fetchers, replaced);
  view_.fetchers.insert(view_.fetchers.end(), news.view.fetchers.begin(), news.view.fetchers.end());
  if (news.same_holders) return;
  view_.holders = std::move(news.view.holders);
  view_.sources = std::move(news.view.sources);
}

} // namespace shoal::actors
