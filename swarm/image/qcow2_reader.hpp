// A qcow2 image as its guest sees it: compressed clusters and backing files included.
//
// Threads: `read` from many at once. Errors: returned, naming the file and qemu's reason.
// Crashes: the qemu-nbd behind it dies with this process.
#pragma once

#include "swarm/image/image_reader.hpp"
#include "swarm/image/nbd_connections.hpp"

namespace shoal::swarm {

/// Reads through a qemu-nbd of its own.
class qcow2_reader final : public image_reader {
public:
  static result<std::unique_ptr<image_reader>> open(const std::filesystem::path& file);
  explicit qcow2_reader(std::unique_ptr<nbd_connections> connections)
      : connections_{std::move(connections)} {}

  [[nodiscard]] std::uint64_t virtual_bytes() const override { return connections_->size_bytes(); }
  [[nodiscard]] std::string format() const override { return "qcow2"; }
  result<std::vector<image_extent>> extents() override;
  result<void> read(std::uint64_t offset_bytes, std::span<std::byte> into) override;

private:
  std::unique_ptr<nbd_connections> connections_;
};

} // namespace shoal::swarm
