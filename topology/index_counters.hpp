// How many index messages and bytes travelled, by kind, by level crossed and by the receiver's role.
//
// Threads: one owner counts; add up those of several with `+=`.
#pragma once

#include "topology/index_message.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace shoal::topology {

/// Messages and their bytes.
struct index_traffic {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;

  index_traffic& operator+=(const index_traffic& other) {
    messages += other.messages;
    bytes += other.bytes;
    return *this;
  }
  friend bool operator==(const index_traffic&, const index_traffic&) = default;
};

/// The kinds that looking up costs, and those that publishing costs; the paper's Fig 11 mixes them.
/// The rest (`push`, `begin_fetch`, `end_fetch`) is what knowing of transfers in flight costs.
inline constexpr std::array lookup_kinds{index_kind::lookup, index_kind::answer, index_kind::miss};
inline constexpr std::array publish_kinds{index_kind::publish, index_kind::sync,
                                          index_kind::want_all};
inline constexpr std::array fetch_kinds{index_kind::begin_fetch, index_kind::end_fetch,
                                        index_kind::push};

/// The table of counts.
class index_counters {
public:
  /// @param crossed the level of the smallest domain that holds both ends; `host`: the same machine.
  void count(const index_message& message, network_level crossed);

  [[nodiscard]] const index_traffic& of(index_kind kind, network_level crossed,
                                        network_level receiver) const;
  [[nodiscard]] index_traffic of(std::span<const index_kind> kinds) const;
  [[nodiscard]] index_traffic of(index_kind kind) const { return of(std::span{&kind, 1}); }
  [[nodiscard]] index_traffic of(std::span<const index_kind> kinds, network_level crossed) const;
  [[nodiscard]] index_traffic received_by(network_level receiver) const;
  [[nodiscard]] index_traffic total() const;

  /// The paper's communication cost of those kinds (VDN Fig 11b): a message within a rack costs 1,
  /// one that goes up to the aggregation switch 4, one over the root 10; within a host 0. Between
  /// sites as over the root: the paper has one site.
  [[nodiscard]] double paper_cost(std::span<const index_kind> kinds) const;

  index_counters& operator+=(const index_counters& other);

private:
  std::array<std::array<std::array<index_traffic, network_level_count>, network_level_count>,
             index_kind_count>
      counts_{};
};

} // namespace shoal::topology
