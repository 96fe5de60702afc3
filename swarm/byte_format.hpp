// Little-endian numbers in and out of byte strings, for the formats of this folder.
//
// Threads: values. Errors: a reader that ran past the end, or met a number written longer than
// needed, stays failed and answers zeros, so that a decoder needs to look only now and then.
#pragma once

#include "swarm/id.hpp"

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace shoal::swarm {

/// Appends `value`, lowest byte first.
template <std::unsigned_integral Number>
void append_number(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff));
  }
}

/// Appends `value` in LEB128: seven bits a byte, lowest first, the top bit says "more follows".
inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>((value & 0x7f) | 0x80));
  out.push_back(static_cast<char>(value));
}

/// Appends the 32 bytes of a digest.
inline void append_digest(std::string& out, const digest& value) {
  out.append(reinterpret_cast<const char*>(value.data()), value.size());
}

/// Reads what the functions above wrote.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : bytes_{bytes} {}

  template <std::unsigned_integral Number>
  Number number() {
    const auto raw = take(sizeof(Number));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(raw[i])) << (8 * i);
    }
    return static_cast<Number>(value);
  }

  /// Only the shortest form is accepted, so that equal values have equal bytes (and digests).
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = number<std::uint8_t>();
      if (failed_) return 0;
      const bool overflows = shift == 63 && byte > 1;
      const bool longer_than_needed = shift > 0 && byte == 0;
      if (overflows || longer_than_needed) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }

  digest read_digest() {
    digest value{};
    const auto raw = take(value.size());
    if (!raw.empty()) std::memcpy(value.data(), raw.data(), raw.size());
    return value;
  }

  /// `count` bytes, or none once failed.
  std::string_view take(std::size_t count) {
    if (failed_ || bytes_.size() - position_ < count) {
      failed_ = true;
      return {};
    }
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - position_; }

private:
  std::string_view bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

} // namespace shoal::swarm
