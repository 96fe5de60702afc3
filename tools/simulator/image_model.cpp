#include "tools/simulator/image_model.hpp"

#include "tools/simulator/random_numbers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

namespace shoal::simulator {

namespace {

constexpr std::uint32_t none = ~std::uint32_t{0};
constexpr std::uint64_t pieces_max = std::uint64_t{1} << 20;

/// Who has the same content at a position.
enum class kind : std::uint8_t { common, family, major_version, pair, own };

error wrong(const std::string& field, const std::string& expected) {
  return {errc::invalid_argument, "image model: " + field + ": expected " + expected};
}

bool is_share(double value) { return value >= 0 && value <= 1; }

result<void> check(const image_model_config& config) {
  const auto& similar = config.similar;
  if (config.images == 0 || config.images > 1'000'000)
    return wrong("images", "a number from 1 to 1000000");
  if (config.chunk_bytes == 0) return wrong("chunk_bytes", "at least 1 byte");
  if (config.image_bytes == 0 || (config.image_bytes - 1) / config.chunk_bytes >= pieces_max)
    return wrong("image_bytes", "1 to 1048576 chunks an image");
  if (!is_share(similar.common) || !is_share(similar.family) || !is_share(similar.major_version) ||
      similar.common + similar.family + similar.major_version > 1 + 1e-9)
    return wrong("similarity", "shares of common, family and major version between 0 and 1, "
                               "together at most 1");
  if (!is_share(similar.in_two_images)) return wrong("in_two_images", "a share between 0 and 1");
  if (similar.families.empty() || !std::ranges::all_of(similar.families, is_share) ||
      std::accumulate(similar.families.begin(), similar.families.end(), 0.0) <= 0)
    return wrong("families", "at least one share above 0, none above 1");
  if (similar.major_versions_per_family == 0)
    return wrong("major_versions_per_family", "at least 1");
  if (!std::isfinite(config.popularity_exponent))
    return wrong("popularity_exponent", "a finite number");
  return {};
}

/// Each image, the most popular first, goes where most is missing.
std::vector<std::uint32_t> spread_over_families(const image_model_config& config) {
  const auto& shares = config.similar.families;
  const auto shares_sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  std::vector<double> weights(config.images, 1);
  if (config.similar.families_by_instances)
    for (std::uint32_t i = 0; i < config.images; ++i)
      weights[i] = std::pow(i + 1.0, -config.popularity_exponent);
  const auto weights_sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> missing(shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i)
    missing[i] = shares[i] / shares_sum * weights_sum;
  std::vector<std::uint32_t> families;
  for (const auto weight : weights) {
    const auto most = std::ranges::max_element(missing);
    *most -= weight;
    families.push_back(static_cast<std::uint32_t>(most - missing.begin()));
  }
  return families;
}

/// At random, but a family's two most popular images are of one version: v5.5, 32 and 64 bit, in
/// VDN's Figure 8.
std::vector<std::uint32_t> spread_over_versions(const std::vector<std::uint32_t>& families,
                                                const similarity& similar, random_numbers& random) {
  std::vector<std::uint32_t> seen(similar.families.size(), 0);
  std::vector<std::uint32_t> majors;
  for (const auto family : families) {
    const auto major = random.below(similar.major_versions_per_family);
    const bool popular = seen[family]++ < 2;
    majors.push_back(family * similar.major_versions_per_family +
                     static_cast<std::uint32_t>(popular ? 0 : major));
  }
  return majors;
}

/// For each image the other of its pair, of the same version; `none` for those left over.
std::vector<std::uint32_t> pair_up(const std::vector<std::uint32_t>& majors,
                                   random_numbers& random) {
  std::vector<std::uint32_t> order(majors.size());
  std::iota(order.begin(), order.end(), 0);
  random.shuffle(order);
  std::vector<std::uint32_t> waiting(*std::ranges::max_element(majors) + 1, none);
  std::vector<std::uint32_t> partners(majors.size(), none);
  for (const auto image : order) {
    auto& other = waiting[majors[image]];
    if (other == none) {
      other = image;
      continue;
    }
    partners[image] = other;
    partners[other] = image;
    other = none;
  }
  return partners;
}

/// How many groups there are, and how many of them are two images.
struct group_counts {
  std::uint64_t groups = 0;
  std::uint64_t of_two = 0;
};

group_counts count_groups(const std::vector<std::uint32_t>& group_of) {
  std::vector<std::uint32_t> sizes(*std::ranges::max_element(group_of) + 1, 0);
  for (const auto group : group_of)
    ++sizes[group];
  group_counts counted;
  for (const auto size : sizes) {
    counted.groups += size > 0;
    counted.of_two += size == 2;
  }
  return counted;
}

/// How many positions of each kind.
struct kind_counts {
  std::uint64_t common = 0, family = 0, major_version = 0, pair = 0, own = 0;
};

struct memberships {
  std::vector<std::uint32_t> families, majors, partners;
};

/// As many pairs' positions as bring the share of distinct chunks in two images nearest the target.
kind_counts count_kinds(const image_model_config& config, std::uint64_t pieces,
                        const memberships& members) {
  const auto share = [&](double of) {
    return static_cast<std::uint64_t>(std::llround(of * static_cast<double>(pieces)));
  };
  kind_counts kinds;
  kinds.common = share(config.similar.common);
  kinds.family = std::min(share(config.similar.family), pieces - kinds.common);
  kinds.major_version =
      std::min(share(config.similar.major_version), pieces - kinds.common - kinds.family);
  const auto left = pieces - kinds.common - kinds.family - kinds.major_version;
  const auto families = count_groups(members.families);
  const auto majors = count_groups(members.majors);
  const auto images = static_cast<std::uint64_t>(config.images);
  const auto pairs =
      (images - static_cast<std::uint64_t>(std::ranges::count(members.partners, none))) / 2;
  double best = 2;
  for (std::uint64_t pair = 0; pair <= left; ++pair) {
    const auto distinct = kinds.common + kinds.family * families.groups +
                          kinds.major_version * majors.groups + pair * (images - pairs) +
                          (left - pair) * images;
    const auto in_two = (images == 2 ? kinds.common : 0) + kinds.family * families.of_two +
                        kinds.major_version * majors.of_two + pair * pairs;
    const auto off = std::abs(static_cast<double>(in_two) / static_cast<double>(distinct) -
                              config.similar.in_two_images);
    if (off >= best) continue;
    best = off;
    kinds.pair = pair;
  }
  kinds.own = left - kinds.pair;
  return kinds;
}

std::vector<kind> kinds_of_positions(const kind_counts& counts, random_numbers& random) {
  std::vector<kind> kinds;
  kinds.insert(kinds.end(), counts.common, kind::common);
  kinds.insert(kinds.end(), counts.family, kind::family);
  kinds.insert(kinds.end(), counts.major_version, kind::major_version);
  kinds.insert(kinds.end(), counts.pair, kind::pair);
  kinds.insert(kinds.end(), counts.own, kind::own);
  random.shuffle(kinds);
  return kinds;
}

/// A part with the positions of one or two kinds.
pack_pieces part_of(std::uint32_t pack, const std::vector<kind>& kinds, kind first, kind second) {
  pack_pieces part{pack, std::vector<std::uint64_t>((kinds.size() + 63) / 64), 0};
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (kinds[i] != first && kinds[i] != second) continue;
    part.words[i / 64] |= std::uint64_t{1} << (i % 64);
    ++part.count;
  }
  return part;
}

} // namespace

