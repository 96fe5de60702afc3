#include "swarm/torrent/metadata.hpp"

#include "swarm/crypto/sha256.hpp"
#include "swarm/torrent/swarm_session.hpp"
#include "topology/assert.hpp"

#include <iterator>

namespace shoal::swarm {

namespace {

/// What makes a swarm among fetchers another one than the pack's own.
const char* name_of(channel_kind kind) {
  switch (kind) {
  case channel_kind::sites: return "sites";
  case channel_kind::clusters: return "clusters";
  case channel_kind::racks: return "racks";
  case channel_kind::inner: return "inner";
  case channel_kind::far_source:
  case channel_kind::source: break;
  }
  return nullptr;
}

lt::entry info_dictionary(const pack_descriptor& pack, channel_kind kind,
                          const std::string& authority) {
  const auto name = pack.id.hex();
  lt::entry info;
  info["name"] = name;
  info["piece length"] = std::int64_t{pack.piece_bytes};
  info["meta version"] = 2;
  auto& file = info["file tree"][name][""];
  file["length"] = static_cast<std::int64_t>(pack.length_bytes);
  file["pieces root"] = pack.id.raw();
  if (const auto* name_of_channel = name_of(kind)) info["shoal channel"] = name_of_channel;
  if (!authority.empty()) info["ssl-cert"] = authority;
  return info;
}

} // namespace

std::string metadata_bytes(const pack_descriptor& pack, channel_kind kind,
                           const std::string& authority) {
  lt::entry torrent;
  torrent["info"] = info_dictionary(pack, kind, authority);
  // A file of one piece has no layer: its root is that piece's hash.
  if (pack.length_bytes > pack.piece_bytes) {
    std::string layer;
    layer.reserve(pack.piece_hashes.size() * sizeof(digest));
    for (const auto& hash : pack.piece_hashes) {
      layer.append(reinterpret_cast<const char*>(hash.data()), hash.size());
    }
    torrent["piece layers"][pack.id.raw()] = std::move(layer);
  } else {
    torrent["piece layers"] = lt::entry{lt::entry::dictionary_t};
  }
  std::string encoded;
  lt::bencode(std::back_inserter(encoded), torrent);
  return encoded;
}

std::shared_ptr<lt::torrent_info> make_metadata(const pack_descriptor& pack, channel_kind kind,
                                                const std::string& authority) {
  const auto encoded = metadata_bytes(pack, kind, authority);
  lt::load_torrent_limits limits;
  limits.max_buffer_size = static_cast<int>(encoded.size()) + 1;
  limits.max_pieces = static_cast<int>(pack.piece_count()) + 1;
  limits.max_decode_tokens = 1000;
  auto parsed = std::make_shared<lt::torrent_info>(
      lt::span<const char>{encoded.data(), static_cast<std::ptrdiff_t>(encoded.size())}, limits,
      lt::from_span);
  SHOAL_ASSERT(parsed->is_valid() && parsed->num_pieces() == static_cast<int>(pack.piece_count()));
  return parsed;
}

lt::sha1_hash wire_hash(const pack_descriptor& pack, channel_kind kind,
                        const std::string& authority) {
  std::string encoded;
  lt::bencode(std::back_inserter(encoded), info_dictionary(pack, kind, authority));
  const auto hash = sha256(std::as_bytes(std::span{encoded}));
  return lt::sha1_hash{reinterpret_cast<const char*>(hash.data())};
}

std::string torrent_file(const pack_descriptor& pack) {
  return metadata_bytes(pack, channel_kind::source, {});
}

} // namespace shoal::swarm
