// A general index server for tests: it says yes to everything and knows nothing, but for what a test
// answers itself.
#pragma once

#include "actors/messages.hpp"

#include <functional>

namespace shoal::test {

using namespace actors;

using fake_gis_actor = gis_actor::extend<caf::reacts_to<tick>>;

/// What a test answers itself; an empty one answers nothing known.
struct gis_answers {
  std::function<caf::result<wire::DocumentPart>(const wire::Download&)> download;
  std::function<caf::result<wire::CheckedPacks>(fake_gis_actor::pointer, const wire::CheckPacks&)>
      check;
  std::function<caf::result<wire::Copies>(const wire::CountCopies&)> count;
  /// A late answer has to be given from inside the actor.
  std::function<void()> on_tick;
};

/// `answers` outlives the actor.
inline fake_gis_actor::behavior_type fake_gis(fake_gis_actor::pointer self,
                                              const gis_answers* answers) {
  return {[](const wire::Hello&) { return wire::Members{}; },
          [](const wire::Beat&) { return wire::Ack{}; },
          [](const wire::ListHosts&) { return wire::Hosts{}; },
          [](const wire::Announce&) { return wire::Ack{}; },
          [](const wire::Lookup&) { return wire::Swarms{}; },
          [](const wire::EndFetch&) { return wire::Ack{}; },
          [](const wire::PlaceImage&) { return wire::Placement{}; },
          [](const wire::PrestageHosts&) { return wire::PrestageReport{}; },
          [](const wire::FindChunks&) { return wire::ChunkPlaces{}; },
          [](const wire::FindPack&) { return wire::PackReference{}; },
          [](const wire::Upload&) { return wire::Ack{}; },
          [](const wire::CommitPublication&) { return wire::PublicationOutcome{}; },
          [answers](const wire::Download& order) -> caf::result<wire::DocumentPart> {
            if (answers->download) return answers->download(order);
            return wire::DocumentPart{};
          },
          [](const wire::FindImage&) { return wire::ImageRecord{}; },
          [](const wire::ListImages&) { return wire::Images{}; },
          [](const wire::RemoveImage&) { return wire::Removal{}; },
          [self, answers](const wire::CheckPacks& check) -> caf::result<wire::CheckedPacks> {
            if (answers->check) return answers->check(self, check);
            return wire::CheckedPacks{};
          },
          [answers](const wire::CountCopies& question) -> caf::result<wire::Copies> {
            if (answers->count) return answers->count(question);
            return wire::Copies{};
          },
          [answers](const tick&) {
            if (answers->on_tick) answers->on_tick();
          }};
}

} // namespace shoal::test
