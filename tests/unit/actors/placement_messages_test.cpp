#include "actors/placement_messages.hpp"

#include "tests/unit/actors/wire_fixtures.hpp"
#include "tests/unit/swarm/catalogue/publications.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

/// An image of a pack of four pieces, and hosts in two racks.
class PlacementMessagesTest : public swarm::CatalogueTest {
protected:
  void SetUp() override {
    CatalogueTest::SetUp();
    const auto order = swarm::fresh_image("web", "1", swarm::chunks("c", chunk_count));
    publish(order);
    pack = order.new_pack->id;
    add_host("h1", "r1");
    add_host("h2", "r1");
    add_host("h3", "r2");
  }

  wire::HostRecord& add_host(const std::string& name, const std::string& rack) {
    auto& record = *hosts.add_hosts();
    *record.mutable_peer() = test::peer(name, rack);
    record.set_online(true);
    return record;
  }

  /// `host` holds these pieces (bit 0: piece 0), or with -1 all.
  void holds(const std::string& host, int pieces) {
    topology::announcement news{.host = host, .session = 1, .holdings = {}, .dropped = {}};
    news.holdings.push_back({.pack = pack.bytes,
                             .piece_count = piece_count,
                             .all = pieces < 0,
                             .bitmap = pieces < 0 ? "" : std::string(1, static_cast<char>(pieces))});
    ASSERT_TRUE(table.announce(news).ok());
  }

  static place_order order_of(std::uint32_t count, topology::placement_strategy strategy) {
    place_order order;
    order.image = "web:1";
    order.request.count = count;
    order.request.strategy = strategy;
    return order;
  }

  result<placement_status> place(const place_order& order) {
    auto answer = place_image(known(), to_wire(order, "web", "1"), hosts, table);
    if (!answer) return answer.error();
    return from_wire(*answer, order);
  }

  static std::vector<std::string> names(const std::vector<placed_host>& list) {
    std::vector<std::string> out;
    for (const auto& host : list) out.push_back(host.name);
    return out;
  }

  static constexpr std::uint32_t piece_count = 4;
  static constexpr std::size_t chunk_count =
      piece_count * swarm::default_piece_bytes / swarm::made_up_chunk_bytes;
  static constexpr std::uint64_t image_bytes =
      std::uint64_t{piece_count} * swarm::default_piece_bytes;
  swarm::pack_id pack;
  wire::Hosts hosts;
  topology::holder_table table;
};

TEST_F(PlacementMessagesTest, BytesLackingComeFromWhoHoldsWhichPieces) {
  holds("h2", 0b0011);
  holds("h3", -1);
  const auto placed = place(order_of(1, topology::placement_strategy::shoal_friendly));
  ASSERT_TRUE(placed) << placed.error().message;
  EXPECT_EQ(placed->request.image_bytes, image_bytes);
  EXPECT_THAT(names(placed->choices), ElementsAre("h3"));
  EXPECT_EQ(placed->choices[0].place, "s/c/r2");
  ASSERT_THAT(names(placed->ranking), ElementsAre("h3", "h2", "h1"));
  EXPECT_EQ(placed->ranking[0].numbers.lacking_bytes, 0u);
  EXPECT_EQ(placed->ranking[1].numbers.lacking_bytes, image_bytes / 2);
  EXPECT_EQ(placed->ranking[2].numbers.lacking_bytes, image_bytes);
  EXPECT_EQ(placed->considered, 3u);
}

TEST_F(PlacementMessagesTest, JobsToldInBeatsAndVmsToldByTheAskerAreLoad) {
  hosts.mutable_hosts(0)->set_running_jobs(2);
  auto order = order_of(1, topology::placement_strategy::min_loaded);
  order.vms = {{"h2", 1}, {"no-member", 9}};
  const auto placed = place(order);
  EXPECT_THAT(names(placed->ranking), ElementsAre("h3", "h2", "h1"));
  EXPECT_EQ(placed->ranking[2].numbers.load, 2u);
}

