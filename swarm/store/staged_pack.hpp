// A pack while its publisher writes it: a file in staging/, and its hashes so far.
//
// Threads: one at a time. Errors: returned; a failed append leaves the pack as long as it was.
// Crashes: nothing of it is known; the next open removes the file.
#pragma once

#include "swarm/store/disk_pack_store.hpp"
#include "swarm/store/file.hpp"

#include <vector>

namespace shoal::swarm {

/// Hashes a pack's pieces while its bytes pass by.
class piece_hasher {
public:
  explicit piece_hasher(std::uint32_t piece_bytes) : piece_bytes_{piece_bytes} {}

  void update(std::span<const std::byte> bytes);
  [[nodiscard]] std::uint64_t length_bytes() const { return length_bytes_; }
  /// Describes everything so far. @pre not empty.
  [[nodiscard]] pack_descriptor descriptor() const;

private:
  void add_block(std::span<const std::byte> block);

  const std::uint32_t piece_bytes_;
  std::uint64_t length_bytes_ = 0;
  std::vector<digest> pieces_;
  /// Of the piece that is not finished: a full one waits for the next byte, because the tree of a
  /// pack's only piece is as wide as its own blocks.
  std::vector<digest> leaves_;
  /// Of the block that is not full.
  std::vector<std::byte> block_;
};

/// Implements `pack_writer`.
class staged_pack final : public pack_writer {
public:
  staged_pack(disk_pack_store& store, file staged, std::uint32_t piece_bytes);
  ~staged_pack() override;
  staged_pack(const staged_pack&) = delete;
  staged_pack& operator=(const staged_pack&) = delete;

  result<std::uint64_t> append(std::span<const std::byte> bytes) override;
  std::uint64_t length_bytes() const override { return hasher_.length_bytes(); }
  result<pack_descriptor> commit() override;

private:
  disk_pack_store& store_;
  const file staged_;
  piece_hasher hasher_;
  space_claim claimed_;
  std::uint64_t writeback_begun_bytes_ = 0;
  bool committed_ = false;
};

} // namespace shoal::swarm
