#include "actors/index_wire.hpp"
#include "actors/job.hpp"

#include "swarm/crypto/sha256.hpp"
#include "swarm/publish/exporter.hpp"
#include "swarm/received_bytes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace shoal::actors {

namespace {

/// How often a fetch asks the index anew who holds and fetches: it keeps the registration alive and
/// finds new holders when pieces are nowhere.
constexpr std::chrono::seconds lookup_interval{4};
/// The first time sooner: by then it shows whether the nearest holders are enough.
constexpr std::chrono::seconds first_lookup_interval{2};
/// How long the index of pieces may take; it may have to wait for hosts that are gone.
constexpr std::chrono::seconds index_patience{3};

/// One pack of the image, on its way.
struct pack_fetch {
  swarm::pack_descriptor pack;
  swarm::piece_set needed;
  swarm::piece_set missing;
};

/// Bytes of the pieces in the set.
std::uint64_t bytes_of(const swarm::pack_descriptor& pack, const swarm::piece_set& pieces) {
  std::uint64_t bytes = 0;
  pieces.for_each([&](std::uint32_t piece) { bytes += pack.piece_length(piece); });
  return bytes;
}

class getter {
public:
  getter(job& work, get_order order) : work_{work}, order_{std::move(order)} {}

  ~getter() { let_go(); }

  result<void> run() {
    auto image = image_name::parse(order_.image);
    if (!image) return image.error();
    work_.status().phase = "looking up";
    auto record = work_.find_image(*image, true);
    if (!record) return record.error();
    record_ = std::move(*record);
    if (auto known = learn_packs(); !known) return known;
    if (auto fetched = fetch(); !fetched) {
      if (exporter_) exporter_->cancel();
      return fetched;
    }
    return finish();
  }

private:
  /// Makes every pack of the recipe known to the store and pins it for the time of the job.
  result<void> learn_packs() {
    owner_ = get_pin_prefix + std::to_string(work_.status().id);
    for (const auto& need : record_.needs()) {
      const auto id = swarm::pack_id::from_raw(need.pack());
      auto pieces = pieces_of(need);
      if (!id || !pieces) {
        return {errc::corrupt, "the general index server sent a malformed list of pieces"};
      }
      if (auto learnt = learn_pack(*id, std::move(*pieces)); !learnt) return learnt;
    }
    return count_and_make_room();
  }

  result<void> learn_pack(const swarm::pack_id& id, swarm::piece_set needed) {
    auto& store = *work_.context().store;
    auto descriptor = store.descriptor(id);
    if (!descriptor) {
      auto bytes = work_.download(wire::PACK_DESCRIPTOR, id.raw());
      if (!bytes) return bytes.error();
      auto decoded = swarm::decode_pack_descriptor(*bytes, swarm::sha256);
      if (!decoded) return decoded.error();
      if (decoded->id != id) return {errc::corrupt, "got another pack's description"};
      if (auto added = store.add(*decoded); !added) return added;
      descriptor = std::move(*decoded);
    }
    if (needed.size() != descriptor->piece_count()) {
      return {errc::corrupt, "pack " + id.hex() + " has another number of pieces than told"};
    }
    if (auto pinned = store.pin(id, owner_); !pinned) return pinned;
    pack_fetch fetch{std::move(*descriptor), std::move(needed), {}};
    fetch.missing = fetch.needed - store.have(id);
    packs_.emplace(id, std::move(fetch));
    return {};
  }

  /// The recipe comes while pieces come: it would cost every host a second at 40 Mbit/s to wait.
  result<void> read_recipe() {
    auto recipe = work_.fetch_recipe(record_);
    if (!recipe) return recipe.error();
    const auto needed = swarm::needed_pieces(*recipe);
    bool agrees = recipe->packs.size() == packs_.size();
    for (std::size_t i = 0; agrees && i < needed.size(); ++i) {
      const auto found = packs_.find(recipe->packs[i].id);
      agrees = found != packs_.end() && found->second.needed == needed[i];
    }
    if (!agrees) {
      return {errc::corrupt, "the general index server's list of the pieces of " + order_.image +
                                 " does not match the recipe"};
    }
    return start_export(*recipe);
  }

