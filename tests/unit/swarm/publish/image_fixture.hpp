// Images made up for tests, a catalogue in memory, and the steps of a publish and an export.
#pragma once

#include "memory_store.hpp"

#include "swarm/publish/exporter.hpp"
#include "swarm/publish/publisher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <unordered_map>

#include <unistd.h>

namespace shoal::swarm {

using image_bytes = std::vector<std::byte>;

/// An image in memory; runs of zeros of at least 4 KiB are told as holes.
class memory_image final : public image_reader {
public:
  explicit memory_image(image_bytes bytes) : bytes_{std::move(bytes)} {}
  std::uint64_t virtual_bytes() const override { return bytes_.size(); }
  std::string format() const override { return "raw"; }
  result<std::vector<image_extent>> extents() override {
    std::vector<image_extent> found;
    for (std::uint64_t at = 0; at < bytes_.size(); at += step) {
      const auto length = std::min<std::uint64_t>(step, bytes_.size() - at);
      const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at);
      const bool hole =
          tell_holes && std::all_of(begin, begin + static_cast<std::ptrdiff_t>(length),
                                    [](std::byte each) { return each == std::byte{}; });
      if (!found.empty() && found.back().hole == hole)
        found.back().length_bytes += length;
      else
        found.push_back({at, length, hole});
    }
    return found;
  }
  result<void> read(std::uint64_t offset, std::span<std::byte> into) override {
    if (++reads > reads_max) return {errc::corrupt, "the disk is bad"};
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return {};
  }

  bool tell_holes = true;
  int reads_max = 1'000'000;
  std::atomic<int> reads = 0;

private:
  static constexpr std::uint64_t step = 1000;
  image_bytes bytes_;
};

/// A catalogue that learns what was published.
class memory_catalogue {
public:
  chunk_lookup chunks() {
    return
        [this](
            std::span<const chunk_id> ids) -> result<std::vector<std::optional<chunk_location>>> {
          std::vector<std::optional<chunk_location>> found;
          for (const auto& id : ids) {
            const auto place = chunks_.find(id);
            if (place == chunks_.end())
              found.push_back(std::nullopt);
            else
              found.push_back(place->second);
          }
          asked += ids.size();
          return found;
        };
  }
  pack_lookup packs() {
    return [this](pack_id id) -> result<pack_reference> {
      const auto place = packs_.find(id);
      if (place == packs_.end()) return {errc::not_found, "no such pack"};
      return place->second;
    };
  }
  void learn(const published_image& image) {
    if (!image.new_pack) return;
    const auto& pack = *image.new_pack;
    packs_[pack.id] = {pack.id, pack.length_bytes, pack.piece_bytes};
    for (const auto& [id, where] : image.new_chunks)
      chunks_.try_emplace(id, where);
  }

  std::size_t asked = 0;
  std::unordered_map<chunk_id, chunk_location> chunks_;
  std::unordered_map<pack_id, pack_reference> packs_;
};

/// Random data with holes, runs that compress, runs that repeat, and pages of zeros in between.
inline image_bytes random_image(std::uint64_t seed, std::size_t length) {
  std::mt19937_64 random{seed};
  image_bytes image(length);
  std::size_t at = 0;
  while (at < length) {
    const auto run = std::min<std::size_t>(length - at, 1 + random() % 700'000);
    const auto kind = random() % 5;
    const auto begin = image.begin() + static_cast<std::ptrdiff_t>(at);
    if (kind == 0) {
      for (std::size_t i = 0; i < run; ++i)
        begin[static_cast<std::ptrdiff_t>(i)] = static_cast<std::byte>(random());
    } else if (kind == 1 || kind == 2) {
      for (std::size_t i = 0; i < run; ++i) {
        begin[static_cast<std::ptrdiff_t>(i)] =
            static_cast<std::byte>(random() % 16 == 0 ? random() : i / 100);
      }
    } else if (kind == 3 && at > 1'000'000) {
      std::copy_n(image.begin() + static_cast<std::ptrdiff_t>((at - 1'000'000) / 4096 * 4096), run,
                  begin);
    }
    at += random() % 2 == 0 ? run : (run + 4095) / 4096 * 4096;
  }
  return image;
}

/// A folder of its own, gone afterwards.
class scratch_folder {
public:
  scratch_folder() {
    auto name = (std::filesystem::temp_directory_path() / "shoal-test-XXXXXX").string();
    SHOAL_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  [[nodiscard]] std::size_t file_count() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{path_},
                                                  std::filesystem::directory_iterator{}));
  }

private:
  std::filesystem::path path_;
};

inline image_bytes file_bytes(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto bytes = std::as_bytes(std::span{text});
  return {bytes.begin(), bytes.end()};
}

/// A store and a catalogue that belong together.
struct publishing {
  memory_store store;
  memory_catalogue catalogue;
  publish_options options{.threads = 2};

  result<published_image> publish(image_reader& image, const byte_progress& progress = {}) {
    auto made =
        publish_image(image, store, catalogue.chunks(), catalogue.packs(), options, progress);
    if (made) catalogue.learn(*made);
    return made;
  }
  published_image publish_bytes(const image_bytes& bytes) {
    memory_image image{bytes};
    auto made = publish(image);
    SHOAL_ASSERT(made.ok());
    return std::move(*made);
  }
};

} // namespace shoal::swarm
