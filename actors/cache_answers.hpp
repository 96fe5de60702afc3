// The answers of cache_control.
//
// Threads: the caller's; each call asks and waits. Errors: returned; a store that never evicts
// answers errc::failed.
#pragma once

#include "actors/cache_control.hpp"
#include "actors/job.hpp"

namespace shoal::actors {

/// Begins the owner of the pins of `shoal cache pin`; the image's name follows.
inline constexpr const char* operator_pin_prefix = "operator ";

result<cache_status> answer_cache(job& asker);
result<cache_gc_outcome> answer_collect(job& asker, const cache_gc_order& order);
result<cache_limit_outcome> answer_limit(job& asker, const cache_limit_order& order);
result<cache_status> answer_policy(job& asker, const std::string& name);
result<cache_pin_outcome> answer_pin(job& asker, const std::string& image);
result<cache_pin_outcome> answer_unpin(job& asker, const std::string& image);

} // namespace shoal::actors
