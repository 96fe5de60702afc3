#include "swarm/publish/exporter.hpp"

#include "swarm/publish/export_job.hpp"

#include <algorithm>
#include <thread>

namespace shoal::swarm {

result<std::unique_ptr<exporter>> exporter::start(recipe image, const pack_store& store,
                                                  std::filesystem::path file,
                                                  export_options options) {
  if (auto fine = check(image); !fine) return fine.error();
  const auto threads =
      options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  std::unique_ptr<image_writer> writer;
  if (!file.empty()) {
    auto made = image_writer::create(file, {options.format, image.virtual_bytes, threads});
    if (!made) return made.error();
    writer = std::move(*made);
  }
  auto job = std::make_unique<export_job>(std::move(image), store, std::move(writer));
  job->begin(threads);
  return std::unique_ptr<exporter>{std::move(job)};
}

} // namespace shoal::swarm
