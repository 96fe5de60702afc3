#include "store_fixture.hpp"

#include "swarm/store/pack_handles.hpp"

#include <sys/wait.h>
#include <unistd.h>

namespace shoal::swarm::test {
namespace {

using PackStoreTest = StoreTest;

TEST_F(PackStoreTest, KeepsAndReadsPiecesOfAnyShape) {
  // One byte, less than a block, one piece exactly, a short last piece, many pieces.
  for (const std::size_t length : {1u, 1000u, 16 * kib, 64 * kib, 65 * kib, 1000 * kib + 7}) {
    const sample_pack pack{length, length};
    add_whole(pack);
    EXPECT_TRUE(reads_back(*store_, pack));
    EXPECT_TRUE(store_->have(pack.id()).full());
    EXPECT_EQ(store_->descriptor(pack.id()), pack.descriptor);
    EXPECT_EQ(status(pack).held_bytes, length);
  }
}

TEST_F(PackStoreTest, ReadsAnyRangeOfWhatItHolds) {
  const sample_pack pack{1, 300 * kib + 5};
  add_whole(pack);
  std::mt19937_64 random{1};
  for (int i = 0; i < 200; ++i) {
    const auto offset = random() % pack.bytes.size();
    const auto length = random() % (pack.bytes.size() - offset + 1);
    EXPECT_TRUE(reads_back(*store_, pack, offset, length)) << offset << " " << length;
  }
}

TEST_F(PackStoreTest, AnswersNoByteOfAPieceItDoesNotHold) {
  const sample_pack pack{1, 4 * 64 * kib};
  add(pack);
  put(pack, 1);
  std::vector<std::byte> into(10);
  EXPECT_OK(store_->read(pack.id(), 64 * kib, into));
  EXPECT_FAILS(store_->read(pack.id(), 0, into), errc::not_found);
  EXPECT_FAILS(store_->read(pack.id(), 64 * kib - 1, into), errc::not_found);
  EXPECT_FAILS(store_->read(pack.id(), 128 * kib - 1, into), errc::not_found);
  EXPECT_FAILS(store_->read(pack.id(), 256 * kib - 5, into), errc::not_found);
  EXPECT_FAILS(store_->read(pack.id(), ~0ull - 4, into), errc::not_found);
}

TEST_F(PackStoreTest, SaysNotFoundForAnUnknownPack) {
  const sample_pack pack{1, 100 * kib};
  std::vector<std::byte> into(10);
  EXPECT_FAILS(store_->read(pack.id(), 0, into), errc::not_found);
  EXPECT_FAILS(store_->put_piece(pack.id(), 0, pack.piece(0)), errc::not_found);
  EXPECT_FAILS(store_->pin(pack.id(), "me"), errc::not_found);
  EXPECT_FAILS(store_->scrub(pack.id(), nullptr), errc::not_found);
  EXPECT_EQ(store_->have(pack.id()).size(), 0u);
  EXPECT_FALSE(store_->descriptor(pack.id()));
  EXPECT_OK(store_->forget(pack.id()));
  EXPECT_OK(store_->unpin(pack.id(), "me"));
}

TEST_F(PackStoreTest, RefusesAPieceWithAWrongHashLengthOrNumber) {
  const sample_pack pack{1, 200 * kib};
  add(pack);
  auto bad = std::vector(pack.piece(2).begin(), pack.piece(2).end());
  bad[5] ^= std::byte{1};
  EXPECT_FAILS(store_->put_piece(pack.id(), 2, bad), errc::corrupt);
  EXPECT_FAILS(store_->put_piece(pack.id(), 2, pack.piece(1)), errc::corrupt);
  EXPECT_FAILS(store_->put_piece(pack.id(), 2, pack.piece(2).first(10)), errc::corrupt);
  EXPECT_FAILS(store_->put_piece(pack.id(), 3, pack.piece(2)), errc::corrupt);
  EXPECT_FAILS(store_->put_piece(pack.id(), 4, pack.piece(2)), errc::not_found);
  EXPECT_TRUE(store_->have(pack.id()).empty());
  EXPECT_EQ(store_->held_bytes(), 0u);
}

TEST_F(PackStoreTest, KeepingAPieceOrAPackTwiceIsFine) {
  const sample_pack pack{1, 200 * kib};
  add_whole(pack);
  add_whole(pack);
  EXPECT_EQ(store_->held_bytes(), pack.bytes.size());
  EXPECT_EQ(store_->packs().size(), 1u);
}

TEST_F(PackStoreTest, FindsEverythingAgainWhenItReopens) {
  const sample_pack whole{1, 500 * kib};
  const sample_pack part{2, 500 * kib};
  const sample_pack empty{3, 500 * kib};
  add_whole(whole);
  add(part);
  put(part, 0);
  put(part, 7);
  add(empty);
  EXPECT_OK(store_->pin(whole.id(), "image web:1"));
  open();
  EXPECT_TRUE(reads_back(*store_, whole));
  EXPECT_EQ(store_->descriptor(whole.id()), whole.descriptor);
  EXPECT_EQ(store_->have(part.id()).count(), 2u);
  EXPECT_TRUE(reads_back(*store_, part, 7 * 64 * kib, 500 * kib - 7 * 64 * kib));
  EXPECT_TRUE(store_->have(empty.id()).empty());
  EXPECT_EQ(store_->have(empty.id()).size(), 8u);
  EXPECT_EQ(store_->held_bytes(), 500 * kib + 64 * kib + 500 * kib - 7 * 64 * kib);
  EXPECT_EQ(store_->pins(whole.id()), std::vector<std::string>{"image web:1"});
  EXPECT_TRUE(store_->warnings().empty());
}

TEST_F(PackStoreTest, ForgettingFreesNameAndBytes) {
  const sample_pack pack{1, 500 * kib};
  add_whole(pack);
  EXPECT_OK(store_->forget(pack.id()));
  EXPECT_EQ(store_->held_bytes(), 0u);
  EXPECT_TRUE(store_->packs().empty());
  EXPECT_TRUE(std::filesystem::is_empty(layout_.packs()));
  // And it can come back.
  add_whole(pack);
  EXPECT_TRUE(reads_back(*store_, pack));
  open();
  EXPECT_TRUE(reads_back(*store_, pack));
}

TEST_F(PackStoreTest, APinnedPackIsNotForgottenUntilEveryPinIsTakenBack) {
  const sample_pack pack{1, 100 * kib};
  add_whole(pack);
  EXPECT_OK(store_->pin(pack.id(), "a"));
  EXPECT_OK(store_->pin(pack.id(), "a"));
  EXPECT_OK(store_->pin(pack.id(), "b"));
  EXPECT_FAILS(store_->forget(pack.id()), errc::conflict);
  EXPECT_OK(store_->unpin(pack.id(), "a"));
  EXPECT_OK(store_->unpin(pack.id(), "b"));
  EXPECT_OK(store_->unpin(pack.id(), "never pinned"));
  open();
  EXPECT_TRUE(status(pack).pinned);
  EXPECT_FAILS(store_->forget(pack.id()), errc::conflict);
  EXPECT_OK(store_->unpin(pack.id(), "a"));
  EXPECT_FALSE(status(pack).pinned);
  EXPECT_OK(store_->forget(pack.id()));
  EXPECT_TRUE(std::filesystem::is_empty(layout_.pins()));
}

TEST_F(PackStoreTest, RefusesAPinWithoutAPrintableOwner) {
  const sample_pack pack{1, 100 * kib};
  add(pack);
  EXPECT_FAILS(store_->pin(pack.id(), ""), errc::invalid_argument);
  EXPECT_FAILS(store_->pin(pack.id(), "a\nb"), errc::invalid_argument);
}

TEST_F(PackStoreTest, ASecondStoreOnTheDirectoryIsAConflict) {
  EXPECT_FAILS(pack_store::open(config_), errc::conflict);
  const auto child = ::fork();
  if (child == 0) {
    const auto opened = pack_store::open(config_);
    ::_exit(!opened && opened.error().code == errc::conflict ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close();
  open();
}

TEST_F(PackStoreTest, KeepsRecipesByTheirDigest) {
  const std::string bytes = "a recipe";
  const recipe_id id{sha256(std::as_bytes(std::span{bytes}))};
  EXPECT_FAILS(store_->recipe_bytes(id), errc::not_found);
  EXPECT_FAILS(store_->put_recipe(id, "another"), errc::corrupt);
  EXPECT_OK(store_->put_recipe(id, bytes));
  EXPECT_OK(store_->put_recipe(id, bytes));
  open();
  EXPECT_EQ(*store_->recipe_bytes(id), bytes);
  std::filesystem::resize_file(layout_.recipe(id), 3);
  EXPECT_FAILS(store_->recipe_bytes(id), errc::corrupt);
  EXPECT_OK(store_->forget_recipe(id));
  EXPECT_OK(store_->forget_recipe(id));
  EXPECT_FAILS(store_->recipe_bytes(id), errc::not_found);
}

TEST_F(PackStoreTest, KeepsFewFilesOpenHoweverManyPacksItServes) {
  const auto open_files = [] {
    const std::filesystem::directory_iterator all{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  };
  const scratch_directory fast{memory_directory()};
  config_.directory = fast.path();
  open();
  // Some are open for a moment at a time: the listing itself, a record being written.
  const auto before = open_files() + 4;
  std::vector<sample_pack> packs;
  for (std::uint64_t seed = 0; seed < pack_handles::open_packs_max + 50; ++seed) {
    packs.emplace_back(seed, 20 * kib, 16 * kib);
    add_whole(packs.back());
  }
  EXPECT_LE(open_files(), before + pack_handles::open_packs_max);
  for (const auto& pack : packs) EXPECT_TRUE(reads_back(*store_, pack));
  EXPECT_LE(open_files(), before + pack_handles::open_packs_max);
  close();
}

TEST_F(PackStoreTest, BecomesDurableInTheBackground) {
  const sample_pack pack{1, 100 * kib};
  add_whole(pack);
  const auto record = [&] {
    std::vector<std::byte> bytes(std::filesystem::file_size(layout_.record(pack.id())));
    const std::unique_ptr<FILE, int (*)(FILE*)> in{
        std::fopen(layout_.record(pack.id()).c_str(), "rb"), &std::fclose};
    EXPECT_EQ(std::fread(bytes.data(), 1, bytes.size(), in.get()), bytes.size());
    return bytes;
  };
  const auto before = record();
  // The test's own time limit ends this if it never happens.
  while (record() == before) ::usleep(10'000);
  SUCCEED();
}

TEST(PackStoreOpenTest, RefusesADirectoryThatHoldsSomethingElse) {
  const scratch_directory scratch;
  std::filesystem::create_directories(scratch.path() / "staging" / "precious");
  EXPECT_FAILS(pack_store::open({.directory = scratch.path()}), errc::conflict);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "staging" / "precious"));
}

TEST(PackStoreOpenTest, RefusesAStoreOfAnotherVersion) {
  const scratch_directory scratch;
  ASSERT_TRUE(pack_store::open({.directory = scratch.path()}).ok());
  std::filesystem::resize_file(scratch.path() / "format", 5);
  EXPECT_FAILS(pack_store::open({.directory = scratch.path()}), errc::corrupt);
}

TEST(PackStoreOpenTest, SaysThatItMayNotWrite) {
  const scratch_directory scratch;
  std::filesystem::permissions(scratch.path(), std::filesystem::perms{0555});
  // Root may write anywhere, so somebody else tries.
  const auto child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const auto opened = pack_store::open({.directory = scratch.path() / "store"});
    ::_exit(!opened && opened.error().code == errc::permission ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(PackStoreOpenTest, TakesARelativePathAndASlashAtTheEnd) {
  const scratch_directory scratch;
  const auto relative =
      std::filesystem::relative(scratch.path() / "deep" / "store").native() + "/";
  EXPECT_OK(pack_store::open({.directory = relative}));
  EXPECT_OK(pack_store::open({.directory = scratch.path() / "deep" / "store"}));
}

} // namespace
} // namespace shoal::swarm::test
