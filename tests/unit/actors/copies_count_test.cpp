#include "actors/copies_count.hpp"
#include "actors/wire_convert.hpp"

#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

using topology::distance;

constexpr std::uint32_t pieces = 5;

class CopiesCountTest : public ::testing::Test {
protected:
  void SetUp() override {
    pack.bytes[0] = std::byte{7};
    for (const auto& [host, place] :
         std::initializer_list<std::pair<const char*, const char*>>{{"me", "s1/c1/r1"},
                                                                    {"near", "s1/c1/r1"},
                                                                    {"beside", "s1/c1/r2"},
                                                                    {"far", "s1/c2/r9"},
                                                                    {"away", "s2/c1/r1"}}) {
      wire::Peer peer;
      peer.set_host(host);
      peer.set_place(place);
      index.learn(peer);
    }
  }
  void hold(const std::string& host, std::initializer_list<std::uint32_t> held) {
    swarm::piece_set set{pieces};
    for (const auto piece : held) set.insert(piece);
    wire::Announce news;
    news.set_host(host);
    news.set_session(1);
    *news.add_holdings() = to_wire(pack, set);
    ASSERT_TRUE(index.announce(news));
  }
  result<wire::Copies> count(std::uint32_t run_pieces, const std::string& host = "me") {
    wire::CountCopies question;
    question.set_host(host);
    question.add_packs(pack.raw());
    question.add_run_pieces(run_pieces);
    return count_copies(index, question);
  }

  swarm::pack_id pack;
  swarm_index index;
};

TEST_F(CopiesCountTest, CountsTheSiteAndFindsTheNearest) {
  hold("me", {0, 1, 2, 3, 4});
  hold("away", {0, 1, 2, 3, 4});
  auto answer = count(2);
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->packs(0).in_site_size(), 1) << "all runs are alike";
  EXPECT_EQ(answer->packs(0).in_site(0), 1u) << "another site's copies do not count";
  EXPECT_EQ(answer->packs(0).nearest(0), static_cast<unsigned>(distance::other_site));
  hold("far", {0, 1, 2, 3, 4});
  answer = count(2);
  EXPECT_EQ(answer->packs(0).in_site(0), 2u);
  EXPECT_EQ(answer->packs(0).nearest(0), static_cast<unsigned>(distance::same_site));
  hold("near", {0, 1, 2, 3, 4});
  answer = count(2);
  EXPECT_EQ(answer->packs(0).in_site(0), 3u);
  EXPECT_EQ(answer->packs(0).nearest(0), static_cast<unsigned>(distance::same_rack));
}

TEST_F(CopiesCountTest, CountsRunByRunWhoHoldsAllOfIt) {
  hold("beside", {0, 1, 2, 4});
  hold("far", {0, 1, 2, 3, 4});
  const auto answer = count(2);
  ASSERT_TRUE(answer);
  const auto& told = answer->packs(0);
  ASSERT_EQ(told.in_site_size(), 3);
  EXPECT_EQ(told.in_site(0), 3u);
  EXPECT_EQ(told.nearest(0), static_cast<unsigned>(distance::same_cluster));
  EXPECT_EQ(told.in_site(1), 2u) << "piece 3 is only with `far`";
  EXPECT_EQ(told.nearest(1), static_cast<unsigned>(distance::same_site));
  EXPECT_EQ(told.in_site(2), 3u) << "the last run is short";
}

TEST_F(CopiesCountTest, APackNobodyElseAnnouncedIsAlone) {
  const auto answer = count(64);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->packs(0).in_site(0), 1u);
}

TEST_F(CopiesCountTest, QuestionsThatMakeNoSenseAreRefused) {
  EXPECT_EQ(count(1, "stranger").error().code, errc::not_found);
  EXPECT_EQ(count(0).error().code, errc::invalid_argument);
  wire::CountCopies question;
  question.set_host("me");
  question.add_packs("short");
  question.add_run_pieces(1);
  EXPECT_EQ(count_copies(index, question).error().code, errc::invalid_argument);
  question.clear_packs();
  EXPECT_EQ(count_copies(index, question).error().code, errc::invalid_argument);
}

} // namespace
} // namespace shoal::actors
