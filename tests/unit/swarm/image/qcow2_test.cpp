#include "temporary_folder.hpp"

#include <gmock/gmock.h>

#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace shoal::swarm {
namespace {

struct Qcow2Test : ::testing::Test {
  temporary_folder folder;
  std::string bytes = disk_bytes(1, 8 << 20);

  void SetUp() override { write_file(folder / "raw", bytes); }
  void convert(const std::vector<std::string>& options) {
    std::vector<std::string> command{"qemu-img", "convert", "-f", "raw", "-O", "qcow2"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {folder / "raw", folder / "disk.qcow2"});
    must_run(command);
  }
  result<std::unique_ptr<image_reader>> open(const std::string& name = "disk.qcow2") {
    return image_reader::open(folder / name);
  }
  void expect_refused(errc code, const std::vector<std::string>& words) {
    const auto image = open();
    ASSERT_FALSE(image.ok());
    EXPECT_EQ(image.error().code, code) << image.error().message;
    for (const auto& word : words)
      EXPECT_THAT(image.error().message, ::testing::HasSubstr(word));
  }
};

TEST_F(Qcow2Test, ReadsPlainCompressedAndOldImages) {
  const std::vector<std::vector<std::string>> forms{{},
                                                    {"-c"},
                                                    {"-c", "-o", "compression_type=zstd"},
                                                    {"-o", "compat=0.10"},
                                                    {"-o", "cluster_size=4k"},
                                                    {"-o", "extended_l2=on"}};
  for (const auto& form : forms) {
    convert(form);
    const auto image = open();
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_EQ((*image)->format(), "qcow2");
    EXPECT_TRUE(whole(**image) == bytes);
  }
}

TEST_F(Qcow2Test, ReadsFromManyThreadsAtOnce) {
  convert({"-c"});
  const auto image = open();
  ASSERT_TRUE(image.ok());
  std::string read(bytes.size(), '\0');
  constexpr std::size_t step = 128 * 1024;
  std::vector<std::thread> readers;
  for (std::size_t first = 0; first < 12; ++first) {
    readers.emplace_back([&, first] {
      for (auto at = first * step; at < bytes.size(); at += 12 * step) {
        const auto into = std::as_writable_bytes(std::span{read}).subspan(at, step);
        EXPECT_TRUE((*image)->read(at, into).ok());
      }
    });
  }
  for (auto& reader : readers)
    reader.join();
  EXPECT_TRUE(read == bytes);
}

TEST_F(Qcow2Test, ReadsThroughBackingFiles) {
  convert({});
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.qcow2", "-F", "qcow2",
            folder / "middle.qcow2"});
  must_run({"qemu-io", "-f", "qcow2", "-c", "write -P 0x77 1M 100k", "-c", "write -z 3M 64k",
            folder / "middle.qcow2"});
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", folder / "middle.qcow2", "-F", "qcow2",
            folder / "top.qcow2"});
  must_run({"qemu-io", "-f", "qcow2", "-c", "write -P 0x66 5M 4k", folder / "top.qcow2"});
  auto expected = bytes;
  expected.replace(1 << 20, 100 << 10, 100 << 10, '\x77');
  expected.replace(3 << 20, 64 << 10, 64 << 10, '\0');
  expected.replace(5 << 20, 4 << 10, 4 << 10, '\x66');
  const auto image = open("top.qcow2");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_TRUE(whole(**image) == expected);

  std::filesystem::remove(folder / "disk.qcow2");
  const auto broken = open("top.qcow2");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, errc::not_found);
  EXPECT_NE(broken.error().message.find("disk.qcow2"), std::string::npos) << broken.error().message;
}

TEST_F(Qcow2Test, TellsHolesOfAnEmptyDisk) {
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", folder / "empty.qcow2", "10G"});
  const auto image = open("empty.qcow2");
  ASSERT_TRUE(image.ok());
  const auto extents = (*image)->extents();
  ASSERT_TRUE(extents.ok());
  ASSERT_EQ(extents->size(), 1u);
  EXPECT_TRUE(extents->front().hole);
  EXPECT_EQ(extents->front().length_bytes, 10ull << 30);
}

TEST_F(Qcow2Test, RefusesATruncatedImage) {
  convert({});
  const auto file = folder / "disk.qcow2";
  const auto full = read_file(file);
  for (const auto length : {full.size() / 2, full.size() - 300'000, std::size_t{70'000},
                            std::size_t{600}, std::size_t{60}, std::size_t{4}}) {
    write_file(file, full.substr(0, length));
    const auto image = open();
    ASSERT_FALSE(image.ok()) << length;
    EXPECT_EQ(image.error().code, errc::corrupt) << length << ": " << image.error().message;
    EXPECT_NE(image.error().message.find("disk.qcow2"), std::string::npos);
  }
}

