// Who holds which pieces, as far as the hosts can find out: the seam between the model of a data
// centre and the index schemes.
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/host_caches.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace shoal::simulator {

/// A host that has some of the pieces asked for, by the part of the question.
struct found_holder {
  std::uint32_t host = 0;
  std::uint32_t part = 0;
  /// The pieces asked for that it has.
  piece_words pieces;
};

/// How far a question goes.
enum class lookup_reach : std::uint8_t {
  /// For each piece the nearest level that has it (VDN §III-C).
  nearest_level,
  /// All holders in the data centre.
  every_level,
};

/// What an index scheme costs (VDN Fig 11), by kind of message.
struct index_overhead {
  std::uint64_t lookup_messages = 0;
  std::uint64_t lookup_bytes = 0;
  /// Messages weighted by level, rack 1, cluster 4, root 10 (PAPERS V33).
  double lookup_cost = 0;
  std::uint64_t publish_messages = 0;
  std::uint64_t publish_bytes = 0;
  double publish_cost = 0;
};

/// An index scheme at work.
class directory {
public:
  virtual ~directory() = default;
  /// The host tells what it has and no longer has.
  virtual void publish(std::uint32_t host, std::span<const holding_change> changes) = 0;
  /// The holders of the pieces in `wanted`, the asker itself left out.
  virtual void find(std::uint32_t host, std::span<const image_part> wanted, lookup_reach reach,
                    std::vector<found_holder>& found) = 0;
  [[nodiscard]] virtual index_overhead overhead() const = 0;
};

} // namespace shoal::simulator
