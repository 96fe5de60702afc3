#include "topology/index_message.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

// Sizes of a compact binary encoding; what they leave out (TLS, TCP) is alike for all schemes.
constexpr std::size_t message_bytes = 32;
constexpr std::size_t pack_bytes = sizeof(pack_key) + 4;
constexpr std::size_t holder_bytes = 8;
constexpr std::size_t piece_number_bytes = 4;

std::size_t bytes_of(std::uint32_t piece_count, bool all, piece_span words) {
  if (all) return 1;
  std::size_t bits = 0;
  for (const auto word : words)
    bits += static_cast<std::size_t>(std::popcount(word));
  return 1 + std::min<std::size_t>((std::size_t{piece_count} + 7) / 8, bits * piece_number_bytes);
}

std::size_t bytes_of(const pack_answer& answer, const std::vector<index_holder>& hosts) {
  std::size_t bytes = 0;
  for (const auto& one : hosts)
    bytes += holder_bytes + bytes_of(answer.piece_count, one.all, one.words);
  return bytes;
}

bool well_formed_hosts(const pack_answer& answer, const std::vector<index_holder>& hosts) {
  return std::all_of(hosts.begin(), hosts.end(), [&](const auto& one) {
    return pack_pieces{answer.pack, answer.piece_count, one.all, one.words}.well_formed();
  });
}

} // namespace

std::string_view to_string(index_kind kind) {
  switch (kind) {
  case index_kind::publish: return "publish";
  case index_kind::sync: return "sync";
  case index_kind::want_all: return "want_all";
  case index_kind::begin_fetch: return "begin_fetch";
  case index_kind::end_fetch: return "end_fetch";
  case index_kind::lookup: return "lookup";
  case index_kind::answer: return "answer";
  case index_kind::push: return "push";
  case index_kind::miss: return "miss";
  }
  return "miss";
}

std::size_t index_message::bytes() const {
  auto bytes = message_bytes + dropped.size() * sizeof(pack_key);
  for (const auto& one : packs)
    bytes += pack_bytes + bytes_of(one.piece_count, one.all, one.words);
  for (const auto& one : answers)
    bytes += pack_bytes + bytes_of(one, one.holders) + bytes_of(one, one.fetchers);
  return bytes;
}

bool index_message::well_formed() const {
  return std::all_of(packs.begin(), packs.end(), [](const auto& one) { return one.well_formed(); }) &&
         std::all_of(answers.begin(), answers.end(), [](const auto& one) {
           return well_formed_hosts(one, one.holders) && well_formed_hosts(one, one.fetchers);
         });
}

} // namespace shoal::topology
