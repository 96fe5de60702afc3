// `shoald --gis --init`: what the first node of a swarm needs, made once.
//
// Errors: returned, naming the file. Crashes: what exists already is kept; run it again.
#pragma once

#include "tools/shoald/command_line.hpp"
#include "topology/result.hpp"

#include <string>

namespace shoal::daemon {

/// Makes the cluster's authority, this node's certificate, an empty catalogue and a configuration
/// file, each unless it exists. @returns what to tell the user: how to start this node, and the
/// exact commands for the next host.
result<std::string> make_first_node(const start_order& order);

} // namespace shoal::daemon