TEST_F(PlacementMessagesTest, FullHostsAndAbsentOnesAreRankedLastWithTheReason) {
  hosts.mutable_hosts(0)->set_room_bytes(image_bytes - 1);
  hosts.mutable_hosts(1)->set_online(false);
  auto order = order_of(5, topology::placement_strategy::weighted);
  order.slots_per_host = 3;
  order.vms = {{"h3", 1}};
  const auto placed = place(order);
  EXPECT_THAT(names(placed->choices), ElementsAre("h3", "h3"));
  EXPECT_EQ(placed->missing, 3u);
  EXPECT_THAT(placed->why_missing, HasSubstr("3 of 5 VMs find no host"));
  ASSERT_THAT(names(placed->ranking), ElementsAre("h3", "h1", "h2"));
  EXPECT_EQ(placed->ranking[0].refusal, "");
  EXPECT_EQ(placed->ranking[1].refusal, "no_room");
  EXPECT_EQ(placed->ranking[2].refusal, "offline");
}

TEST_F(PlacementMessagesTest, TheImagesOwnBytesAreNoRoomForItself) {
  // It could evict what it holds, of which half is the image's.
  holds("h1", 0b0011);
  hosts.mutable_hosts(0)->set_room_bytes(image_bytes / 2 + image_bytes / 4);
  auto order = order_of(1, topology::placement_strategy::weighted);
  order.hosts = {"h1"};
  EXPECT_EQ(place(order)->missing, 1u);
  hosts.mutable_hosts(0)->set_room_bytes(image_bytes);
  EXPECT_EQ(place(order)->missing, 0u);
}

TEST_F(PlacementMessagesTest, OnlyTheHostsAskedForAreConsidered) {
  auto order = order_of(1, topology::placement_strategy::weighted);
  order.within = "r1";
  EXPECT_THAT(names(place(order)->ranking), UnorderedElementsAre("h1", "h2"));
  order.within = "s/c/r2";
  EXPECT_THAT(names(place(order)->ranking), ElementsAre("h3"));
  order.within = "";
  order.hosts = {"h2"};
  EXPECT_THAT(names(place(order)->choices), ElementsAre("h2"));
  order.hosts = {"h2", "h9"};
  const auto refused = place(order);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::not_found);
  EXPECT_THAT(refused.error().message, HasSubstr("h9"));
}

TEST_F(PlacementMessagesTest, HostsOfTheSameGroupCountForSpreading) {
  auto order = order_of(1, topology::placement_strategy::shoal_friendly);
  holds("h1", -1);
  holds("h2", -1);
  order.request.spread = topology::placement_spread::rack;
  order.beside = {"h1"};
  EXPECT_THAT(names(place(order)->choices), ElementsAre("h3"));
}

TEST_F(PlacementMessagesTest, OddOrdersAreRefusedByName) {
  auto order = to_wire(order_of(1, topology::placement_strategy::weighted), "web", "1");
  const auto fault = [&] { return place_image(known(), order, hosts, table).error(); };
  order.set_strategy("vdn");
  EXPECT_THAT(fault().message, HasSubstr("\"vdn\" is no strategy"));
  order.set_strategy("random");
  order.set_spread("galaxy");
  EXPECT_THAT(fault().message, HasSubstr("galaxy"));
  order.set_spread("none");
  order.set_count(placed_vms_max + 1);
  EXPECT_EQ(fault().code, errc::invalid_argument);
  order.set_count(1);
  order.mutable_weights()->set_load(-1);
  EXPECT_THAT(fault().message, HasSubstr("load"));
  order.clear_weights();
  order.set_version("2");
  EXPECT_EQ(fault().code, errc::not_found);
}

TEST_F(PlacementMessagesTest, AnAnswerOfTheGreatestLengthFitsIntoAMessage) {
  for (int i = 0; i < 3000; ++i) {
    add_host("a-host-with-quite-a-long-name-" + std::to_string(i), "rack-" + std::to_string(i / 40));
  }
  const auto order = order_of(placed_vms_max, topology::placement_strategy::random);
  const auto answer = place_image(known(), to_wire(order, "web", "1"), hosts, table);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->ranking_size(), static_cast<int>(ranked_hosts_max));
  EXPECT_LT(answer->ByteSizeLong(), 900u * 1024);
}

TEST(LiesWithinTest, ADomainIsABeginningOfThePathOrAPartOfIt) {
  for (const auto* domain : {"", "s", "s/c", "s/c/r1", "c", "r1"}) {
    EXPECT_TRUE(lies_within("s/c/r1", domain)) << domain;
  }
  for (const auto* domain : {"r", "s/c/r", "s/c/r11", "c/", "/", "s/r1"}) {
    EXPECT_FALSE(lies_within("s/c/r1", domain)) << domain;
  }
}

} // namespace
} // namespace shoal::actors
