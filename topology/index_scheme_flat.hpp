// VDN-flat: consistent hashing of (pack, run of pieces) over all hosts. The owner of a run keeps the
// list of all its holders; a batch is split by owner.
//
// Threads, errors, crashes: as index_node.hpp and index_client.hpp. A ring that changed moves only
// the share of who joined or left: `index_client::ring_changed` publishes it to its new owners.
#pragma once

#include "topology/child_ledger.hpp"
#include "topology/fetch_table.hpp"
#include "topology/index_client.hpp"
#include "topology/piece_table.hpp"

namespace shoal::topology {

/// One host's share of the index.
class flat_node final : public index_node {
public:
  flat_node(const index_setting& setting, host_number host);

  [[nodiscard]] index_address address() const override { return address_; }
  void start(instant now, index_outbox& out) override;
  void handle(const index_message& message, instant now, index_outbox& out) override;
  void tick(instant, index_outbox&) override {}
  [[nodiscard]] std::optional<instant> due() const override { return std::nullopt; }
  void child_gone(std::uint32_t child, instant now, index_outbox& out) override;
  void parent_restarted(instant, index_outbox&) override {}
  [[nodiscard]] index_node_counts counts() const override;

private:
  void take_told(const index_message& message, instant now, index_outbox& out);
  void answer(const index_message& message, index_outbox& out) const;
  void send(index_message message, index_outbox& out) const;

  index_setting setting_;
  index_address address_;
  piece_table table_;
  fetch_table fetches_;
  child_ledger ledger_;
};

/// Publishes to, and asks, the owners.
class flat_client final : public index_client {
public:
  flat_client(const index_setting& setting, host_number self, std::uint64_t session);

  void miss(host_number accused, std::vector<pack_pieces> pieces, instant now,
            index_outbox& out) override;

protected:
  std::vector<index_message> next_round(waiting_lookup& lookup) override;
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::vector<index_message>
  split(index_kind kind, std::span<const masked_pieces> pieces) const override;

private:
  using owner_masks = std::map<host_number, piece_words>;

  [[nodiscard]] owner_masks owners_of(const pack_key& pack, const piece_words& mask) const;
};

} // namespace shoal::topology
