#include "swarm/piece_set.hpp"

namespace shoal::swarm {

piece_set::piece_set(std::uint32_t size, bool full)
    : size_{size}, count_{full ? size : 0},
      words_((static_cast<std::size_t>(size) + 63) / 64, full ? ~std::uint64_t{0} : 0) {
  if (full && size % 64 != 0) words_.back() = (std::uint64_t{1} << (size % 64)) - 1;
}

bool piece_set::insert(std::uint32_t piece) {
  if (contains(piece)) return false;
  words_[piece / 64] |= std::uint64_t{1} << (piece % 64);
  ++count_;
  return true;
}

bool piece_set::erase(std::uint32_t piece) {
  if (!contains(piece)) return false;
  words_[piece / 64] &= ~(std::uint64_t{1} << (piece % 64));
  --count_;
  return true;
}

piece_set piece_set::operator&(const piece_set& other) const {
  SHOAL_ASSERT(size_ == other.size_);
  auto both = *this;
  for (std::size_t i = 0; i < words_.size(); ++i)
    both.words_[i] &= other.words_[i];
  both.recount();
  return both;
}

piece_set piece_set::operator|(const piece_set& other) const {
  SHOAL_ASSERT(size_ == other.size_);
  auto either = *this;
  for (std::size_t i = 0; i < words_.size(); ++i)
    either.words_[i] |= other.words_[i];
  either.recount();
  return either;
}

piece_set piece_set::operator-(const piece_set& other) const {
  SHOAL_ASSERT(size_ == other.size_);
  auto rest = *this;
  for (std::size_t i = 0; i < words_.size(); ++i)
    rest.words_[i] &= ~other.words_[i];
  rest.recount();
  return rest;
}

std::string piece_set::bitmap() const {
  std::string bytes((static_cast<std::size_t>(size_) + 7) / 8, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(words_[i / 8] >> (i % 8 * 8) & 0xff);
  }
  return bytes;
}

std::optional<piece_set> piece_set::from_bitmap(std::uint32_t size, std::string_view bytes) {
  if (bytes.size() != (static_cast<std::size_t>(size) + 7) / 8) return std::nullopt;
  if (size % 8 != 0 && static_cast<unsigned char>(bytes.back()) >> (size % 8) != 0) {
    return std::nullopt;
  }
  piece_set set{size};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    set.words_[i / 8] |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]))
                         << (i % 8 * 8);
  }
  set.recount();
  return set;
}

void piece_set::recount() {
  count_ = 0;
  for (const auto word : words_)
    count_ += static_cast<std::uint32_t>(std::popcount(word));
}

} // namespace shoal::swarm
