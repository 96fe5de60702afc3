// Threads that hash, write and read pieces, so that libtorrent's network thread never waits.
//
// Threads: `submit` from any; jobs run in no particular order.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal::swarm {

/// A fixed number of threads over one queue.
class worker_pool {
public:
  explicit worker_pool(unsigned thread_count);
  /// Runs what is queued, then ends.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  void submit(std::function<void()> job);
  /// Runs what is queued, then ends the threads; later jobs are dropped.
  void stop();

private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Jobs that must not run at the same time, without a thread of their own: whoever finds nobody at
/// work does all there is, the others go on with something else.
///
/// Writers of one file would spin on its lock in the kernel instead: a sixth of a fast fetch.
class job_queue {
public:
  /// Runs `job` now, or has whoever is at work run it. Any thread.
  void run(std::function<void()> job);

private:
  std::mutex mutex_;
  std::deque<std::function<void()>> jobs_;
  bool busy_ = false;
};

} // namespace shoal::swarm
