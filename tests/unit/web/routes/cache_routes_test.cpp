#include "tests/unit/web/routes/fake_node.hpp"
#include "web/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>

namespace shoal::web {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CacheRoutesTest : public ::testing::Test {
protected:
  api_response ask(std::string method, std::string target, std::string body = "") {
    return api.handle({std::move(method), std::move(target), std::move(body)});
  }
  static json content(const api_response& response) { return json::parse(response.body); }

  tests::fake_node node;
  routes api{node, "9.8.7"};
};

TEST_F(CacheRoutesTest, ShowsWhatGoesNextAndWhy) {
  node.cached.packs = {{.pack = "ab", .held_bytes = 5, .images = {"web:1"}, .goes = 1, .why = "old"},
                       {.pack = "cd", .pins = {"operator web:2"}, .why = "pinned"}};
  const auto shown = content(ask("GET", "/api/v1/cache"));
  EXPECT_EQ(shown["policy"], "rarity");
  ASSERT_EQ(shown["packs"].size(), 2u);
  EXPECT_EQ(shown["packs"][0]["why"], "old");
  EXPECT_EQ(shown["packs"][0]["images"], json({"web:1"}));
  EXPECT_EQ(shown["packs"][1]["pins"], json({"operator web:2"}));
}

TEST_F(CacheRoutesTest, CollectsToTheLimitOrBytesOrAnImage) {
  node.collection.freed_bytes = 7;
  EXPECT_EQ(content(ask("POST", "/api/v1/cache/collections"))["freed_bytes"], 7);
  ask("POST", "/api/v1/cache/collections", R"({"bytes":1024,"dry_run":true})");
  ask("POST", "/api/v1/cache/collections", R"({"image":"web:1"})");
  ASSERT_EQ(node.collected.size(), 3u);
  EXPECT_EQ(node.collected[0].bytes, 0u);
  EXPECT_EQ(node.collected[1].bytes, 1024u);
  EXPECT_TRUE(node.collected[1].dry_run);
  EXPECT_EQ(node.collected[2].image, "web:1");
}

TEST_F(CacheRoutesTest, LimitsAreBytesMultiplesOrTheConfigurations) {
  ask("POST", "/api/v1/cache/limit", R"({"bytes":123})");
  ask("POST", "/api/v1/cache/limit", R"({"bytes":0})");
  ask("POST", "/api/v1/cache/limit", R"({"images":2.5})");
  ask("POST", "/api/v1/cache/limit", "{}");
  ASSERT_EQ(node.limits.size(), 4u);
  EXPECT_EQ(node.limits[0].limit, (swarm::cache_quota{.bytes = 123}));
  EXPECT_TRUE(node.limits[1].limit->unlimited());
  EXPECT_EQ(node.limits[2].limit, (swarm::cache_quota{.images = 2.5}));
  EXPECT_FALSE(node.limits[3].limit.has_value());
}

TEST_F(CacheRoutesTest, PinsAndPoliciesAreHandedOn) {
  EXPECT_EQ(content(ask("POST", "/api/v1/cache/pins", R"({"image":"web:1"})"))["pinned"], true);
  EXPECT_EQ(content(ask("DELETE", "/api/v1/cache/pins/web%3A1"))["pinned"], false);
  EXPECT_THAT(node.pinned, ElementsAre("web:1"));
  EXPECT_THAT(node.unpinned, ElementsAre("web:1"));
  EXPECT_EQ(content(ask("POST", "/api/v1/cache/policy", R"({"policy":"lru"})"))["policy"], "lru");
  EXPECT_EQ(content(ask("POST", "/api/v1/cache/policy", "{}"))["policy"], "rarity");
}

TEST_F(CacheRoutesTest, BadBodiesNameTheField) {
  const std::array<std::array<const char*, 3>, 15> cases{{
      {"collections", R"({"bytes":-1})", "'bytes'"},
      {"collections", R"({"bytes":0})", "'bytes'"},
      {"collections", R"({"bytes":"1GiB"})", "'bytes'"},
      {"collections", R"({"image":"web"})", "'image'"},
      {"collections", R"({"image":"web:1","bytes":1})", "not both"},
      {"collections", R"({"dry_run":1})", "'dry_run'"},
      {"collections", R"({"colour":1})", "'colour'"},
      {"limit", R"({"bytes":1.5})", "'bytes'"},
      {"limit", R"({"images":0})", "'images'"},
      {"limit", R"({"images":1e9})", "'images'"},
      {"limit", R"({"images":1,"bytes":1})", "not both"},
      {"limit", "[]", "not a JSON object"},
      {"policy", R"({"policy":"best"})", "'policy'"},
      {"policy", R"({"policy":1})", "'policy'"},
      {"pins", "{}", "'image'"},
  }};
  for (const auto& [resource, body, expected] : cases) {
    const auto response = ask("POST", std::string{"/api/v1/cache/"} + resource, body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_THAT(response.body, HasSubstr(expected)) << body;
  }
  EXPECT_EQ(ask("DELETE", "/api/v1/cache/pins/web").status, 400);
  EXPECT_TRUE(node.collected.empty() && node.limits.empty() && node.pinned.empty());
}

TEST_F(CacheRoutesTest, OtherMethodsAndResourcesAreRefused) {
  EXPECT_EQ(ask("POST", "/api/v1/cache").status, 405);
  EXPECT_EQ(ask("GET", "/api/v1/cache/limit").status, 405);
  EXPECT_EQ(ask("GET", "/api/v1/cache/pins/web:1").status, 405);
  EXPECT_EQ(ask("GET", "/api/v1/cache/nothing").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/cached").status, 404);
}

} // namespace
} // namespace shoal::web
