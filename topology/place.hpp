// Where a host stands in the physical network: `site/cluster/rack`.
//
// Threads: values. Errors: a malformed place is refused with a sentence that names it.
#pragma once

#include "topology/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace shoal::topology {

/// The domains a host belongs to, outermost first (DESIGN §1). Parts are names (`valid_name`).
struct place {
  std::string site;
  std::string cluster;
  std::string rack;

  friend auto operator<=>(const place&, const place&) = default;

  /// `site/cluster/rack`.
  [[nodiscard]] std::string path() const;

  /// The inverse of `path`. @returns errc::invalid_argument naming the text and what was expected.
  static result<place> parse(std::string_view text);
};

/// How far two hosts are apart; smaller is nearer.
enum class distance : std::uint8_t { same_rack, same_cluster, same_site, other_site };

/// The smallest domain that holds both places.
distance distance_between(const place& a, const place& b);

/// Whether `text` may name a host, domain, image or version: 1 to 128 characters of letters,
/// digits, `.`, `_`, `-` and `+`, beginning with a letter or digit, without `..`.
bool valid_name(std::string_view text);

} // namespace shoal::topology
