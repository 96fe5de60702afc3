#include "swarm/image/qcow2_reader.hpp"

#include "swarm/image/image_chain.hpp"

#include <algorithm>
#include <string_view>
#include <thread>

#include <libnbd.h>

namespace shoal::swarm {

namespace {

/// Below the protocol's 32 MiB; larger requests gain nothing.
constexpr std::uint64_t request_bytes_max = 4ull << 20;
/// Lengths in the protocol have 32 bits.
constexpr std::uint64_t status_bytes_max = 1ull << 30;

/// Blocks of qemu's answer: pairs of length and flags.
struct status_answer {
  std::vector<image_extent>& found;
  std::uint64_t at = 0;
  std::uint64_t end = 0;
};

int take_status(void* user_data, const char* context, std::uint64_t /*offset*/,
                std::uint32_t* entries, std::size_t entry_count, int* /*error*/) {
  if (std::string_view{context} != LIBNBD_CONTEXT_BASE_ALLOCATION) return 0;
  auto& answer = *static_cast<status_answer*>(user_data);
  for (std::size_t i = 0; i + 1 < entry_count && answer.at < answer.end; i += 2) {
    const auto length = std::min<std::uint64_t>(entries[i], answer.end - answer.at);
    const bool hole = (entries[i + 1] & LIBNBD_STATE_ZERO) != 0;
    auto& found = answer.found;
    if (!found.empty() && found.back().hole == hole)
      found.back().length_bytes += length;
    else if (length > 0)
      found.push_back({answer.at, length, hole});
    answer.at += length;
  }
  return 0;
}

} // namespace

result<std::unique_ptr<image_reader>> qcow2_reader::open(const std::filesystem::path& file) {
  if (auto fine = check_qcow2_chain(file); !fine) return fine.error();
  const auto connections = std::clamp(std::thread::hardware_concurrency(), 2u, 8u);
  auto served = nbd_connections::start({.file = file, .connections = connections});
  if (!served) return served.error();
  return std::unique_ptr<image_reader>{new qcow2_reader{std::move(*served)}};
}

result<std::vector<image_extent>> qcow2_reader::extents() {
  std::vector<image_extent> found;
  const auto connection = connections_->borrow();
  status_answer answer{.found = found};
  while (answer.at < virtual_bytes()) {
    const auto before = answer.at;
    answer.end = std::min(virtual_bytes(), answer.at + status_bytes_max);
    if (nbd_block_status(connection.get(), answer.end - answer.at, answer.at,
                         nbd_extent_callback{.callback = take_status, .user_data = &answer},
                         0) != 0 ||
        answer.at == before) {
      return connections_->fault("cannot list the holes of");
    }
  }
  return found;
}

result<void> qcow2_reader::read(std::uint64_t offset_bytes, std::span<std::byte> into) {
  const auto connection = connections_->borrow();
  while (!into.empty()) {
    const auto length = std::min<std::uint64_t>(into.size(), request_bytes_max);
    if (nbd_pread(connection.get(), into.data(), length, offset_bytes, 0) != 0) {
      return connections_->fault("cannot read");
    }
    offset_bytes += length;
    into = into.subspan(length);
  }
  return {};
}

} // namespace shoal::swarm
