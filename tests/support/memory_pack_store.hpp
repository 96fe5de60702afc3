// A pack store in memory, for tests of whatever uses one. It verifies as the real one does, and can
// be told to be full or to lose pieces.
//
// Threads: any, as `pack_store` promises.
#pragma once

#include "swarm/crypto/sha256.hpp"
#include "swarm/store/pack_store.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <utility>

namespace shoal::test {

/// `length` bytes that no other seed gives.
inline std::vector<std::byte> random_bytes(std::uint64_t length, std::uint64_t seed) {
  std::mt19937_64 generator{seed};
  std::vector<std::byte> bytes(length);
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    const auto word = generator();
    std::memcpy(bytes.data() + at, &word, std::min<std::size_t>(8, bytes.size() - at));
  }
  return bytes;
}

/// The descriptor of a pack with these bytes.
inline swarm::pack_descriptor describe(std::span<const std::byte> bytes,
                                       std::uint32_t piece_bytes) {
  swarm::pack_descriptor made;
  made.length_bytes = bytes.size();
  made.piece_bytes = piece_bytes;
  const auto width = swarm::piece_width_blocks(bytes.size(), piece_bytes);
  for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
    const auto piece = bytes.subspan(at, std::min<std::size_t>(piece_bytes, bytes.size() - at));
    made.piece_hashes.push_back(swarm::piece_hash(piece, width, swarm::sha256));
  }
  made.id = swarm::pack_root(made.piece_hashes, piece_bytes, swarm::sha256);
  return made;
}

class memory_pack_store final : public swarm::pack_store {
public:
  /// Puts refuse with errc::no_space after this many more pieces.
  std::atomic<std::int64_t> pieces_until_full{std::numeric_limits<std::int64_t>::max()};

  /// A limit and what it says it holds of it; nothing is refused.
  std::uint64_t quota = 0;
  std::uint64_t held = 0;

  /// What it says of evictions, if a test has it evict; outlives it.
  swarm::pack_cache* evictions = nullptr;

  /// Knows and holds a whole pack.
  swarm::pack_descriptor hold(std::vector<std::byte> bytes, std::uint32_t piece_bytes) {
    const auto made = describe(bytes, piece_bytes);
    const std::lock_guard lock{mutex_};
    packs_[made.id] = {made, swarm::piece_set{made.piece_count(), true}, std::move(bytes)};
    return made;
  }
  /// Forgets pieces, as eviction does.
  void lose(swarm::pack_id pack, std::uint32_t piece) {
    const std::lock_guard lock{mutex_};
    packs_.at(pack).held.erase(piece);
  }
  [[nodiscard]] std::vector<std::byte> bytes(swarm::pack_id pack) const {
    const std::lock_guard lock{mutex_};
    return packs_.at(pack).bytes;
  }

