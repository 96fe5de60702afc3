// How many bytes were put and are not durable yet: what wakes the thread that makes them durable.
//
// Threads: any number add, one waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace shoal::swarm {

/// Counts bytes that wait to be synced.
class dirty_meter {
public:
  /// Bytes that do not wait any longer. More would make few larger syncs, and lose more in a crash.
  static constexpr std::uint64_t bytes_max = 64ull * 1024 * 1024;
  /// Nor does any byte wait longer than this before its sync begins.
  static constexpr std::chrono::milliseconds age_max{1000};

  void add(std::uint64_t bytes) {
    const auto before = bytes_.fetch_add(bytes);
    const bool first = before == 0;
    const bool full = before < bytes_max && before + bytes >= bytes_max;
    if (first || full) wake();
  }

  /// Waits until a sync is due. @returns false once stopped.
  bool wait_until_due() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return stopped_ || bytes_ > 0; });
    changed_.wait_for(lock, age_max, [this] { return stopped_ || bytes_ >= bytes_max; });
    return !stopped_;
  }

  /// A sync of everything added so far begins.
  void reset() { bytes_ = 0; }

  void stop() {
    {
      const std::lock_guard lock{mutex_};
      stopped_ = true;
    }
    changed_.notify_all();
  }

private:
  void wake() {
    // The waiter looks at bytes_ under the lock: taking it here means no wake-up can fall between.
    { const std::lock_guard lock{mutex_}; }
    changed_.notify_all();
  }

  std::atomic<std::uint64_t> bytes_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

} // namespace shoal::swarm