  result<void> count_and_make_room() {
    auto& status = work_.status();
    std::uint64_t missing = 0;
    for (const auto& [id, fetch] : packs_) {
      status.total_bytes += bytes_of(fetch.pack, fetch.needed);
      missing += bytes_of(fetch.pack, fetch.missing);
    }
    status.needed_bytes = status.total_bytes;
    status.done_bytes = status.total_bytes - missing;
    status.sources.own_store = status.done_bytes;
    if (missing == 0) return {};
    auto& store = *work_.context().store;
    const auto quota = store.quota_bytes();
    if (quota != 0 && store.held_bytes() + missing > quota) {
      // What is evicted should not be the last copy; if nobody says, what is known counts.
      static_cast<void>(ask<wire::Ack>(work_.self(), work_.context().cache, refresh_copies{},
                                       std::chrono::seconds{5}));
    }
    return store.make_room(missing);
  }

  result<void> start_export(const swarm::recipe& recipe) {
    // Pieces prove themselves against the recipe's packs; chunks are expanded only for a file.
    if (order_.to_file.empty()) return {};
    swarm::export_options options;
    options.format = order_.format == export_format::qcow2 ? swarm::image_format::qcow2
                                                           : swarm::image_format::raw;
    options.threads = work_.context().thread_count;
    auto started =
        swarm::exporter::start(recipe, *work_.context().store, order_.to_file, options);
    if (!started) return started.error();
    exporter_ = std::move(*started);
    return {};
  }

  bool complete() const {
    return std::all_of(packs_.begin(), packs_.end(),
                       [](const auto& entry) { return entry.second.missing.empty(); });
  }

  /// Registers this host as a fetcher and orders the transfer engine accordingly. The GIS says who
  /// fetches, the index of pieces who holds what is missing, nearest first; while the GIS is away
  /// the index says both.
  result<void> look_up(std::chrono::seconds patience) {
    wire::Lookup request;
    const auto out = work_.ways_out();
    *request.mutable_asker() = out.self;
    request.set_session(out.session);
    request.set_fetching(true);
    // What did not come before it was asked for again is worth a wider search.
    const bool wider = lookups_ > 0 && work_.context().source_policy ==
                                         topology::source_policy::earliest_finish;
    find_pieces question{{}, true, lookups_ > 0, wider};
    for (const auto& [id, fetch] : packs_) {
      if (fetch.missing.empty()) continue;
      request.add_packs(id.raw());
      if (auto wanted = pack_pieces_of(to_wire(id, fetch.missing))) {
        question.wanted.push_back(std::move(*wanted));
      }
    }
    locate(std::move(question));
    ++lookups_;
    say_what_is_known(request);
    auto swarms = work_.ask_index<wire::Swarms>(request, patience);
    fetchers_known_ = static_cast<bool>(swarms);
    if (!swarms) return wait_for_located(swarms.error());
    unfold(*swarms);
    return order_fetches(*swarms);
  }

  /// Those who fetch are told of changes: all of them need not be named again and again.
  void say_what_is_known(wire::Lookup& request) {
    auto known = ask<stamp_list>(work_.self(), work_.context().cache,
                                 ask_stamps{packs_of(request.packs())}, std::chrono::seconds{1});
    if (!known) return;
    for (const auto& stamp : known->stamps) {
      auto& one = *request.add_known();
      one.set_table(stamp.table);
      one.set_revision(stamp.revision);
    }
  }

  /// Has somebody wait for the index of pieces, which may take longer than the GIS.
  void locate(find_pieces question) {
    const auto me = caf::actor_cast<caf::actor>(work_.self());
    const auto& index = work_.context().piece_index;
    work_.self()->home_system().spawn(
        [me, index, question = std::move(question)](caf::event_based_actor* self) {
          self->request(index, index_patience, question)
              .then([self, me](const wire::Swarms& found) { self->send(me, found); },
                    [](const caf::error&) {});
        });
  }

