#include "tests/unit/web/routes/fake_node.hpp"
#include "web/placement_json.hpp"
#include "web/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace shoal::web {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlacementRoutesTest : public ::testing::Test {
protected:
  api_response post(std::string target, std::string body) {
    return api.handle({"POST", std::move(target), std::move(body)});
  }
  std::string detail(const api_response& response) {
    EXPECT_EQ(response.status, 400);
    return json::parse(response.body).value("detail", "");
  }

  tests::fake_node node;
  routes api{node, "9.8.7"};
};

TEST_F(PlacementRoutesTest, APlacementTakesEveryField) {
  const auto response = post("/api/v1/placements", R"({"image":"web:1","count":20,
      "strategy":"min_loaded","spread":"rack","weights":{"load":0.5},"seed":7,"per_host_max":2,
      "slots":8,"vms":{"h1":3},"beside":["h2"],"hosts":["h1","h2"],"within":"s/c"})");
  EXPECT_EQ(response.status, 200) << response.body;
  ASSERT_EQ(node.placed.size(), 1u);
  const auto& order = node.placed[0];
  EXPECT_EQ(order.image, "web:1");
  EXPECT_EQ(order.request.count, 20u);
  EXPECT_EQ(order.request.strategy, topology::placement_strategy::min_loaded);
  EXPECT_EQ(order.request.spread, topology::placement_spread::rack);
  EXPECT_EQ(order.request.weights.load, 0.5);
  EXPECT_EQ(order.request.weights.bytes, 1.0);
  EXPECT_EQ(order.request.seed, 7u);
  EXPECT_EQ(order.request.per_host_max, 2u);
  EXPECT_EQ(order.slots_per_host, 8u);
  EXPECT_EQ(order.vms, (std::vector<std::pair<std::string, std::uint32_t>>{{"h1", 3}}));
  EXPECT_THAT(order.beside, ElementsAre("h2"));
  EXPECT_THAT(order.hosts, ElementsAre("h1", "h2"));
  EXPECT_EQ(order.within, "s/c");
  EXPECT_EQ(json::parse(response.body)["seed"], 7);
}

TEST_F(PlacementRoutesTest, APlacementNeedsOnlyAnImage) {
  EXPECT_EQ(post("/api/v1/placements", R"({"image":"web:1"})").status, 200);
  EXPECT_EQ(node.placed.at(0).request.count, 1u);
  EXPECT_EQ(node.placed[0].request.strategy, topology::placement_strategy::weighted);
  EXPECT_EQ(node.placed[0].request.per_host_max, topology::unlimited_vms);
}

TEST_F(PlacementRoutesTest, ChoicesHaveReasonsAndRankedHostsHaveRefusals) {
  topology::placement_choice numbers;
  numbers.lacking_bytes = 1024;
  numbers.held_share = 0.5;
  node.placement.choices = {{"h1", "s/c/r1", numbers, ""}};
  numbers.room_bytes = 10;
  numbers.free_slots = 0;
  node.placement.ranking = {{"h2", "s/c/r1", numbers, "no_slot"}};
  const auto answer = json::parse(post("/api/v1/placements", R"({"image":"web:1"})").body);
  EXPECT_EQ(answer["choices"][0]["host"], "h1");
  EXPECT_TRUE(answer["choices"][0]["room_bytes"].is_null());
  EXPECT_THAT(answer["choices"][0]["reason"].get<std::string>(), HasSubstr("holds 50 %"));
  EXPECT_EQ(answer["ranking"][0]["refusal"], "no_slot");
  EXPECT_EQ(answer["ranking"][0]["free_slots"], 0);
}

