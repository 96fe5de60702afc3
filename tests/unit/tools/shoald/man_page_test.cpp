#include "tools/shoald/option_table.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace shoal::daemon {
namespace {

std::string contents(const std::string& file) {
  std::ifstream in{file};
  EXPECT_TRUE(in) << file;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// Manual pages write `-` in options and names as `\-`.
std::string plain(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\-", at)) != std::string::npos;)
    text.erase(at, 1);
  return text;
}

TEST(ManPageTest, TheFilesPageHasEveryKeyAndItsDefault) {
  const auto page = plain(contents(SHOAL_MAN_FOLDER "/shoald.toml.5"));
  for (const auto& one : options()) {
    const auto at = page.find(".TP\n.B " + std::string{one.key} + "\n");
    ASSERT_NE(at, std::string::npos) << one.key << " is not in shoald.toml(5)";
    const auto entry = page.substr(at, page.find(".TP", at + 1) - at);
    EXPECT_NE(entry.find("Default"), std::string::npos) << one.key << " does not state its default";
  }
}

TEST(ManPageTest, TheServiceIsOfTheKindTheDaemonIs) {
  const auto unit = contents(SHOAL_UNIT_FILE);
  for (const auto* line : {"\nType=notify\n", "\nStateDirectory=shoal\n",
                           "\nRuntimeDirectory=shoal\n", "\nLimitNOFILE=", "\nWatchdogSec="}) {
    EXPECT_NE(unit.find(line), std::string::npos) << line;
  }
}

} // namespace
} // namespace shoal::daemon