TEST_F(Qcow2Test, RefusesATruncatedBackingFile) {
  convert({});
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.qcow2", "-F", "qcow2",
            folder / "top.qcow2"});
  std::filesystem::resize_file(folder / "disk.qcow2",
                               std::filesystem::file_size(folder / "disk.qcow2") / 2);
  const auto image = open("top.qcow2");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().code, errc::corrupt);
}

TEST_F(Qcow2Test, RefusesAnEncryptedImage) {
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
            "encrypt.format=aes,encrypt.key-secret=s", folder / "disk.qcow2", "1M"});
  expect_refused(errc::invalid_argument, {"disk.qcow2 is an encrypted image", "qemu-img convert"});
}

TEST_F(Qcow2Test, RefusesAnImageEncryptedWithLuks) {
  const auto ran =
      run_tool({"qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=abc", "-o",
                "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10",
                folder / "disk.qcow2", "1M"});
  ASSERT_TRUE(ran.ok()) << ran.error().message;
  if (ran->complaint.find("CPU usage") != std::string::npos) {
    GTEST_SKIP() << "this kernel counts CPU time too coarsely for qemu to make one";
  }
  ASSERT_EQ(ran->exit_code, 0) << ran->complaint;
  expect_refused(errc::invalid_argument, {"disk.qcow2 is an encrypted image", "qemu-img convert"});
}

TEST_F(Qcow2Test, RefusesAnImageWithItsDataInAnotherFile) {
  for (const std::string raw : {"off", "on"}) {
    must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-o",
              "data_file=" + (folder / "outside.bin") + ",data_file_raw=" + raw,
              folder / "disk.qcow2", "1M"});
    expect_refused(errc::invalid_argument,
                   {"disk.qcow2 keeps its data in", "outside.bin", "qemu-img convert"});
    std::filesystem::remove(folder / "outside.bin");
    expect_refused(errc::invalid_argument, {"disk.qcow2 keeps its data in", "outside.bin"});
  }
}

TEST_F(Qcow2Test, RefusesABackingFileWithItsDataInAnotherFile) {
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-o",
            "data_file=" + (folder / "outside.bin"), folder / "base.qcow2", "1M"});
  must_run({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2",
            folder / "disk.qcow2"});
  expect_refused(errc::invalid_argument, {"base.qcow2 keeps its data in", "outside.bin"});
}

TEST_F(Qcow2Test, RefusesAnImageWhoseBackingFileIsMissing) {
  must_run({"qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "gone.raw", "-F", "raw",
            folder / "disk.qcow2", "1M"});
  expect_refused(errc::not_found,
                 {"disk.qcow2", folder / "gone.raw", "put it back", "qemu-img rebase"});
}

TEST_F(Qcow2Test, RefusesAnImageBuiltOnItself) {
  must_run({"qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", "other.qcow2", "-F", "qcow2",
            folder / "disk.qcow2", "1M"});
  std::filesystem::copy_file(folder / "disk.qcow2", folder / "other.qcow2");
  expect_refused(errc::corrupt, {"disk.qcow2 is built on itself"});
}

TEST_F(Qcow2Test, NeverCallsTheNetworkForABackingFile) {
  const file_handle listener{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), generic, length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), generic, &length), 0);
  const auto port = std::to_string(ntohs(address.sin_port));
  const std::string json = R"(json:{"driver":"nbd","host":"127.0.0.1","port":")" + port + "\"}";
  for (const auto& base : {"nbd://127.0.0.1:" + port + "/x", json}) {
    must_run({"qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", base, "-F", "raw",
              folder / "disk.qcow2", "1M"});
    expect_refused(errc::invalid_argument, {"disk.qcow2 is built on", port, "qemu-img convert"});
    EXPECT_EQ(::accept(listener.get(), nullptr, nullptr), -1) << "somebody called " << base;
  }
}

TEST_F(Qcow2Test, TakesStrangeFileNames) {
  convert({});
  for (const std::string name : {"-c", "nbd:x:y", "a b'c\"d", "json:{}", "ü,fmt=raw"}) {
    std::filesystem::copy_file(folder / "disk.qcow2", folder / name);
    const auto image = open(name);
    ASSERT_TRUE(image.ok()) << image.error().message;
    EXPECT_TRUE(whole(**image) == bytes);
  }
}

} // namespace
} // namespace shoal::swarm
