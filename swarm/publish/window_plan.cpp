#include "swarm/publish/window_plan.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cstring>

namespace shoal::swarm {

namespace {

/// A hole this short is read over, to spare a system call (for qcow2, a round trip to qemu).
constexpr std::uint64_t hole_read_along_bytes_max = 64 * 1024;

std::uint64_t end_of(const image_extent& run) { return run.offset_bytes + run.length_bytes; }

} // namespace

window_plan plan_windows(std::span<const image_extent> extents, std::uint64_t virtual_bytes) {
  window_plan plan;
  std::uint64_t covered = 0;
  for (const auto& run : extents) {
    SHOAL_ASSERT(run.offset_bytes == covered);
    covered = end_of(run);
    if (run.hole || run.length_bytes == 0) continue;
    if (!plan.data.empty() &&
        run.offset_bytes - end_of(plan.data.back()) <= hole_read_along_bytes_max) {
      plan.data.back().length_bytes = end_of(run) - plan.data.back().offset_bytes;
    } else {
      plan.data.push_back(run);
    }
  }
  SHOAL_ASSERT(covered == virtual_bytes);
  for (const auto& run : plan.data)
    plan.data_bytes += run.length_bytes;

  const auto add = [&](std::uint64_t number, std::size_t first_data) {
    const auto offset = number * window_bytes;
    if (!plan.windows.empty() && plan.windows.back().offset_bytes >= offset) return;
    plan.windows.push_back({offset, std::min(window_bytes, virtual_bytes - offset), first_data});
  };
  for (std::size_t i = 0; i < plan.data.size(); ++i) {
    const auto last = (end_of(plan.data[i]) - 1) / window_bytes;
    for (auto n = plan.data[i].offset_bytes / window_bytes; n <= last; ++n)
      add(n, i);
  }
  if (virtual_bytes % window_bytes != 0) add(virtual_bytes / window_bytes, plan.data.size());
  return plan;
}

result<void> read_window(image_reader& input, const window_plan& plan, const window& where,
                         std::span<std::byte> into) {
  SHOAL_ASSERT(into.size() == where.length_bytes);
  auto at = where.offset_bytes;
  for (auto i = where.first_data; i < plan.data.size() && at < where.end_bytes(); ++i) {
    const auto begin = std::clamp(plan.data[i].offset_bytes, at, where.end_bytes());
    const auto end = std::min(end_of(plan.data[i]), where.end_bytes());
    std::memset(into.data() + (at - where.offset_bytes), 0, begin - at);
    at = begin;
    if (end <= begin) continue;
    const auto part = into.subspan(begin - where.offset_bytes, end - begin);
    if (auto read = input.read(begin, part); !read) return read;
    at = end;
  }
  std::memset(into.data() + (at - where.offset_bytes), 0, where.end_bytes() - at);
  return {};
}

} // namespace shoal::swarm
