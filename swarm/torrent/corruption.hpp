// Who sent the corrupt block? Pieces are proved as a whole, so a bad one with several senders first
// only makes suspects; when the piece verifies later, its true block hashes name the liar.
//
// Threads: a value; callers synchronise.
#pragma once

#include "swarm/id.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shoal::swarm {

/// One arrival of a whole piece: each block's hash and who sent it ("" when unknown).
struct piece_arrival {
  std::vector<digest> leaves;
  std::vector<std::string> senders;
};

/// What a bad piece tells.
struct blame {
  /// Certainly sent corrupt bytes.
  std::vector<std::string> guilty;
  /// Sent some block of the bad piece; one of them is guilty. Empty when somebody is certain.
  std::vector<std::string> suspects;
};

/// Bad pieces of one pack that are not cleared up yet.
class corruption_record {
public:
  /// A piece arrived and did not match.
  blame failed(std::uint32_t piece, piece_arrival arrival);
  /// A piece arrived and matched, with these true hashes. @returns who lied about it before.
  std::vector<std::string> verified(std::uint32_t piece, const std::vector<digest>& leaves);

private:
  /// A piece that failed so often has a sender who must go, though nothing is proved: the one with
  /// the most bad pieces among those who had a hand in every attempt.
  static constexpr std::size_t attempts_max = 4;

  std::map<std::uint32_t, std::vector<piece_arrival>> open_;
  std::map<std::string, std::uint32_t> bad_pieces_;
};

} // namespace shoal::swarm
