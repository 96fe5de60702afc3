#include "actors/job.hpp"

#include "swarm/image/image_reader.hpp"
#include "swarm/publish/publisher.hpp"

#include <spdlog/spdlog.h>

#include <mutex>

namespace shoal::actors {

namespace {

/// Half a megabyte a part stays well below the link's message limit.
constexpr std::size_t part_bytes = 512 * 1024;

/// The job as the publisher's threads see it, while the job's own is one of them.
class shared_job {
public:
  explicit shared_job(job& work) : work_{work} {}

  /// Asks the GIS, through its absences.
  template <class Reply, class Request>
  result<Reply> ask_gis(const Request& request) {
    caf::scoped_actor self{work_.self()->home_system()};
    auto answer = persist<Reply>(
        usual_patience,
        [&] {
          auto out = ask<uplinks>(self, work_.context().agent, ask_uplinks{});
          return out ? ask<Reply>(self, out->gis, request) : result<Reply>{out.error()};
        },
        [this] { return say(phase_waiting_for_gis); },
        [&](auto time) { self->receive(caf::after(time) >> [] {}); });
    say("reading");
    return answer;
  }
  /// @returns whether to go on.
  bool progress(std::uint64_t done_bytes, std::uint64_t total_bytes) {
    const std::scoped_lock lock{mutex_};
    work_.status().done_bytes = done_bytes;
    work_.status().total_bytes = total_bytes;
    work_.report();
    return !work_.stop_wanted();
  }

private:
  /// @returns whether to go on.
  bool say(const char* phase) {
    const std::scoped_lock lock{mutex_};
    const bool changes = work_.status().phase != phase;
    work_.status().phase = phase;
    if (changes) work_.report(true);
    return !work_.stop_wanted();
  }

  std::mutex mutex_;
  job& work_;
};

using locations = std::vector<std::optional<swarm::chunk_location>>;

result<locations> find_chunks(shared_job& work, std::span<const swarm::chunk_id> ids) {
  wire::FindChunks request;
  request.mutable_ids()->reserve(ids.size() * 32);
  for (const auto& id : ids) request.mutable_ids()->append(id.raw());
  auto places = work.ask_gis<wire::ChunkPlaces>(request);
  if (!places) return places.error();
  locations found(ids.size());
  for (const auto& place : places->places()) {
    if (place.index() >= ids.size() || place.pack() >= static_cast<unsigned>(places->packs_size())) {
      return {errc::corrupt, "the general index server answered for a chunk nobody asked for"};
    }
    const auto pack = swarm::pack_id::from_raw(places->packs(static_cast<int>(place.pack())));
    if (!pack) return {errc::corrupt, "the general index server sent a malformed pack id"};
    found[place.index()] =
        swarm::chunk_location{*pack, place.offset_bytes(), place.stored_bytes(),
                              place.expanded_bytes(),
                              static_cast<swarm::compression>(place.compression())};
  }
  return found;
}

result<swarm::pack_reference> find_pack(shared_job& work, swarm::pack_id id) {
  wire::FindPack request;
  request.set_pack(id.raw());
  auto found = work.ask_gis<wire::PackReference>(request);
  if (!found) return found.error();
  return swarm::pack_reference{id, found->length_bytes(), found->piece_bytes()};
}

wire::Publication publication_of(const publish_order& order, const uplinks& out,
                                 const swarm::published_image& made) {
  wire::Publication document;
  document.set_name(order.name);
  document.set_version(order.version);
  document.set_parent(order.parent);
  document.set_publisher(out.self.host());
  document.set_session(out.session);
  document.set_recipe(made.recipe_bytes);
  if (made.new_pack) document.set_pack_descriptor(swarm::encode(*made.new_pack));
  for (const auto& [chunk, location] : made.new_chunks) {
    document.add_chunk_ids(chunk.raw());
    auto& place = *document.add_chunk_places();
    place.set_offset_bytes(location.offset_bytes);
    place.set_stored_bytes(location.stored_bytes);
    place.set_expanded_bytes(location.expanded_bytes);
    place.set_compression(static_cast<std::uint32_t>(location.how));
  }
  return document;
}

/// Sends the document in parts, then has all of it take effect. Trying again from the start is safe.
result<wire::PublicationOutcome> register_image(job& work, const std::string& document) {
  wire::Upload part;
  part.set_upload(work.status().id);
  part.set_total_bytes(document.size());
  for (std::size_t offset = 0; offset < document.size(); offset += part_bytes) {
    part.set_offset_bytes(offset);
    part.set_part(document.substr(offset, part_bytes));
    auto taken = work.ask_gis<wire::Ack>(part);
    if (!taken) return taken.error();
  }
  wire::CommitPublication commit;
  commit.set_upload(work.status().id);
  return work.ask_gis<wire::PublicationOutcome>(commit);
}

/// An image that exists is cut as it was then, so that equal content is recognised as equal.
result<void> cut_alike(job& work, publish_order& order) {
  wire::FindImage request;
  request.set_name(order.name);
  request.set_version(order.version);
  auto found = work.ask_gis<wire::ImageRecord>(request);
  if (found) order.cut = static_cast<swarm::chunking>(found->chunking());
  else if (found.error().code != errc::not_found) return found.error();
  return {};
}

/// While it lives, HOST CACHE keeps the new pack, though the catalogue does not know it yet and may
/// have removed the very same one before.
class kept_pack {
public:
  kept_pack(job& work, swarm::pack_id pack) : work_{work}, pack_{pack} {}
  ~kept_pack() { work_.self()->send(work_.context().cache, publication_ended{pack_}); }
  kept_pack(const kept_pack&) = delete;
  kept_pack& operator=(const kept_pack&) = delete;

