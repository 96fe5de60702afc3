// The durable pins of one pack: who holds how many. Its text is drawn in swarm/store/README.md.
//
// Threads: values and pure functions. Errors: decoding answers errc::corrupt.
#pragma once

#include "swarm/pack.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace shoal::swarm {

/// How many pins each owner has; an owner without pins is not listed.
using pin_counts = std::map<std::string, std::uint32_t>;

/// Whether `owner` may hold pins: 1 to 256 bytes without control characters.
bool valid_pin_owner(std::string_view owner);

/// The pins as text, with their checksum in the last line.
std::string encode_pins(const pin_counts& pins, sha256_function sha256);
/// The inverse of `encode_pins`.
result<pin_counts> decode_pins(std::string_view text, sha256_function sha256);

} // namespace shoal::swarm