  /// Only the index of pieces can help. @returns why it did not.
  result<void> wait_for_located(const error& why) {
    result<void> outcome = why;
    work_.self()->receive([&](const wire::Swarms& found) { outcome = on_located(found); },
                          caf::after(index_patience) >> [] {});
    return outcome;
  }

  /// What the GIS says of fetchers is newer than anything here: only holders are added to it.
  result<void> on_located(const wire::Swarms& found) {
    if (!fetchers_known_) return order_fetches(found);
    for (const auto& swarm : found.swarms()) {
      const auto id = swarm::pack_id::from_raw(swarm.pack());
      if (!id || !ordered_.contains(*id)) continue;
      work_.self()->send(work_.context().cache, more_holders{*id, to_view(swarm).holders});
    }
    return {};
  }

  result<void> order_fetches(const wire::Swarms& swarms) {
    for (const auto& swarm : swarms.swarms()) {
      const auto id = swarm::pack_id::from_raw(swarm.pack());
      const auto found = id ? packs_.find(*id) : packs_.end();
      if (found == packs_.end()) continue;
      auto begun = order_fetch(found->second, news_of(swarm));
      if (!begun) return begun;
    }
    return {};
  }

  result<void> order_fetch(pack_fetch& fetch, swarm_news news) {
    const auto id = fetch.pack.id;
    const auto& cache = work_.context().cache;
    if (ordered_.contains(id)) {
      work_.self()->send(cache, new_view{id, std::move(news)});
      return {};
    }
    auto begun = ask<wire::Ack>(
        work_.self(), cache,
        begin_fetch{id, fetch.needed, std::move(news), caf::actor_cast<caf::actor>(work_.self()),
                    order_.download_bytes_per_second_max});
    if (!begun) return begun.error();
    ordered_.insert(id);
    // What another fetch brought between our count and our subscription.
    take(fetch, work_.context().store->have(id) & fetch.missing);
    return {};
  }

  void take(pack_fetch& fetch, const swarm::piece_set& came) {
    std::vector<std::uint32_t> pieces;
    came.for_each([&](std::uint32_t piece) {
      if (fetch.missing.erase(piece)) pieces.push_back(piece);
    });
    for (const auto piece : pieces) work_.status().done_bytes += fetch.pack.piece_length(piece);
    if (!pieces.empty() && exporter_) exporter_->pieces_arrived(fetch.pack.id, pieces);
  }

  void on_pieces(const pieces_came& event) {
    const auto found = packs_.find(event.pack);
    if (found == packs_.end()) return;
    auto came = swarm::piece_set{found->second.pack.piece_count()};
    for (const auto piece : event.pieces) came.insert(piece);
    take(found->second, came);
  }

  /// Waits for pieces; asks the index anew now and then.
  result<void> fetch() {
    if (complete()) return read_recipe();
    work_.status().phase = "fetching";
    work_.report(true);
    auto& store = *work_.context().store;
    before_ = received_so_far();
    if (auto found = look_up(std::chrono::seconds{60}); !found) return found;
    auto asked = std::chrono::steady_clock::now();
    if (auto read = read_recipe(); !read) return read;
    std::optional<error> fault;
    while (!complete() && !fault) {
      work_.self()->receive(
          [&](const pieces_came& event) { on_pieces(event); },
          [&](const pack_fetched& event) {
            // The transfer engine says so: the store is the judge.
            if (auto i = packs_.find(event.pack); i != packs_.end()) {
              take(i->second, store.have(event.pack) & i->second.missing);
            }
          },
          [&](const fetch_failed& event) { fault = event.why; },
          [&](const corrupt_piece& event) { warn(event); },
          [&](const wire::Swarms& found) {
            if (auto ordered = on_located(found); !ordered) fault = ordered.error();
          },
          [&](const please_stop&) { fault = error{errc::cancelled, "cancelled"}; },
          caf::after(std::chrono::milliseconds{200}) >> [] {});
      work_.report();
      const auto interval = lookups_ == 1 ? first_lookup_interval : lookup_interval;
      if (std::chrono::steady_clock::now() - asked >= interval && !fault) {
        // A GIS that is away does no harm: the transfer goes on with what is known.
        static_cast<void>(look_up(std::chrono::seconds{0}));
        asked = std::chrono::steady_clock::now();
      }
    }
    if (fault) return *fault;
    return {};
  }

