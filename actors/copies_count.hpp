// How many hosts of a site hold what one of them is about to evict: the index's answer, and what the
// host does with it.
//
// Threads: values; the index's side is called by its actor. Errors: malformed messages are refused.
#pragma once

#include "actors/services.hpp"
#include "actors/swarm_index.hpp"
#include "swarm/store/pack_store.hpp"

namespace shoal::actors {

/// The index's side. @returns errc::invalid_argument for a question that makes no sense, and
/// errc::not_found for a host it does not know.
result<wire::Copies> count_copies(const swarm_index& index, const wire::CountCopies& question);

/// The host's side: asks about the packs that would go next; none if nothing may go.
wire::CountCopies question_of(const std::string& host, swarm::pack_store& store);
/// Tells the store's cache what was counted. What makes no sense is left out.
void learn_copies(const wire::Copies& answer, swarm::pack_cache& cache);

} // namespace shoal::actors
