#include "tests/unit/tools/shoal/command_fixture.hpp"

namespace shoal::tests {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PlaceCommandsTest : public CommandTest {
protected:
  static actors::placed_host host(const std::string& name, double held, std::string refusal = "") {
    topology::placement_choice numbers;
    numbers.held_share = held;
    numbers.lacking_bytes = held < 1 ? 2048 : 0;
    numbers.load = 3;
    return {name, "s/c/r1", numbers, std::move(refusal)};
  }
};

TEST_F(PlaceCommandsTest, PlaceSendsWhatWasAskedAndShowsWhy) {
  node.placement.choices = {host("h1", 1), host("h2", 0.999)};
  node.placement.ranking = {host("h1", 1), host("h3", 0, "no_room")};
  const auto done = run({"place", "web:1", "--count", "2", "--spread", "rack", "--slots", "8",
                         "--vms", "h1=3", "--vms", "h2=0", "--beside", "h1,h2", "--weights",
                         "load=0.5", "--seed", "9", "--within", "r1", "--per-host", "1"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("h1    s/c/r1  100 %       0 B     3"));
  EXPECT_THAT(done.out, HasSubstr("holds 99 % of the image (2.0 KiB to fetch), load 3"));
  ASSERT_EQ(node.placed.size(), 1u);
  const auto& order = node.placed[0];
  EXPECT_EQ(order.request.count, 2u);
  EXPECT_EQ(order.request.spread, topology::placement_spread::rack);
  EXPECT_EQ(order.request.weights.load, 0.5);
  EXPECT_EQ(order.request.seed, 9u);
  EXPECT_EQ(order.request.per_host_max, 1u);
  EXPECT_EQ(order.slots_per_host, 8u);
  EXPECT_EQ(order.vms.size(), 2u);
  EXPECT_THAT(order.beside, ElementsAre("h1", "h2"));
  EXPECT_EQ(order.within, "r1");
  EXPECT_THAT(run({"place", "web:1", "--ranking"}).out, HasSubstr("no_room"));
  EXPECT_EQ(run({"place", "web:1", "-q"}).out, "h1\nh2\n");
  EXPECT_THAT(
      keys_of(json_of({"place", "web:1"})),
      ElementsAre("choices", "considered", "count", "image", "image_bytes", "missing", "ranking",
                  "seed", "spread", "strategy", "weights", "why_missing"));
}

TEST_F(PlaceCommandsTest, VmsWithoutAHostArePartOrNone) {
  node.placement.choices = {host("h1", 1)};
  node.placement.missing = 4;
  node.placement.why_missing = "4 of 5 VMs find no host: 3 hosts have no free slot";
  const auto part = run({"place", "web:1", "--count", "5"});
  EXPECT_EQ(part.code, 3);
  EXPECT_THAT(part.out, HasSubstr("h1"));
  EXPECT_EQ(part.err, "shoal: 4 of 5 VMs find no host: 3 hosts have no free slot\n");
  node.placement.choices.clear();
  EXPECT_EQ(run({"place", "web:1", "--count", "5"}).code, 8);
}

TEST_F(PlaceCommandsTest, OddOrdersAreWrongUsage) {
  const std::vector<std::vector<std::string>> cases = {
      {"place"},
      {"place", "web"},
      {"place", "web:1", "--count", "0"},
      {"place", "web:1", "--count", "x"},
      {"place", "web:1", "--strategy", "vdn"},
      {"place", "web:1", "--spread", "site"},
      {"place", "web:1", "--weights", "love=1"},
      {"place", "web:1", "--weights", "load=-1"},
      {"place", "web:1", "--vms", "h1"},
      {"place", "web:1", "--vms", "h1=x"},
      {"prestage", "web:1"},
      {"prestage", "--all"},
      {"prestage", "web:1", "--all", "--count", "2"},
      {"prestage", "web:1", "--hosts", "h1", "--rack", "r1"},
      {"prestage", "web:1", "--all", "--limit", "fast"},
      {"prestage", "web:1", "--all", "--patience", "soon"},
      {"prestage", "web:1", "--count", "0"},
  };
  for (const auto& arguments : cases) {
    const auto done = run(arguments);
    EXPECT_EQ(done.code, 2) << testing::PrintToString(arguments) << done.err;
    EXPECT_EQ(done.out, "");
  }
  EXPECT_TRUE(node.placed.empty() && node.prestaged.empty());
}

TEST_F(PlaceCommandsTest, PrestageStaysInTheBackgroundUnlessFollowed) {
  EXPECT_EQ(run({"prestage", "web:1", "--all", "--rack", "s/c/r1", "--limit", "8Mbit/s",
                 "--at-once", "4", "--patience", "10m"})
                .out,
            "1\n");
  ASSERT_EQ(node.prestaged.size(), 1u);
  EXPECT_TRUE(node.prestaged[0].all);
  EXPECT_EQ(node.prestaged[0].within, "s/c/r1");
  EXPECT_EQ(node.prestaged[0].host_bytes_per_second_max, 1'000'000u);
  EXPECT_EQ(node.prestaged[0].at_once, 4u);
  EXPECT_EQ(node.prestaged[0].patience, std::chrono::minutes{10});
  node.next_job = {.state = actors::job_state::done,
                   .done_bytes = 10,
                   .total_bytes = 10,
                   .hosts = {{.host = "h1", .state = "done", .done_bytes = 5, .total_bytes = 5}}};
  const auto done = json_of({"prestage", "web:1", "--hosts", "h1,h2", "--wait"});
  EXPECT_THAT(keys_of(done), ElementsAre("done_bytes", "hosts", "image", "job", "seconds", "state",
                                         "total_bytes"));
  EXPECT_THAT(node.prestaged[1].hosts, ElementsAre("h1", "h2"));
  EXPECT_EQ(json_of({"prestage", "web:1", "--count", "3", "--spread", "rack"})["job"], 3);
  EXPECT_EQ(node.prestaged[2].count, 3u);
}

TEST_F(PlaceCommandsTest, APartialPrestageShowsEveryHostAndExitsWithThree) {
  node.next_job = {.state = actors::job_state::failed,
                   .hosts = {{.host = "h1", .state = "done"},
                             {.host = "h2",
                              .state = "failed",
                              .fault = error{errc::no_space, "no room for 5 GiB"}}},
                   .fault = error{errc::partial, "1 of 2 hosts do not hold web:1"}};
  const auto done = run({"prestage", "web:1", "--all", "--wait"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.out, HasSubstr("no room for 5 GiB"));
  EXPECT_EQ(done.err, "shoal: 1 of 2 hosts do not hold web:1\n");
}

} // namespace
} // namespace shoal::tests
