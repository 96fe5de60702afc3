// Images brought into the data centre before anybody asks, in the time the image server is idle.
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/pair_transfers.hpp"

#include <cstdint>
#include <vector>

namespace shoal::simulator {

/// Spreads one copy of every piece of every image over the hosts, a piece at a time.
class stager {
public:
  /// @pre the arguments outlive it.
  stager(const data_centre_config& config, const data_centre_load& load, const host_caches& caches,
         pair_transfers& transfers);

  /// Sends pieces that nobody holds or awaits, as long as the server would be idle before `now_s`.
  void use_idle_time(double now_s);
  [[nodiscard]] std::uint64_t staged_bytes() const { return staged_bytes_; }

private:
  std::uint32_t next_host();

  const data_centre_config& config_;
  const host_caches& caches_;
  pair_transfers& transfers_;
  /// Every piece of every image, once.
  std::vector<item_number> items_;
  std::size_t next_ = 0;
  std::uint64_t turn_ = 0;
  std::uint64_t staged_bytes_ = 0;
};

} // namespace shoal::simulator
