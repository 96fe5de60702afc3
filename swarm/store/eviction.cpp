// Making room, and looking for rot.
#include "swarm/store/disk_pack_store.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// At least `bytes` worth of the pieces held, if there are so many, from the pack's end: its
/// beginning is what a VM that boots from it reads first.
piece_set last_pieces(const pack_file& pack, std::uint64_t bytes) {
  const auto held = pack.have();
  piece_set chosen{held.size()};
  std::uint64_t chosen_bytes = 0;
  for (auto piece = held.size(); piece > 0 && chosen_bytes < bytes; --piece) {
    if (!held.contains(piece - 1)) continue;
    chosen.insert(piece - 1);
    chosen_bytes += pack.piece_length(piece - 1);
  }
  return chosen;
}

result<void> drop_bad_piece(pack_file& pack, std::uint32_t piece) {
  auto bad = piece_set{pack.have().size()};
  bad.insert(piece);
  const auto dropped = pack.drop(bad, pack_file::drop_reason::bad_piece);
  return dropped ? result<void>{} : dropped.error();
}

} // namespace

result<void> disk_pack_store::make_room(std::uint64_t bytes) {
  const std::lock_guard lock{eviction_mutex_};
  // A file system may give space back late, or to somebody else; each round evicts something.
  while (true) {
    const auto missing = parts_.space.shortfall(bytes);
    if (!missing) return missing.error();
    if (*missing == 0) return {};
    const auto freed = evict(*missing);
    if (!freed) return freed.error();
    if (*freed == 0) {
      auto why = parts_.space.no_space(bytes);
      why.message += "; " + readable_bytes(*missing) +
                     " would have to go, and what is neither pinned nor being written does "
                     "not suffice: unpin or remove images, or raise the quota";
      return why;
    }
  }
}

result<std::uint64_t> disk_pack_store::evict(std::uint64_t bytes) {
  std::vector<std::pair<pack_file::time, pack_pointer>> candidates;
  std::uint64_t evictable_bytes = 0;
  for (auto& pack : all()) {
    const auto status = pack->status();
    if (status.pinned || status.piece_count_held == 0) continue;
    evictable_bytes += status.held_bytes;
    candidates.emplace_back(pack->last_use(), std::move(pack));
  }
  // Nothing is sacrificed for something that does not fit anyway.
  if (evictable_bytes < bytes) return std::uint64_t{0};
  std::ranges::sort(candidates, {}, [](const auto& candidate) { return candidate.first; });
  std::uint64_t freed_bytes = 0;
  for (const auto& [last_use, pack] : candidates) {
    if (freed_bytes >= bytes) break;
    const auto chosen = last_pieces(*pack, bytes - freed_bytes);
    const auto dropped = pack->drop(chosen, pack_file::drop_reason::eviction);
    if (!dropped) return dropped.error();
    freed_bytes += dropped->bytes;
  }
  return freed_bytes;
}

result<std::vector<scrub_finding>>
disk_pack_store::scrub(std::optional<pack_id> only,
                       const std::function<bool(std::uint64_t)>& progress) {
  std::vector<pack_pointer> chosen;
  if (only) {
    chosen.push_back(find(*only));
    if (!chosen.front()) {
      return error{errc::not_found, "pack " + only->hex() + " is not in this store"};
    }
  } else {
    chosen = all();
  }
  std::vector<scrub_finding> findings;
  std::vector<std::byte> buffer;
  std::uint64_t done_bytes = 0;
  for (const auto& pack : chosen) {
    const auto held = pack->have();
    bool stopped = false;
    result<void> done;
    held.for_each([&](std::uint32_t piece) {
      if (stopped || !done) return;
      const auto good = pack->scrub_piece(piece, buffer);
      if (!good) {
        done = good.error();
        return;
      }
      if (!*good) {
        findings.push_back({pack->id(), piece});
        done = drop_bad_piece(*pack, piece);
      }
      done_bytes += pack->piece_length(piece);
      stopped = progress && !progress(done_bytes);
    });
    // A pack that is forgotten meanwhile has nothing left to scrub.
    if (!done && !pack->is_forgotten()) return done.error();
    if (stopped) break;
  }
  return findings;
}

} // namespace shoal::swarm