similarity similarity::by_version() { return {}; }

similarity similarity::by_family() {
  similarity preset;
  preset.family = 0.38;
  preset.major_version = 0.12;
  preset.families = {0.75, 0.15, 0.07, 0.03};
  preset.families_by_instances = false;
  return preset;
}

result<image_model> image_model::make(const image_model_config& config) {
  if (auto checked = check(config); !checked) return checked.error();
  random_numbers random{config.seed, 1};
  image_model model;
  model.families_ = spread_over_families(config);
  model.majors_ = spread_over_versions(model.families_, config.similar, random);
  const memberships members{model.families_, model.majors_, pair_up(model.majors_, random)};
  model.pieces_ = static_cast<std::uint32_t>((config.image_bytes - 1) / config.chunk_bytes + 1);
  const auto kinds = kinds_of_positions(count_kinds(config, model.pieces_, members), random);

  const auto families = static_cast<std::uint32_t>(config.similar.families.size());
  const auto first_major = 1 + families;
  const auto first_image = first_major + families * config.similar.major_versions_per_family;
  model.packs_ = first_image + 2 * config.images;
  for (std::uint32_t image = 0; image < config.images; ++image) {
    const auto partner = members.partners[image];
    std::vector<pack_pieces> parts{
        part_of(0, kinds, kind::common, kind::common),
        part_of(1 + members.families[image], kinds, kind::family, kind::family),
        part_of(first_major + members.majors[image], kinds, kind::major_version,
                kind::major_version)};
    const auto own = first_image + 2 * image;
    if (partner != none)
      parts.push_back(
          part_of(first_image + 2 * std::min(image, partner) + 1, kinds, kind::pair, kind::pair));
    parts.push_back(part_of(own, kinds, kind::own, partner == none ? kind::pair : kind::own));
    std::erase_if(parts, [](const pack_pieces& part) { return part.count == 0; });
    model.parts_.push_back(std::move(parts));
  }
  return model;
}

std::span<const pack_pieces> image_model::parts(std::uint32_t image) const {
  SHOAL_ASSERT(image < parts_.size());
  return parts_[image];
}

double image_model::similarity_of(std::uint32_t a, std::uint32_t b) const {
  std::uint64_t shared = 0;
  for (const auto& mine : parts(a))
    for (const auto& other : parts(b))
      if (mine.pack == other.pack) shared += mine.count;
  return static_cast<double>(shared) / pieces_;
}

double image_model::share_with_factor(std::uint32_t images) const {
  std::vector<std::uint64_t> members(packs_, 0), pieces(packs_, 0);
  for (const auto& parts : parts_) {
    for (const auto& part : parts) {
      ++members[part.pack];
      pieces[part.pack] = part.count;
    }
  }
  std::uint64_t distinct = 0, matching = 0;
  for (std::uint32_t pack = 0; pack < packs_; ++pack) {
    distinct += pieces[pack];
    if (members[pack] == images) matching += pieces[pack];
  }
  return static_cast<double>(matching) / static_cast<double>(distinct);
}

topology::pack_key pack_key_of(std::uint32_t pack, std::uint64_t seed) {
  random_numbers random{seed, (std::uint64_t{1} << 32) + pack};
  topology::pack_key key{};
  for (std::size_t i = 0; i < key.size(); i += 8) {
    auto bits = random.next();
    for (std::size_t j = 0; j < 8; ++j, bits >>= 8)
      key[i + j] = static_cast<std::byte>(bits);
  }
  return key;
}

} // namespace shoal::simulator
