#include "swarm/image/image_writer.hpp"

#include "swarm/image/qcow2_writer.hpp"
#include "swarm/image/raw_writer.hpp"

namespace shoal::swarm {

result<std::unique_ptr<image_writer>> image_writer::create(const std::filesystem::path& file,
                                                           const image_shape& shape) {
  auto part = part_file::create(file);
  if (!part) return part.error();
  switch (shape.format) {
  case image_format::raw: return raw_writer::create(std::move(*part), shape.virtual_bytes);
  case image_format::qcow2: return qcow2_writer::create(std::move(*part), shape);
  }
  return {errc::invalid_argument, "an image format that nobody writes"};
}

} // namespace shoal::swarm
