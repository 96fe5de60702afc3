// Real images, where this machine has them (tools/images/build makes them).
#include "image_fixture.hpp"

#include "swarm/image/child_process.hpp"

namespace shoal::swarm {
namespace {

const std::filesystem::path images = "/var/cache/shoal-images";

std::optional<published_image> publish_file(publishing& here, const std::string& name) {
  auto image = image_reader::open(images / (name + ".img"));
  if (!image) return std::nullopt;
  auto made = here.publish(**image);
  EXPECT_TRUE(made.ok());
  return made.ok() ? std::optional{std::move(*made)} : std::nullopt;
}

TEST(RealImagesTest, ShareAndComeBackTheSame) {
  if (!std::filesystem::exists(images / "web.img")) GTEST_SKIP() << "no images in " << images;
  publishing here{.options = {}};
  const scratch_folder folder;
  const auto base = publish_file(here, "base");
  const auto web = publish_file(here, "web");
  ASSERT_TRUE(base && web);
  // facts: web shares 82 % of its bytes with the base it was not made from.
  EXPECT_LT(web->new_bytes * 3, base->new_bytes);
  EXPECT_LE(web->cost.waste(), 0.1);
  for (const auto& [name, made] : {std::pair{"base", &base}, std::pair{"web", &web}}) {
    for (const auto format : {image_format::raw, image_format::qcow2}) {
      auto job = exporter::start((*made)->image, here.store, folder / "disk", {.format = format});
      ASSERT_TRUE(job.ok());
      ASSERT_TRUE((*job)->finish().ok());
      const auto* const kind = format == image_format::raw ? "raw" : "qcow2";
      const auto compared =
          run_tool({"qemu-img", "compare", "-f", "raw", "-F", kind,
                    (images / (std::string{name} + ".img")).string(), (folder / "disk").string()});
      ASSERT_TRUE(compared.ok());
      EXPECT_EQ(compared->exit_code, 0) << compared->output;
    }
  }
}

} // namespace
} // namespace shoal::swarm
