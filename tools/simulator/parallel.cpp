#include "tools/simulator/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace shoal::simulator {

unsigned thread_count(unsigned jobs) {
  return jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
}

void for_each_in_parallel(std::size_t count, unsigned jobs, progress& shown,
                          const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex guard;
  std::exception_ptr fault;
  shown.begin(count);
  const auto take = [&] {
    for (auto i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock{guard};
        if (!fault) fault = std::current_exception();
        next = count;
      }
      const std::lock_guard lock{guard};
      shown.advance();
    }
  };
  const auto threads = std::min<std::size_t>(thread_count(jobs), count);
  {
    std::vector<std::jthread> pool;
    for (std::size_t i = 1; i < threads; ++i)
      pool.emplace_back(take);
    take();
  }
  shown.end();
  if (fault) std::rethrow_exception(fault);
}

} // namespace shoal::simulator
