// A data centre whose bytes share network cards and uplinks, max-min fair (flow_network): what the
// paper's link model leaves out. Each provision is compared with a bound no schedule could beat.
//
// Threads: one owner. Errors: none. Equal input gives equal output.
#pragma once

#include "tools/simulator/data_centre/data_centre.hpp"

namespace shoal::simulator {

/// Runs the whole load over `config.physical`; `config.links` is not used. As `run_data_centre`.
/// A provision's `bound_s` is the longest of: what it lacks over the host's network card; what no
/// host of its rack (cluster) holds or awaits, over the rack's (cluster's) link; what no host
/// holds, over the server's. It knows nothing of other requests that share the links.
/// @pre a valid config without `prestage`.
run_outcome run_physical(const data_centre_config& config, const data_centre_load& load,
                         directory* index);

} // namespace shoal::simulator
