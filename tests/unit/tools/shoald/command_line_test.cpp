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
