#include "swarm/store/have_record.hpp"

#include "swarm/byte_format.hpp"

#include <span>

namespace shoal::swarm {

namespace {

constexpr std::string_view magic = "SHLHAVE1";
/// magic, sequence, pack, piece count, held count.
constexpr std::size_t header_bytes = 8 + 8 + 32 + 4 + 4;
constexpr std::size_t checksum_bytes = 32;

std::size_t bitmap_bytes(std::uint32_t piece_count) { return (std::size_t{piece_count} + 7) / 8; }

std::string checksum(std::string_view bytes, sha256_function sha256) {
  const auto sum = sha256(std::as_bytes(std::span{bytes}));
  return {reinterpret_cast<const char*>(sum.data()), sum.size()};
}

error corrupt(pack_id pack, std::string_view what) {
  return {errc::corrupt, "record of pack " + pack.hex() + ": " + std::string{what}};
}

} // namespace

std::uint64_t have_slot_bytes(std::uint32_t piece_count) {
  const auto used = header_bytes + bitmap_bytes(piece_count) + checksum_bytes;
  return (used + have_slot_alignment_bytes - 1) / have_slot_alignment_bytes *
         have_slot_alignment_bytes;
}

std::string encode(const have_record& record, sha256_function sha256) {
  std::string slot{magic};
  append_number(slot, record.sequence);
  append_digest(slot, record.pack.bytes);
  append_number(slot, record.pieces.size());
  append_number(slot, record.pieces.count());
  slot += record.pieces.bitmap();
  slot += checksum(slot, sha256);
  slot.resize(have_slot_bytes(record.pieces.size()), '\0');
  return slot;
}

result<have_record> decode_have_record(std::string_view slot, pack_id pack,
                                       std::uint32_t piece_count, sha256_function sha256) {
  if (slot.size() != have_slot_bytes(piece_count)) return corrupt(pack, "wrong length");
  const auto summed = slot.substr(0, header_bytes + bitmap_bytes(piece_count));
  byte_reader in{slot};
  if (in.take(magic.size()) != magic) return corrupt(pack, "it does not begin with SHLHAVE1");
  const auto sequence = in.number<std::uint64_t>();
  if (in.read_digest() != pack.bytes) return corrupt(pack, "it is of another pack");
  if (in.number<std::uint32_t>() != piece_count) return corrupt(pack, "wrong number of pieces");
  const auto held_count = in.number<std::uint32_t>();
  auto pieces = piece_set::from_bitmap(piece_count, in.take(bitmap_bytes(piece_count)));
  if (in.take(checksum_bytes) != checksum(summed, sha256)) {
    return corrupt(pack, "its checksum does not fit");
  }
  if (!pieces || pieces->count() != held_count) return corrupt(pack, "its bitmap makes no sense");
  if (in.take(in.left()).find_first_not_of('\0') != std::string_view::npos) {
    return corrupt(pack, "its padding is not zero");
  }
  return have_record{pack, sequence, std::move(*pieces)};
}

result<have_file> decode_have_file(std::string_view bytes, pack_id pack, std::uint32_t piece_count,
                                   sha256_function sha256) {
  const auto slot_bytes = have_slot_bytes(piece_count);
  if (bytes.size() != 2 * slot_bytes) return corrupt(pack, "wrong length");
  auto first = decode_have_record(bytes.substr(0, slot_bytes), pack, piece_count, sha256);
  auto second = decode_have_record(bytes.substr(slot_bytes), pack, piece_count, sha256);
  if (!first && !second) return first.error();
  if (!first) return have_file{std::move(*second), true};
  if (!second) return have_file{std::move(*first), true};
  const bool first_is_newer = first->sequence > second->sequence;
  return have_file{std::move(first_is_newer ? *first : *second), false};
}

} // namespace shoal::swarm
