#include "tests/unit/tools/shoal/command_fixture.hpp"

namespace shoal::tests {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class CacheCommandTest : public CommandTest {
protected:
  CacheCommandTest() {
    node.cached.quota_bytes = 10ull << 30;
    node.cached.configured_quota_bytes = 10ull << 30;
    node.cached.packs = {{.pack = std::string(64, 'a'),
                          .held_bytes = 4ull << 20,
                          .pieces_held = 64,
                          .piece_count = 128,
                          .images = {"web:1", "web:2"},
                          .evictable_bytes = 4ull << 20,
                          .goes = 1,
                          .why = "not used for 3 hours, 12 other copies in the site"},
                         {.pack = std::string(64, 'b'), .pins = {"publisher"}, .why = "pinned"}};
  }
};

TEST_F(CacheCommandTest, LsShowsTheOrderAndWhy) {
  const auto done = run({"cache", "ls"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("rarity"));
  EXPECT_THAT(done.out, HasSubstr("10.0 GiB"));
  EXPECT_THAT(done.out, HasSubstr("64 of 128"));
  EXPECT_THAT(done.out, HasSubstr("web:1, web:2"));
  EXPECT_THAT(done.out, HasSubstr("not used for 3 hours, 12 other copies in the site"));
  EXPECT_LT(done.out.find("aaaa"), done.out.find("bbbb"));
  EXPECT_EQ(run({"cache", "ls", "-q"}).out, std::string(64, 'a') + "\n" + std::string(64, 'b') + "\n");
  EXPECT_EQ(json_of({"cache", "ls"})["packs"][0]["goes"], 1);
}

TEST_F(CacheCommandTest, GcTakesASizeAnImageOrNothing) {
  node.collection.freed_bytes = 3ull << 30;
  node.collection.packs = {{std::string(64, 'a'), 64, 3ull << 30}};
  EXPECT_THAT(run({"cache", "gc"}).out, HasSubstr("freed 3.0 GiB"));
  EXPECT_THAT(run({"cache", "gc", "2GiB", "--dry-run"}).out, HasSubstr("would free 3.0 GiB"));
  EXPECT_EQ(run({"cache", "gc", "web:1"}).code, 0);
  ASSERT_EQ(node.collected.size(), 3u);
  EXPECT_EQ(node.collected[1].bytes, 2ull << 30);
  EXPECT_TRUE(node.collected[1].dry_run);
  EXPECT_EQ(node.collected[2].image, "web:1");
}

TEST_F(CacheCommandTest, GcThatCouldNotFreeAllIsPartial) {
  node.collection.freed_bytes = 1;
  const auto less = run({"cache", "gc", "2GiB"});
  EXPECT_EQ(less.code, 3);
  EXPECT_THAT(less.err, HasSubstr("only 1 B could go"));
  node.collection.over_bytes = 1 << 20;
  EXPECT_EQ(run({"cache", "gc"}).code, 3);
  EXPECT_EQ(run({"cache", "gc", "--dry-run"}).code, 0);
  node.collection.over_bytes = 0;
  node.collection.kept = {"pack aa is pinned by publisher"};
  const auto kept = run({"cache", "gc", "web:1"});
  EXPECT_EQ(kept.code, 3);
  EXPECT_THAT(kept.err, HasSubstr("pinned by publisher"));
}

TEST_F(CacheCommandTest, LimitTakesBytesMultiplesNoneOrDefault) {
  node.limited.quota_bytes = 200ull << 30;
  EXPECT_THAT(run({"cache", "limit", "200GiB"}).out, HasSubstr("200 GiB"));
  node.limited.image = "web:2";
  EXPECT_THAT(run({"cache", "limit", "2.5x"}).out, HasSubstr("web:2"));
  EXPECT_EQ(run({"cache", "limit", "none"}).code, 0);
  EXPECT_EQ(run({"cache", "limit", "default"}).code, 0);
  ASSERT_EQ(node.limits.size(), 4u);
  EXPECT_EQ(node.limits[0].limit->bytes, 200ull << 30);
  EXPECT_EQ(node.limits[1].limit->images, 2.5);
  EXPECT_TRUE(node.limits[2].limit->unlimited());
  EXPECT_FALSE(node.limits[3].limit.has_value());
  EXPECT_EQ(run({"cache", "limit"}).out, "10.0 GiB\n");
  node.limited.evicted.over_bytes = 5;
  const auto over = run({"cache", "limit", "1GiB"});
  EXPECT_EQ(over.code, 3);
  EXPECT_THAT(over.err, HasSubstr("the limit is set, but 5 B"));
}

TEST_F(CacheCommandTest, PinKeepsAndUnpinLetsGo) {
  const auto done = run({"cache", "pin", "web:1"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("4.0 KiB of web:1 are not here"));
  EXPECT_EQ(json_of({"cache", "pin", "web:1", "--remove"})["pinned"], false);
  EXPECT_EQ(run({"cache", "unpin", "web:2"}).code, 0);
  EXPECT_THAT(node.pinned, ElementsAre("web:1"));
  EXPECT_THAT(node.unpinned, ElementsAre("web:1", "web:2"));
}

TEST_F(CacheCommandTest, PolicyShowsTheChoiceAndChooses) {
  EXPECT_THAT(run({"cache", "policy"}).out, HasSubstr("s3-fifo"));
  EXPECT_EQ(run({"cache", "policy", "lru", "-q"}).out, "lru\n");
  EXPECT_EQ(json_of({"cache", "policy", "default"})["policy"], "rarity");
  EXPECT_THAT(node.policies, ElementsAre("lru", ""));
}

TEST_F(CacheCommandTest, WrongUsageIsTwoAndAsksNobody) {
  const std::vector<std::vector<std::string>> cases = {
      {"cache"},
      {"cache", "what"},
      {"cache", "gc", "much"},
      {"cache", "gc", "0"},
      {"cache", "gc", "a/b:1"},
      {"cache", "limit", "0x"},
      {"cache", "limit", "-1x"},
      {"cache", "limit", "x"},
      {"cache", "limit", "nan"},
      {"cache", "limit", "10 parsecs"},
      {"cache", "limit", "\x1b[31mx"},
      {"cache", "pin"},
      {"cache", "pin", "web"},
      {"cache", "policy", "best"},
  };
  for (const auto& arguments : cases) {
    const auto done = run(arguments);
    EXPECT_EQ(done.code, 2) << testing::PrintToString(arguments) << done.err;
    EXPECT_EQ(done.out, "");
    EXPECT_THAT(done.err, Not(HasSubstr("\x1b")));
  }
  EXPECT_TRUE(node.collected.empty() && node.limits.empty() && node.pinned.empty() &&
              node.policies.empty());
}

TEST_F(CacheCommandTest, TheDaemonsFaultIsTheExitCode) {
  node.fault = error{errc::not_found, "nothing of web:1 is on this host: get it first"};
  const auto done = run({"cache", "pin", "web:1"});
  EXPECT_EQ(done.code, 4);
  EXPECT_THAT(done.err, HasSubstr("get it first"));
}

} // namespace
} // namespace shoal::tests
