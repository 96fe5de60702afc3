// Link messages to catalogue calls and back. No state; errors are the catalogue's.
#pragma once

#include "actors/wire.pb.h"
#include "swarm/catalogue/catalogue.hpp"
#include "topology/holder_table.hpp"
#include "topology/result.hpp"

#include <string>

namespace shoal::actors {

/// A part of a document is at most this long, well below the link's message limit.
inline constexpr std::size_t document_part_bytes = 512 * 1024;

result<wire::ChunkPlaces> find_chunks(swarm::catalogue& catalogue, const wire::FindChunks& find);
result<wire::PackReference> find_pack(swarm::catalogue& catalogue, const wire::FindPack& find);
/// Registers an uploaded publication. @returns errc::corrupt when it cannot be parsed.
result<wire::PublicationOutcome> publish(swarm::catalogue& catalogue, const std::string& document,
                                         const std::string& timestamp);
result<wire::DocumentPart> download(swarm::catalogue& catalogue, const wire::Download& order);
/// With the number of hosts that hold all of its packs.
result<wire::ImageRecord> find_image(swarm::catalogue& catalogue, const wire::FindImage& find,
                                     const topology::holder_table& table);
result<wire::Images> list_images(swarm::catalogue& catalogue, const wire::ListImages& list,
                                 const topology::holder_table& table);
/// @returns errc::invalid_argument for a malformed id.
result<wire::CheckedPacks> check_packs(swarm::catalogue& catalogue, const wire::CheckPacks& check);
result<wire::Removal> remove_image(swarm::catalogue& catalogue, const wire::RemoveImage& order);

} // namespace shoal::actors
