// A file that is being written under another name until it is whole.
//
// Threads: one owner. Errors: returned.
// Crashes: `.NAME.part` stays; the next one for the same name takes it over.
#pragma once

#include "swarm/image/file_error.hpp"

namespace shoal::swarm {

/// Holds the lock on `.NAME.part`; removes it when destroyed before `put_in_place`.
class part_file {
public:
  /// An empty part file for `file`. @returns errc::conflict if another writer holds it.
  static result<part_file> create(const std::filesystem::path& file);
  part_file(part_file&&) noexcept = default;
  part_file& operator=(part_file&&) = delete;
  ~part_file();

  [[nodiscard]] int descriptor() const noexcept { return descriptor_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return part_; }
  [[nodiscard]] const std::filesystem::path& final_path() const noexcept { return final_; }
  /// Makes the bytes durable, then gives the file its name.
  result<void> put_in_place();

private:
  part_file(std::filesystem::path file, std::filesystem::path part, file_handle descriptor)
      : final_{std::move(file)}, part_{std::move(part)}, descriptor_{std::move(descriptor)} {}

  std::filesystem::path final_;
  std::filesystem::path part_;
  /// Invalid once the part file is somebody else's business.
  file_handle descriptor_;
};

} // namespace shoal::swarm
