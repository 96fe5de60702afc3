// A pack store in memory with the promises that publishing and exporting rely on, and a disk that
// can be full, bad or slow to fill.
#pragma once

#include "swarm/crypto/sha256.hpp"
#include "swarm/store/pack_store.hpp"

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>

namespace shoal::swarm {

/// Keeps packs whole; which pieces are "held" is the test's choice.
class memory_store final : public pack_store {
public:
  struct pack {
    pack_descriptor descriptor;
    std::vector<std::byte> bytes;
    piece_set held;
  };

  /// Bytes that fit before `append` answers no_space.
  std::uint64_t capacity_bytes = ~0ull;
  /// Packs begun, committed and dropped unfinished.
  int begun = 0;
  int committed = 0;
  std::atomic<int> dropped = 0;

  pack& at(pack_id id) { return packs_.at(id); }
  [[nodiscard]] std::size_t pack_count() const {
    const std::scoped_lock lock{mutex_};
    return packs_.size();
  }
  /// Forgets that pieces are held; their bytes stay for `arrive`.
  void hide_all() {
    const std::scoped_lock lock{mutex_};
    for (auto& each : packs_)
      each.second.held = piece_set{each.second.descriptor.piece_count()};
  }
  void arrive(pack_id id, std::uint32_t piece) {
    const std::scoped_lock lock{mutex_};
    packs_.at(id).held.insert(piece);
  }

  result<void> add(const pack_descriptor&) override { return {}; }
  result<void> forget(pack_id) override { return {}; }
  std::optional<pack_descriptor> descriptor(pack_id id) const override {
    const std::scoped_lock lock{mutex_};
    const auto found = packs_.find(id);
    if (found == packs_.end()) return std::nullopt;
    return found->second.descriptor;
  }
  std::vector<pack_status> packs() const override { return {}; }
  piece_set have(pack_id id) const override {
    const std::scoped_lock lock{mutex_};
    const auto found = packs_.find(id);
    return found == packs_.end() ? piece_set{} : found->second.held;
  }
  result<void> put_piece(pack_id, std::uint32_t, std::span<const std::byte>) override { return {}; }
  result<void> put_verified_piece(pack_id, std::uint32_t, std::span<const std::byte>) override {
    return {};
  }
  result<void> read(pack_id id, std::uint64_t offset, std::span<std::byte> into) const override {
    const std::scoped_lock lock{mutex_};
    const auto& from = packs_.at(id);
    const auto last = (offset + into.size() - 1) / from.descriptor.piece_bytes;
    for (auto i = offset / from.descriptor.piece_bytes; i <= last; ++i) {
      if (!from.held.contains(static_cast<std::uint32_t>(i))) return {errc::not_found, "a piece"};
    }
    std::memcpy(into.data(), from.bytes.data() + offset, into.size());
    return {};
  }
  result<void> sync() override { return {}; }
  result<std::unique_ptr<pack_writer>> begin_pack(std::uint32_t piece_bytes) override {
    const std::scoped_lock lock{mutex_};
    ++begun;
    return std::unique_ptr<pack_writer>{new writer{*this, piece_bytes}};
  }
  result<void> pin(pack_id, const std::string&) override { return {}; }
  result<void> unpin(pack_id, const std::string&) override { return {}; }
  void touch(pack_id) override {}
  result<void> make_room(std::uint64_t) override { return {}; }
  std::uint64_t held_bytes() const override { return 0; }
  std::uint64_t quota_bytes() const override { return 0; }
  std::vector<std::string> warnings() const override { return {}; }
  std::vector<std::string> pins(pack_id) const override { return {}; }
  result<std::vector<scrub_finding>> scrub(std::optional<pack_id>,
                                           const std::function<bool(std::uint64_t)>&) override {
    return std::vector<scrub_finding>{};
  }
  result<void> put_recipe(recipe_id, std::string_view) override { return {}; }
  result<std::string> recipe_bytes(recipe_id) const override { return std::string{}; }
  result<void> forget_recipe(recipe_id) override { return {}; }

private:
  class writer final : public pack_writer {
  public:
    writer(memory_store& store, std::uint32_t piece_bytes)
        : store_{store}, piece_bytes_{piece_bytes} {}
    ~writer() override {
      if (!committed_) ++store_.dropped;
    }
    result<std::uint64_t> append(std::span<const std::byte> bytes) override {
      const auto offset = bytes_.size();
      if (offset + bytes.size() > store_.capacity_bytes) return {errc::no_space, "full"};
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
      return offset;
    }
    std::uint64_t length_bytes() const override { return bytes_.size(); }
    result<pack_descriptor> commit() override {
      SHOAL_ASSERT(!bytes_.empty());
      pack_descriptor made{.length_bytes = bytes_.size(), .piece_bytes = piece_bytes_};
      const auto width = piece_width_blocks(bytes_.size(), piece_bytes_);
      for (std::size_t at = 0; at < bytes_.size(); at += piece_bytes_) {
        const auto length = std::min<std::size_t>(piece_bytes_, bytes_.size() - at);
        made.piece_hashes.push_back(
            piece_hash(std::span{bytes_}.subspan(at, length), width, sha256));
      }
      made.id = pack_root(made.piece_hashes, piece_bytes_, sha256);
      committed_ = true;
      const std::scoped_lock lock{store_.mutex_};
      ++store_.committed;
      store_.packs_.try_emplace(made.id,
                                pack{made, std::move(bytes_), piece_set{made.piece_count(), true}});
      return made;
    }

  private:
    memory_store& store_;
    std::uint32_t piece_bytes_;
    std::vector<std::byte> bytes_;
    bool committed_ = false;
  };

  mutable std::mutex mutex_;
  std::map<pack_id, pack> packs_;
};

} // namespace shoal::swarm