TEST_F(PlacementRoutesTest, AnOddPlacementNamesTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"count":1})", "'image'"},
      {R"({"image":"web"})", "'image'"},
      {R"({"image":"web:1","count":0})", "'count' must be at least 1"},
      {R"({"image":"web:1","count":-1})", "'count' must be a whole number"},
      {R"({"image":"web:1","count":4294967296})", "'count' must be a whole number"},
      {R"({"image":"web:1","strategy":"vdn"})", "'strategy'"},
      {R"({"image":"web:1","spread":1})", "'spread'"},
      {R"({"image":"web:1","weights":{"love":1}})", "unknown weight 'love'"},
      {R"({"image":"web:1","weights":{"load":-1}})", "the weight of load"},
      {R"({"image":"web:1","weights":{"load":"1"}})", "'weights'"},
      {R"({"image":"web:1","vms":{"h1":1.5}})", "'vms'"},
      {R"({"image":"web:1","vms":{"../h1":1}})", "'vms'"},
      {R"({"image":"web:1","hosts":"h1"})", "'hosts'"},
      {R"({"image":"web:1","hosts":["a/b"]})", "'hosts'"},
      {R"({"image":"web:1","colour":1})", "unknown field 'colour'"},
      {"[]", "not a JSON object"},
      {"", "not JSON"},
  };
  for (const auto& [body, expected] : cases) {
    EXPECT_THAT(detail(post("/api/v1/placements", body)), HasSubstr(expected)) << body;
  }
  EXPECT_TRUE(node.placed.empty());
}

TEST_F(PlacementRoutesTest, APrestageIsAJob) {
  const auto response = post("/api/v1/prestages", R"({"image":"web:1","count":4,
      "strategy":"weighted","spread":"rack","within":"r1","host_bytes_per_second_max":1000,
      "at_once":2,"patience_seconds":60})");
  EXPECT_EQ(response.status, 202) << response.body;
  EXPECT_EQ(json::parse(response.body)["job"], 1);
  const auto& order = node.prestaged.at(0);
  EXPECT_EQ(order.count, 4u);
  EXPECT_EQ(order.strategy, topology::placement_strategy::weighted);
  EXPECT_EQ(order.host_bytes_per_second_max, 1000u);
  EXPECT_EQ(order.at_once, 2u);
  EXPECT_EQ(order.patience, std::chrono::seconds{60});
}

TEST_F(PlacementRoutesTest, APrestageSaysInOneWayWhichHosts) {
  for (const auto* body :
       {R"({"image":"web:1"})", R"({"image":"web:1","all":true,"count":2})",
        R"({"image":"web:1","hosts":["h1"],"all":true})", R"({"image":"web:1","hosts":[]})"}) {
    EXPECT_THAT(detail(post("/api/v1/prestages", body)), HasSubstr("exactly one")) << body;
  }
  EXPECT_THAT(detail(post("/api/v1/prestages", R"({"image":"web:1","hosts":["h1"],"within":"r"})")),
              HasSubstr("'within'"));
  EXPECT_EQ(api.handle({"GET", "/api/v1/prestages", ""}).status, 405);
  EXPECT_EQ(api.handle({"GET", "/api/v1/placements", ""}).status, 405);
}

TEST_F(PlacementRoutesTest, AJobShowsItsHosts) {
  node.next_job.hosts = {{.host = "h1", .state = "done", .done_bytes = 5, .total_bytes = 5},
                         {.host = "h2", .state = "failed", .fault = error{errc::no_space, "full"}}};
  post("/api/v1/prestages", R"({"image":"web:1","all":true})");
  const auto job = json::parse(api.handle({"GET", "/api/v1/jobs/1", ""}).body);
  EXPECT_EQ(job["hosts"][0]["state"], "done");
  EXPECT_TRUE(job["hosts"][0]["error"].is_null());
  EXPECT_EQ(job["hosts"][1]["error"]["code"], "no_space");
}

TEST(PlacementWeightsTest, OnlyTheWeightsNamedDiffer) {
  const auto weights = placement_weights_from("load=0.5,rack=0");
  ASSERT_TRUE(weights);
  EXPECT_EQ(weights->load, 0.5);
  EXPECT_EQ(weights->rack, 0);
  EXPECT_EQ(weights->bytes, topology::placement_weights{}.bytes);
  for (const auto* text : {"love=1", "load", "load=", "load=x", "load=1x", "=1", "load=-1"}) {
    EXPECT_FALSE(placement_weights_from(text)) << text;
  }
}

} // namespace
} // namespace shoal::web
