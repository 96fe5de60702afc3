// The names of things by their content: 32-byte digests that cannot be mistaken for one another.
//
// Threads: values. Errors: parsing answers an empty optional.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace shoal::swarm {

/// A SHA-256 digest.
using digest = std::array<std::byte, 32>;

/// A strong type over a digest; `Tag` keeps a chunk from being taken for a pack.
template <class Tag>
struct id {
  digest bytes{};

  friend auto operator<=>(const id&, const id&) = default;

  /// 64 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(64, '0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto value = std::to_integer<unsigned>(bytes[i]);
      text[2 * i] = digits[value >> 4];
      text[2 * i + 1] = digits[value & 15];
    }
    return text;
  }

  /// The inverse of `hex`; anything but 64 hexadecimal digits is refused.
  static std::optional<id> parse(std::string_view text) {
    if (text.size() != 64) return std::nullopt;
    id parsed;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      unsigned value = 0;
      if (c >= '0' && c <= '9')
        value = static_cast<unsigned>(c - '0');
      else if (c >= 'a' && c <= 'f')
        value = static_cast<unsigned>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        value = static_cast<unsigned>(c - 'A' + 10);
      else
        return std::nullopt;
      parsed.bytes[i / 2] |= static_cast<std::byte>(i % 2 == 0 ? value << 4 : value);
    }
    return parsed;
  }

  /// The digest's 32 bytes as a string, for wire messages and database columns.
  [[nodiscard]] std::string raw() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  /// The inverse of `raw`; anything but 32 bytes is refused.
  static std::optional<id> from_raw(std::string_view raw) {
    if (raw.size() != 32) return std::nullopt;
    id made;
    std::memcpy(made.bytes.data(), raw.data(), raw.size());
    return made;
  }
};

/// SHA-256 of a chunk's expanded bytes.
using chunk_id = id<struct chunk_tag>;
/// The BitTorrent v2 merkle root of a pack file (BEP 52 "pieces root").
using pack_id = id<struct pack_tag>;
/// SHA-256 of an encoded recipe.
using recipe_id = id<struct recipe_tag>;
/// SHA-256 over an image's expanded content, whatever packs hold it.
using content_id = id<struct content_tag>;

/// Digests are uniform already: eight of their bytes are a hash.
struct id_hash {
  template <class Tag>
  std::size_t operator()(const id<Tag>& value) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, value.bytes.data(), sizeof hash);
    return hash;
  }
};

} // namespace shoal::swarm

template <class Tag>
struct std::hash<shoal::swarm::id<Tag>> : shoal::swarm::id_hash {};
