#include "topology/place.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

TEST(PlaceTest, IsWrittenAsItIsRead) {
  const auto parsed = place::parse("lyon/nova/rack-1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*parsed, (place{"lyon", "nova", "rack-1"}));
  EXPECT_EQ(parsed->path(), "lyon/nova/rack-1");
}

TEST(PlaceTest, RefusesWhatIsNoPlaceAndSaysSo) {
  for (const auto* text : {"", "lyon", "lyon/nova", "lyon/nova/r/x", "lyon//r", "/nova/r", "a/b/..",
                           "a/b/c d", "a/b/c\n"}) {
    const auto parsed = place::parse(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, errc::invalid_argument);
    EXPECT_NE(parsed.error().message.find("site/cluster/rack"), std::string::npos);
  }
}

TEST(PlaceTest, ALongTextIsNotRepeatedInFull) {
  EXPECT_LT(place::parse(std::string(100000, 'x')).error().message.size(), 400u);
}

TEST(PlaceTest, DistanceIsTheSmallestSharedDomain) {
  const place here{"s", "c", "r"};
  EXPECT_EQ(distance_between(here, here), distance::same_rack);
  EXPECT_EQ(distance_between(here, {"s", "c", "q"}), distance::same_cluster);
  // A rack of the same name in another cluster is another rack.
  EXPECT_EQ(distance_between(here, {"s", "d", "r"}), distance::same_site);
  EXPECT_EQ(distance_between(here, {"t", "c", "r"}), distance::other_site);
}

TEST(NameTest, NamesCannotLeaveADirectoryOrHideOrInject) {
  for (const auto* good : {"a", "web-1.2_3+4", "0", "A.b"})
    EXPECT_TRUE(valid_name(good)) << good;
  for (const auto* bad : {"", ".a", "-a", "_a", "a/b", "a..b", "a b", "a\"", "ä", "a:b"}) {
    EXPECT_FALSE(valid_name(bad)) << bad;
  }
  EXPECT_TRUE(valid_name(std::string(128, 'a')));
  EXPECT_FALSE(valid_name(std::string(129, 'a')));
  EXPECT_FALSE(valid_name(std::string_view("a\0b", 3)));
}

} // namespace
} // namespace shoal::topology
