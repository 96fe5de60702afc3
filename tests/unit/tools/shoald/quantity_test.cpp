#include "tools/shoald/quantity.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(QuantityTest, SizesTakeBothFamiliesOfUnits) {
  EXPECT_EQ(*parse_size("0"), 0u);
  EXPECT_EQ(*parse_size("4096"), 4096u);
  EXPECT_EQ(*parse_size("17B"), 17u);
  EXPECT_EQ(*parse_size("64KiB"), 65536u);
  EXPECT_EQ(*parse_size("50GiB"), 50ull << 30);
  EXPECT_EQ(*parse_size("1.5 GiB"), 3ull << 29);
  EXPECT_EQ(*parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(*parse_size("2TiB"), 2ull << 40);
  EXPECT_EQ(*parse_size("50000000000B"), 50'000'000'000u);
}

TEST(QuantityTest, NonsenseIsRefusedAndNamed) {
  for (const auto* text :
       {"", " ", "-1", "+1", "1 ", "1.5", "1,5GiB", "GiB", "1gib", "1GiBs", "inf", "nan", "0x10",
        "1e3", "9999999PiB", "1  GiB", "99999999999999999999"}) {
    const auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, errc::invalid_argument);
    EXPECT_NE(parsed.error().message.find("expected"), std::string::npos);
  }
  for (const auto* text : {"", "100", "100MB", "/s", "MB/s", "-1MB/s", "100mb/s", "1/s", "1Mbit"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
  for (const auto* text : {"", "-1s", "1d", "s", "1h30m", "soon"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(QuantityTest, RatesAreBytesOrBitsPerSecond) {
  EXPECT_EQ(*parse_rate("0"), 0u);
  EXPECT_EQ(*parse_rate("100MB/s"), 100'000'000u);
  EXPECT_EQ(*parse_rate("1MiB/s"), 1u << 20);
  EXPECT_EQ(*parse_rate("10Gbit/s"), 1'250'000'000u);
  EXPECT_EQ(*parse_rate("800 kbit/s"), 100'000u);
}

TEST(QuantityTest, DurationsDefaultToSeconds) {
  using namespace std::chrono_literals;
  EXPECT_EQ(*parse_duration("30"), 30s);
  EXPECT_EQ(*parse_duration("30s"), 30s);
  EXPECT_EQ(*parse_duration("1.5m"), 90s);
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("2h"), 2h);
}

TEST(QuantityTest, SizesAreShownShort) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(4509715661), "4.2 GiB");
  EXPECT_EQ(format_size(120ull << 20), "120 MiB");
  EXPECT_EQ(format_size((1ull << 30) - 1), "1.0 GiB");
  EXPECT_EQ(format_size(~0ull), "16.0 EiB");
}

TEST(QuantityTest, RatesAndDurationsAreShownShort) {
  EXPECT_EQ(format_rate(0), "0 B/s");
  EXPECT_EQ(format_rate(-1), "0 B/s");
  EXPECT_EQ(format_rate(102.9e6), "98.1 MiB/s");
  EXPECT_EQ(format_duration(0.44), "0.4 s");
  EXPECT_EQ(format_duration(59.97), "1 m 0 s");
  EXPECT_EQ(format_duration(250), "4 m 10 s");
  EXPECT_EQ(format_duration(7500), "2 h 5 m");
  EXPECT_EQ(format_duration(-1), "-");
}

} // namespace
} // namespace shoal
