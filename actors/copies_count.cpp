#include "actors/copies_count.hpp"

#include "actors/wire_convert.hpp"

#include <algorithm>
#include <set>

namespace shoal::actors {

namespace {

/// Of one question: bounds what it costs and how long its answer is.
constexpr std::size_t packs_max = 256;
constexpr std::size_t runs_max = 100'000;

struct counted_holder {
  topology::distance far;
  const topology::holder* held;
};

bool holds_run(const topology::holder& holder, std::uint32_t first, std::uint32_t end) {
  if (holder.all) return true;
  for (auto piece = first; piece < end; ++piece) {
    const auto byte = static_cast<unsigned char>(holder.bitmap[piece / 8]);
    if ((byte >> piece % 8 & 1) == 0) return false;
  }
  return true;
}

swarm::cache_copies copies_of(const std::vector<counted_holder>& holders, std::uint32_t first,
                              std::uint32_t end) {
  swarm::cache_copies copies{1, topology::distance::other_site};
  for (const auto& [far, held] : holders) {
    if (!holds_run(*held, first, end)) continue;
    ++copies.in_site;
    copies.nearest = std::min(copies.nearest, far);
  }
  return copies;
}

void add_run(wire::PackCopies& to, const swarm::cache_copies& copies) {
  to.add_in_site(copies.in_site);
  to.add_nearest(static_cast<std::uint32_t>(copies.nearest));
}

/// Those of the asker's site who can be reached.
std::vector<counted_holder> holders_in_site(const swarm_index& index, const topology::pack_view& view,
                                            const topology::place& here) {
  std::vector<counted_holder> holders;
  for (const auto& holder : view.holders) {
    const auto* peer = index.peer(holder.host);
    const auto where = peer ? topology::place::parse(peer->place())
                            : result<topology::place>{errc::not_found, ""};
    if (!where) continue;
    const auto far = topology::distance_between(here, *where);
    if (far != topology::distance::other_site) holders.push_back({far, &holder});
  }
  return holders;
}

} // namespace

result<wire::Copies> count_copies(const swarm_index& index, const wire::CountCopies& question) {
  const auto* asker = index.peer(question.host());
  if (!asker) return {errc::not_found, "no member is named " + question.host()};
  const auto here = topology::place::parse(asker->place());
  if (!here) return here.error();
  auto keys = keys_of(question.packs());
  if (!keys) return keys.error();
  if (keys->size() > packs_max || question.run_pieces_size() != question.packs_size()) {
    return {errc::invalid_argument, "at most 256 packs are counted at once, each with its run"};
  }
  wire::Copies answer;
  std::size_t runs = 0;
  const auto views = index.table().lookup(*keys, question.host());
  for (int i = 0; i < question.packs_size(); ++i) {
    const auto& view = views[static_cast<std::size_t>(i)];
    const auto wide = question.run_pieces(i);
    if (wide == 0) return {errc::invalid_argument, "a run has at least one piece"};
    const auto holders = holders_in_site(index, view, *here);
    auto& pack = *answer.add_packs();
    pack.set_pack(question.packs(i));
    const bool alike = std::all_of(holders.begin(), holders.end(),
                                   [](const auto& holder) { return holder.held->all; });
    if (alike) {
      add_run(pack, copies_of(holders, 0, 0));
      continue;
    }
    runs += view.piece_count / wide + 1;
    if (runs > runs_max) return {errc::invalid_argument, "too many runs are counted at once"};
    for (std::uint64_t first = 0; first < view.piece_count; first += wide) {
      const auto end = std::min<std::uint64_t>(first + wide, view.piece_count);
      add_run(pack, copies_of(holders, static_cast<std::uint32_t>(first),
                              static_cast<std::uint32_t>(end)));
    }
  }
  return answer;
}

wire::CountCopies question_of(const std::string& host, swarm::pack_store& store) {
  wire::CountCopies question;
  question.set_host(host);
  if (store.cache() == nullptr) return question;
  std::set<swarm::pack_id> asked;
  std::size_t runs = 0;
  const auto ask = [&](swarm::pack_id pack) {
    if (asked.size() == packs_max || !asked.insert(pack).second) return;
    const auto descriptor = store.descriptor(pack);
    if (!descriptor) return;
    const auto wide = swarm::run_piece_count(descriptor->piece_bytes);
    const auto more = descriptor->piece_count() / wide + 1;
    if (runs + more > runs_max) return;
    runs += more;
    question.add_packs(pack.raw());
    question.add_run_pieces(wide);
  };
  for (const auto& run : store.cache()->next_to_go()) ask(run.pack);
  // What the floor keeps is in no order; it may have got copies since.
  if (store.cache()->report().settings.copies_floor > 0) {
    for (const auto& pack : store.packs()) {
      if (pack.piece_count_held > 0 && !pack.pinned) ask(pack.id);
    }
  }
  return question;
}

void learn_copies(const wire::Copies& answer, swarm::pack_cache& cache) {
  for (const auto& pack : answer.packs()) {
    const auto id = swarm::pack_id::from_raw(pack.pack());
    if (!id || pack.in_site_size() != pack.nearest_size()) continue;
    std::vector<swarm::cache_copies> runs;
    for (int i = 0; i < pack.in_site_size(); ++i) {
      const auto far = std::min<std::uint32_t>(
          pack.nearest(i), static_cast<std::uint32_t>(topology::distance::other_site));
      runs.push_back({pack.in_site(i), static_cast<topology::distance>(far)});
    }
    cache.set_copies(*id, runs);
  }
}

} // namespace shoal::actors
