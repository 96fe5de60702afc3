// SHOAL_ASSERT: a promise the code makes to itself, checked in every build.
//
// Threads: any. A broken promise ends the process at once (abort), because going on might serve
// bytes that were never verified.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace shoal {

/// Prints the broken promise and ends the process.
[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
  std::abort();
}

} // namespace shoal

#define SHOAL_ASSERT(condition)                                                                    \
  ((condition) ? static_cast<void>(0) : ::shoal::assertion_failed(#condition, __FILE__, __LINE__))
