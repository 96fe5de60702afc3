#include "actors/general_index_server.hpp"
#include "actors/membership.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <filesystem>
#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using test::hello;
using test::holds;
using test::lookup;
using test::pack;
using test::peer;

/// What a host was told.
struct told {
  std::vector<wire::Swarms> swarms;
  /// The last news of members, and what they and the answer to the hello amount to.
  wire::Members news;
  wire::Members members;
  std::size_t bytes = 0;
  int served = 0;
  std::vector<wire::Prestage> prestaged;
  std::vector<std::string> cancelled;
  bool full = false;
};

host_actor::behavior_type recording_agent(host_actor::pointer, told* log) {
  return {[log](const wire::Serve&) {
            ++log->served;
            return wire::Ack{};
          },
          [log](const wire::Swarms& swarms) {
            log->swarms.push_back(swarms);
            log->bytes += swarms.ByteSizeLong();
            return wire::Ack{};
          },
          [log](const wire::Members& members) {
            log->news = members;
            log->bytes += members.ByteSizeLong();
            EXPECT_TRUE(merge_members(log->members, members));
            return wire::Ack{};
          },
          [](const wire::Forget&) { return wire::Ack{}; },
          [log](const wire::Prestage& order) -> caf::result<wire::PrestageProgress> {
            log->prestaged.push_back(order);
            if (log->full) return to_caf({errc::no_space, "full"});
            wire::PrestageProgress progress;
            progress.set_attempt(order.attempt());
            progress.set_running(true);
            return progress;
          },
          [log](const wire::CancelPrestage& order) {
            log->cancelled.push_back(order.order());
            return wire::Ack{};
          }};
}

class GeneralIndexServerTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    directory = std::filesystem::temp_directory_path() /
                ("shoal-gis-test-" + std::to_string(::getpid()) + "-" +
                 ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(directory);
    auto opened = swarm::catalogue::open((directory / "catalogue.sqlite").string());
    ASSERT_TRUE(opened) << opened.error().message;
    gis = system.spawn(general_index_server,
                       general_index_server_config{
                           .host = "a", .timestamp = [] { return "2026-01-01T00:00:00Z"; }},
                       std::make_shared<std::unique_ptr<swarm::catalogue>>(std::move(*opened)));
    run();
  }
  void TearDown() override {
    kill(gis);
    gis = nullptr;
    std::filesystem::remove_all(directory);
  }

  /// A host joins with an agent that writes down what it is told.
  host_actor join(const std::string& host, const std::string& rack = "r1", std::uint64_t session = 1) {
    auto agent = system.spawn(recording_agent, &logs[host]);
    auto members = ask<wire::Members>(gis, hello(host, session, rack));
    EXPECT_TRUE(members);
    if (members) logs[host].members = *members;
    caf::anon_send(gis, attach_host{host, agent});
    advance(100ms);
    return agent;
  }

  std::filesystem::path directory;
  gis_local_actor gis;
  std::map<std::string, told> logs;
};

TEST_F(GeneralIndexServerTest, EverybodyLearnsOfANewMember) {
  join("a");
  join("b");
  EXPECT_EQ(logs["a"].members.members_size(), 2);
  EXPECT_EQ(logs["b"].members.SerializeAsString(), logs["a"].members.SerializeAsString());
}

TEST_F(GeneralIndexServerTest, NewsOfMembersNameWhoCameAndWhoWent) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  const auto agent = join("d", "r2");
  ASSERT_EQ(logs["a"].news.members_size(), 1) << "who came; nobody else's role changed";
  EXPECT_EQ(logs["a"].news.members(0).peer().host(), "d");
  kill(agent);
  advance(100ms);
  EXPECT_THAT(logs["a"].news.gone(), ElementsAre("d"));
  EXPECT_EQ(logs["a"].news.members_size(), 0);
  EXPECT_EQ(logs["a"].members.members_size(), 3);
}

TEST_F(GeneralIndexServerTest, AHolderIsWokenBeforeItIsNamed) {
  join("a");
  join("b");
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("a", pack(1))));
  const auto answer = ask<wire::Swarms>(gis, lookup(peer("b"), pack(1), true));
  ASSERT_TRUE(answer);
  EXPECT_THAT(test::holders(*answer), ElementsAre("a"));
  EXPECT_EQ(logs["a"].served, 1);
}

TEST_F(GeneralIndexServerTest, ABurstOfFetchersIsToldOnceOfAllOfThem) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("a", pack(1))));
  advance(100ms);
  for (const auto* host : {"b", "c"}) {
    ASSERT_TRUE(ask<wire::Swarms>(gis, lookup(peer(host), pack(1), true)));
  }
  advance(100ms);
  ASSERT_EQ(logs["b"].swarms.size(), 1u);
  EXPECT_THAT(test::fetchers(logs["b"].swarms[0]), UnorderedElementsAre("b", "c"));
  EXPECT_THAT(test::holders(logs["b"].swarms[0]), ElementsAre("a"));
}

