#include "swarm/store/staged_pack.hpp"

#include "swarm/crypto/sha256.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// The kernel begins to write after so much, so that `commit` has little left to wait for.
constexpr std::uint64_t writeback_bytes = 16 * 1024 * 1024;

} // namespace

void piece_hasher::update(std::span<const std::byte> bytes) {
  length_bytes_ += bytes.size();
  while (!bytes.empty()) {
    if (block_.empty() && bytes.size() >= block_bytes) {
      add_block(bytes.first(block_bytes));
      bytes = bytes.subspan(block_bytes);
      continue;
    }
    const auto part = bytes.first(std::min<std::size_t>(bytes.size(), block_bytes - block_.size()));
    block_.insert(block_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (block_.size() == block_bytes) {
      add_block(block_);
      block_.clear();
    }
  }
}

void piece_hasher::add_block(std::span<const std::byte> block) {
  const auto width = piece_bytes_ / block_bytes;
  if (leaves_.size() == width) {
    pieces_.push_back(merkle_root(std::move(leaves_), width, digest{}, sha256));
    leaves_.clear();
  }
  leaves_.push_back(sha256(block));
}

pack_descriptor piece_hasher::descriptor() const {
  SHOAL_ASSERT(length_bytes_ > 0);
  auto rest = *this;
  if (!block_.empty()) rest.add_block(block_);
  const auto width = piece_width_blocks(length_bytes_, piece_bytes_);
  rest.pieces_.push_back(merkle_root(std::move(rest.leaves_), width, digest{}, sha256));
  const auto root = pack_root(rest.pieces_, piece_bytes_, sha256);
  return {root, length_bytes_, piece_bytes_, std::move(rest.pieces_)};
}

staged_pack::staged_pack(disk_pack_store& store, file staged, std::uint32_t piece_bytes)
    : store_{store}, staged_{std::move(staged)}, hasher_{piece_bytes} {}

staged_pack::~staged_pack() {
  // If this fails the next open does it. After a commit the name is gone or nobody's.
  (void)remove_file(staged_.path());
  store_.writer_is_gone();
}

result<std::uint64_t> staged_pack::append(std::span<const std::byte> bytes) {
  SHOAL_ASSERT(!committed_);
  const auto offset_bytes = hasher_.length_bytes();
  if (bytes.size() > pack_bytes_max - offset_bytes) {
    return error{errc::invalid_argument,
                 "a pack may have at most " + readable_bytes(pack_bytes_max)};
  }
  auto claimed = store_.space().reserve(bytes.size());
  if (!claimed) return claimed.error();
  if (auto done = staged_.write_at(offset_bytes, bytes); !done) return done.error();
  claimed_.absorb_written(std::move(*claimed));
  hasher_.update(bytes);
  if (const auto unbegun = hasher_.length_bytes() - writeback_begun_bytes_;
      unbegun >= writeback_bytes) {
    staged_.begin_writeback({writeback_begun_bytes_, unbegun});
    writeback_begun_bytes_ += unbegun;
  }
  return offset_bytes;
}

result<pack_descriptor> staged_pack::commit() {
  SHOAL_ASSERT(!committed_);
  const auto pack = hasher_.descriptor();
  // A failed append may have left bytes behind the end.
  if (auto done = staged_.resize(pack.length_bytes); !done) return done.error();
  if (auto done = staged_.sync_data(); !done) return done.error();
  auto published = store_.publish(pack, staged_, claimed_);
  committed_ = published.ok();
  return published;
}

result<std::unique_ptr<pack_writer>> disk_pack_store::begin_pack(std::uint32_t piece_bytes) {
  if (!valid_piece_bytes(piece_bytes)) {
    return error{errc::invalid_argument, "pieces of " + std::to_string(piece_bytes) +
                                             " bytes are not a power of two of at least 16 KiB"};
  }
  auto staged = file::create(parts_.layout.staging() / std::to_string(++staging_names_));
  if (!staged) return staged.error();
  ++writer_count_;
  return std::unique_ptr<pack_writer>{
      std::make_unique<staged_pack>(*this, std::move(*staged), piece_bytes)};
}

result<pack_descriptor> disk_pack_store::publish(const pack_descriptor& pack, const file& staged,
                                                 space_claim& claimed) {
  const std::lock_guard lock{structure_mutex_};
  if (const auto known = find(pack.id)) {
    if (auto done = complete(*known, staged, claimed); !done) return done.error();
    return known->descriptor();
  }
  if (auto done = install(pack, staged, claimed); !done) return done.error();
  return pack;
}

result<void> disk_pack_store::install(const pack_descriptor& pack, const file& staged,
                                      space_claim& claimed) {
  const auto& layout = parts_.layout;
  const auto& staged_path = staged.path();
  // Where a descriptor could not be read there may be pins already.
  std::vector<std::string> warnings;
  auto pins = pack_file::read_pins(layout, pack.id, warnings);
  ++pins[unregistered_pin];
  auto descriptor_path = staged_path;
  descriptor_path += ".descriptor";
  const auto attempt = [&]() -> result<void> {
    // What lies beside a descriptor that could not be read must not meet the new record.
    std::error_code unknown;
    if (std::filesystem::exists(layout.descriptor(pack.id), unknown)) {
      for (const auto& path :
           {layout.descriptor(pack.id), layout.record(pack.id), layout.data(pack.id)}) {
        if (auto gone = remove_file(path); !gone) return gone;
      }
      if (auto gone = sync_directory(layout.packs()); !gone) return gone;
    }
    const auto record =
        pack_file::write_new_record(layout, pack, piece_set{pack.piece_count(), true});
    if (!record) return record.error();
    auto done = record->sync_data();
    if (done) done = pack_file::write_pins_file(layout, pack.id, pins);
    if (done) done = rename_file(staged_path, layout.data(pack.id));
    if (!done) return done;
    // With its descriptor the pack is known, also after a crash; this syncs all the new names.
    done = replace_file(layout.descriptor(pack.id), descriptor_path, encode(pack));
    if (!done) (void)rename_file(layout.data(pack.id), staged_path);
    return done;
  };
  if (auto done = attempt(); !done) {
    // The first failure is the one to tell; the next open removes what is left.
    for (const auto& path :
         {layout.descriptor(pack.id), layout.record(pack.id), layout.pins(pack.id)}) {
      (void)remove_file(path);
    }
    return done;
  }
  auto installed = std::make_shared<pack_file>(parts_, pack);
  installed->adopt_whole(std::move(claimed), pins);
  installed->touch(std::chrono::system_clock::now());
  insert(std::move(installed));
  return {};
}

result<void> disk_pack_store::complete(pack_file& pack, const file& staged, space_claim& claimed) {
  // First the pin, so that nothing is evicted while the rest arrives.
  if (auto done = pack.pin(unregistered_pin); !done) return done;
  claimed = {};
  const auto attempt = [&]() -> result<void> {
    const auto whole = piece_set{pack.have().size(), true};
    std::vector<std::byte> buffer(pack.piece_bytes());
    result<void> done;
    (whole - pack.have()).for_each([&](std::uint32_t piece) {
      if (!done) return;
      const auto bytes = std::span{buffer}.first(pack.piece_length(piece));
      done = staged.read_at(std::uint64_t{piece} * pack.piece_bytes(), bytes);
      if (done) done = pack.put(piece, bytes);
    });
    if (!done) return done;
    const std::lock_guard lock{flush_mutex_};
    done = pack.flush();
    if (!done) lost_ = done.error();
    return done;
  };
  auto done = attempt();
  if (!done) (void)pack.unpin(unregistered_pin);
  pack.touch(std::chrono::system_clock::now());
  return done;
}

} // namespace shoal::swarm
