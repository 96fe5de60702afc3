// A host's side of the index: publishes what it holds, and looks up what it lacks.
//
// Pure, as index_node.hpp. Threads: one owner. Crashes: a host that starts again has a new session.
#pragma once

#include "topology/index_node.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

struct lookup_options {
  /// The host fetches what it asks for from now on, until `end_fetch`.
  bool fetching = true;
  /// Ask on until holders are found: do not be content with fetchers or cached answers. For a second
  /// try, after a holder turned out to be none.
  bool fresh = false;
  /// topo: name holders of all levels, although nearer ones hold the pieces: for a choice of sources
  /// by predicted finish. flat names everybody anyway, naive stops at the nearest level.
  bool every_level = false;
};

/// What came of a lookup.
struct lookup_result {
  std::uint64_t request = 0;
  /// One a pack asked for, in that order; holders nearest first.
  std::vector<pack_answer> answers;
  /// False: somebody did not answer in time; there may be more holders.
  bool complete = true;
};

/// The client of one host.
class index_client {
public:
  virtual ~index_client() = default;

  /// The host holds these pieces of that pack, and no others (none: it dropped the pack). Told to
  /// the index with the next `flush`. @pre well formed.
  void hold(pack_pieces held);
  /// The host holds nothing of the pack any more.
  void drop(const pack_key& pack);
  /// What it holds of the pack; nullptr: nothing.
  [[nodiscard]] const pack_pieces* held(const pack_key& pack) const;
  /// Tells the index all changes since the last time, in one message each index.
  void flush(instant now, index_outbox& out);

  /// Asks for holders of all these pieces at once. @pre packs differ; each is well formed.
  /// @returns the request's number; its result comes with `take_results`.
  std::uint64_t lookup(std::vector<pack_pieces> wanted, lookup_options options, instant now,
                       index_outbox& out);
  /// The host fetches these no longer.
  void end_fetch(std::span<const pack_key> packs, instant now, index_outbox& out);
  /// `accused` was said to hold these pieces and does not. Whoever said so forgets it.
  virtual void miss(host_number accused, std::vector<pack_pieces> pieces, instant now,
                    index_outbox& out) = 0;

  /// Takes a message for this client (`is_for_client`).
  void handle(const index_message& message, instant now, index_outbox& out);
  /// Late answers and `sync`. Call at `due`, or just regularly.
  void tick(instant now, index_outbox& out);
  [[nodiscard]] std::optional<instant> due() const;
  /// An index lost what it knew: tell it everything.
  void index_restarted(index_address index, instant now, index_outbox& out);
  /// This host is in another place now. The old rack's index hears it as `child_gone`.
  void moved(instant now, index_outbox& out);
  /// flat: the ring was `before`, and is now what the setting says.
  void ring_changed(const hash_ring& before, instant now, index_outbox& out);

  /// Lookups that ended since the last time.
  std::vector<lookup_result> take_results();
  /// What the index told of swarms this host is in, since the last time, oldest first.
  std::vector<pack_answer> take_news();

  [[nodiscard]] host_number self() const { return self_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

protected:
  using holdings = std::unordered_map<pack_key, pack_pieces, pack_key_hash>;

  /// Pieces to tell of or to ask for, and which of them matter now.
  struct masked_pieces {
    pack_pieces pieces;
    /// Pieces that changed, or are asked for.
    piece_words mask;
  };
  struct waiting_lookup {
    std::vector<pack_pieces> wanted;
    lookup_options options;
    /// One for each of `wanted`, in that order.
    std::vector<pack_answer> answers;
    /// Where each pack stands in them.
    std::unordered_map<pack_key, std::size_t, pack_key_hash> positions;
    /// Answers still expected in this round.
    std::vector<index_address> expected;
    /// The level that was asked last; `host`: none yet. Only naive goes beyond `rack`.
    network_level level = network_level::host;
    std::uint32_t tries = 0;
    bool complete = true;
    instant give_up_at;

    /// The pieces nobody holds as far as is known.
    [[nodiscard]] std::vector<pack_pieces> missing() const;
  };

  index_client(const index_setting& setting, host_number self, std::uint64_t session);

  /// The next round of a lookup: whom to ask for what. None: there is nobody (left) to ask.
  virtual std::vector<index_message> next_round(waiting_lookup& lookup) = 0;
  /// How long one round may take.
  [[nodiscard]] virtual std::chrono::milliseconds patience() const = 0;
  /// Splits what is to be told by index: one message of that kind each; packs of which nothing is
  /// left, and all with `end_fetch`, among its `dropped`.
  [[nodiscard]] virtual std::vector<index_message>
  split(index_kind kind, std::span<const masked_pieces> pieces) const = 0;
  /// A lookup of another host (naive).
  virtual void answer_lookup(const index_message& message, index_outbox& out);

  /// Sends and counts.
  void send(index_message message, index_outbox& out) const;
  /// As `send`, with session and the next number for that index.
  void tell(index_message message, index_outbox& out);
  [[nodiscard]] index_address own_address() const { return {network_level::host, self_}; }

  index_setting setting_;
  host_number self_;
  std::uint64_t session_;
  holdings held_;
  /// What it fetches now.
  holdings fetching_;

private:
  using changed_pieces = std::unordered_map<pack_key, piece_words, pack_key_hash>;

  void mark(const pack_pieces& before, const pack_pieces& after);
  void ask(std::uint64_t request, waiting_lookup& lookup,
           const std::vector<index_address>* silent, instant now, index_outbox& out);
  void next(std::uint64_t request, instant now, index_outbox& out);
  void finish(std::uint64_t request);
  void take_answer(const index_message& message, instant now, index_outbox& out);
  void tell_everything(index_address index, bool only_if_any, index_outbox& out);
  void rank(waiting_lookup& lookup) const;
  void schedule_sync(instant now);

  changed_pieces changed_;
  std::map<std::uint64_t, waiting_lookup> waiting_;
  std::unordered_map<index_address, std::uint64_t> sequences_;
  std::vector<lookup_result> results_;
  std::vector<pack_answer> news_;
  std::uint64_t next_request_ = 1;
  std::optional<instant> next_sync_;
};

/// The client of host `self`. @param session greater than at any earlier start of the host.
std::unique_ptr<index_client> make_index_client(const index_setting& setting, host_number self,
                                                std::uint64_t session);

} // namespace shoal::topology
