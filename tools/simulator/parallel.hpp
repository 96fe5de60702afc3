// Independent pieces of work on several cores, with results that do not depend on how many.
//
// Threads: each piece of work runs in one of the pool's threads. Errors: an exception in a piece
// of work is thrown again to the caller, after the others have ended.
#pragma once

#include "tools/simulator/progress.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace shoal::simulator {

/// How many threads to use when asked for `jobs`; 0 asks for one a core.
unsigned thread_count(unsigned jobs);

/// Calls `work(i)` once for each i below `count`, in no certain order, on `jobs` threads, and tells
/// `shown` each time one is done. `work` touches nothing that another piece of work touches.
void for_each_in_parallel(std::size_t count, unsigned jobs, progress& shown,
                          const std::function<void(std::size_t)>& work);

/// The values of `work(i)` in order of i: the same whatever `jobs` is.
template <class Value>
std::vector<Value> map_in_parallel(std::size_t count, unsigned jobs, progress& shown,
                                   const std::function<Value(std::size_t)>& work) {
  std::vector<Value> values(count);
  for_each_in_parallel(count, jobs, shown, [&](std::size_t i) { values[i] = work(i); });
  return values;
}

} // namespace shoal::simulator
