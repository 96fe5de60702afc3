// What the HOST CACHE asks the GIS of packs it has doubts about: removed ones are forgotten, and what
// a publication that was cut short left behind is freed or kept for good.
//
// Threads: the actor's. Errors: logged; a GIS that is away is asked again later.
#pragma once

#include "actors/host_cache.hpp"

namespace shoal::actors {

/// Asks about the packs in doubt, until there are none left to ask about, and acts on the answers.
/// One question is open at a time. What comes up meanwhile is asked about later.
void ask_what_was_removed(host_cache_pointer self);

} // namespace shoal::actors
