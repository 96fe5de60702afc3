// Which instances run where, and where the next one goes (topology/placement).
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/host_caches.hpp"
#include "topology/placement.hpp"

#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

namespace shoal::simulator {

/// An instance that ends.
struct instance_end {
  double time_s = 0;
  std::uint32_t host = 0;
  std::uint32_t image = 0;

  friend auto operator<=>(const instance_end&, const instance_end&) = default;
};

/// Slots of hosts. A slot is taken from the request until the instance's end.
class occupancy {
public:
  explicit occupancy(const data_centre_config& config);

  /// The next instance that ends by `now_s`; its slot is free from then on.
  std::optional<instance_end> next_end(double now_s);
  /// Chooses a host and takes a slot of it. @returns nothing where all slots are taken.
  std::optional<std::uint32_t> place(const instance_request& request, const image_layout& image,
                                     const host_caches& caches);
  [[nodiscard]] std::uint32_t running() const { return running_; }

private:
  [[nodiscard]] std::uint64_t lacking_bytes(std::uint32_t host, const image_layout& image,
                                            const host_caches& caches) const;

  const data_centre_config& config_;
  std::vector<topology::placement_candidate> candidates_;
  std::priority_queue<instance_end, std::vector<instance_end>, std::greater<>> ends_;
  std::uint32_t running_ = 0;
  std::uint64_t placed_ = 0;
};

} // namespace shoal::simulator
