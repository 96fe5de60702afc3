#include "tools/shoald/command_line.hpp"
#include "tools/shoald/option_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace shoal::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommandLineTest : public ::testing::Test {
protected:
  CommandLineTest() {
    char folder[] = "/tmp/shoal-config-XXXXXX";
    folder_ = ::mkdtemp(folder);
  }
  ~CommandLineTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& text) {
    const auto path = folder_ / "f.toml";
    std::ofstream{path} << text;
    return path;
  }

  result<start_order> read(std::vector<std::string> arguments) {
    return read_command_line(arguments, "9.8.7", folder_ / "default.toml");
  }

  std::string fault_of(std::vector<std::string> arguments) {
    const auto order = read(std::move(arguments));
    return order ? "" : order.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(CommandLineTest, OneMachineNeedsTwoFlags) {
  const auto order = read({"--gis", "--init"});
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_TRUE(order->init);
  EXPECT_TRUE(order->config.gis.enabled);
  EXPECT_EQ(order->file, "");
}

TEST_F(CommandLineTest, FlagsWinOverTheFile) {
  const auto path = file("name = \"file\"\nplace = \"a/b/c\"\n[gis]\naddresses = [\"x:1\"]\n");
  const auto order =
      read({"--config", path, "--name", "flag", "--gis-addresses", "y:2", "--gis-addresses", "z:3",
            "--store-quota", "1GiB", "--bulk-upload-limit", "10MB/s", "--gis-enabled", "false"});
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->file, path);
  EXPECT_EQ(order->config.name, "flag");
  EXPECT_EQ(order->config.where.path(), "a/b/c");
  ASSERT_EQ(order->config.gis.addresses.size(), 2u);
  EXPECT_EQ(order->config.gis.addresses[1].port, 3);
  EXPECT_EQ(order->config.store.quota_bytes, 1ull << 30);
  EXPECT_EQ(order->config.bulk.upload_limit_bytes_per_second, 10'000'000u);
}

TEST_F(CommandLineTest, TheDefaultFileIsReadWhenItIsThere) {
  std::ofstream{folder_ / "default.toml"} << "name = \"fallback\"\n[gis]\nenabled = true\n";
  const auto order = read({});
  ASSERT_TRUE(order) << order.error().message;
  EXPECT_EQ(order->config.name, "fallback");
}

TEST_F(CommandLineTest, FaultsAreSentences) {
  EXPECT_THAT(fault_of({"--config", file("\nnmae = \"x\"")}), HasSubstr("f.toml:2: unknown key"));
  EXPECT_THAT(fault_of({"--config", "/nowhere.toml"}), HasSubstr("cannot read"));
  EXPECT_THAT(fault_of({"--gis", "--link-port", "x"}), HasSubstr("--link-port: expected a number"));
  EXPECT_THAT(fault_of({"--gis", "--store-quota", "x"}), HasSubstr("--store-quota: 'x'"));
  EXPECT_THAT(fault_of({"--gis", "--nonsense"}), HasSubstr("--nonsense"));
  EXPECT_THAT(fault_of({"--gis", "stray"}), HasSubstr("stray"));
  EXPECT_THAT(fault_of({"--gis", "--name", "a", "--name", "b"}), HasSubstr("--name"));
  EXPECT_THAT(fault_of({}), HasSubstr("gis.addresses"));
}

TEST_F(CommandLineTest, ValuesThatDoNotFitAreNamedWhereTheyWereWritten) {
  const auto in_file = [&](const std::string& text, const std::string& start) {
    EXPECT_THAT(fault_of({"--config", file(text)}),
                StartsWith((folder_ / "f.toml").string() + start));
  };
  const std::string gis = "[gis]\nenabled = true\n";
  in_file("\nname = \"a/b\"\n" + gis, ":2: name: 'a/b' is not a name");
  in_file("name = \"a\"\n[store]\nquota = \"1MiB\"\n" + gis,
          ":3: store.quota: 1.0 MiB is too small");
  in_file("[store]\ndirectory = \"here\"\n" + gis,
          ":2: store.directory: 'here' is not an absolute path");
  in_file("[gis]\nenabled = true\ndatabase = \"c\"\n", ":3: gis.database: ");
  in_file("[tls]\nkey = \"\"\n" + gis, ":2: tls.key: ");
  in_file("[api]\n\nsocket = \"/" + std::string(107, 'x') + "\"\n" + gis, ":3: api.socket: ");
  in_file("[link]\naddress = \"eth0\"\n" + gis, ":2: link.address: 'eth0' is not a numeric");
  in_file("[bulk]\naddress = \"1.2.3\"\n" + gis, ":2: bulk.address: ");
  in_file("[link]\nport = 7441\n" + gis, ":2: link.port: must differ from bulk.port");
  in_file("[bulk]\nport = 7440\n" + gis, ":2: bulk.port: must differ from link.port");
  in_file("[bulk]\ntls = \"sites\"\ntls_port = 7440\n" + gis,
          ":3: bulk.tls_port: must differ from link.port");
  in_file("[bulk]\nport = 7442\ntls = \"all\"\n" + gis,
          ":2: bulk.port: must differ from bulk.tls_port");
  in_file("[gis]\n\naddresses = []\n", ":3: gis.addresses: names no general index server");
  in_file("name = \"a\"\n", ": gis.addresses: names no general index server");
}

TEST_F(CommandLineTest, ValuesThatDoNotFitAreNamedByTheFlagThatGaveThem) {
  const auto path = file("name = \"a\"\n[store]\nquota = \"1GiB\"\n[gis]\nenabled = true\n");
  EXPECT_THAT(fault_of({"--config", path, "--store-quota", "1MiB"}),
              StartsWith("--store-quota: 1.0 MiB is too small"));
  EXPECT_THAT(fault_of({"--gis", "--link-port", "7441"}), StartsWith("--link-port: must differ"));
  EXPECT_THAT(fault_of({"--gis", "--link-port", "9", "--bulk-port", "9"}),
              StartsWith("--bulk-port: must differ from link.port, which is 9 too"));
  EXPECT_THAT(fault_of({"--gis", "--tls-key", "k"}), StartsWith("--tls-key: 'k' is not"));
}

TEST_F(CommandLineTest, HelpNamesEveryFlagAndHasExamples) {
  const auto order = read({"--help"});
  ASSERT_TRUE(order);
  ASSERT_TRUE(order->print);
  EXPECT_THAT(*order->print, HasSubstr("Examples:"));
  for (const auto& one : options())
    EXPECT_THAT(*order->print, HasSubstr(one.flag() + " "));
  EXPECT_EQ(read({"--version"})->print, "shoald 9.8.7\n");
}

} // namespace
} // namespace shoal::daemon
