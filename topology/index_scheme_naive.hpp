// VDN-naive: no index at all. A lookup is broadcast to the hosts of the rack, then to those of the
// cluster, the site, everywhere, only for what is still missing; every host answers for itself.
//
// Threads, errors, crashes: as index_client.hpp.
#pragma once

#include "topology/index_client.hpp"

namespace shoal::topology {

/// The client that is all there is of the scheme.
class naive_client final : public index_client {
public:
  naive_client(const index_setting& setting, host_number self, std::uint64_t session)
      : index_client{setting, self, session} {}

  /// The one who said so is `accused` itself: it is not asked again, it looks itself.
  void miss(host_number, std::vector<pack_pieces>, instant, index_outbox&) override {}

protected:
  std::vector<index_message> next_round(waiting_lookup& lookup) override;
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::vector<index_message>
  split(index_kind kind, std::span<const masked_pieces> pieces) const override;
  void answer_lookup(const index_message& message, index_outbox& out) override;
};

} // namespace shoal::topology
