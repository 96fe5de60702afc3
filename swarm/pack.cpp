#include "swarm/pack.hpp"

#include "swarm/byte_format.hpp"

#include <algorithm>
#include <bit>

namespace shoal::swarm {

namespace {

constexpr std::string_view magic = "SHLPACK1";

digest hash_pair(const digest& left, const digest& right, sha256_function sha256) {
  std::array<std::byte, 64> both;
  std::memcpy(both.data(), left.data(), left.size());
  std::memcpy(both.data() + left.size(), right.data(), right.size());
  return sha256(both);
}

} // namespace

std::uint32_t pack_descriptor::piece_length(std::uint32_t piece) const {
  SHOAL_ASSERT(piece < piece_count());
  const auto begin = static_cast<std::uint64_t>(piece) * piece_bytes;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(piece_bytes, length_bytes - begin));
}

bool valid_piece_bytes(std::uint64_t piece_bytes) {
  return std::has_single_bit(piece_bytes) && piece_bytes >= block_bytes &&
         piece_bytes <= piece_bytes_max;
}

digest merkle_root(std::vector<digest> leaves, std::size_t width, digest padding,
                   sha256_function sha256) {
  SHOAL_ASSERT(!leaves.empty());
  // Levels are padded one at a time: a short last piece of a long pack then costs no more hashes
  // than its depth.
  for (auto level = std::bit_ceil(std::max(leaves.size(), width)); level > 1; level /= 2) {
    if (leaves.size() % 2 != 0) leaves.push_back(padding);
    for (std::size_t i = 0; i < leaves.size() / 2; ++i) {
      leaves[i] = hash_pair(leaves[2 * i], leaves[2 * i + 1], sha256);
    }
    leaves.resize(leaves.size() / 2);
    padding = hash_pair(padding, padding, sha256);
  }
  return leaves.front();
}

digest piece_hash(std::span<const std::byte> piece, std::uint32_t width_blocks,
                  sha256_function sha256) {
  SHOAL_ASSERT(!piece.empty());
  std::vector<digest> leaves;
  leaves.reserve((piece.size() + block_bytes - 1) / block_bytes + 1);
  for (std::size_t at = 0; at < piece.size(); at += block_bytes) {
    const auto length = std::min<std::size_t>(block_bytes, piece.size() - at);
    leaves.push_back(sha256(piece.subspan(at, length)));
  }
  SHOAL_ASSERT(leaves.size() <= width_blocks);
  return merkle_root(std::move(leaves), width_blocks, digest{}, sha256);
}

std::uint32_t piece_width_blocks(std::uint64_t pack_length_bytes, std::uint32_t piece_bytes) {
  SHOAL_ASSERT(pack_length_bytes > 0);
  if (pack_length_bytes > piece_bytes) return piece_bytes / block_bytes;
  const auto blocks = (pack_length_bytes + block_bytes - 1) / block_bytes;
  return static_cast<std::uint32_t>(std::bit_ceil(blocks));
}

pack_id pack_root(std::span<const digest> piece_hashes, std::uint32_t piece_bytes,
                  sha256_function sha256) {
  SHOAL_ASSERT(!piece_hashes.empty() && valid_piece_bytes(piece_bytes));
  // A pack of one piece has a tree of its own width, whose root its only hash is already.
  if (piece_hashes.size() == 1) return pack_id{piece_hashes.front()};
  const auto empty_piece = merkle_root({digest{}}, piece_bytes / block_bytes, digest{}, sha256);
  return pack_id{merkle_root({piece_hashes.begin(), piece_hashes.end()}, 1, empty_piece, sha256)};
}

result<void> check(const pack_descriptor& pack, sha256_function sha256) {
  const auto name = "pack " + pack.id.hex() + ": ";
  if (pack.length_bytes == 0 || pack.length_bytes > pack_bytes_max) {
    return {errc::corrupt, name + "a length of " + std::to_string(pack.length_bytes) +
                               " bytes is not between 1 and " + std::to_string(pack_bytes_max)};
  }
  if (!valid_piece_bytes(pack.piece_bytes)) {
    return {errc::corrupt, name + "pieces of " + std::to_string(pack.piece_bytes) +
                               " bytes are not a power of two between 16 KiB and 16 MiB"};
  }
  if (pack.piece_hashes.size() != pack.piece_count()) {
    return {errc::corrupt, name + std::to_string(pack.piece_hashes.size()) + " piece hashes for " +
                               std::to_string(pack.piece_count()) + " pieces"};
  }
  if (pack_root(pack.piece_hashes, pack.piece_bytes, sha256) != pack.id) {
    return {errc::corrupt, name + "the piece hashes do not prove this id"};
  }
  return {};
}

std::string encode(const pack_descriptor& pack) {
  std::string out;
  out.reserve(magic.size() + 48 + 32 * pack.piece_hashes.size());
  out += magic;
  append_digest(out, pack.id.bytes);
  append_number(out, pack.length_bytes);
  append_number(out, pack.piece_bytes);
  append_number(out, static_cast<std::uint32_t>(pack.piece_hashes.size()));
  for (const auto& hash : pack.piece_hashes)
    append_digest(out, hash);
  return out;
}

result<pack_descriptor> decode_pack_descriptor(std::string_view bytes, sha256_function sha256) {
  byte_reader in{bytes};
  if (in.take(magic.size()) != magic) {
    return {errc::corrupt, "this is not a pack descriptor of format 1 (SHLPACK1)"};
  }
  pack_descriptor pack;
  pack.id.bytes = in.read_digest();
  pack.length_bytes = in.number<std::uint64_t>();
  pack.piece_bytes = in.number<std::uint32_t>();
  const auto count = in.number<std::uint32_t>();
  if (in.failed() || in.left() != std::uint64_t{count} * sizeof(digest)) {
    return {errc::corrupt, "a pack descriptor of " + std::to_string(bytes.size()) +
                               " bytes does not have the length that its count of pieces (" +
                               std::to_string(count) + ") asks for"};
  }
  pack.piece_hashes.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i)
    pack.piece_hashes.push_back(in.read_digest());
  if (auto checked = check(pack, sha256); !checked) return checked.error();
  return pack;
}

} // namespace shoal::swarm
