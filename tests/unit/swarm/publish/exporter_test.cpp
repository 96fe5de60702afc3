#include "swarm/publish/exporter.hpp"

#include "image_fixture.hpp"

#include <thread>

#include <sys/stat.h>

namespace shoal::swarm {
namespace {

constexpr std::size_t one_mib = 1024 * 1024;

struct ExporterTest : ::testing::Test {
  image_bytes bytes = random_image(21, 12 * one_mib + 777);
  publishing here{.options = {.piece_bytes = 32768, .threads = 2}};
  published_image made = here.publish_bytes(bytes);
  pack_id pack = made.new_pack->id;
  scratch_folder folder;

  result<void> export_to(const std::filesystem::path& file, export_options options = {}) {
    auto job = exporter::start(made.image, here.store, file, options);
    if (!job) return job.error();
    return (*job)->finish();
  }
  std::vector<std::uint32_t> shuffled_pieces(std::uint64_t seed) const {
    std::vector<std::uint32_t> pieces(made.new_pack->piece_count());
    for (std::uint32_t i = 0; i < pieces.size(); ++i)
      pieces[i] = i;
    std::shuffle(pieces.begin(), pieces.end(), std::mt19937_64{seed});
    return pieces;
  }
};

TEST_F(ExporterTest, WritesTheImageFromPiecesThatArriveInAnyOrderFromManyThreads) {
  here.store.hide_all();
  auto job = exporter::start(made.image, here.store, folder / "disk", {.threads = 3});
  ASSERT_TRUE(job.ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "disk"));
  const auto pieces = shuffled_pieces(1);
  std::vector<std::thread> tellers;
  for (std::size_t teller = 0; teller < 2; ++teller) {
    tellers.emplace_back([&, teller] {
      for (auto i = teller; i < pieces.size(); i += 2) {
        here.store.arrive(pack, pieces[i]);
        // One of its own pieces is told of twice.
        (*job)->pieces_arrived(pack, {pieces[i], pieces[i < 2 ? i : i - 2]});
      }
    });
  }
  for (auto& teller : tellers)
    teller.join();
  ASSERT_TRUE((*job)->finish().ok());
  EXPECT_EQ((*job)->done_bytes(), made.cost.data_bytes);
  EXPECT_TRUE(file_bytes(folder / "disk") == bytes);
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST_F(ExporterTest, FindsPiecesThatNobodyToldOf) {
  here.store.hide_all();
  auto job = exporter::start(made.image, here.store, folder / "disk", {});
  ASSERT_TRUE(job.ok());
  for (const auto piece : shuffled_pieces(2))
    here.store.arrive(pack, piece);
  EXPECT_TRUE((*job)->finish().ok());
  EXPECT_TRUE(file_bytes(folder / "disk") == bytes);
}

TEST_F(ExporterTest, SaysHowManyPiecesAreMissingAndLeavesNothing) {
  here.store.hide_all();
  auto job = exporter::start(made.image, here.store, folder / "disk", {});
  const auto pieces = shuffled_pieces(3);
  for (std::size_t i = 2; i < pieces.size(); ++i) {
    here.store.arrive(pack, pieces[i]);
    (*job)->pieces_arrived(pack, {pieces[i]});
  }
  const auto done = (*job)->finish();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, errc::not_found);
  EXPECT_THAT(done.error().message, ::testing::HasSubstr("2 pieces"));
  EXPECT_EQ(folder.file_count(), 0u);
}

TEST_F(ExporterTest, NamesTheChunkThatIsCorrupt) {
  const auto& [id, where] = made.new_chunks[made.new_chunks.size() / 2];
  here.store.at(pack).bytes[where.offset_bytes + where.stored_bytes / 2] ^= std::byte{1};
  for (const auto& file : {std::filesystem::path{}, folder / "disk"}) {
    const auto done = export_to(file);
    ASSERT_FALSE(done.ok());
    EXPECT_EQ(done.error().code, errc::corrupt);
    EXPECT_THAT(done.error().message, ::testing::HasSubstr(id.hex()));
  }
  EXPECT_EQ(folder.file_count(), 0u);
}

TEST_F(ExporterTest, VerifiesWithoutWriting) {
  auto job = exporter::start(made.image, here.store, {}, {});
  ASSERT_TRUE(job.ok());
  EXPECT_TRUE((*job)->finish().ok());
  EXPECT_EQ((*job)->done_bytes(), made.cost.data_bytes);
}

TEST_F(ExporterTest, KeepsHolesAsHoles) {
  image_bytes sparse(64 * one_mib);
  std::copy(bytes.begin(), bytes.begin() + one_mib, sparse.begin() + 32 * one_mib);
  made = here.publish_bytes(sparse);
  ASSERT_TRUE(export_to(folder / "disk").ok());
  struct stat status {};
  ASSERT_EQ(::stat((folder / "disk").c_str(), &status), 0);
  EXPECT_EQ(static_cast<std::size_t>(status.st_size), sparse.size());
  EXPECT_LT(status.st_blocks * 512, static_cast<long>(2 * one_mib));
  EXPECT_TRUE(file_bytes(folder / "disk") == sparse);
}

TEST_F(ExporterTest, ReplacesAnOldFileOnlyWhenDone) {
  std::ofstream{folder / "disk"} << "old";
  here.store.hide_all();
  EXPECT_FALSE(export_to(folder / "disk").ok());
  EXPECT_EQ(file_bytes(folder / "disk").size(), 3u);
  for (const auto piece : shuffled_pieces(4))
    here.store.arrive(pack, piece);
  EXPECT_TRUE(export_to(folder / "disk").ok());
  EXPECT_TRUE(file_bytes(folder / "disk") == bytes);
}

TEST_F(ExporterTest, TakesOverWhatACrashLeft) {
  std::ofstream{folder / ".disk.part"} << std::string(20 * one_mib, 'x');
  EXPECT_TRUE(export_to(folder / "disk").ok());
  EXPECT_TRUE(file_bytes(folder / "disk") == bytes);
  EXPECT_EQ(folder.file_count(), 1u);
}

TEST_F(ExporterTest, RefusesASecondExportToTheSameFile) {
  auto first = exporter::start(made.image, here.store, folder / "disk", {});
  ASSERT_TRUE(first.ok());
  const auto second = exporter::start(made.image, here.store, folder / "disk", {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, errc::conflict);
  EXPECT_TRUE((*first)->finish().ok());
}

TEST_F(ExporterTest, RemovesThePartFileWhenCancelled) {
  auto job = exporter::start(made.image, here.store, folder / "disk", {});
  ASSERT_TRUE(job.ok());
  (*job)->cancel();
  EXPECT_EQ((*job)->finish().error().code, errc::cancelled);
  EXPECT_EQ(folder.file_count(), 0u);
}

TEST_F(ExporterTest, RefusesPlacesThatAreNotFiles) {
  EXPECT_EQ(export_to(folder / "").error().code, errc::invalid_argument);
  EXPECT_EQ(export_to("/dev/null").error().code, errc::invalid_argument);
  EXPECT_EQ(export_to(folder / "no" / "disk").error().code, errc::not_found);
}

TEST_F(ExporterTest, WritesQcow2ThatReadsBackTheSame) {
  ASSERT_TRUE(export_to(folder / "disk.qcow2", {.format = image_format::qcow2}).ok());
  EXPECT_EQ(folder.file_count(), 1u);
  auto back = image_reader::open(folder / "disk.qcow2");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ((*back)->format(), "qcow2");
  // A qcow2 disk has whole sectors.
  ASSERT_EQ((*back)->virtual_bytes(), (bytes.size() + 511) / 512 * 512);
  image_bytes read(bytes.size());
  ASSERT_TRUE((*back)->read(0, read).ok());
  EXPECT_TRUE(read == bytes);
}

TEST_F(ExporterTest, LeavesNothingOfAQcow2ThatFails) {
  here.store.hide_all();
  EXPECT_FALSE(export_to(folder / "disk.qcow2", {.format = image_format::qcow2}).ok());
  EXPECT_EQ(folder.file_count(), 0u);
}

} // namespace
} // namespace shoal::swarm