  void warn(const corrupt_piece& event) {
    auto& warnings = work_.status().warnings;
    const auto text = event.peer + (event.banned ? " sent corrupt pieces and is banned"
                                                 : " sent a corrupt piece");
    if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()) {
      warnings.push_back(text);
    }
  }

  result<void> finish() {
    count_sources();
    if (exporter_) {
      work_.status().phase = "exporting";
      work_.report(true);
      if (auto exported = exporter_->finish(); !exported) return exported;
    }
    if (auto synced = work_.context().store->sync(); !synced) return synced;
    for (const auto& [id, fetch] : packs_) {
      if (auto* cache = work_.context().store->cache()) cache->used(id, fetch.needed);
    }
    work_.status().verified = true;
    return {};
  }

  /// Bytes by pack and sender since each pack was loaded: for other images too.
  swarm::received_bytes received_so_far() {
    swarm::received_bytes received;
    auto list = ask<transfer_list>(work_.self(), work_.context().cache, ask_transfers{});
    if (!list) return received;
    for (const auto& transfer : list->transfers) {
      for (const auto& [host, bytes] : transfer.received_from) received[{transfer.pack, host}] = bytes;
    }
    return received;
  }

  /// Who sent what, by their places.
  void count_sources() {
    auto& status = work_.status();
    const auto out = work_.ways_out();
    const auto here = topology::place::parse(out.self.place());
    if (!here) return;
    const auto from = swarm::received_since(before_, received_so_far(), ordered_);
    const auto parts = swarm::split_by_place(status.total_bytes - status.sources.own_store, from,
                                             *here, out.places);
    status.sources.own_rack = parts.same_rack_bytes;
    status.sources.own_site = parts.same_site_bytes;
    status.sources.other_sites = parts.other_sites_bytes;
    status.received_from.assign(from.begin(), from.end());
  }

  /// Whatever happened: no more a fetcher, nothing pinned.
  void let_go() {
    if (!ordered_.empty()) {
      wire::EndFetch ended;
      const auto out = work_.ways_out();
      ended.set_host(out.self.host());
      ended.set_session(out.session);
      stopped_fetching stopped;
      for (const auto& id : ordered_) {
        stopped.packs.push_back(id.bytes);
        ended.add_packs(id.raw());
        work_.self()->send(work_.context().cache,
                           cease_fetch{id, caf::actor_cast<caf::actor>(work_.self())});
      }
      work_.self()->send(work_.context().piece_index, std::move(stopped));
      static_cast<void>(work_.ask_index<wire::Ack>(ended, std::chrono::seconds{0}));
    }
    for (const auto& [id, fetch] : packs_) {
      static_cast<void>(work_.context().store->unpin(id, owner_));
    }
  }

  job& work_;
  get_order order_;
  wire::ImageRecord record_;
  std::string owner_;
  std::map<swarm::pack_id, pack_fetch> packs_;
  std::set<swarm::pack_id> ordered_;
  std::uint32_t lookups_ = 0;
  /// The GIS answered when it was asked last.
  bool fetchers_known_ = false;
  swarm::received_bytes before_;
  std::unique_ptr<swarm::exporter> exporter_;
};

} // namespace

void get_job(caf::blocking_actor* self, job_context context, job_board_actor board,
             job_status status, get_order order) {
  job work{self, std::move(context), std::move(board), std::move(status)};
  result<void> outcome;
  {
    getter get{work, std::move(order)};
    outcome = get.run();
  }
  work.end(outcome);
}

} // namespace shoal::actors
