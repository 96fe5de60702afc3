#include "actors/wire_convert.hpp"

#include <algorithm>
#include <cstring>

namespace shoal::actors {

wire::Peer to_wire(const swarm::swarm_peer& peer) {
  wire::Peer out;
  out.set_host(peer.host);
  out.set_place(peer.where.path());
  out.set_address(peer.address);
  out.set_bulk_port(peer.port);
  out.set_bulk_tls_port(peer.tls_port);
  return out;
}

result<swarm::swarm_peer> from_wire(const wire::Peer& peer) {
  if (!topology::valid_name(peer.host())) return {errc::corrupt, "a peer without a valid name"};
  auto where = topology::place::parse(peer.place());
  if (!where) return where.error();
  if (std::max(peer.bulk_port(), peer.bulk_tls_port()) > 65535)
    return {errc::corrupt, "a peer's port is out of range"};
  return swarm::swarm_peer{peer.host(), *where, peer.address(),
                           static_cast<std::uint16_t>(peer.bulk_port()),
                           static_cast<std::uint16_t>(peer.bulk_tls_port())};
}

wire::Holding to_wire(swarm::pack_id pack, const swarm::piece_set& held) {
  wire::Holding out;
  out.set_pack(pack.raw());
  out.set_piece_count(held.size());
  out.set_all(held.full());
  if (!held.full()) out.set_bitmap(held.bitmap());
  return out;
}

std::vector<swarm::pack_id> packs_of(const google::protobuf::RepeatedPtrField<std::string>& raw) {
  std::vector<swarm::pack_id> packs;
  for (const auto& bytes : raw) {
    if (auto pack = swarm::pack_id::from_raw(bytes)) packs.push_back(*pack);
  }
  return packs;
}

std::optional<swarm::piece_set> pieces_of(const wire::Holding& holding) {
  // A pack has at most pack_bytes_max / 16 KiB pieces: no message can claim more memory.
  if (holding.piece_count() > (1u << 26)) return std::nullopt;
  if (holding.all()) return swarm::piece_set{holding.piece_count(), true};
  return swarm::piece_set::from_bitmap(holding.piece_count(), holding.bitmap());
}

swarm::swarm_view to_view(const wire::Swarm& swarm) {
  swarm::swarm_view view;
  for (const auto& fetcher : swarm.fetchers()) {
    if (auto peer = from_wire(fetcher)) view.fetchers.push_back(std::move(*peer));
  }
  for (const auto& holder : swarm.holders()) {
    auto peer = from_wire(holder.peer());
    if (!peer) continue;
    const bool fetches = std::any_of(view.fetchers.begin(), view.fetchers.end(),
                                     [&](const auto& f) { return f.host == peer->host; });
    // Who fetches is met in the fetchers' channels.
    if (!fetches) view.holders.push_back(std::move(*peer));
  }
  for (const auto& path : swarm.sources()) {
    if (auto rack = topology::place::parse(path)) view.sources.push_back(std::move(*rack));
  }
  return view;
}

topology::pack_key key_of(swarm::pack_id pack) { return pack.bytes; }

std::optional<topology::pack_key> key_of(const std::string& raw) {
  const auto id = swarm::pack_id::from_raw(raw);
  if (!id) return std::nullopt;
  return id->bytes;
}

std::string raw_of(const topology::pack_key& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

} // namespace shoal::actors