  result<void> add(const swarm::pack_descriptor& pack) override {
    const std::lock_guard lock{mutex_};
    packs_.try_emplace(pack.id, entry{pack, swarm::piece_set{pack.piece_count()},
                                      std::vector<std::byte>(pack.length_bytes)});
    return {};
  }
  result<void> forget(swarm::pack_id pack) override {
    const std::lock_guard lock{mutex_};
    if (pins_.contains(pack)) return {errc::conflict, "pinned"};
    packs_.erase(pack);
    return {};
  }
  std::optional<swarm::pack_descriptor> descriptor(swarm::pack_id pack) const override {
    const std::lock_guard lock{mutex_};
    const auto found = packs_.find(pack);
    if (found == packs_.end()) return std::nullopt;
    return found->second.descriptor;
  }
  std::vector<swarm::pack_status> packs() const override {
    const std::lock_guard lock{mutex_};
    std::vector<swarm::pack_status> list;
    for (const auto& [id, pack] : packs_) {
      list.push_back({.id = id,
                      .length_bytes = pack.descriptor.length_bytes,
                      .piece_count = pack.descriptor.piece_count(),
                      .piece_count_held = pack.held.count(),
                      .pinned = pins_.contains(id)});
    }
    return list;
  }
  swarm::piece_set have(swarm::pack_id pack) const override {
    const std::lock_guard lock{mutex_};
    const auto found = packs_.find(pack);
    return found == packs_.end() ? swarm::piece_set{} : found->second.held;
  }
  result<void> put_piece(swarm::pack_id pack, std::uint32_t piece,
                         std::span<const std::byte> bytes) override {
    const auto known = descriptor(pack);
    if (!known) return {errc::not_found, "unknown pack"};
    const auto width = swarm::piece_width_blocks(known->length_bytes, known->piece_bytes);
    if (swarm::piece_hash(bytes, width, swarm::sha256) != known->piece_hashes[piece]) {
      return {errc::corrupt, "piece does not match"};
    }
    return put_verified_piece(pack, piece, bytes);
  }
  result<void> put_verified_piece(swarm::pack_id pack, std::uint32_t piece,
                                  std::span<const std::byte> bytes) override {
    if (pieces_until_full.fetch_sub(1) <= 0) return {errc::no_space, "the store is full"};
    const std::lock_guard lock{mutex_};
    auto& into = packs_.at(pack);
    std::memcpy(into.bytes.data() + std::size_t{piece} * into.descriptor.piece_bytes, bytes.data(),
                bytes.size());
    into.held.insert(piece);
    return {};
  }
  result<void> read(swarm::pack_id pack, std::uint64_t offset_bytes,
                    std::span<std::byte> into) const override {
    const std::lock_guard lock{mutex_};
    const auto found = packs_.find(pack);
    if (found == packs_.end()) return {errc::not_found, "unknown pack"};
    const auto& from = found->second;
    const auto piece = static_cast<std::uint32_t>(offset_bytes / from.descriptor.piece_bytes);
    if (!from.held.contains(piece)) return {errc::not_found, "piece not held"};
    std::memcpy(into.data(), from.bytes.data() + offset_bytes, into.size());
    return {};
  }
  result<void> sync() override { return {}; }
  std::vector<std::string> warnings() const override { return {}; }
  result<std::unique_ptr<swarm::pack_writer>> begin_pack(std::uint32_t) override {
    return {errc::failed, "not in memory"};
  }
  result<void> pin(swarm::pack_id pack, const std::string& owner) override {
    const std::lock_guard lock{mutex_};
    pins_.emplace(pack, owner);
    return {};
  }
  result<void> unpin(swarm::pack_id pack, const std::string& owner) override {
    const std::lock_guard lock{mutex_};
    const auto [begin, end] = pins_.equal_range(pack);
    const auto one = std::find_if(begin, end, [&](const auto& pin) { return pin.second == owner; });
    if (one != end) pins_.erase(one);
    return {};
  }
  std::vector<std::string> pins(swarm::pack_id pack) const override {
    const std::lock_guard lock{mutex_};
    std::vector<std::string> owners;
    const auto [begin, end] = pins_.equal_range(pack);
    for (auto i = begin; i != end; ++i)
      owners.push_back(i->second);
    return owners;
  }
  void touch(swarm::pack_id) override {}
  result<void> make_room(std::uint64_t) override { return {}; }
  std::uint64_t held_bytes() const override { return held; }
  std::uint64_t quota_bytes() const override { return quota; }
  swarm::pack_cache* cache() override { return evictions; }
  result<std::vector<swarm::scrub_finding>>
  scrub(std::optional<swarm::pack_id>, const std::function<bool(std::uint64_t)>&) override {
    return std::vector<swarm::scrub_finding>{};
  }
  result<void> put_recipe(swarm::recipe_id, std::string_view) override { return {}; }
  result<std::string> recipe_bytes(swarm::recipe_id) const override {
    return {errc::not_found, "no recipes in memory"};
  }
  result<void> forget_recipe(swarm::recipe_id) override { return {}; }

private:
  struct entry {
    swarm::pack_descriptor descriptor;
    swarm::piece_set held;
    std::vector<std::byte> bytes;
  };
  mutable std::mutex mutex_;
  std::map<swarm::pack_id, entry> packs_;
  std::multimap<swarm::pack_id, std::string> pins_;
};

} // namespace shoal::test
