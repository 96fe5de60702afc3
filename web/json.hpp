// The local API's JSON: what the node says as documents, what users ask as orders.
// The fields are listed in tools/man/shoal.1 and stay stable: add, never rename.
//
// Threads: values. Errors: a body that is not the object expected is errc::invalid_argument, and
//          the sentence names the field.
#pragma once

#include "actors/node_control.hpp"
#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace shoal::web {

/// `running`, `done`, `failed` or `cancelled`.
std::string_view name_of(actors::job_state state) noexcept;

nlohmann::json to_json(const actors::source_bytes& sources);
nlohmann::json to_json(const actors::job_status& job);
nlohmann::json to_json(const actors::image_status& image);
nlohmann::json to_json(const actors::host_status& host);
nlohmann::json to_json(const actors::node_status& node);
nlohmann::json to_json(const actors::plan_status& plan);
nlohmann::json to_json(const actors::removal_status& removal);

/// The document's text. Bytes that are not UTF-8 (a file's name may hold any) become U+FFFD.
std::string text_of(const nlohmann::json& document);

/// `name:version`, both valid names. @returns errc::invalid_argument saying what is wrong.
result<void> check_image_reference(std::string_view text);

/// What may be said in the body of `POST /api/v1/images`: file, name, version, and optionally
/// parent, chunker (`blocks`, `fixed`) and compress (`none`, `zstd:1` to `zstd:19`).
result<actors::publish_order> publish_order_from(std::string_view body);

/// The body of `POST /api/v1/gets`: image, and optionally to_file and format (`raw`, `qcow2`).
result<actors::get_order> get_order_from(std::string_view body);

/// The body of `POST /api/v1/verifications`: optionally image; an empty body is an empty order.
result<actors::verify_order> verify_order_from(std::string_view body);

} // namespace shoal::web
