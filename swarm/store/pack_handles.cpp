#include "swarm/store/pack_handles.hpp"

#include "swarm/crypto/sha256.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

constexpr std::uint64_t descriptor_bytes_max = 64 + pack_bytes_max / block_bytes * sizeof(digest);

std::size_t bytes_of(const std::shared_ptr<const piece_hashes>& hashes) {
  return hashes ? hashes->size() * sizeof(digest) : 0;
}

} // namespace

template <class Resource, class Load>
result<std::shared_ptr<const Resource>>
pack_handles::find_or_load(const std::shared_ptr<pack_handle>& pack,
                           std::shared_ptr<const Resource> pack_handle::*slot, Load load) {
  pack->recent_.store(true, std::memory_order_relaxed);
  {
    const std::shared_lock lock{pack->mutex_};
    if (auto found = (*pack).*slot) return found;
  }
  const std::lock_guard lock{mutex_};
  const std::lock_guard pack_lock{pack->mutex_};
  if (auto found = (*pack).*slot) return found;
  if (pack->closed_) {
    return error{errc::not_found, "pack " + pack->pack_.hex() + " has been forgotten"};
  }
  auto loaded = load();
  if (!loaded) return loaded.error();
  auto shared = std::make_shared<const Resource>(std::move(*loaded));
  (*pack).*slot = shared;
  if (std::ranges::find(open_, pack) == open_.end()) open_.push_back(pack);
  return shared;
}

result<std::shared_ptr<const file>>
pack_handles::data(const std::shared_ptr<pack_handle>& pack) {
  bool opened = false;
  auto found = find_or_load(pack, &pack_handle::data_, [&] {
    opened = true;
    return file::open(layout_.data(pack->pack_));
  });
  if (opened) make_place();
  return found;
}

result<std::shared_ptr<const piece_hashes>>
pack_handles::hashes(const std::shared_ptr<pack_handle>& pack) {
  bool loaded = false;
  auto found =
      find_or_load(pack, &pack_handle::hashes_, [&]() -> result<piece_hashes> {
        const auto path = layout_.descriptor(pack->pack_);
        auto bytes = read_small_file(path, descriptor_bytes_max);
        if (!bytes) return bytes.error();
        auto decoded = decode_pack_descriptor(*bytes, sha256);
        if (!decoded) {
          return error{errc::corrupt, path.native() + ": " + decoded.error().message};
        }
        loaded = true;
        hash_bytes_ += decoded->piece_hashes.size() * sizeof(digest);
        return std::move(decoded->piece_hashes);
      });
  if (loaded) make_place();
  return found;
}

void pack_handles::close(const std::shared_ptr<pack_handle>& pack) {
  const std::lock_guard lock{mutex_};
  {
    const std::lock_guard pack_lock{pack->mutex_};
    pack->closed_ = true;
  }
  const auto at = std::ranges::find(open_, pack);
  if (at != open_.end()) release(static_cast<std::size_t>(at - open_.begin()));
}

std::size_t pack_handles::open_count() const {
  const std::lock_guard lock{mutex_};
  return open_.size();
}

void pack_handles::make_place() {
  const std::lock_guard lock{mutex_};
  // Two rounds at most: the first may only take away second chances. One pack always stays.
  for (std::size_t steps = 2 * open_.size(); steps > 0 && open_.size() > 1; --steps) {
    if (open_.size() <= open_packs_max && hash_bytes_ <= hash_bytes_max) return;
    hand_ %= open_.size();
    if (open_[hand_]->recent_.exchange(false, std::memory_order_relaxed)) {
      ++hand_;
    } else {
      release(hand_);
    }
  }
}

void pack_handles::release(std::size_t at) {
  {
    const std::lock_guard pack_lock{open_[at]->mutex_};
    hash_bytes_ -= bytes_of(open_[at]->hashes_);
    open_[at]->data_.reset();
    open_[at]->hashes_.reset();
  }
  open_[at] = open_.back();
  open_.pop_back();
}

} // namespace shoal::swarm
