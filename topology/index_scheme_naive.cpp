#include "topology/index_scheme_naive.hpp"

namespace shoal::topology {

namespace {

/// What of the pieces asked for the host has.
void add_common(std::vector<index_holder>& hosts, host_number self, const pack_pieces& wanted,
                const pack_pieces& has) {
  if (has.piece_count != wanted.piece_count) return;
  auto words = wanted.to_words();
  std::uint64_t any = 0;
  for (std::size_t i = 0; i < words.size(); ++i)
    any |= words[i] &= has.word(i);
  if (any == 0) return;
  if (has.all) {
    hosts.push_back({.host = self, .all = true});
  } else {
    hosts.push_back({.host = self, .words = std::move(words)});
  }
}

} // namespace

std::vector<index_message> naive_client::next_round(waiting_lookup& lookup) {
  std::vector<index_message> messages;
  const auto missing = lookup.missing();
  if (missing.empty()) return messages;
  const auto& net = *setting_.net;
  while (messages.empty() && lookup.level != network_level::world) {
    const auto asked = net.domain_of(self_, lookup.level);
    lookup.level = static_cast<network_level>(static_cast<int>(lookup.level) + 1);
    for (const auto host : net.hosts(net.domain_of(self_, lookup.level))) {
      const index_address to{network_level::host, host};
      if (host == self_ || net.contains(asked, to)) continue;
      messages.push_back({.kind = index_kind::lookup, .to = to, .packs = missing});
    }
  }
  return messages;
}

std::chrono::milliseconds naive_client::patience() const { return 2 * setting_.config.hop_timeout; }

std::vector<index_message> naive_client::split(index_kind, std::span<const masked_pieces>) const {
  return {};
}

void naive_client::answer_lookup(const index_message& message, index_outbox& out) {
  index_message answer{
      .kind = index_kind::answer, .to = message.from, .request = message.request};
  for (const auto& wanted : message.packs) {
    pack_answer made{.pack = wanted.pack, .piece_count = wanted.piece_count};
    if (const auto* mine = held(wanted.pack)) add_common(made.holders, self_, wanted, *mine);
    const auto fetched = fetching_.find(wanted.pack);
    if (fetched != fetching_.end()) add_common(made.fetchers, self_, wanted, fetched->second);
    if (!made.holders.empty() || !made.fetchers.empty()) answer.answers.push_back(std::move(made));
  }
  send(std::move(answer), out);
}

} // namespace shoal::topology
