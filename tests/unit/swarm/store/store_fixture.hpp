// What the tests of the store share: a directory of their own, and packs to put into it.
#pragma once

#include "swarm/crypto/sha256.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/store/store_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace shoal::swarm::test {

constexpr std::uint32_t kib = 1024;
constexpr std::uint32_t mib = 1024 * kib;

/// A directory that is removed with everything in it.
class scratch_directory {
public:
  /// Under `parent` (with a slash at its end), or where tests have their files.
  explicit scratch_directory(const std::string& parent = {}) {
    auto name = (parent.empty() ? testing::TempDir() : parent) + "shoal-store-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// In memory where there is such a place, for tests that are not about the disk; with a slash.
inline std::string memory_directory() {
  std::error_code unknown;
  return std::filesystem::is_directory("/dev/shm", unknown) ? "/dev/shm/" : testing::TempDir();
}

/// A pack with bytes that the seed alone decides.
struct sample_pack {
  std::vector<std::byte> bytes;
  pack_descriptor descriptor;

  sample_pack(std::uint64_t seed, std::size_t length_bytes, std::uint32_t piece_bytes = 64 * kib)
      : bytes(length_bytes) {
    std::mt19937_64 random{seed};
    for (std::size_t at = 0; at < length_bytes; at += 8) {
      const auto word = random();
      std::memcpy(bytes.data() + at, &word, std::min<std::size_t>(8, length_bytes - at));
    }
    descriptor.length_bytes = length_bytes;
    descriptor.piece_bytes = piece_bytes;
    const auto width = piece_width_blocks(length_bytes, piece_bytes);
    for (std::uint32_t i = 0; i < descriptor.piece_count(); ++i) {
      descriptor.piece_hashes.push_back(piece_hash(piece(i), width, sha256));
    }
    descriptor.id = pack_root(descriptor.piece_hashes, piece_bytes, sha256);
  }

  [[nodiscard]] pack_id id() const { return descriptor.id; }
  [[nodiscard]] std::uint32_t piece_count() const { return descriptor.piece_count(); }
  [[nodiscard]] std::span<const std::byte> piece(std::uint32_t number) const {
    return std::span{bytes}.subspan(std::size_t{number} * descriptor.piece_bytes,
                                    descriptor.piece_length(number));
  }
};

/// Whether the store answers exactly the pack's bytes in a range.
inline bool reads_back(const pack_store& store, const sample_pack& pack, std::size_t offset,
                       std::size_t length) {
  std::vector<std::byte> got(length);
  const auto done = store.read(pack.id(), offset, got);
  return done && std::equal(got.begin(), got.end(),
                            pack.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

inline bool reads_back(const pack_store& store, const sample_pack& pack) {
  return reads_back(store, pack, 0, pack.bytes.size());
}

/// Disk space a file takes.
inline std::uint64_t allocated_bytes(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? std::uint64_t(status.st_blocks) * 512 : 0;
}

/// What `done` says, for EXPECT messages.
template <class T>
std::string why(const result<T>& done) {
  return done ? "" : std::string{to_string(done.error().code)} + ": " + done.error().message;
}

#define EXPECT_OK(expression)                                                                      \
  do {                                                                                             \
    const auto done_ = (expression);                                                               \
    EXPECT_TRUE(done_.ok()) << ::shoal::swarm::test::why(done_);                                   \
  } while (false)

#define EXPECT_FAILS(expression, expected)                                                         \
  do {                                                                                             \
    const auto done_ = (expression);                                                               \
    ASSERT_FALSE(done_.ok());                                                                      \
    EXPECT_EQ(to_string(done_.error().code), to_string(expected)) << done_.error().message;        \
  } while (false)

/// A store in a directory of its own.
class StoreTest : public testing::Test {
protected:
  StoreTest() {
    config_.directory = scratch_.path() / "store";
    config_.reserve_bytes = 0;
    open();
  }

  void open() {
    store_.reset();
    auto opened = pack_store::open(config_);
    ASSERT_TRUE(opened.ok()) << why(opened);
    store_ = std::move(*opened);
  }
  void close() { store_.reset(); }

  void add(const sample_pack& pack) { EXPECT_OK(store_->add(pack.descriptor)); }
  void put(const sample_pack& pack, std::uint32_t piece) {
    EXPECT_OK(store_->put_piece(pack.id(), piece, pack.piece(piece)));
  }
  void add_whole(const sample_pack& pack) {
    add(pack);
    for (std::uint32_t piece = 0; piece < pack.piece_count(); ++piece) put(pack, piece);
  }
  pack_status status(const sample_pack& pack) {
    for (const auto& one : store_->packs()) {
      if (one.id == pack.id()) return one;
    }
    ADD_FAILURE() << "the store does not know pack " << pack.id().hex();
    return {};
  }
  result<pack_descriptor> publish(const sample_pack& pack) {
    auto writer = store_->begin_pack(pack.descriptor.piece_bytes);
    if (!writer) return writer.error();
    if (auto done = (*writer)->append(pack.bytes); !done) return done.error();
    return (*writer)->commit();
  }

  scratch_directory scratch_;
  pack_store_config config_;
  store_layout layout_{scratch_.path() / "store"};
  std::unique_ptr<pack_store> store_;
};

} // namespace shoal::swarm::test
