#include "topology/holder_table.hpp"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

namespace shoal::topology {
namespace {

pack_key key(unsigned number) {
  pack_key made{};
  made[5] = static_cast<std::byte>(number);
  return made;
}

const auto A = key(1);
const auto B = key(2);

holding all_of(const pack_key& pack, std::uint32_t count = 12) {
  return {.pack = pack, .piece_count = count, .all = true};
}

holding part_of(const pack_key& pack, std::string bitmap) {
  return {.pack = pack, .piece_count = 12, .bitmap = std::move(bitmap)};
}

class HolderTableTest : public ::testing::Test {
protected:
  std::vector<pack_key> announce(const std::string& host, std::vector<holding> holdings,
                                 std::uint64_t session = 1, bool complete = false) {
    auto changed = table.announce(
        {.host = host, .session = session, .holdings = std::move(holdings), .complete = complete});
    EXPECT_TRUE(changed.ok());
    return changed ? *changed : std::vector<pack_key>{};
  }
  pack_view view(const pack_key& pack, std::string_view except = {}) {
    return table.lookup(std::vector{pack}, except).front();
  }
  std::vector<std::string> holders(const pack_key& pack) {
    std::vector<std::string> names;
    for (const auto& one : view(pack).holders)
      names.push_back(one.host);
    return names;
  }

