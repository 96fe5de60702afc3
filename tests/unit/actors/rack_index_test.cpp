#include "actors/rack_index.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/unit/actors/fake_gis.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using test::holds;
using test::lookup;
using test::pack;
using test::peer;

/// A host agent that counts how often it is asked to serve, or never answers.
struct agent_log {
  int served = 0;
  bool silent = false;
};

host_actor::behavior_type fake_agent(host_actor::pointer self, agent_log* log) {
  return {[self, log](const wire::Serve&) -> caf::result<wire::Ack> {
            ++log->served;
            if (log->silent) return self->make_response_promise<wire::Ack>();
            return wire::Ack{};
          },
          [](const wire::Swarms&) { return wire::Ack{}; },
          [](const wire::Members&) { return wire::Ack{}; },
          [](const wire::Forget&) { return wire::Ack{}; },
          [](const wire::Prestage&) { return wire::PrestageProgress{}; },
          [](const wire::CancelPrestage&) { return wire::Ack{}; }};
}

/// A GIS that has every document, or none.
struct document_gis {
  int downloads = 0;
  bool empty = false;
  test::gis_answers answers{.download = [this](const wire::Download&) { return answer(); }};

private:
  caf::result<wire::DocumentPart> answer() {
    ++downloads;
    if (empty) return to_caf({errc::not_found, "no such recipe"});
    wire::DocumentPart part;
    part.set_part("bytes");
    return part;
  }
};

class RackIndexTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    wire::Members members;
    for (const auto* host : {"a", "b", "c"}) *members.add_members()->mutable_peer() = peer(host);
    caf::anon_send(index, members);
    caf::anon_send(index, attach_host{"a", system.spawn(fake_agent, &log)});
    run();
  }
  void TearDown() override { kill(index); }

  rack_index_local_actor index = system.spawn(rack_index);
  agent_log log;
};

TEST_F(RackIndexTest, AnswersFromItsOwnTableWhileTheGisIsAway) {
  // The host is told that the GIS does not know yet, and will say it again.
  EXPECT_FALSE(ask<wire::Ack>(index, holds("a", pack(1))));
  const auto answer = ask<wire::Swarms>(index, lookup(peer("b"), pack(1), true));
  ASSERT_TRUE(answer);
  EXPECT_THAT(test::holders(*answer), ElementsAre("a"));
  EXPECT_THAT(test::fetchers(*answer), ElementsAre("b"));
  EXPECT_EQ(log.served, 1);
}

TEST_F(RackIndexTest, AHolderThatDoesNotAnswerIsNamedAllTheSame) {
  log.silent = true;
  static_cast<void>(ask<wire::Ack>(index, holds("a", pack(1))));
  auto pending = self->request(index, caf::infinite, lookup(peer("b"), pack(1), true));
  advance(1500ms);
  wire::Swarms answer;
  pending.receive([&](const wire::Swarms& swarms) { answer = swarms; },
                  [](const caf::error&) { FAIL() << "no answer"; });
  EXPECT_THAT(test::holders(answer), ElementsAre("a"));
}

TEST_F(RackIndexTest, AFetcherThatEndedIsNamedNoMore) {
  static_cast<void>(ask<wire::Swarms>(index, lookup(peer("b"), pack(1), true)));
  wire::EndFetch ended;
  ended.set_host("b");
  ended.set_session(1);
  ended.add_packs(pack(1).raw());
  EXPECT_TRUE(ask<wire::Ack>(index, ended));
  const auto answer = ask<wire::Swarms>(index, lookup(peer("c"), pack(1), true));
  ASSERT_TRUE(answer);
  EXPECT_THAT(test::fetchers(*answer), ElementsAre("c"));
}

TEST_F(RackIndexTest, AMalformedLookupIsRefused) {
  auto asked = lookup(peer("b"), pack(1), false);
  asked.add_packs("short");
  EXPECT_FALSE(ask<wire::Swarms>(index, asked));
}

TEST_F(RackIndexTest, ADocumentTheWholeRackAsksForIsFetchedOnce) {
  document_gis at_gis;
  const gis_actor gis = system.spawn(test::fake_gis, &at_gis.answers);
  caf::anon_send(index, gis);
  wire::Download order;
  order.set_id("recipe");
  auto first = self->request(index, caf::infinite, order);
  auto second = self->request(index, caf::infinite, order);
  run();
  EXPECT_EQ(at_gis.downloads, 1);
  const auto expect_bytes = [](const wire::DocumentPart& got) { EXPECT_EQ(got.part(), "bytes"); };
  const auto no_answer = [](const caf::error&) { FAIL() << "no answer"; };
  first.receive(expect_bytes, no_answer);
  second.receive(expect_bytes, no_answer);
  const auto later = ask<wire::DocumentPart>(index, order);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->part(), "bytes");
  EXPECT_EQ(at_gis.downloads, 1);
  kill(gis);
}

TEST_F(RackIndexTest, ADocumentTheGisCannotGiveIsAskedForAgain) {
  document_gis at_gis;
  at_gis.empty = true;
  const gis_actor gis = system.spawn(test::fake_gis, &at_gis.answers);
  caf::anon_send(index, gis);
  wire::Download order;
  order.set_id("recipe");
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto answer = ask<wire::DocumentPart>(index, order);
    ASSERT_FALSE(answer);
    EXPECT_EQ(from_caf(answer.error()).code, errc::not_found);
    EXPECT_EQ(at_gis.downloads, attempt);
  }
  kill(gis);
}

} // namespace
} // namespace shoal::actors
