#include "swarm/publish/publisher.hpp"

#include "swarm/codec/zstd_codec.hpp"
#include "swarm/crypto/sha256.hpp"
#include "swarm/publish/capped_chunks.hpp"
#include "swarm/publish/chunk_ledger.hpp"
#include "swarm/publish/publish_pipeline.hpp"

#include <algorithm>
#include <thread>

namespace shoal::swarm {

namespace {

result<void> check_request(const image_reader& input, const publish_options& options) {
  if (input.virtual_bytes() == 0) {
    return {errc::invalid_argument, "the image is a disk of zero bytes"};
  }
  if (input.virtual_bytes() > image_bytes_max) {
    return {errc::invalid_argument, "the image is a disk of " +
                                        std::to_string(input.virtual_bytes()) +
                                        " bytes, more than " + std::to_string(image_bytes_max)};
  }
  if (!valid_zstd_level(options.compression_level)) {
    return {errc::invalid_argument,
            "no zstd level " + std::to_string(options.compression_level) + "; it must be 1 to 19"};
  }
  if (!valid_piece_bytes(options.piece_bytes)) {
    return {errc::invalid_argument, "pieces of " + std::to_string(options.piece_bytes) +
                                        " bytes; it must be a power of two from 16 KiB to 16 MiB"};
  }
  return {};
}

/// Everything after the books are closed: pack, recipe, and what they cost.
result<published_image> conclude(const chunk_ledger& ledger, pack_writer& pack,
                                 const image_reader& input, const publish_options& options) {
  published_image made;
  if (pack.length_bytes() > 0) {
    auto committed = pack.commit();
    if (!committed) return committed.error();
    made.new_pack = std::move(*committed);
    made.new_chunks = ledger.new_chunks(made.new_pack->id);
    for (const auto& each : made.new_chunks)
      made.new_bytes += each.second.expanded_bytes;
  }
  made.image = ledger.build(input.virtual_bytes(), options.cut, made.new_pack);
  made.image.content = content_of(made.image, sha256);
  if (auto fine = check(made.image); !fine) return fine.error();
  made.recipe_bytes = encode(made.image);
  made.id = recipe_id{sha256(std::as_bytes(std::span{made.recipe_bytes}))};
  made.cost = costs(made.image);
  return made;
}

} // namespace

result<published_image> publish_image(image_reader& input, pack_store& store,
                                      const chunk_lookup& find_chunks, const pack_lookup& find_pack,
                                      const publish_options& options,
                                      const byte_progress& progress) {
  if (auto fine = check_request(input, options); !fine) return fine.error();
  auto pack = store.begin_pack(options.piece_bytes);
  if (!pack) return pack.error();
  const auto threads =
      options.threads != 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  chunk_ledger ledger{find_chunks, find_pack};
  publish_pipeline pipeline{input, **pack, ledger, options, progress};
  if (auto ran = pipeline.run(threads); !ran) return ran.error();
  const auto new_bytes = (*pack)->length_bytes();
  if (new_bytes > 0) {
    const auto again = ledger.chunks_to_rewrite(new_bytes, options.capping);
    auto rewritten = rewrite_chunks(again, input, **pack, ledger, options, threads);
    if (!rewritten) return rewritten.error();
  }
  if ((*pack)->length_bytes() > pack_bytes_max) {
    return {errc::invalid_argument, "more than 1 TiB of new data in one image"};
  }
  return conclude(ledger, **pack, input, options);
}

} // namespace shoal::swarm
