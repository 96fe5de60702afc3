// What a node measures of itself, in Prometheus' text format (version 0.0.4): base units, one
// prefix, no label whose values grow with the number of images or packs.
//
// Threads: values. Errors: none.
#pragma once

#include "actors/node_control.hpp"

#include <string>
#include <string_view>

namespace shoal::web {

/// The content type of `prometheus_text`.
inline constexpr std::string_view prometheus_content_type =
    "text/plain; version=0.0.4; charset=utf-8";

/// The whole answer to one scrape.
std::string prometheus_text(const actors::node_status& node, std::string_view version);

} // namespace shoal::web
