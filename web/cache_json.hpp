// The local API's JSON of the cache: see json.hpp.
//
// Threads: values. Errors: errc::invalid_argument, naming the field.
#pragma once

#include "actors/cache_control.hpp"
#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace shoal::web {

nlohmann::json to_json(const actors::cache_status& status);
nlohmann::json to_json(const actors::cache_gc_outcome& outcome);
nlohmann::json to_json(const actors::cache_limit_outcome& outcome);
nlohmann::json to_json(const actors::cache_pin_outcome& outcome);

/// The body of `POST /api/v1/cache/collections`: optionally image, or bytes, and dry_run. An empty
/// body evicts down to the limit.
result<actors::cache_gc_order> cache_gc_order_from(std::string_view body);

/// The body of `POST /api/v1/cache/limit`: bytes (0: no limit) or images; with neither the
/// configuration counts again.
result<actors::cache_limit_order> cache_limit_order_from(std::string_view body);

/// The body of `POST /api/v1/cache/policy`: the policy; without one the configuration's.
result<std::string> cache_policy_from(std::string_view body);

/// The body of `POST /api/v1/cache/pins`: the image.
result<std::string> cache_pin_from(std::string_view body);

} // namespace shoal::web
