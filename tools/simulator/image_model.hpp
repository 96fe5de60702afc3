// What the images of a data centre have in common (VDN §II-E, F): which pieces of which packs each
// image consists of.
//
// Chunks are of fixed size, so equal content stands at equal positions. Each position of all images
// is of one kind: the same in all images, in an OS family, in a major version, in a pair of images,
// or in no two. One pack holds the pieces of one such group, at the positions they have in the
// images; so all packs have as many pieces as an image has chunks.
//
// Threads: const functions from any. Errors: `make` refuses a malformed configuration.
#pragma once

#include "topology/holder_table.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::simulator {

/// Shares of an image's positions by who has the same content there; the rest is the image's own.
/// And how images spread over OS families.
struct similarity {
  double common = 0.10;
  double family = 0.25;
  double major_version = 0.25;
  /// Share of all *distinct* chunks that exactly two images have (VDN §II-F: 12.2 %). As many of
  /// the images' own positions as that takes become the pairs'.
  double in_two_images = 0.122;
  /// Shares of the families, Linux first (VDN Figure 8).
  std::vector<double> families{0.60, 0.25, 0.11, 0.04};
  std::uint32_t major_versions_per_family = 3;
  /// Whether `families` are shares of instances (as Figure 8 counts), or of images.
  bool families_by_instances = true;

  /// PAPERS §2.5, first preset: major versions share 60 %, families 35 %, others 10 %.
  static similarity by_version();
  /// PAPERS §2.5, second preset: one cloud's repository, three quarters one family, so that the
  /// median pair has 48 % in common (VDN §II-F, V11).
  static similarity by_family();
};

/// An image model's size.
struct image_model_config {
  std::uint32_t images = 240;
  std::uint64_t image_bytes = 4'096'000'000;
  std::uint64_t chunk_bytes = 4'000'000;
  similarity similar = similarity::by_version();
  /// Image i is asked for in proportion to (i + 1)^-popularity; matters where families are shares
  /// of instances.
  double popularity_exponent = 1.4;
  std::uint64_t seed = 1;
};

/// The pieces an image has of one pack.
struct pack_pieces {
  std::uint32_t pack = 0;
  /// A bit a piece, piece 0 in the lowest bit of the first word; no bits past the end.
  std::vector<std::uint64_t> words;
  /// How many bits are set.
  std::uint32_t count = 0;
};

/// The images of a data centre.
class image_model {
public:
  /// @returns errc::invalid_argument naming the field and what was expected.
  static result<image_model> make(const image_model_config& config);

  [[nodiscard]] std::uint32_t images() const { return static_cast<std::uint32_t>(parts_.size()); }
  /// Packs are numbered from 0: the common one first.
  [[nodiscard]] std::uint32_t packs() const { return packs_; }
  /// Chunks of an image, which is also the pieces of any pack.
  [[nodiscard]] std::uint32_t pieces_per_pack() const { return pieces_; }
  /// What image `image` consists of; each of its positions stands in exactly one part.
  [[nodiscard]] std::span<const pack_pieces> parts(std::uint32_t image) const;
  /// Where the image belongs: 0 is Linux.
  [[nodiscard]] std::uint32_t family_of(std::uint32_t image) const { return families_[image]; }
  /// Numbered over all families.
  [[nodiscard]] std::uint32_t major_version_of(std::uint32_t image) const { return majors_[image]; }
  /// Share of their chunks that two images have in common (VDN §II-F).
  [[nodiscard]] double similarity_of(std::uint32_t a, std::uint32_t b) const;
  /// Share of the distinct chunks that exactly `images` images have (duplication factor).
  [[nodiscard]] double share_with_factor(std::uint32_t images) const;

private:
  image_model() = default;

  std::uint32_t pieces_ = 0;
  std::uint32_t packs_ = 0;
  std::vector<std::uint32_t> families_;
  std::vector<std::uint32_t> majors_;
  std::vector<std::vector<pack_pieces>> parts_;
};

/// A pack's key from its number and the model's seed: for the pure code that knows packs by key.
topology::pack_key pack_key_of(std::uint32_t pack, std::uint64_t seed);

} // namespace shoal::simulator
