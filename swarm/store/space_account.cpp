#include "swarm/store/space_account.hpp"

#include "swarm/store/file.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/statvfs.h>
#include <utility>

namespace shoal::swarm {

space_claim::space_claim(space_account& account, std::uint64_t bytes)
    : account_{&account}, unwritten_bytes_{bytes} {}

space_claim::space_claim(space_claim&& other) noexcept
    : account_{std::exchange(other.account_, nullptr)},
      unwritten_bytes_{std::exchange(other.unwritten_bytes_, 0)},
      written_bytes_{std::exchange(other.written_bytes_, 0)} {}

space_claim& space_claim::operator=(space_claim&& other) noexcept {
  std::swap(account_, other.account_);
  std::swap(unwritten_bytes_, other.unwritten_bytes_);
  std::swap(written_bytes_, other.written_bytes_);
  return *this;
}

space_claim::~space_claim() { settle(false); }

void space_claim::absorb_written(space_claim other) {
  if (other.account_ == nullptr) return;
  SHOAL_ASSERT(account_ == nullptr || account_ == other.account_);
  {
    const std::lock_guard lock{other.account_->mutex_};
    other.account_->unwritten_bytes_ -= other.unwritten_bytes_;
    other.account_->written_bytes_ += other.unwritten_bytes_;
  }
  written_bytes_ += other.unwritten_bytes_ + other.written_bytes_;
  account_ = std::exchange(other.account_, nullptr);
}

void space_claim::keep() { settle(true); }

void space_claim::settle(bool keep) {
  if (account_ == nullptr) return;
  auto& account = *std::exchange(account_, nullptr);
  const std::lock_guard lock{account.mutex_};
  account.unwritten_bytes_ -= unwritten_bytes_;
  account.written_bytes_ -= written_bytes_;
  if (keep) account.held_bytes_ += unwritten_bytes_ + written_bytes_;
  unwritten_bytes_ = written_bytes_ = 0;
}

space_account::space_account(std::filesystem::path directory, std::uint64_t quota_bytes,
                             std::uint64_t reserve_bytes)
    : directory_{std::move(directory)}, reserve_bytes_{reserve_bytes}, quota_bytes_{quota_bytes} {}

result<space_claim> space_account::reserve(std::uint64_t bytes) {
  {
    const std::lock_guard lock{mutex_};
    const auto missing = shortfall_locked(bytes);
    if (!missing) return missing.error();
    if (*missing == 0) {
      unwritten_bytes_ += bytes;
      return space_claim{*this, bytes};
    }
  }
  return no_space(bytes);
}

void space_account::add_held(std::uint64_t bytes) {
  const std::lock_guard lock{mutex_};
  held_bytes_ += bytes;
}

void space_account::release_held(std::uint64_t bytes) {
  const std::lock_guard lock{mutex_};
  SHOAL_ASSERT(bytes <= held_bytes_);
  held_bytes_ -= bytes;
}

result<std::uint64_t> space_account::free_disk_bytes() const {
  struct statvfs status {};
  if (::statvfs(directory_.c_str(), &status) != 0) {
    return system_error(errno, "examine the file system of", directory_);
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

result<std::uint64_t> space_account::shortfall(std::uint64_t bytes) const {
  const std::lock_guard lock{mutex_};
  return shortfall_locked(bytes);
}

std::uint64_t space_account::room_bytes(std::uint64_t evictable_bytes) const {
  const std::lock_guard lock{mutex_};
  const auto free = free_disk_bytes();
  if (!free) return 0;
  const auto left = [](std::uint64_t all, std::uint64_t taken) {
    return all > taken ? all - taken : 0;
  };
  const auto on_disk = left(*free + evictable_bytes, unwritten_bytes_ + reserve_bytes_);
  if (quota_bytes_ == 0) return on_disk;
  const auto taken = held_bytes_ + written_bytes_ + unwritten_bytes_;
  return std::min(on_disk, left(quota_bytes_ + evictable_bytes, taken));
}

std::uint64_t space_account::over_quota_bytes() const {
  const std::lock_guard lock{mutex_};
  return quota_bytes_ != 0 && held_bytes_ > quota_bytes_ ? held_bytes_ - quota_bytes_ : 0;
}

result<bool> space_account::fits_on_disk(std::uint64_t bytes) const {
  const std::lock_guard lock{mutex_};
  const auto missing = disk_shortfall_locked(bytes);
  if (!missing) return missing.error();
  return *missing == 0;
}

result<std::uint64_t> space_account::disk_shortfall_locked(std::uint64_t bytes) const {
  const auto free = free_disk_bytes();
  if (!free) return free.error();
  const auto wanted = unwritten_bytes_ + bytes + reserve_bytes_;
  return wanted > *free ? wanted - *free : 0;
}

result<std::uint64_t> space_account::shortfall_locked(std::uint64_t bytes) const {
  auto missing = disk_shortfall_locked(bytes);
  if (!missing || quota_bytes_ == 0) return missing;
  const auto wanted = held_bytes_ + written_bytes_ + unwritten_bytes_ + bytes;
  if (wanted > quota_bytes_) *missing = std::max(*missing, wanted - quota_bytes_);
  return missing;
}

error space_account::no_space(std::uint64_t bytes) const {
  const auto free = free_disk_bytes();
  const std::lock_guard lock{mutex_};
  std::string text = "no room for " + readable_bytes(bytes) + " in " + directory_.native() + ": " +
                     readable_bytes(held_bytes_) + " held";
  if (const auto claimed = unwritten_bytes_ + written_bytes_; claimed != 0) {
    text += ", " + readable_bytes(claimed) + " being written";
  }
  text += quota_bytes_ == 0 ? std::string{", no quota"}
                            : ", a quota of " + readable_bytes(quota_bytes_);
  if (free) text += ", " + readable_bytes(*free) + " free on the disk";
  text += ", of which " + readable_bytes(reserve_bytes_) + " are kept free";
  return {errc::no_space, std::move(text)};
}

std::uint64_t space_account::held_bytes() const {
  const std::lock_guard lock{mutex_};
  return held_bytes_;
}

std::uint64_t space_account::quota_bytes() const {
  const std::lock_guard lock{mutex_};
  return quota_bytes_;
}

void space_account::set_quota(std::uint64_t quota_bytes) {
  const std::lock_guard lock{mutex_};
  quota_bytes_ = quota_bytes;
}

} // namespace shoal::swarm
