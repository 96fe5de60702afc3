#include "swarm/chunker.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace shoal::swarm {

namespace {

constexpr std::uint64_t lane_count = 8;
constexpr std::uint64_t hole_blocks_min = hole_bytes_min / cut_block_bytes;
constexpr std::uint64_t chunk_blocks_min = chunk_bytes_min / cut_block_bytes;
constexpr std::uint64_t chunk_blocks_normal = chunk_bytes_normal / cut_block_bytes;
constexpr std::uint64_t chunk_blocks_fixed = chunk_bytes_fixed / cut_block_bytes;
constexpr std::uint64_t chunk_blocks_max = chunk_bytes_max / cut_block_bytes;
/// Top bits, because a multiplication mixes upwards.
constexpr std::uint64_t mask_before_normal = 0xf800000000000000; // 1 in 32
constexpr std::uint64_t mask_after_normal = 0xe000000000000000;  // 1 in 8

// Odd constants with about half their bits set; the first is 2^64 over the golden ratio (Knuth,
// TAOCP 3, 6.4), the second the multiplier of Steele and Vigna's 64-bit LCG study (2021).
constexpr std::uint64_t lane_multiplier = 0x9e3779b97f4a7c15;
constexpr std::uint64_t final_multiplier = 0xd1342543de82ef95;

constexpr std::array<std::byte, cut_block_bytes> zero_block{};

std::uint64_t load_little_endian(const std::byte* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

using lane_array = std::array<std::uint64_t, lane_count>;

/// Written out by the compiler lane by lane, which keeps the lanes in registers: twice as fast as a
/// loop at -O2.
template <std::size_t... Lanes>
void mix_stripe(lane_array& lanes, const std::byte* from, std::index_sequence<Lanes...>) {
  ((lanes[Lanes] = std::rotl(
        (lanes[Lanes] ^ load_little_endian(from + Lanes * sizeof(std::uint64_t))) * lane_multiplier,
        29)),
   ...);
}

} // namespace

bool all_zero(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += zero_block.size()) {
    const auto length = std::min(zero_block.size(), bytes.size() - at);
    if (std::memcmp(bytes.data() + at, zero_block.data(), length) != 0) return false;
  }
  return true;
}

// lane[i] begins at i + 1. For each 64 bytes and each lane i, with word i of them:
//     lane[i] = rotate_left((lane[i] ^ word) * lane_multiplier, 29)
// Each step is a bijection of the lane, so two blocks that differ in one word never collide.
// Then, from 0, for each lane in order:
//     hash = (hash ^ lane[i]) * final_multiplier;  hash = hash ^ (hash >> 32)
// and one last hash * final_multiplier, so that the top bits depend on every lane.
std::uint64_t block_hash(std::span<const std::byte> block) {
  SHOAL_ASSERT(block.size() == cut_block_bytes);
  lane_array lanes{1, 2, 3, 4, 5, 6, 7, 8};
  const auto* const end = block.data() + block.size();
  for (const auto* at = block.data(); at != end; at += lane_count * sizeof(std::uint64_t)) {
    mix_stripe(lanes, at, std::make_index_sequence<lane_count>{});
  }
  std::uint64_t hash = 0;
  for (const auto lane : lanes) {
    hash = (hash ^ lane) * final_multiplier;
    hash ^= hash >> 32;
  }
  return hash * final_multiplier;
}

std::vector<block_summary> summarise(std::span<const std::byte> bytes) {
  std::vector<block_summary> blocks;
  blocks.reserve((bytes.size() + cut_block_bytes - 1) / cut_block_bytes);
  for (std::size_t at = 0; at < bytes.size(); at += cut_block_bytes) {
    const auto block = bytes.subspan(at, std::min<std::size_t>(cut_block_bytes, bytes.size() - at));
    const bool zero = all_zero(block);
    const bool whole = block.size() == cut_block_bytes;
    blocks.push_back({.hash = zero || !whole ? 0 : block_hash(block), .zero = zero});
  }
  return blocks;
}

cutter::cutter(chunking how, std::uint64_t image_bytes) : how_{how}, image_bytes_{image_bytes} {}

void cutter::add(std::span<const block_summary> blocks, std::vector<extent>& out) {
  for (const auto& block : blocks) {
    if (block.zero) {
      add_zeros(1, out);
    } else {
      add_data_block(block, out);
    }
  }
}

void cutter::add_zeros(std::uint64_t block_count, std::vector<extent>& out) {
  const auto before = zero_blocks_;
  zero_blocks_ += block_count;
  const auto blocks = emitted_blocks_ + chunk_blocks_ + zero_blocks_;
  SHOAL_ASSERT(block_count == 0 || (blocks - 1) * cut_block_bytes < image_bytes_);
  if (before < hole_blocks_min && zero_blocks_ >= hole_blocks_min) end_chunk(out);
}

void cutter::finish(std::vector<extent>& out) {
  SHOAL_ASSERT(seen_bytes() == image_bytes_);
  if (zero_blocks_ >= hole_blocks_min) {
    end_hole(out);
  } else {
    keep_short_zero_run(out);
    end_chunk(out);
  }
}

std::uint64_t cutter::seen_bytes() const noexcept {
  return std::min(image_bytes_, (emitted_blocks_ + chunk_blocks_ + zero_blocks_) * cut_block_bytes);
}

void cutter::add_data_block(const block_summary& block, std::vector<extent>& out) {
  SHOAL_ASSERT((emitted_blocks_ + chunk_blocks_ + zero_blocks_) * cut_block_bytes < image_bytes_);
  if (zero_blocks_ >= hole_blocks_min) {
    end_hole(out);
  } else {
    keep_short_zero_run(out);
  }
  ++chunk_blocks_;
  if (cuts_after(block)) end_chunk(out);
}

void cutter::keep_short_zero_run(std::vector<extent>& out) {
  for (; zero_blocks_ > 0; --zero_blocks_) {
    ++chunk_blocks_;
    if (cuts_after(block_summary{})) end_chunk(out);
  }
}

bool cutter::cuts_after(const block_summary& block) const {
  if (how_ == chunking::fixed) {
    return (emitted_blocks_ + chunk_blocks_) % chunk_blocks_fixed == 0;
  }
  if (chunk_blocks_ >= chunk_blocks_max) return true;
  if (block.zero || chunk_blocks_ < chunk_blocks_min) return false;
  const auto mask = chunk_blocks_ < chunk_blocks_normal ? mask_before_normal : mask_after_normal;
  return (block.hash & mask) == 0;
}

void cutter::end_chunk(std::vector<extent>& out) {
  emit(chunk_blocks_, false, out);
  chunk_blocks_ = 0;
}

void cutter::end_hole(std::vector<extent>& out) {
  emit(zero_blocks_, true, out);
  zero_blocks_ = 0;
}

void cutter::emit(std::uint64_t blocks, bool hole, std::vector<extent>& out) {
  if (blocks == 0) return;
  const auto begin = emitted_blocks_ * cut_block_bytes;
  emitted_blocks_ += blocks;
  const auto end = std::min(image_bytes_, emitted_blocks_ * cut_block_bytes);
  out.push_back({.offset_bytes = begin, .length_bytes = end - begin, .hole = hole});
}

std::vector<extent> cut(std::span<const std::byte> image, chunking how) {
  std::vector<extent> extents;
  cutter cuts{how, image.size()};
  cuts.add(summarise(image), extents);
  cuts.finish(extents);
  return extents;
}

} // namespace shoal::swarm