TEST_F(GeneralIndexServerTest, WhoFetchesHearsOnlyOfThoseWhoCameSince) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("a", pack(1))));
  ASSERT_TRUE(ask<wire::Swarms>(gis, lookup(peer("b"), pack(1), true)));
  advance(100ms);
  logs["b"].swarms.clear();
  const auto answer = ask<wire::Swarms>(gis, lookup(peer("c"), pack(1), true));
  EXPECT_THAT(test::fetchers(*answer), UnorderedElementsAre("b", "c")) << "an answer names all";
  advance(100ms);
  ASSERT_EQ(logs["b"].swarms.size(), 1u);
  const auto& news = logs["b"].swarms[0].swarms(0);
  EXPECT_THAT(test::fetchers(logs["b"].swarms[0]), ElementsAre("c"));
  EXPECT_TRUE(news.has_base_revision());
  EXPECT_TRUE(news.same_holders());
  EXPECT_THAT(test::holders(logs["b"].swarms[0]), IsEmpty());
  logs["b"].swarms.clear();
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("c", pack(1))));
  advance(100ms);
  EXPECT_THAT(logs["b"].swarms, IsEmpty()) << "a fetcher that has everything is a fetcher still";
}

TEST_F(GeneralIndexServerTest, WhoKnowsTheFetchersIsNotToldThemAgain) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("a", pack(1))));
  ASSERT_TRUE(ask<wire::Swarms>(gis, lookup(peer("c"), pack(1), true)));
  auto request = lookup(peer("b"), pack(1), true);
  const auto first = ask<wire::Swarms>(gis, request);
  advance(100ms);
  const auto& told = logs["b"].swarms.back().swarms(0);
  auto& known = *request.add_known();
  known.set_table(told.table());
  known.set_revision(told.revision());
  auto again = ask<wire::Swarms>(gis, request);
  EXPECT_THAT(test::fetchers(*again), IsEmpty());
  EXPECT_EQ(again->swarms(0).base_revision(), told.revision());
  EXPECT_THAT(test::holders(*again), ElementsAre("a")) << "holders are few, and waken";
  known.set_table(told.table() + 1);
  again = ask<wire::Swarms>(gis, request);
  EXPECT_THAT(test::fetchers(*again), UnorderedElementsAre("b", "c")) << "of another index";
}

// Each of n hosts told of n others, once: not all of them again whenever one comes.
TEST_F(GeneralIndexServerTest, ABurstCostsEachHostOneRecordAHost) {
  constexpr std::size_t hosts = 100;
  const auto name = [](std::size_t number) { return "host" + std::to_string(number); };
  const auto told_each = [&] {
    std::size_t sum = 0;
    for (auto& [host, log] : logs) sum += std::exchange(log.bytes, 0);
    return sum / hosts;
  };
  const auto record = peer(name(10)).ByteSizeLong() + 4;
  for (std::size_t i = 0; i < hosts; ++i) join(name(i), "r" + std::to_string(i / 10));
  // Roles of rack, cluster and site are told with the members, and each of the news has a head.
  EXPECT_LT(told_each(), hosts * (2 * record + 20));
  ASSERT_TRUE(ask<wire::Ack>(gis, holds(name(0), pack(1))));
  for (std::size_t i = 1; i < hosts; ++i) {
    const auto asker = peer(name(i), "r" + std::to_string(i / 10));
    ASSERT_TRUE(ask<wire::Swarms>(gis, lookup(asker, pack(1), true)));
    advance(25ms, 5ms);
  }
  EXPECT_LT(told_each(), hosts * (record + 60));
  for (std::size_t i = 1; i < hosts; ++i) {
    ASSERT_TRUE(ask<wire::Ack>(gis, holds(name(i), pack(1))));
    wire::EndFetch ended;
    ended.set_host(name(i));
    ended.set_session(1);
    ended.add_packs(pack(1).raw());
    ASSERT_TRUE(ask<wire::Ack>(gis, ended));
    advance(25ms, 5ms);
  }
  EXPECT_EQ(told_each(), 0u) << "fetchers that have everything linger";
  advance(60s, 1s);
  EXPECT_LT(told_each(), hosts * (name(10).size() + 60));
}

TEST_F(GeneralIndexServerTest, AFinishedFetcherLingersSoThatOwnershipStays) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  for (const auto* host : {"b", "c"}) {
    ASSERT_TRUE(ask<wire::Swarms>(gis, lookup(peer(host), pack(1), true)));
  }
  wire::EndFetch ended;
  ended.set_host("b");
  ended.set_session(1);
  ended.add_packs(pack(1).raw());
  ASSERT_TRUE(ask<wire::Ack>(gis, ended));
  advance(10s);
  auto answer = ask<wire::Swarms>(gis, lookup(peer("a"), pack(1), false));
  EXPECT_THAT(test::fetchers(*answer), UnorderedElementsAre("b", "c"));
  advance(25s);
  answer = ask<wire::Swarms>(gis, lookup(peer("a"), pack(1), false));
  EXPECT_THAT(test::fetchers(*answer), ElementsAre("c"));
}