  holder_table table;
};

TEST_F(HolderTableTest, AnswersInTheOrderAskedAndWithoutTheAsker) {
  announce("b", {all_of(A), part_of(B, std::string("\x03\x00", 2))});
  announce("a", {all_of(A)});
  const auto views = table.lookup(std::vector{B, A, key(3)}, "a");
  ASSERT_EQ(views.size(), 3u);
  EXPECT_EQ(views[0].holders, (std::vector<holder>{{"b", false, std::string("\x03\x00", 2)}}));
  EXPECT_EQ(views[0].piece_count, 12u);
  EXPECT_EQ(views[1].holders, (std::vector<holder>{{"b", true, ""}}));
  EXPECT_TRUE(views[2].holders.empty());
  EXPECT_EQ(views[2].revision, 0u);
}

TEST_F(HolderTableTest, ABitmapOfEveryPieceIsTheWholePack) {
  announce("a", {part_of(A, "\xff\x0f")});
  EXPECT_TRUE(view(A).holders.front().all);
}

TEST_F(HolderTableTest, ABitmapOfNoPieceIsNoHolding) {
  announce("a", {all_of(A)});
  announce("a", {part_of(A, std::string(2, '\0'))});
  EXPECT_TRUE(holders(A).empty());
  EXPECT_EQ(table.counts(), holder_counts{});
}

TEST_F(HolderTableTest, ACompleteAnnouncementForgetsTheRest) {
  announce("a", {all_of(A), all_of(B)});
  EXPECT_EQ(announce("a", {all_of(B)}, 1, true), std::vector{A});
  EXPECT_TRUE(holders(A).empty());
  EXPECT_EQ(holders(B), std::vector<std::string>{"a"});
}

TEST_F(HolderTableTest, AnOldSessionIsIgnoredAndANewOneStartsEmpty) {
  announce("a", {all_of(A)}, 5);
  EXPECT_TRUE(announce("a", {all_of(B)}, 4).empty());
  EXPECT_TRUE(holders(B).empty());
  EXPECT_TRUE(table.end_fetch("a", 4, std::vector{A}).empty());
  announce("a", {all_of(B)}, 6);
  EXPECT_TRUE(holders(A).empty());
  EXPECT_EQ(holders(B), std::vector<std::string>{"a"});
}

TEST_F(HolderTableTest, ARetiredHostIsGoneAndLateNewsOfAnOlderSessionToo) {
  announce("a", {all_of(A)}, 5);
  table.begin_fetch("a", 5, std::vector{B});
  EXPECT_EQ(table.retire("a"), (std::vector{A, B}));
  EXPECT_EQ(table.counts(), holder_counts{});
  EXPECT_TRUE(announce("a", {all_of(A)}, 4).empty());
  EXPECT_TRUE(holders(A).empty());
  EXPECT_TRUE(table.retire("nobody").empty());
}

TEST_F(HolderTableTest, ARefusedAnnouncementChangesNothing) {
  announce("a", {all_of(A)});
  const auto bad = table.announce(
      {.host = "b", .session = 1, .holdings = {all_of(B), part_of(B, "\x01")}, .dropped = {}});
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, errc::invalid_argument);
  EXPECT_TRUE(holders(B).empty());
  const auto other_length =
      table.announce({.host = "b", .session = 1, .holdings = {all_of(B), all_of(A, 13)}});
  ASSERT_FALSE(other_length.ok());
  EXPECT_EQ(other_length.error().code, errc::conflict);
  EXPECT_TRUE(holders(B).empty());
  EXPECT_FALSE(table.announce({.host = "b", .session = 1, .holdings = {all_of(B, 0)}}).ok());
  EXPECT_FALSE(
      table.announce({.host = "b", .session = 1, .holdings = {part_of(B, "\x01\x10")}}).ok());
}

TEST_F(HolderTableTest, SinglePiecesComeAndGo) {
  const std::vector<std::uint32_t> added{0, 9};
  const std::vector<std::uint32_t> removed{0};
  const std::vector<std::uint32_t> past_end{12};
  EXPECT_TRUE(table.change_pieces("a", 1, A, 12, added, {}).ok());
  EXPECT_EQ(view(A).holders.front().bitmap, "\x01\x02");
  EXPECT_TRUE(table.change_pieces("a", 1, A, 12, {}, removed).ok());
  EXPECT_EQ(view(A).holders.front().bitmap, std::string("\x00\x02", 2));
  announce("a", {all_of(A)});
  EXPECT_TRUE(table.change_pieces("a", 1, A, 12, {}, removed).ok());
  EXPECT_EQ(view(A).holders.front().bitmap, "\xfe\x0f");
  EXPECT_FALSE(table.change_pieces("a", 1, A, 12, past_end, {}).ok());
}

TEST_F(HolderTableTest, FetchersAreListedUntilTheyEnd) {
  table.begin_fetch("b", 1, std::vector{A, B}, "\x01");
  table.begin_fetch("a", 1, std::vector{A});
  EXPECT_EQ(view(A).fetchers, (std::vector<pack_fetcher>{{"a", ""}, {"b", "\x01"}}));
  EXPECT_EQ(table.end_fetch("b", 1, std::vector{A}), std::vector{A});
  EXPECT_EQ(view(A).fetchers, (std::vector<pack_fetcher>{{"a", ""}}));
  EXPECT_EQ(view(B).fetchers, (std::vector<pack_fetcher>{{"b", "\x01"}}));
  EXPECT_TRUE(table.end_fetch("b", 1, std::vector{A}).empty());
}

TEST_F(HolderTableTest, TheRevisionMovesWithMembershipAndNotWithPieces) {
  table.begin_fetch("a", 1, std::vector{A});
  const auto alone = table.revision(A);
  EXPECT_GT(alone, 0u);
  EXPECT_EQ(announce("a", {part_of(A, std::string("\x01\x00", 2))}), std::vector{A});
  const auto holding_some = table.revision(A);
  EXPECT_GT(holding_some, alone);
  EXPECT_TRUE(announce("a", {part_of(A, std::string("\x03\x00", 2))}).empty());
  table.begin_fetch("a", 1, std::vector{A});
  EXPECT_EQ(table.revision(A), holding_some);
  EXPECT_EQ(announce("a", {all_of(A)}), std::vector{A});
  EXPECT_GT(table.revision(A), holding_some);
}

TEST_F(HolderTableTest, CountsHostsPacksHoldingsAndFetches) {
  announce("a", {all_of(A), all_of(B)});
  announce("b", {all_of(A)});
  table.begin_fetch("c", 1, std::vector{A});
  EXPECT_EQ(table.counts(), (holder_counts{.hosts = 3, .packs = 2, .holdings = 3, .fetches = 1}));
}

class HolderTableSeedTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(HolderTableSeedTest, AgreesWithAPlainMap) {
  std::mt19937 random{GetParam()};
  holder_table table;
  std::map<std::pair<unsigned, std::string>, std::string> model;
  for (int i = 0; i < 2000; ++i) {
    const auto host = "h" + std::to_string(random() % 6);
    const auto number = random() % 5;
    if (random() % 20 == 0) {
      table.retire(host);
      std::erase_if(model, [&](const auto& one) { return one.first.second == host; });
    } else if (random() % 5 == 0) {
      EXPECT_TRUE(table.announce({.host = host, .session = 0, .dropped = {key(number)}}).ok());
      model.erase({number, host});
    } else {
      const std::string bitmap{static_cast<char>(random()), static_cast<char>(random() & 15)};
      const bool complete = random() % 20 == 0;
      const auto held = part_of(key(number), bitmap);
      EXPECT_TRUE(table.announce({.host = host, .holdings = {held}, .complete = complete}).ok());
      if (complete) std::erase_if(model, [&](const auto& o) { return o.first.second == host; });
      model[{number, host}] = bitmap;
      if (bitmap == std::string(2, '\0')) model.erase({number, host});
    }
    const auto view = table.lookup(std::vector{key(number)}).front();
    std::size_t expected = 0;
    for (const auto& [where, bitmap] : model)
      expected += where.first == number ? 1 : 0;
    ASSERT_EQ(view.holders.size(), expected);
    for (const auto& one : view.holders) {
      EXPECT_EQ(one.all ? "\xff\x0f" : one.bitmap, model.at({number, one.host}));
    }
  }
  EXPECT_EQ(table.counts().holdings, model.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, HolderTableSeedTest, ::testing::Range(1u, 11u));

} // namespace
} // namespace shoal::topology
