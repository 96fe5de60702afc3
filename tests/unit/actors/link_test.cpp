#include "actors/link.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using test::holds;
using test::pack;
using test::peer;

/// One end of a link in memory: what is sent here comes out at `other`.
class memory_connection final : public link_connection {
public:
  explicit memory_connection(peer_identity peer) : peer_{std::move(peer)} {}
  [[nodiscard]] const peer_identity& peer() const override { return peer_; }
  result<void> send(std::string frame) override {
    if (full) return {errc::overloaded, "the queue is full"};
    if (frame.size() > frame_bytes_max) return {errc::invalid_argument, "longer than the limit"};
    sent.push_back(frame);
    if (other) caf::anon_send(other, link_frame{std::move(frame)});
    return {};
  }
  void close(std::string) override { closed = true; }

  caf::actor other;
  bool full = false;
  std::size_t frame_bytes_max = std::size_t{1} << 20;
  bool closed = false;
  std::vector<std::string> sent;

private:
  peer_identity peer_;
};

/// A rack index that writes down announcements.
rack_index_actor::behavior_type fake_index(rack_index_actor::pointer, int* announced) {
  return {[announced](const wire::Announce&) {
            ++*announced;
            return wire::Ack{};
          },
          [](const wire::Lookup&) -> caf::result<wire::Swarms> {
            return to_caf({errc::overloaded, "later"});
          },
          [](const wire::EndFetch&) { return wire::Ack{}; },
          [](const wire::Download& order) {
            wire::DocumentPart part;
            part.set_part(std::string(order.offset_bytes(), 'x'));
            return part;
          }};
}

class LinkTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    // The client is host `a`; the server offers an index.
    link_dispatch offered;
    expose<rack_index_service>(offered, index);
    server = system.spawn(link, to_client, offered);
    client = system.spawn(link, to_server, link_dispatch{});
    to_client->other = client;
    to_server->other = server;
    remote = system.spawn(link_proxy<rack_index_service>, client);
    run();
  }
  void TearDown() override {
    to_client->other = nullptr;
    to_server->other = nullptr;
    for (const auto& actor : {server, client}) kill(actor);
    kill(index);
  }

  int announced = 0;
  rack_index_actor index = system.spawn(fake_index, &announced);
  std::shared_ptr<memory_connection> to_client = std::make_shared<memory_connection>(
      peer_identity{"a", {"s", "c", "r1"}, {node_role::host}, "10.0.0.2"});
  std::shared_ptr<memory_connection> to_server = std::make_shared<memory_connection>(
      peer_identity{"i", {"s", "c", "r1"}, {node_role::host, node_role::index}, "10.0.0.1"});
  caf::actor server;
  caf::actor client;
  rack_index_actor remote;
};

TEST_F(LinkTest, ARemoteActorAnswersLikeALocalOne) {
  EXPECT_TRUE(ask<wire::Ack>(remote, holds("a", pack(1))));
  EXPECT_EQ(announced, 1);
}

TEST_F(LinkTest, AFaultKeepsItsKindAndItsSentence) {
  const auto refused = ask<wire::Swarms>(remote, test::lookup(peer("a"), pack(1), false));
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()), (error{errc::overloaded, "later"}));
}

TEST_F(LinkTest, AReplyTooLongForTheLinkIsAFaultAndNoSilence) {
  to_client->frame_bytes_max = 1000;
  wire::Download order;
  order.set_offset_bytes(900);
  EXPECT_TRUE(ask<wire::DocumentPart>(remote, order));
  order.set_offset_bytes(2000);
  const auto refused = ask<wire::DocumentPart>(remote, order);
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()),
            (error{errc::invalid_argument, "the reply is too long: longer than the limit"}));
}

TEST_F(LinkTest, NobodySpeaksForAnotherHost) {
  const auto refused = ask<wire::Ack>(remote, holds("b", pack(1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()).code, errc::denied);
  EXPECT_EQ(announced, 0);
}

TEST_F(LinkTest, WhatIsNotOfferedIsDenied) {
  auto gis = system.spawn(link_proxy<gis_service>, client);
  const auto refused = ask<wire::Hosts>(gis, wire::ListHosts{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()).code, errc::denied);
}

TEST_F(LinkTest, AFallenLinkEndsItsProxiesAndFailsWhatWaits) {
  self->monitor(remote);
  to_server->other = nullptr;
  auto pending = self->request(remote, caf::infinite, holds("a", pack(1)));
  run();
  caf::anon_send(client, link_closed{{errc::unreachable, "cut"}});
  run();
  bool failed = false;
  pending.receive([](const wire::Ack&) { FAIL(); }, [&](const caf::error&) { failed = true; });
  EXPECT_TRUE(failed);
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; });
  EXPECT_TRUE(down);
}

TEST_F(LinkTest, AnUnansweredRequestTimesOut) {
  to_server->other = nullptr;
  auto pending = self->request(remote, caf::infinite, holds("a", pack(1)));
  advance(request_timeout + 1s, 1s);
  errc code = errc::failed;
  pending.receive([](const wire::Ack&) { FAIL(); },
                  [&](const caf::error& fault) { code = from_caf(fault).code; });
  EXPECT_EQ(code, errc::unreachable);
}

TEST_F(LinkTest, AFrameThatIsNoMessageClosesTheLink) {
  caf::anon_send(server, link_frame{"\xff\xff\xff"});
  run();
  EXPECT_TRUE(to_client->closed);
}

TEST_F(LinkTest, AnAnswerNobodyWaitsForIsDropped) {
  wire::Envelope stray;
  stray.set_reply_to(4711);
  caf::anon_send(client, link_frame{stray.SerializeAsString()});
  run();
  EXPECT_FALSE(to_server->closed);
  EXPECT_TRUE(ask<wire::Ack>(remote, holds("a", pack(1))));
}

TEST_F(LinkTest, AFullQueueIsAFaultOfTheRequest) {
  to_server->full = true;
  const auto refused = ask<wire::Ack>(remote, holds("a", pack(1)));
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()).code, errc::overloaded);
}

TEST(LinkAdmissionTest, OnlyAPublishersCertificateMayPublish) {
  const peer_identity host{"a", {"s", "c", "r1"}, {node_role::host}, {}};
  EXPECT_EQ(admit(wire::CommitPublication{}, host).error().code, errc::denied);
  const peer_identity publisher{"a", {"s", "c", "r1"}, {node_role::publisher}, {}};
  EXPECT_TRUE(admit(wire::CommitPublication{}, publisher));
}

TEST(LinkAdmissionTest, AHostJoinsUnderItsOwnNameAndAtItsOwnPlace) {
  const peer_identity a{"a", {"s", "c", "r1"}, {node_role::host}, {}};
  EXPECT_TRUE(admit(test::hello("a"), a));
  EXPECT_FALSE(admit(test::hello("b"), a));
  EXPECT_FALSE(admit(test::hello("a", 1, "r2"), a));
}

TEST(LinkAdmissionTest, OnlyTheGisGivesOrders) {
  const peer_identity host{"a", {"s", "c", "r1"}, {node_role::host}, {}};
  EXPECT_FALSE(admit(wire::Forget{}, host));
  EXPECT_FALSE(admit(wire::Members{}, host));
  const peer_identity gis{"g", {"s", "c", "r1"}, {node_role::gis}, {}};
  EXPECT_TRUE(admit(wire::Forget{}, gis));
}

} // namespace
} // namespace shoal::actors
