// A folder for one test, and the few shell-like things the tests of images do in it.
#pragma once

#include "swarm/image/child_process.hpp"
#include "swarm/image/image_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <unistd.h>

namespace shoal::swarm {

struct temporary_folder {
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "shoal-image-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path = name;
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }

  std::filesystem::path path;
};

inline void write_file(const std::string& file, const std::string& bytes) {
  std::ofstream{file, std::ios::binary} << bytes;
}

inline std::string read_file(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Half noise, half text, with holes of all sizes in between.
inline std::string disk_bytes(std::uint64_t seed, std::size_t length) {
  std::mt19937_64 random{seed};
  std::string bytes(length, '\0');
  for (std::size_t at = 0; at < length; at += 1 + random() % 300'000) {
    const auto run = std::min<std::size_t>(length - at, random() % 200'000);
    if (random() % 3 == 0) continue;
    const bool noise = random() % 2 == 0;
    for (std::size_t i = 0; i < run; ++i) {
      bytes[at + i] = static_cast<char>(noise ? random() : 'a' + i / 50 % 20);
    }
  }
  return bytes;
}

/// Runs a tool that must succeed.
inline void must_run(const std::vector<std::string>& command) {
  const auto ran = run_tool(command);
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  ASSERT_EQ(ran->exit_code, 0) << ran->complaint;
}

/// All of an image, read as its reader tells: holes are zeros without asking.
inline std::string whole(image_reader& image) {
  std::string bytes(image.virtual_bytes(), '\0');
  const auto extents = image.extents();
  EXPECT_TRUE(extents.ok());
  std::uint64_t at = 0;
  for (const auto& run : *extents) {
    EXPECT_EQ(run.offset_bytes, at);
    at += run.length_bytes;
    if (run.hole) continue;
    const auto into = std::as_writable_bytes(std::span{bytes});
    EXPECT_TRUE(
        image.read(run.offset_bytes, into.subspan(run.offset_bytes, run.length_bytes)).ok());
  }
  EXPECT_EQ(at, bytes.size());
  return bytes;
}

} // namespace shoal::swarm
