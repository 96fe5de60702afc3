// Files as the store needs them: whole reads and writes at an offset, durability, holes.
//
// Threads: a `file` may be used by many threads at once; the kernel serialises what must be.
// Errors:  the path, what was tried and the kernel's words; a full disk is errc::no_space, a
//          refusal errc::permission, a missing file errc::not_found, anything else errc::failed.
// Crashes: nothing is durable before `sync_data` (contents) or `sync_directory` (names) returned.
#pragma once

#include "topology/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// The error for `number` (an errno), as `cannot <doing> <path>: <the kernel's words>`.
error system_error(int number, std::string_view doing, const std::filesystem::path& path);

/// A number of bytes as people read it: `8.0 MiB`.
std::string readable_bytes(std::uint64_t bytes);

/// A run of bytes of a file.
struct byte_range {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;

  friend bool operator==(const byte_range&, const byte_range&) = default;
};

/// An open file; closed on destruction.
class file {
public:
  /// An existing file, for reading and writing.
  static result<file> open(const std::filesystem::path& path);
  /// A file that is created, or emptied if it exists.
  static result<file> create(const std::filesystem::path& path);
  /// A file that is created, or opened as it is.
  static result<file> open_or_create(const std::filesystem::path& path);

  file(file&& other) noexcept;
  file& operator=(file&& other) noexcept;
  file(const file&) = delete;
  file& operator=(const file&) = delete;
  ~file();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes all of `bytes` or fails; after a failure any part of them may be there.
  result<void> write_at(std::uint64_t offset_bytes, std::span<const std::byte> bytes) const;
  /// Fills `into` or fails; the end of the file is errc::corrupt.
  result<void> read_at(std::uint64_t offset_bytes, std::span<std::byte> into) const;
  /// Reads only what the kernel has in memory. @returns whether all of `into` was filled.
  bool read_cached_at(std::uint64_t offset_bytes, std::span<std::byte> into) const;
  /// Contents and length are on the disk after this returns.
  result<void> sync_data() const;
  /// Asks the kernel to begin writing a range back, so that a later `sync_data` has less to do.
  void begin_writeback(byte_range range) const;
  /// Gives a range's disk space back; it reads as zeros, the length stays.
  result<void> punch(byte_range range) const;
  /// Lengthens with a hole, or shortens.
  result<void> resize(std::uint64_t length_bytes) const;
  result<std::uint64_t> size() const;
  /// The ranges that are not holes, in order.
  result<std::vector<byte_range>> data_ranges() const;
  /// Tells the kernel not to keep a range in memory, so that the next read comes from the disk.
  void drop_cache(byte_range range) const;
  /// Takes the file's lock for as long as it is open. @returns false if another process has it.
  result<bool> try_lock() const;

private:
  file(int descriptor, std::filesystem::path path);
  static result<file> open_with(const std::filesystem::path& path, int flags);

  int descriptor_ = -1;
  std::filesystem::path path_;
};

/// The contents of a small file, at most `bytes_max`; a longer one is errc::corrupt.
result<std::string> read_small_file(const std::filesystem::path& path, std::uint64_t bytes_max);
/// Puts `bytes` at `path` atomically and durably, by way of `temporary` on the same file system.
result<void> replace_file(const std::filesystem::path& path, const std::filesystem::path& temporary,
                          std::string_view bytes);
result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// A missing file is fine.
result<void> remove_file(const std::filesystem::path& path);
/// Makes creations, renames and removals in a directory durable.
result<void> sync_directory(const std::filesystem::path& path);

} // namespace shoal::swarm
