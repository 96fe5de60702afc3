// The store's bytes: how many pieces take, how many are being written, and how many more fit.
//
// Threads: any. Errors: errc::no_space with the sizes; then nothing was claimed.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <filesystem>
#include <mutex>

namespace shoal::swarm {

class space_account;

/// Bytes set aside for something about to be written; given back on destruction unless kept.
class space_claim {
public:
  space_claim() = default;
  space_claim(space_claim&& other) noexcept;
  space_claim& operator=(space_claim&& other) noexcept;
  space_claim(const space_claim&) = delete;
  space_claim& operator=(const space_claim&) = delete;
  ~space_claim();

  /// Takes over the bytes of `other`, which are on the disk by now but are not pieces yet.
  void absorb_written(space_claim other);
  /// The bytes are pieces now and count as held.
  void keep();

private:
  friend class space_account;
  space_claim(space_account& account, std::uint64_t bytes);
  void settle(bool keep);

  space_account* account_ = nullptr;
  std::uint64_t unwritten_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
};

/// Counts bytes against the store's quota and the file system's reserve.
class space_account {
public:
  /// Zero as `quota_bytes` means no quota.
  space_account(std::filesystem::path directory, std::uint64_t quota_bytes,
                std::uint64_t reserve_bytes);

  /// Sets bytes aside; whoever claims at the same time cannot overshoot.
  result<space_claim> reserve(std::uint64_t bytes);
  /// Pieces were found on the disk.
  void add_held(std::uint64_t bytes);
  /// Pieces were dropped and their space given back.
  void release_held(std::uint64_t bytes);

  /// How many bytes must be evicted before `bytes` more fit; zero if they fit now.
  result<std::uint64_t> shortfall(std::uint64_t bytes) const;
  /// How many bytes fit after so many were evicted; zero if the file system does not answer.
  [[nodiscard]] std::uint64_t room_bytes(std::uint64_t evictable_bytes) const;
  /// How much more is held than the quota allows: after it was lowered, or after a crash.
  [[nodiscard]] std::uint64_t over_quota_bytes() const;
  /// Whether `bytes` that are not pieces leave the reserve free.
  result<bool> fits_on_disk(std::uint64_t bytes) const;
  /// Says why `bytes` do not fit.
  [[nodiscard]] error no_space(std::uint64_t bytes) const;

  [[nodiscard]] std::uint64_t held_bytes() const;
  [[nodiscard]] std::uint64_t quota_bytes() const;
  /// From now on; what is held already stays.
  void set_quota(std::uint64_t quota_bytes);

private:
  friend class space_claim;
  result<std::uint64_t> free_disk_bytes() const;
  result<std::uint64_t> disk_shortfall_locked(std::uint64_t bytes) const;
  result<std::uint64_t> shortfall_locked(std::uint64_t bytes) const;

  const std::filesystem::path directory_;
  const std::uint64_t reserve_bytes_;
  mutable std::mutex mutex_;
  std::uint64_t quota_bytes_;
  std::uint64_t held_bytes_ = 0;
  /// Claimed; the file system does not count the unwritten ones yet.
  std::uint64_t unwritten_bytes_ = 0;
  std::uint64_t written_bytes_ = 0;
};

} // namespace shoal::swarm