  /// @returns errc::conflict when the pack was removed just before.
  result<void> begin() {
    auto begun = ask<wire::Ack>(work_.self(), work_.context().cache, publication_begun{pack_});
    if (!begun) return begun.error();
    const auto held = work_.context().store->have(pack_);
    if (held.size() > 0 && held.full()) return {};
    return {errc::conflict, "the pack of an equal image was removed just now; publish again"};
  }

private:
  job& work_;
  swarm::pack_id pack_;
};

/// The catalogue had this content: its recipe counts, and the pack made here goes, unless somebody
/// registered the very same one.
result<void> take_registered_recipe(job& work, swarm::published_image& made) {
  const auto& status = work.status();
  auto image = image_name::parse(status.image);
  if (!image) return image.error();
  auto record = work.find_image(*image, false);
  if (!record) return record.error();
  made.cost.referred_bytes = record->referred_bytes();
  made.cost.fetch_bytes = record->fetch_bytes();
  if (!made.new_pack) return {};
  wire::FindPack request;
  request.set_pack(made.new_pack->id.raw());
  const auto known = work.ask_gis<wire::PackReference>(request);
  if (!known && known.error().code == errc::not_found) {
    static_cast<void>(work.context().store->forget(made.new_pack->id));
    made.new_pack.reset();
    made.new_bytes = 0;
  }
  return {};
}

/// Makes the image known, and keeps of what was packed what it needs.
/// @returns whether the name is new.
result<bool> settle(job& work, const publish_order& order, swarm::published_image& made) {
  auto& store = *work.context().store;
  std::optional<kept_pack> kept;
  if (made.new_pack) {
    kept.emplace(work, made.new_pack->id);
    if (auto begun = kept->begin(); !begun) return begun.error();
  }
  const auto let_go = [&] {
    if (made.new_pack) static_cast<void>(store.unpin(made.new_pack->id, swarm::unregistered_pin));
  };
  work.status().phase = "registering";
  work.report(true);
  const auto document = publication_of(order, work.ways_out(), made).SerializeAsString();
  auto outcome = register_image(work, document);
  // Without an answer the image may be registered all the same, and this the only copy of its pack.
  if (!outcome && (outcome.error().code == errc::unreachable ||
                   outcome.error().code == errc::cancelled)) {
    return {outcome.error().code, outcome.error().message + "; whether " + order.name + ":" +
                                      order.version + " is registered is not known: publish again"};
  }
  if (!outcome) {
    let_go();
    if (made.new_pack) static_cast<void>(store.forget(made.new_pack->id));
    return outcome.error();
  }
  const bool own_recipe = outcome->recipe() == made.id.raw();
  if (made.new_pack && outcome->created() && own_recipe) {
    if (auto kept_on = store.pin(made.new_pack->id, swarm::publisher_pin); !kept_on) return kept_on.error();
  }
  let_go();
  if (own_recipe) {
    static_cast<void>(store.put_recipe(made.id, made.recipe_bytes));
  } else if (auto taken = take_registered_recipe(work, made); !taken) {
    return taken.error();
  }
  if (made.new_pack) work.self()->send(work.context().cache, holdings_changed{{made.new_pack->id}});
  return outcome->created();
}

result<void> check_order(const publish_order& order) {
  if (auto named = image_name::parse(order.name + ":" + order.version); !named) return named.error();
  if (order.parent.empty()) return {};
  if (auto parent = image_name::parse(order.parent); !parent) return parent.error();
  return {};
}

result<void> publish(job& work, publish_order order) {
  auto& status = work.status();
  if (auto checked = check_order(order); !checked) return checked;
  auto image = swarm::image_reader::open(order.file);
  if (!image) return image.error();
  if (auto asked = cut_alike(work, order); !asked) return asked;
  status.phase = "reading";
  const swarm::publish_options options{.cut = order.cut,
                                       .how = order.how,
                                       .compression_level = order.compression_level,
                                       .threads = work.context().thread_count};
  shared_job shared{work};
  auto made = swarm::publish_image(
      **image, *work.context().store, [&](auto ids) { return find_chunks(shared, ids); },
      [&](auto pack) { return find_pack(shared, pack); }, options,
      [&](auto done, auto total) { return shared.progress(done, total); });
  if (!made) return made.error();
  auto created = settle(work, order, *made);
  if (!created) return created.error();
  status.data_bytes = made->cost.data_bytes;
  status.new_bytes = made->new_bytes;
  status.pack_bytes = made->new_pack ? made->new_pack->length_bytes : 0;
  status.needed_bytes = made->cost.referred_bytes;
  status.waste = made->cost.waste();
  status.done_bytes = status.total_bytes;
  status.verified = true;
  if (!*created) status.warnings.push_back("the same image was published before");
  return {};
}

} // namespace

void publish_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                 job_status status, publish_order order) {
  job work{self, std::move(context), std::move(board), std::move(status)};
  work.end(publish(work, std::move(order)));
}

} // namespace shoal::actors
