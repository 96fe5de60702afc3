#include "tools/simulator/vdn/experiment.hpp"

#include "tools/simulator/data_centre/index_directory.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::simulator {

namespace {

topology::index_scheme index_of(scheme which) {
  switch (which) {
  case scheme::naive: return topology::index_scheme::naive;
  case scheme::flat: return topology::index_scheme::flat;
  case scheme::baseline:
  case scheme::local:
  case scheme::topo: return topology::index_scheme::topo;
  }
  return topology::index_scheme::topo;
}

/// All links of both modes by a factor.
void scale(data_centre_config& config, double factor) {
  auto& links = config.links;
  auto& physical = config.physical;
  for (auto* rate : {&links.rack_bits_per_second, &links.cluster_bits_per_second,
                     &links.site_bits_per_second, &links.server_bits_per_second,
                     &physical.host_bits_per_second, &physical.rack_bits_per_second,
                     &physical.cluster_bits_per_second, &physical.server_bits_per_second})
    *rate *= factor;
}

/// The popularity of an imported trace's images: between those of VDN's six data centres.
constexpr double other_exponent = 1.4;

} // namespace

data_centre_load load_of(const trace& requests, const image_model& images) {
  data_centre_load load{.packs = images.packs(), .pieces_per_pack = images.pieces_per_pack()};
  load.requests.reserve(requests.requests.size());
  for (const auto& one : requests.requests)
    load.requests.push_back({one.time_seconds, one.image, one.lifetime_seconds});
  load.images.resize(images.images());
  for (std::uint32_t image = 0; image < images.images(); ++image) {
    for (const auto& part : images.parts(image))
      load.images[image].parts.push_back({part.pack, part.words});
  }
  return load;
}

data_centre_load load_of(const experiment& run) {
  const auto* traffic = vdn_data_centre(run.data_centre);
  SHOAL_ASSERT(traffic != nullptr || run.requests != nullptr);
  auto requests = run.requests != nullptr ? *run.requests : generate_trace(*traffic, run.seed);
  if (run.load_factor != 1) requests = compressed(std::move(requests), run.load_factor);
  const auto images = image_model::make(
      {.images = requests.images,
       .image_bytes = std::uint64_t{run.image_mb} * 1'000'000,
       .chunk_bytes = run.config.piece_bytes,
       .similar = run.similar,
       .popularity_exponent = traffic != nullptr ? traffic->popularity_exponent : other_exponent,
       .seed = run.seed});
  SHOAL_ASSERT(images.ok());
  return load_of(requests, *images);
}

run_outcome run_experiment(const experiment& run) { return run_experiment(run, load_of(run)); }

run_outcome run_experiment(const experiment& run, const data_centre_load& load) {
  auto config = run.config;
  scale(config, run.bandwidth_factor);
  config.seed = run.seed;
  if (config.scheme == scheme::baseline || config.scheme == scheme::local)
    return run_data_centre(config, load, nullptr);
  index_directory index{index_of(config.scheme), config.shape, load};
  return run_data_centre(config, load, &index);
}

double percentile_of(std::vector<double> values, double percent) {
  if (values.empty()) return 0;
  const auto rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
  const auto at = static_cast<std::ptrdiff_t>(std::max(1.0, rank)) - 1;
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

} // namespace shoal::simulator