TEST_F(GeneralIndexServerTest, AHostWhoseLinkFellHoldsAndFetchesNothing) {
  for (const auto* host : {"a", "c"}) join(host);
  const auto agent = join("b");
  ASSERT_TRUE(ask<wire::Ack>(gis, holds("b", pack(1))));
  kill(agent);
  advance(100ms);
  const auto answer = ask<wire::Swarms>(gis, lookup(peer("c"), pack(1), false));
  EXPECT_THAT(test::holders(*answer), IsEmpty());
  EXPECT_EQ(logs["c"].members.members_size(), 2);
}

TEST_F(GeneralIndexServerTest, TheEndOfAnOldLinkDoesNotTakeAHostThatCameBack) {
  const auto before = join("b", "r1", 1);
  join("b", "r1", 2);
  kill(before);
  advance(100ms);
  const auto hosts = ask<wire::Hosts>(gis, wire::ListHosts{});
  ASSERT_EQ(hosts->hosts_size(), 1);
  EXPECT_TRUE(hosts->hosts(0).online());
}

TEST_F(GeneralIndexServerTest, AnUploadWhosePartsDoNotFitIsRefused) {
  wire::Upload part;
  part.set_upload(1);
  part.set_total_bytes(10);
  part.set_part("12345");
  EXPECT_TRUE(ask<wire::Ack>(gis, part));
  part.set_offset_bytes(7);
  EXPECT_FALSE(ask<wire::Ack>(gis, part));
  wire::CommitPublication commit;
  commit.set_upload(1);
  EXPECT_FALSE(ask<wire::PublicationOutcome>(gis, commit));
}

TEST_F(GeneralIndexServerTest, RubbishIsNoPublication) {
  wire::Upload part;
  part.set_upload(1);
  part.set_total_bytes(5);
  part.set_part("\xff\xff\xff\xff\xff");
  ASSERT_TRUE(ask<wire::Ack>(gis, part));
  wire::CommitPublication commit;
  commit.set_upload(1);
  EXPECT_FALSE(ask<wire::PublicationOutcome>(gis, commit));
}

TEST_F(GeneralIndexServerTest, NoPackItNeverKnewWasRemoved) {
  wire::CheckPacks check;
  check.add_packs(pack(1).raw());
  const auto answer = ask<wire::CheckedPacks>(gis, check);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->removed_size(), 0);
  ASSERT_EQ(answer->unknown_size(), 1);
  EXPECT_EQ(answer->unknown(0), pack(1).raw());
  check.add_packs("no id");
  EXPECT_FALSE(ask<wire::CheckedPacks>(gis, check));
}

TEST_F(GeneralIndexServerTest, AnOrderToPrestageReachesAllItsHostsAndAllAreAnsweredFor) {
  for (const auto* host : {"a", "b", "c"}) join(host);
  logs["b"].full = true;
  wire::PrestageHosts orders;
  orders.mutable_order()->set_order("a/1/1");
  orders.mutable_order()->set_attempt(1);
  (*orders.mutable_attempts())["c"] = 4;
  for (const auto* host : {"a", "b", "c", "d"}) orders.add_hosts(host);
  const auto report = ask<wire::PrestageReport>(gis, orders);
  ASSERT_TRUE(report);
  std::map<std::string, wire::PrestageProgress> told;
  for (const auto& host : report->hosts()) told[host.host()] = host;
  ASSERT_EQ(told.size(), 4u);
  EXPECT_TRUE(told["a"].running());
  EXPECT_EQ(told["c"].attempt(), 4u);
  EXPECT_EQ(static_cast<errc>(told["b"].fault_code()), errc::no_space);
  EXPECT_EQ(static_cast<errc>(told["d"].fault_code()), errc::unreachable);
  EXPECT_EQ(told["d"].attempt(), 0u);
  orders.set_cancel(true);
  ASSERT_TRUE(ask<wire::PrestageReport>(gis, orders));
  EXPECT_THAT(logs["a"].cancelled, ElementsAre("a/1/1"));
  EXPECT_EQ(logs["a"].prestaged.size(), 1u);
}

TEST_F(GeneralIndexServerTest, AHostThatLeavesWhileItIsAskedIsAnsweredFor) {
  const auto agent = join("a");
  wire::PrestageHosts orders;
  orders.add_hosts("a");
  auto pending = self->request(gis, caf::infinite, orders);
  kill(agent);
  advance(6s);
  pending.receive(
      [](wire::PrestageReport& report) {
        ASSERT_EQ(report.hosts_size(), 1);
        EXPECT_EQ(static_cast<errc>(report.hosts(0).fault_code()), errc::unreachable);
      },
      [](caf::error&) { FAIL(); });
}

TEST_F(GeneralIndexServerTest, WhatNobodyPublishedIsNotFound) {
  wire::FindImage find;
  find.set_name("web");
  find.set_version("1");
  const auto found = ask<wire::ImageRecord>(gis, find);
  ASSERT_FALSE(found);
  EXPECT_EQ(from_caf(found.error()).code, errc::not_found);
}

} // namespace
} // namespace shoal::actors
