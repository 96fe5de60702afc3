#include "tools/simulator/image_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace shoal::simulator {
namespace {

image_model model_of(const image_model_config& config) {
  auto made = image_model::make(config);
  EXPECT_TRUE(made) << made.error().message;
  return std::move(made).value();
}

/// Of all pairs of images, in order.
std::vector<double> pairwise(const image_model& model) {
  std::vector<double> found;
  for (std::uint32_t a = 0; a < model.images(); ++a)
    for (std::uint32_t b = 0; b < a; ++b)
      found.push_back(model.similarity_of(a, b));
  std::ranges::sort(found);
  return found;
}

TEST(ImageModelTest, EachPositionOfAnImageStandsInOnePart) {
  for (const std::uint64_t megabytes : {1, 4, 128, 512, 4'096, 8'192}) {
    const auto model = model_of({.images = 50, .image_bytes = megabytes * 1'000'000});
    EXPECT_EQ(model.pieces_per_pack(), std::max<std::uint64_t>(1, megabytes / 4));
    for (std::uint32_t image = 0; image < model.images(); ++image) {
      std::vector<std::uint64_t> all((model.pieces_per_pack() + 63) / 64, 0);
      std::uint32_t count = 0;
      for (const auto& part : model.parts(image)) {
        EXPECT_LT(part.pack, model.packs());
        for (std::size_t i = 0; i < all.size(); ++i) {
          EXPECT_EQ(all[i] & part.words[i], 0u);
          all[i] |= part.words[i];
        }
        count += part.count;
      }
      int bits = 0;
      for (const auto word : all)
        bits += std::popcount(word);
      EXPECT_EQ(count, model.pieces_per_pack());
      EXPECT_EQ(static_cast<std::uint32_t>(bits), count);
    }
  }
}

TEST(ImageModelTest, ImagesShareWhatTheirPlaceInTheTreeSays) {
  const auto model = model_of({.images = 240});
  for (std::uint32_t a = 0; a < 60; ++a) {
    for (std::uint32_t b = 0; b < a; ++b) {
      const auto shared = model.similarity_of(a, b);
      if (model.family_of(a) != model.family_of(b)) {
        EXPECT_NEAR(shared, 0.10, 0.002);
      } else if (model.major_version_of(a) != model.major_version_of(b)) {
        EXPECT_NEAR(shared, 0.35, 0.002);
      } else {
        // 0.60, or more for a pair.
        EXPECT_GE(shared, 0.598);
        EXPECT_LE(shared, 0.72);
      }
    }
  }
}

TEST(ImageModelTest, TheMedianPairOfOneCloudsRepositoryHas48Percent) {
  const auto found = pairwise(model_of({.images = 240, .similar = similarity::by_family()}));
  EXPECT_NEAR(found[found.size() / 2], 0.48, 0.005);
}

TEST(ImageModelTest, OneChunkInEightIsInExactlyTwoImages) {
  for (const auto& similar : {similarity::by_version(), similarity::by_family()})
    for (const std::uint32_t images : {107u, 125u, 240u, 525u})
      EXPECT_NEAR(model_of({.images = images, .similar = similar}).share_with_factor(2), 0.122,
                  0.004);
}

TEST(ImageModelTest, FamiliesHaveTheirSharesOfTheInstances) {
  const image_model_config config{.images = 240, .popularity_exponent = 1.39};
  const auto model = model_of(config);
  std::vector<double> shares(4, 0);
  double sum = 0;
  for (std::uint32_t i = 0; i < 240; ++i) {
    const auto weight = std::pow(i + 1.0, -1.39);
    shares[model.family_of(i)] += weight;
    sum += weight;
  }
  EXPECT_NEAR(shares[0] / sum, 0.60, 0.02);
  EXPECT_NEAR(shares[1] / sum, 0.25, 0.02);
  EXPECT_NEAR(shares[2] / sum, 0.11, 0.02);
}

TEST(ImageModelTest, IsTheSameForTheSameSeedOnly) {
  const auto words = [](std::uint64_t seed) {
    const auto model = model_of({.images = 5, .seed = seed});
    return model.parts(3).back().words;
  };
  EXPECT_EQ(words(1), words(1));
  EXPECT_NE(words(1), words(2));
}

TEST(ImageModelTest, PackKeysDiffer) {
  std::set<topology::pack_key> keys;
  for (std::uint32_t pack = 0; pack < 1'000; ++pack)
    keys.insert(pack_key_of(pack, 1));
  EXPECT_EQ(keys.size(), 1'000u);
  EXPECT_EQ(pack_key_of(7, 1), pack_key_of(7, 1));
  EXPECT_NE(pack_key_of(7, 1), pack_key_of(7, 2));
}

TEST(ImageModelTest, RefusesWhatMakesNoSense) {
  const auto field_of = [](const image_model_config& config) {
    const auto made = image_model::make(config);
    return made ? std::string{"taken"} : made.error().message;
  };
  EXPECT_NE(field_of({.images = 0}).find("images"), std::string::npos);
  EXPECT_NE(field_of({.image_bytes = 0}).find("image_bytes"), std::string::npos);
  EXPECT_NE(field_of({.chunk_bytes = 0}).find("chunk_bytes"), std::string::npos);
  auto too_much = similarity::by_version();
  too_much.common = 0.6;
  EXPECT_NE(field_of({.similar = too_much}).find("at most 1"), std::string::npos);
}

} // namespace
} // namespace shoal::simulator
