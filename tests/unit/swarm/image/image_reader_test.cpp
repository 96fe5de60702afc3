#include "swarm/image/image_reader.hpp"

#include "temporary_folder.hpp"

#include <sys/stat.h>

namespace shoal::swarm {
namespace {

using namespace std::string_literals;

struct ImageReaderTest : ::testing::Test {
  temporary_folder folder;

  /// The error of opening a file with these bytes.
  error refusal(const std::string& bytes) {
    write_file(folder / "disk", bytes);
    const auto opened = image_reader::open(folder / "disk");
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? error{} : opened.error();
  }
};

TEST_F(ImageReaderTest, ReadsRawImagesOfAnySize) {
  for (const std::size_t length : {1u, 511u, 4096u, 4097u, 3'000'001u}) {
    auto bytes = disk_bytes(length, length);
    bytes.back() = 'x';
    write_file(folder / "disk", bytes);
    const auto image = image_reader::open(folder / "disk");
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ((*image)->format(), "raw");
    EXPECT_EQ((*image)->virtual_bytes(), length);
    EXPECT_TRUE(whole(**image) == bytes);
  }
}

TEST_F(ImageReaderTest, TellsHolesOfSparseFiles) {
  write_file(folder / "disk", "");
  std::filesystem::resize_file(folder / "disk", 64 << 20);
  {
    std::fstream file{folder / "disk", std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(32 << 20) << "data";
  }
  const auto image = image_reader::open(folder / "disk");
  const auto extents = (*image)->extents();
  ASSERT_TRUE(extents.ok());
  ASSERT_EQ(extents->size(), 3u);
  EXPECT_TRUE((*extents)[0].hole);
  EXPECT_FALSE((*extents)[1].hole);
  EXPECT_LE((*extents)[1].length_bytes, 65536u);
  EXPECT_TRUE((*extents)[2].hole);
}

TEST_F(ImageReaderTest, SaysWhatAFileIsThatItCannotRead) {
  const std::string rest(8192, 'x');
  const std::vector<std::pair<std::string, std::string>> files{
      {"KDMV" + rest, "VMDK"},
      {"# Disk DescriptorFile\n" + rest, "VMDK"},
      {std::string(64, 'v') + "\x7f\x10\xda\xbe" + rest, "VDI"},
      {"vhdxfile" + rest, "VHDX"},
      {"conectix" + rest, "VHD"},
      {rest + "conectix" + std::string(504, 'f'), "VHD"},
      {"QED\0"s + rest, "QED"},
      {"QFI\xfb\0\0\0\1"s + rest, "version 1"},
      {"\x1f\x8b\x08" + rest, "gzip"},
      {"\xfd"s + "7zXZ\0"s + rest, "xz"},
      {"\x28\xb5\x2f\xfd" + rest, "zstd"},
      {"PK\x03\x04" + rest, "zip"},
      {"\x7f"s + "ELF" + rest, "ELF"},
      {std::string(257, 't') + "ustar" + rest, "tar"},
      {"<!DOCTYPE html>" + rest, "web page"},
      {"0123abcd  disk.qcow2\n", "text file"},
      {"Gru\xc3\x9f\r\n" + rest, "text file"},
  };
  for (const auto& [bytes, name] : files) {
    const auto why = refusal(bytes);
    EXPECT_EQ(why.code, errc::invalid_argument) << name;
    EXPECT_NE(why.message.find(name), std::string::npos) << why.message;
    EXPECT_NE(why.message.find(folder / "disk"), std::string::npos);
    EXPECT_NE(why.message.find("; "), std::string::npos) << "what to do? " << why.message;
  }
}

TEST_F(ImageReaderTest, TakesADiskThatBeginsWithTextForRaw) {
  for (const auto& bytes : {"line\n" + std::string(507, 'x'), "line\n" + std::string(600, '\0')}) {
    write_file(folder / "disk", bytes);
    EXPECT_TRUE(image_reader::open(folder / "disk").ok());
  }
}

TEST_F(ImageReaderTest, TakesAnIsoImageForRaw) {
  write_file(folder / "disk", std::string(32769, '\0') + "CD001" + std::string(4096, 'i'));
  EXPECT_TRUE(image_reader::open(folder / "disk").ok());
}

TEST_F(ImageReaderTest, RefusesWhatIsNoFile) {
  EXPECT_EQ(refusal("").code, errc::invalid_argument);
  EXPECT_EQ(image_reader::open(folder.path).error().code, errc::invalid_argument);
  EXPECT_EQ(image_reader::open("/dev/null").error().code, errc::invalid_argument);
  EXPECT_EQ(image_reader::open(folder / "none").error().code, errc::not_found);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(image_reader::open(folder / "fifo").error().code, errc::invalid_argument);
}

TEST_F(ImageReaderTest, NoticesAFileThatShrinks) {
  write_file(folder / "disk", std::string(100'000, 'x'));
  const auto image = image_reader::open(folder / "disk");
  std::filesystem::resize_file(folder / "disk", 50'000);
  std::vector<std::byte> into(100'000);
  EXPECT_EQ((*image)->read(0, into).error().code, errc::corrupt);
}

} // namespace
} // namespace shoal::swarm
