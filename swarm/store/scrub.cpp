// Looking for rot.
#include "swarm/store/disk_pack_store.hpp"

namespace shoal::swarm {

namespace {

result<void> drop_bad_piece(pack_file& pack, std::uint32_t piece) {
  auto bad = piece_set{pack.have().size()};
  bad.insert(piece);
  const auto dropped = pack.drop(bad, pack_file::drop_reason::bad_piece);
  return dropped ? result<void>{} : dropped.error();
}

} // namespace

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
