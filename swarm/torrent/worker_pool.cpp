#include "swarm/torrent/worker_pool.hpp"

#include <utility>

namespace shoal::swarm {

worker_pool::worker_pool(unsigned thread_count) {
  for (unsigned i = 0; i < thread_count; ++i)
    threads_.emplace_back([this] { run(); });
}

worker_pool::~worker_pool() { stop(); }

void worker_pool::submit(std::function<void()> job) {
  {
    const std::lock_guard lock{mutex_};
    if (stopping_) return;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void worker_pool::stop() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void worker_pool::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    auto job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
  }
}

void job_queue::run(std::function<void()> job) {
  std::unique_lock lock{mutex_};
  jobs_.push_back(std::move(job));
  if (busy_) return;
  busy_ = true;
  while (!jobs_.empty()) {
    auto next = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    next();
    next = nullptr;
    lock.lock();
  }
  busy_ = false;
}

} // namespace shoal::swarm
