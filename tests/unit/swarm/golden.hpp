// Files in tests/data that pin a format for ever. SHOAL_WRITE_GOLDEN=1 writes missing ones; an
// existing one is never overwritten.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace shoal::swarm::test {

/// The file's bytes; `made` where it is missing and may be written.
inline std::string golden(const std::string& name, const std::string& made) {
  const auto path = std::filesystem::path{SHOAL_TEST_DATA} / name;
  if (!std::filesystem::exists(path) && std::getenv("SHOAL_WRITE_GOLDEN") != nullptr) {
    std::ofstream{path, std::ios::binary} << made;
  }
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
}

} // namespace shoal::swarm::test
