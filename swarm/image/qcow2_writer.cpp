#include "swarm/image/qcow2_writer.hpp"

#include <algorithm>

#include <libnbd.h>

namespace shoal::swarm {

namespace {

constexpr unsigned connections_max = 8;
constexpr std::uint64_t request_bytes_max = 4ull << 20;

} // namespace

result<std::unique_ptr<image_writer>> qcow2_writer::create(part_file file,
                                                           const image_shape& shape) {
  const auto path = std::filesystem::absolute(file.path()).string();
  auto made = run_tool({"qemu-img", "create", "-q", "-f", "qcow2", "-o", "lazy_refcounts=off", "--",
                        path, std::to_string(shape.virtual_bytes)});
  if (!made) return made.error();
  if (made->exit_code != 0) {
    return {errc::failed, "qemu-img cannot create " + path + ": " + made->complaint};
  }
  auto served =
      nbd_connections::start({.file = path,
                              .writable = true,
                              .connections = std::clamp(shape.threads, 1u, connections_max)});
  if (!served) return served.error();
  return std::unique_ptr<image_writer>{new qcow2_writer{std::move(file), std::move(*served)}};
}

result<void> qcow2_writer::write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) {
  const auto connection = connections_->borrow();
  while (!bytes.empty()) {
    const auto length = std::min<std::uint64_t>(bytes.size(), request_bytes_max);
    if (nbd_pwrite(connection.get(), bytes.data(), length, offset_bytes, 0) != 0) {
      return connections_->fault("cannot write");
    }
    offset_bytes += length;
    bytes = bytes.subspan(length);
  }
  return {};
}

result<void> qcow2_writer::finish() {
  if (auto closed = connections_->close(); !closed) return closed;
  return file_.put_in_place();
}

} // namespace shoal::swarm
