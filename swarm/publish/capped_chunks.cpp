#include "swarm/publish/capped_chunks.hpp"

#include "swarm/codec/zstd_codec.hpp"
#include "swarm/crypto/sha256.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace shoal::swarm {

namespace {

/// Chunks compressed before they are appended together: at most 64 MiB.
constexpr std::size_t batch_chunks = 256;

struct compressed_chunk {
  std::vector<std::byte> bytes;
  compression how = compression::none;
  result<void> outcome;
};

result<void> read_and_compress(const ledger_chunk& chunk, image_reader& input,
                               const publish_options& options, compressed_chunk& out) {
  thread_local std::vector<std::byte> expanded;
  thread_local std::vector<std::byte> scratch;
  expanded.resize(chunk.length_bytes);
  if (auto read = input.read(chunk.image_offset_bytes, expanded); !read) return read;
  if (chunk_id{sha256(expanded)} != chunk.id) {
    return {errc::corrupt, "the image changed while it was published"};
  }
  const auto made = compress_chunk(expanded, options.how, options.compression_level, scratch);
  out.bytes.assign(made.bytes.begin(), made.bytes.end());
  out.how = made.how;
  return {};
}

} // namespace

result<void> rewrite_chunks(std::span<const std::uint32_t> chunks, image_reader& input,
                            pack_writer& pack, chunk_ledger& ledger, const publish_options& options,
                            unsigned threads) {
  std::vector<compressed_chunk> batch(std::min(batch_chunks, chunks.size()));
  while (!chunks.empty()) {
    const auto now = chunks.first(std::min(batch_chunks, chunks.size()));
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (auto i = next++; i < now.size(); i = next++) {
        batch[i].outcome = read_and_compress(ledger.chunks()[now[i]], input, options, batch[i]);
      }
    };
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < std::min<std::size_t>(threads, now.size()); ++i) {
      workers.emplace_back(work);
    }
    work();
    for (auto& worker : workers)
      worker.join();
    for (std::size_t i = 0; i < now.size(); ++i) {
      if (!batch[i].outcome) return batch[i].outcome;
      auto offset = pack.append(batch[i].bytes);
      if (!offset) return offset.error();
      const auto stored = static_cast<std::uint32_t>(batch[i].bytes.size());
      ledger.packed({now[i], *offset, stored, batch[i].how});
    }
    chunks = chunks.subspan(now.size());
  }
  return {};
}

} // namespace shoal::swarm
