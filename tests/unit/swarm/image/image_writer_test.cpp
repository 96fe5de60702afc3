#include "swarm/image/image_writer.hpp"

#include "temporary_folder.hpp"

#include <thread>

namespace shoal::swarm {
namespace {

struct ImageWriterTest : ::testing::TestWithParam<image_format> {
  temporary_folder folder;
  std::string bytes = disk_bytes(5, 6 << 20);
  image_shape shape{.format = GetParam(), .virtual_bytes = bytes.size(), .threads = 3};
};

TEST_P(ImageWriterTest, WritesFromManyThreadsInAnyOrder) {
  auto writer = image_writer::create(folder / "disk", shape);
  ASSERT_TRUE(writer.ok()) << writer.error().message;
  constexpr std::size_t step = 12'288;
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < 4; ++first) {
    threads.emplace_back([&, first] {
      const auto all = std::as_bytes(std::span{bytes});
      for (auto at = first * step; at < bytes.size(); at += 4 * step) {
        const auto part = all.subspan(at, std::min(step, bytes.size() - at));
        EXPECT_TRUE((*writer)->write(at, part).ok());
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_FALSE(std::filesystem::exists(folder / "disk"));
  ASSERT_TRUE((*writer)->finish().ok());
  const auto* const format = GetParam() == image_format::raw ? "raw" : "qcow2";
  write_file(folder / "expected", bytes);
  must_run(
      {"qemu-img", "compare", "-f", "raw", "-F", format, folder / "expected", folder / "disk"});
  if (GetParam() == image_format::qcow2) {
    must_run({"qemu-img", "check", "-f", "qcow2", folder / "disk"});
  }
}

TEST_P(ImageWriterTest, LeavesNothingUnfinished) {
  {
    auto writer = image_writer::create(folder / "disk", shape);
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE((*writer)->write(0, std::as_bytes(std::span{bytes})).ok());
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path));
}

TEST_P(ImageWriterTest, TakesNoSpaceForWhatIsNotWritten) {
  shape.virtual_bytes = 1ull << 40;
  auto writer = image_writer::create(folder / "disk", shape);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->write(1ull << 39, std::as_bytes(std::span{bytes})).ok());
  ASSERT_TRUE((*writer)->finish().ok());
  const auto used = run_tool({"du", "-k", folder / "disk"});
  EXPECT_LT(std::stoi(used->output), 16 * 1024);
}

INSTANTIATE_TEST_SUITE_P(Formats, ImageWriterTest,
                         ::testing::Values(image_format::raw, image_format::qcow2));

} // namespace
} // namespace shoal::swarm
