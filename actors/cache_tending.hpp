// What the HOST CACHE does for the store's evictions: counts copies, lets go of what is idle, listens.
//
// Threads: the actor's. Errors: logged; an index that is away leaves the counts as they were.
#pragma once

#include "actors/host_cache.hpp"

namespace shoal::actors {

/// Somebody is about to fetch the pack from here. A fetcher has its holders woken every few seconds;
/// that is one use, not many.
void count_use(host_cache_pointer self, swarm::pack_id pack);

/// Has the index count the copies of what would be evicted next. Answers when that is known, or
/// cannot be.
caf::result<wire::Ack> count_copies_of_next(host_cache_pointer self);

/// Now and then: lets go of what the policy does not keep, and, in a cache that is nearly full,
/// looks who else holds what goes next.
void tend_cache(host_cache_pointer self);

/// The store tells of evictions from whatever thread they happen in; the actor hears of them.
void listen_to_evictions(host_cache_pointer self);

} // namespace shoal::actors
