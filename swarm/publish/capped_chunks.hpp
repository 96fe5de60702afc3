// Writing chunks again that some pack has already, at the end of the new pack.
//
// Threads: `rewrite_chunks` uses the caller and workers of its own.
// Errors:  returned. Crashes: see publisher.hpp.
#pragma once

#include "swarm/publish/chunk_ledger.hpp"

namespace shoal::swarm {

/// Reads these chunks of the image once more, checks that they are what they were, and appends them
/// to the pack in the order given. @returns errc::corrupt if the image changed meanwhile.
result<void> rewrite_chunks(std::span<const std::uint32_t> chunks, image_reader& input,
                            pack_writer& pack, chunk_ledger& ledger, const publish_options& options,
                            unsigned threads);

} // namespace shoal::swarm
