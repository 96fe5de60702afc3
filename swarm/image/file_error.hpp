// What the operating system refused, as a sentence.
//
// Threads: any.
#pragma once

#include "topology/result.hpp"

#include <filesystem>
#include <string_view>

namespace shoal::swarm {

/// `doing FILE: reason` with the kind of fault `error_number` (an errno) stands for.
error file_error(std::string_view doing, const std::filesystem::path& file, int error_number);

/// A file descriptor that closes itself.
class file_handle {
public:
  file_handle() = default;
  explicit file_handle(int descriptor) : descriptor_{descriptor} {}
  file_handle(file_handle&& other) noexcept : descriptor_{other.release()} {}
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();

  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool valid() const noexcept { return descriptor_ >= 0; }
  /// Hands the descriptor over.
  int release() noexcept;

private:
  int descriptor_ = -1;
};

} // namespace shoal::swarm
