// A qcow2 image being written through a qemu-nbd of its own; there is no raw copy on the way.
//
// Threads: `write` from many at once. Errors and crashes: see image_writer.hpp.
#pragma once

#include "swarm/image/image_writer.hpp"
#include "swarm/image/nbd_connections.hpp"
#include "swarm/image/part_file.hpp"

namespace shoal::swarm {

/// Clusters that are never written stay unallocated.
class qcow2_writer final : public image_writer {
public:
  static result<std::unique_ptr<image_writer>> create(part_file file, const image_shape& shape);
  qcow2_writer(part_file file, std::unique_ptr<nbd_connections> connections)
      : file_{std::move(file)}, connections_{std::move(connections)} {}

  result<void> write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) override;
  result<void> finish() override;

private:
  /// Declared first, so that qemu has let go of the file before it is removed.
  part_file file_;
  std::unique_ptr<nbd_connections> connections_;
};

} // namespace shoal::swarm
