// The JSON of placing VMs and of prestaging, for a cloud manager as for the command. Every field is
// listed in web/README.md; they stay stable: add, never rename.
//
// Threads: values. Errors: a body that is not the object expected is errc::invalid_argument, and
//          the sentence names the field.
#pragma once

#include "actors/node_control.hpp"
#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string_view>

namespace shoal::web {

nlohmann::json to_json(const actors::placement_status& placement);

/// The body of `POST /api/v1/placements`. `chance` is the seed where the body names none.
result<actors::place_order> place_order_from(std::string_view body, std::uint64_t chance);

/// The body of `POST /api/v1/prestages`.
result<actors::prestage_order> prestage_order_from(std::string_view body);

/// `bytes=1,load=0.2,...`: the usual weights but for those named.
result<topology::placement_weights> placement_weights_from(std::string_view text);

} // namespace shoal::web
