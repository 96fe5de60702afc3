#include "actors/index_wire.hpp"

#include "actors/wire_convert.hpp"

#include <bit>
#include <cstring>

namespace shoal::actors {

namespace {

using topology::index_address;
using topology::index_holder;
using topology::index_kind;
using topology::index_message;
using topology::network;
using topology::network_level;

/// A pack has at most 2^26 pieces: no message can claim more memory.
constexpr std::uint32_t piece_count_max = 1u << 26;

std::string bitmap_of(const topology::piece_words& words, std::uint32_t piece_count) {
  std::string bitmap((static_cast<std::size_t>(piece_count) + 7) / 8, '\0');
  for (std::size_t i = 0; i < bitmap.size(); ++i)
    bitmap[i] = static_cast<char>(words[i / 8] >> (i % 8 * 8) & 0xff);
  return bitmap;
}

/// `made.words` and `made.all` from a bitmap. @returns whether it makes sense.
bool read_bitmap(const std::string& bitmap, std::uint32_t piece_count,
                 topology::piece_words& words) {
  if (bitmap.size() != (static_cast<std::size_t>(piece_count) + 7) / 8) return false;
  words.assign(topology::words_for(piece_count), 0);
  for (std::size_t i = 0; i < bitmap.size(); ++i) {
    words[i / 8] |= std::uint64_t{static_cast<unsigned char>(bitmap[i])} << (i % 8 * 8);
  }
  return (words.back() & ~topology::word_mask(piece_count, words.size() - 1)) == 0;
}

void put_address(wire::IndexAddress& out, index_address address, const network& net) {
  out.set_level(static_cast<std::uint32_t>(address.level));
  if (address.level != network_level::world) out.set_path(net.path(address));
}

std::optional<index_address> address_of(const wire::IndexAddress& in, const network& net) {
  if (in.level() >= topology::network_level_count) return std::nullopt;
  const auto level = static_cast<network_level>(in.level());
  if (level == network_level::world) return topology::whole_world;
  return net.find(level, in.path());
}

wire::IndexHolder holder_to_wire(const index_holder& holder, std::uint32_t piece_count,
                                 const network& net) {
  wire::IndexHolder out;
  out.set_host(net.name(holder.host));
  out.set_all(holder.all);
  if (!holder.all) out.set_bitmap(bitmap_of(holder.words, piece_count));
  return out;
}

std::optional<index_holder> holder_from_wire(const wire::IndexHolder& in, std::uint32_t piece_count,
                                             const network& net) {
  const auto host = net.find(in.host());
  if (!host) return std::nullopt;
  index_holder holder{*host, in.all(), {}};
  if (!in.all() && !read_bitmap(in.bitmap(), piece_count, holder.words)) return std::nullopt;
  return holder;
}

std::optional<topology::pack_answer> answer_from_wire(const wire::IndexAnswer& in,
                                                      const network& net) {
  const auto key = key_of(in.pack());
  if (!key || in.piece_count() > piece_count_max) return std::nullopt;
  topology::pack_answer answer{*key, in.piece_count(), {}, {}};
  if (in.piece_count() == 0) return answer;
  for (const auto& one : in.holders()) {
    if (auto holder = holder_from_wire(one, in.piece_count(), net)) {
      answer.holders.push_back(std::move(*holder));
    }
  }
  for (const auto& one : in.fetchers()) {
    if (auto fetcher = holder_from_wire(one, in.piece_count(), net)) {
      answer.fetchers.push_back(std::move(*fetcher));
    }
  }
  return answer;
}

std::string name_of(topology::host_number host, const network& net) {
  return host == topology::nobody ? std::string{} : net.name(host);
}

/// An empty name is nobody; @returns whether a name that is given is known.
bool read_host(const std::string& name, const network& net, topology::host_number& into) {
  if (name.empty()) return true;
  const auto host = net.find(name);
  if (host) into = *host;
  return host.has_value();
}

bool read_lists(const wire::IndexMessage& in, const network& net, index_message& out) {
  for (const auto& one : in.packs()) {
    auto pieces = pack_pieces_of(one);
    if (!pieces) return false;
    out.packs.push_back(std::move(*pieces));
  }
  for (const auto& one : in.dropped()) {
    const auto key = key_of(one);
    if (!key) return false;
    out.dropped.push_back(*key);
  }
  for (const auto& one : in.answers()) {
    auto answer = answer_from_wire(one, net);
    if (!answer) return false;
    out.answers.push_back(std::move(*answer));
  }
  return true;
}

} // namespace

wire::Holding to_wire(const topology::pack_pieces& pieces) {
  wire::Holding out;
  out.set_pack(raw_of(pieces.pack));
  out.set_piece_count(pieces.piece_count);
  out.set_all(pieces.all);
  if (!pieces.all) out.set_bitmap(bitmap_of(pieces.words, pieces.piece_count));
  return out;
}

std::optional<topology::pack_pieces> pack_pieces_of(const wire::Holding& holding) {
  const auto key = key_of(holding.pack());
  if (!key || holding.piece_count() == 0 || holding.piece_count() > piece_count_max) {
    return std::nullopt;
  }
  if (holding.all()) return topology::all_pieces(*key, holding.piece_count());
  topology::piece_words words;
  if (!read_bitmap(holding.bitmap(), holding.piece_count(), words)) return std::nullopt;
  return topology::make_pieces(*key, holding.piece_count(), std::move(words));
}

wire::IndexMessage to_wire(const index_message& message, const network& net) {
  wire::IndexMessage out;
  out.set_kind(static_cast<std::uint32_t>(message.kind));
  put_address(*out.mutable_from(), message.from, net);
  put_address(*out.mutable_to(), message.to, net);
  out.set_request(message.request);
  out.set_session(message.session);
  out.set_sequence(message.sequence);
  out.set_asker(name_of(message.asker, net));
  out.set_accused(name_of(message.accused, net));
  out.set_complete(message.complete);
  out.set_fetching(message.fetching);
  out.set_fresh(message.fresh);
  out.set_every_level(message.every_level);
  out.set_downward(message.downward);
  for (const auto& pieces : message.packs)
    *out.add_packs() = to_wire(pieces);
  for (const auto& pack : message.dropped)
    out.add_dropped(raw_of(pack));
  for (const auto& answer : message.answers) {
    auto& told = *out.add_answers();
    told.set_pack(raw_of(answer.pack));
    told.set_piece_count(answer.piece_count);
    for (const auto& holder : answer.holders)
      *told.add_holders() = holder_to_wire(holder, answer.piece_count, net);
    for (const auto& fetcher : answer.fetchers)
      *told.add_fetchers() = holder_to_wire(fetcher, answer.piece_count, net);
  }
  return out;
}

std::optional<index_message> from_wire(const wire::IndexMessage& message, const network& net) {
  const auto from = address_of(message.from(), net);
  const auto to = address_of(message.to(), net);
  if (!from || !to || message.kind() >= topology::index_kind_count) return std::nullopt;
  index_message made;
  made.kind = static_cast<index_kind>(message.kind());
  made.from = *from;
  made.to = *to;
  made.request = message.request();
  made.session = message.session();
  made.sequence = message.sequence();
  made.complete = message.complete();
  made.fetching = message.fetching();
  made.fresh = message.fresh();
  made.every_level = message.every_level();
  made.downward = message.downward();
  if (!read_host(message.asker(), net, made.asker)) return std::nullopt;
  if (!read_host(message.accused(), net, made.accused)) return std::nullopt;
  if (!read_lists(message, net, made) || !made.well_formed()) return std::nullopt;
  return made;
}

} // namespace shoal::actors
