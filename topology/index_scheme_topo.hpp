// VDN-topo and what we add to it: an index per rack, cluster, site and for the world. A rack's
// knows its hosts' pieces; the others know which child domain holds what. Only changes of the
// aggregate go up; lookups climb with what is missing, and go down to the racks that can name
// hosts.
//
// In flight: a lookup that climbs tells each index on its way what its asker is about to fetch;
// until that ends, later askers below are sent to the first fetcher instead of across the border.
// Waiting follows the order of arrival, so that nobody waits in a circle; a `fresh` lookup does not
// wait. Threads, errors, crashes: as index_node.hpp.
#pragma once

#include "topology/answer_cache.hpp"
#include "topology/child_ledger.hpp"
#include "topology/fetch_table.hpp"
#include "topology/index_client.hpp"
#include "topology/piece_table.hpp"

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace shoal::topology {

/// The index of one domain.
class topo_node final : public index_node {
public:
  topo_node(const index_setting& setting, index_address address, std::uint64_t epoch);

  [[nodiscard]] index_address address() const override { return address_; }
  void start(instant now, index_outbox& out) override;
  void handle(const index_message& message, instant now, index_outbox& out) override;
  void tick(instant now, index_outbox& out) override;
  [[nodiscard]] std::optional<instant> due() const override;
  void child_gone(std::uint32_t child, instant now, index_outbox& out) override;
  void parent_restarted(instant now, index_outbox& out) override;
  [[nodiscard]] index_node_counts counts() const override;

private:
  using pack_set = std::set<pack_key>;
  /// Messages being put together, by the child they go to.
  using batches = std::map<std::uint32_t, index_message>;

  /// A lookup that waits for others' answers.
  struct waiting_lookup {
    index_message origin;
    /// One for each pack asked for.
    std::vector<pack_answer> answers;
    std::unordered_map<pack_key, std::size_t, pack_key_hash> positions;
    std::vector<index_address> expected;
    /// Of `every_level`: what is asked above whatever is found here.
    std::vector<pack_pieces> ask_above;
    bool climbed = false;
    instant give_up_at;
  };

  [[nodiscard]] bool is_rack() const { return address_.level == network_level::rack; }
  [[nodiscard]] network_level child_level() const;
  [[nodiscard]] bool is_child(index_address other) const;
  [[nodiscard]] std::optional<index_address> parent() const;
  /// The child the lookup came from; `nobody`: it came from above.
  [[nodiscard]] std::uint32_t origin_child(const index_message& lookup) const;

  // What children tell.
  void take_told(const index_message& message, instant now, index_outbox& out);
  void forget(std::uint32_t child, pack_set& ended);
  void note(const pack_key& pack, const table_change& change);
  void take_miss(const index_message& message, instant now, index_outbox& out);

  // Lookups (index_topo_lookup.cpp).
  void take_lookup(const index_message& message, instant now, index_outbox& out);
  void take_answer(const index_message& message, instant now, index_outbox& out);
  pack_pieces answer_from_own(const index_message& lookup, const pack_pieces& wanted,
                              pack_answer& answer, batches& downward, instant now);
  void add_fetchers(const pack_key& pack, std::uint32_t piece_count, std::uint32_t except,
                    host_number asker, pack_answer& answer) const;
  void climb(std::uint64_t request, waiting_lookup& lookup, std::vector<pack_pieces> missing,
             index_outbox& out);
  void climb_to_every_level(std::uint64_t request, waiting_lookup& lookup,
                            std::vector<pack_pieces>& missing, index_outbox& out);
  void note_fetching_up(const std::vector<pack_pieces>& missing);
  void round_ended(std::uint64_t request, instant now, index_outbox& out);
  void reply(waiting_lookup& lookup, index_outbox& out);
  [[nodiscard]] std::chrono::milliseconds patience(bool climbing) const;

  // What goes up, and what goes to fetchers.
  void settle(instant now, index_outbox& out);
  void publish_up(index_outbox& out);
  void tell_everything(index_outbox& out);
  void end_fetches_up(const pack_set& ended, index_outbox& out);
  void push_swarms(index_outbox& out);
  void forward_push(const index_message& message, instant now, index_outbox& out);
  void ask_for_all(std::uint32_t child, instant now, index_outbox& out);
  void send(index_message message, index_outbox& out) const;
  void tell_up(index_message message, index_outbox& out);

  index_setting setting_;
  index_address address_;
  std::uint64_t epoch_;
  piece_table table_;
  fetch_table fetches_;
  child_ledger ledger_;
  answer_cache cache_;

  std::map<std::uint64_t, waiting_lookup> waiting_;
  std::uint64_t next_request_ = 1;
  /// No lookup has to be given up before this.
  std::optional<instant> earliest_give_up_;

  /// Packs whose aggregate changed since the parent was told.
  std::unordered_set<pack_key, pack_key_hash> unpublished_;
  /// Packs whose fetchers are to be told.
  pack_set changed_swarms_;
  instant next_publish_;
  instant next_push_;
  /// What climbed for fetchers below: the parent counts this domain as fetching it.
  std::map<pack_key, pack_pieces> fetching_up_;
  std::uint64_t sequence_ = 0;
  std::optional<instant> next_sync_;

  /// After `start`: until when to wait for the children, and for which.
  std::optional<instant> recover_until_;
  std::unordered_set<std::uint32_t> unheard_;
};

/// Tells and asks the rack's index.
class topo_client final : public index_client {
public:
  topo_client(const index_setting& setting, host_number self, std::uint64_t session)
      : index_client{setting, self, session} {}

  void miss(host_number accused, std::vector<pack_pieces> pieces, instant now,
            index_outbox& out) override;

protected:
  std::vector<index_message> next_round(waiting_lookup& lookup) override;
  [[nodiscard]] std::chrono::milliseconds patience() const override;
  [[nodiscard]] std::vector<index_message>
  split(index_kind kind, std::span<const masked_pieces> pieces) const override;

private:
  [[nodiscard]] index_address rack() const { return setting_.net->parent(own_address()); }
};

} // namespace shoal::topology
