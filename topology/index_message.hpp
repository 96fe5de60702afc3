// What index nodes and hosts say to one another, whatever the scheme and whatever carries it.
//
// Threads: values. Errors: receivers drop what makes no sense (`well_formed`).
#pragma once

#include "topology/network.hpp"
#include "topology/piece_bits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace shoal::topology {

/// Who sends or receives: a host (its client, and with `flat` its share of the index), or the index
/// of a domain, whichever host carries that role now.
using index_address = domain_id;

enum class index_kind : std::uint8_t {
  /// Child to index: what the child holds now of the packs named (`packs`, `dropped`, `complete`).
  publish,
  /// Child to index: nothing new since `sequence`; shows an index what it has missed.
  sync,
  /// Index to child: tell everything again (a complete publish).
  want_all,
  /// Child to index: it fetches those pieces from now on (`packs`), first of all host `asker`.
  begin_fetch,
  /// Child to index: it no longer does (`dropped`).
  end_fetch,
  /// Who holds those pieces (`packs`)? For host `asker`.
  lookup,
  /// To whoever sent the lookup (`answers`).
  answer,
  /// Index to child that fetches: its packs' swarms changed (`answers`).
  push,
  /// Host `accused` does not hold those pieces (`packs`), says `asker`: forget it.
  miss,
};
inline constexpr std::size_t index_kind_count = 9;

/// `publish`, `sync`, ...
std::string_view to_string(index_kind kind);

/// A host in an answer, with what it has of the pieces asked for.
struct index_holder {
  host_number host = nobody;
  bool all = false;
  /// Unless `all`.
  piece_words words;

  friend bool operator==(const index_holder&, const index_holder&) = default;
};

/// What is known of one pack.
struct pack_answer {
  pack_key pack{};
  std::uint32_t piece_count = 0;
  /// Hosts that hold some of the pieces.
  std::vector<index_holder> holders;
  /// Hosts that fetch some of them now, with what they fetch.
  std::vector<index_holder> fetchers;

  friend bool operator==(const pack_answer&, const pack_answer&) = default;
};

/// One message.
struct index_message {
  index_kind kind = index_kind::lookup;
  index_address from;
  index_address to;
  /// Of lookups and answers: whatever the sender of the lookup chose.
  std::uint64_t request = 0;
  /// Of what a child tells: grows each time the child starts (host) or is taken over (index). What
  /// an older session says is ignored; a newer one begins with an empty table.
  std::uint64_t session = 0;
  /// Of what a child tells one index: 1, 2, 3, ... within the session.
  std::uint64_t sequence = 0;
  /// For whom.
  host_number asker = nobody;
  /// `miss`: who was said to hold the pieces.
  host_number accused = nobody;
  /// `publish`: this is all the child has.
  bool complete = false;
  /// `lookup`: the asker fetches these pieces from now on, as `begin_fetch`.
  bool fetching = false;
  /// `lookup`: those who only fetch do not count as an answer; cached answers neither.
  bool fresh = false;
  /// `lookup`: what is found is asked further up all the same.
  bool every_level = false;
  /// `lookup`: from above; what this domain lacks is not asked further up.
  bool downward = false;
  std::vector<pack_pieces> packs;
  std::vector<pack_key> dropped;
  std::vector<pack_answer> answers;

  /// How long it would be on the wire, framing and ids included; pieces as the shorter of a bitmap
  /// and a list. Not the size of any one encoding, but fair between schemes.
  [[nodiscard]] std::size_t bytes() const;
  /// Whether its pieces are such that they can be read.
  [[nodiscard]] bool well_formed() const;

  friend bool operator==(const index_message&, const index_message&) = default;
};

/// Messages to send, in order.
using index_outbox = std::vector<index_message>;

} // namespace shoal::topology
