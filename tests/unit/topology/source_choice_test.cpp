#include "topology/source_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace shoal::topology {
namespace {

constexpr std::uint64_t mb = 1'000'000;

source_problem one_of_each_level() {
  source_problem problem;
  problem.sources = {
      {.id = 10, .away = distance::same_rack, .bytes_per_second = 8e6},
      {.id = 20, .away = distance::same_cluster, .bytes_per_second = 4e6},
      {.id = 30, .away = distance::same_site, .bytes_per_second = 1e6},
      {.id = 40, .away = distance::same_site, .origin = true, .bytes_per_second = 2e6}};
  problem.groups = {{0, 1, 2, 3}, {2, 3}, {3}, {}};
  return problem;
}

void want(source_problem& problem, std::uint32_t group, std::size_t count,
          std::uint64_t bytes = mb) {
  for (std::size_t i = 0; i < count; ++i)
    problem.pieces.push_back({bytes, group});
}

std::vector<std::size_t> counts_by_source(const source_problem& problem,
                                          const std::vector<piece_choice>& choices) {
  std::vector<std::size_t> counts(problem.sources.size());
  for (const auto& choice : choices) {
    if (choice.source != no_source) ++counts[choice.source];
  }
  return counts;
}

TEST(SourceChoiceTest, UsesEveryLevelAndTheOriginAtOnce) {
  auto problem = one_of_each_level();
  want(problem, 0, 15);
  const auto choices = choose_sources(problem, source_policy::earliest_finish);
  EXPECT_EQ(counts_by_source(problem, choices), (std::vector<std::size_t>{8, 4, 1, 2}));
  EXPECT_DOUBLE_EQ(last_finish_s(choices), 1.0);
}

TEST(SourceChoiceTest, NearestFirstLeavesTheOtherLinksIdle) {
  auto problem = one_of_each_level();
  want(problem, 0, 16);
  const auto choices = choose_sources(problem, source_policy::nearest_first);
  EXPECT_EQ(counts_by_source(problem, choices), (std::vector<std::size_t>{16, 0, 0, 0}));
  EXPECT_DOUBLE_EQ(last_finish_s(choices), 2.0);
}

TEST(SourceChoiceTest, NearestFirstTakesTheOriginOnlyWhereNoPeerHasThePiece) {
  auto problem = one_of_each_level();
  want(problem, 1, 3);
  want(problem, 2, 1);
  const auto choices = choose_sources(problem, source_policy::nearest_first);
  EXPECT_EQ(counts_by_source(problem, choices), (std::vector<std::size_t>{0, 0, 3, 1}));
}

TEST(SourceChoiceTest, NearestFirstSpreadsOverTheLevelsLeastBusySources) {
  source_problem problem;
  for (std::uint32_t i = 0; i < 4; ++i)
    problem.sources.push_back({.id = i, .bytes_per_second = 1e6, .busy_s = i == 0 ? 10.0 : 0.0});
  problem.groups = {{0, 1, 2, 3}};
  want(problem, 0, 6);
  const auto choices = choose_sources(problem, source_policy::nearest_first);
  EXPECT_EQ(counts_by_source(problem, choices), (std::vector<std::size_t>{0, 2, 2, 2}));
}

TEST(SourceChoiceTest, TheMostConstrainedPiecesChooseFirst) {
  // Were the common piece to choose first, it would take the rare piece's only source.
  source_problem problem;
  problem.sources = {{.id = 0, .bytes_per_second = 2e6}, {.id = 1, .bytes_per_second = 1e6}};
  problem.groups = {{0, 1}, {0}};
  want(problem, 0, 1, 2 * mb);
  want(problem, 1, 1, 2 * mb);
  const auto choices = choose_sources(problem, source_policy::earliest_finish);
  EXPECT_EQ(choices[1].source, 0u);
  EXPECT_DOUBLE_EQ(choices[1].finish_s, 1.0);
  EXPECT_DOUBLE_EQ(choices[0].finish_s, 2.0);
}

TEST(SourceChoiceTest, APieceNobodyHasStaysWithoutSource) {
  auto problem = one_of_each_level();
  want(problem, 3, 2);
  for (const auto& choice : choose_sources(problem, source_policy::earliest_finish))
    EXPECT_EQ(choice.source, no_source);
}

TEST(SourceChoiceTest, WaitsForAPieceOnItsWayToANeighbourWhenThatIsSooner) {
  auto problem = one_of_each_level();
  want(problem, 2, 1, 10 * mb);
  problem.arriving = {{.piece = 0, .source = 0, .ready_s = 2}};
  const auto choices = choose_sources(problem, source_policy::earliest_finish);
  EXPECT_EQ(choices[0], (piece_choice{0, 2 + 10.0 / 8}));
}

TEST(SourceChoiceTest, DoesNotWaitForANeighbourThatGetsItTooLate) {
  auto problem = one_of_each_level();
  want(problem, 2, 1, 10 * mb);
  problem.arriving = {{.piece = 0, .source = 0, .ready_s = 4}};
  const auto choices = choose_sources(problem, source_policy::earliest_finish);
  EXPECT_EQ(choices[0], (piece_choice{3, 5}));
}

TEST(SourceChoiceTest, CountsWhatIsQueuedAtASourceAndOnTheOwnNetworkCard) {
  auto problem = one_of_each_level();
  want(problem, 0, 1, 8 * mb);
  problem.sources[0].busy_s = 100;
  EXPECT_EQ(choose_sources(problem, source_policy::earliest_finish)[0], (piece_choice{1, 2}));
  problem.borders[0] = {.bytes_per_second = 1e6, .busy_s = 3};
  EXPECT_DOUBLE_EQ(choose_sources(problem, source_policy::earliest_finish)[0].finish_s, 11);
}

TEST(SourceChoiceTest, ASharedBorderLimitsAllThatCrossItTogether) {
  source_problem problem;
  for (std::uint32_t i = 0; i < 4; ++i)
    problem.sources.push_back({.id = i, .away = distance::same_cluster, .bytes_per_second = 4e6});
  problem.groups = {{0, 1, 2, 3}};
  want(problem, 0, 8);
  problem.borders[1].bytes_per_second = 2e6;
  const auto choices = choose_sources(problem, source_policy::earliest_finish);
  EXPECT_DOUBLE_EQ(last_finish_s(choices), 4.0);
}

TEST(SourceChoiceTest, EqualPiecesInOneGroupFinishAsEarlyAsAnyAssignmentCould) {
  std::mt19937 random{7};
  for (int round = 0; round < 200; ++round) {
    source_problem problem;
    const auto sources = 1 + random() % 4;
    for (std::uint32_t i = 0; i < sources; ++i) {
      problem.sources.push_back({.id = i,
                                 .bytes_per_second = 1e6 * (1 + random() % 5),
                                 .busy_s = 0.25 * static_cast<double>(random() % 8)});
    }
    problem.groups.emplace_back();
    for (std::uint32_t i = 0; i < sources; ++i)
      problem.groups[0].push_back(i);
    want(problem, 0, 1 + random() % 6);
    double best = 1e9;
    const auto pieces = problem.pieces.size();
    const auto assignments =
        static_cast<std::uint64_t>(std::pow(sources, static_cast<double>(pieces)) + 0.5);
    for (std::uint64_t code = 0; code < assignments; ++code) {
      std::vector<double> busy;
      for (const auto& source : problem.sources)
        busy.push_back(source.busy_s);
      double last = 0;
      auto rest = code;
      for (std::size_t i = 0; i < pieces; ++i, rest /= sources) {
        auto& queue = busy[rest % sources];
        queue += 1e6 / problem.sources[rest % sources].bytes_per_second;
        last = std::max(last, queue);
      }
      best = std::min(best, last);
    }
    const auto choices = choose_sources(problem, source_policy::earliest_finish);
    ASSERT_NEAR(last_finish_s(choices), best, 1e-9) << "round " << round;
  }
}

source_problem random_problem(std::mt19937& random) {
  source_problem problem;
  for (std::uint32_t i = 0; i < 8; ++i) {
    problem.sources.push_back({.id = i,
                               .away = static_cast<distance>(random() % 4),
                               .origin = i == 7,
                               .bytes_per_second = 1e6 * (1 + random() % 9),
                               .busy_s = 0.1 * static_cast<double>(random() % 9)});
  }
  for (int group = 0; group < 5; ++group) {
    problem.groups.emplace_back();
    for (std::uint32_t i = 0; i < 8; ++i) {
      if (random() % 2 == 0) problem.groups.back().push_back(i);
    }
  }
  for (std::uint32_t i = 0; i < 40; ++i) {
    problem.pieces.push_back({mb / (1 + random() % 2), static_cast<std::uint32_t>(random() % 5)});
    if (random() % 3 == 0)
      problem.arriving.push_back({i, static_cast<std::uint32_t>(random() % 8), 0.5});
  }
  return problem;
}

/// The greedy rule written down as it reads, without a heap.
std::vector<piece_choice> choose_slowly(source_problem problem) {
  std::vector<piece_choice> choices(problem.pieces.size());
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < choices.size(); ++i)
    order.push_back(i);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) {
    const auto rank = [&](auto i) {
      const auto& piece = problem.pieces[i];
      return std::tuple{problem.groups[piece.group].size(), piece.group, piece.bytes, i};
    };
    return rank(a) < rank(b);
  });
  for (const auto piece : order) {
    const auto size = static_cast<double>(problem.pieces[piece].bytes);
    std::tuple<double, distance, std::uint32_t, double> best{1e18, {}, no_source, 0};
    const auto consider = [&](std::uint32_t number, double ready) {
      const auto& source = problem.sources[number];
      double finish = std::max(ready, source.busy_s) + size / source.bytes_per_second;
      for (std::size_t i = 0; i <= static_cast<std::size_t>(source.away); ++i) {
        const auto& border = problem.borders[i];
        if (static_cast<double>(border.budget_bytes) < size) return;
        finish = std::max(finish, border.busy_s + size / border.bytes_per_second);
      }
      best = std::min(best, std::tuple{finish, source.away, number, ready});
    };
    for (const auto number : problem.groups[problem.pieces[piece].group])
      consider(number, 0);
    for (const auto& one : problem.arriving) {
      if (one.piece == piece) consider(one.source, one.ready_s);
    }
    const auto [finish, away, number, ready] = best;
    if (number == no_source) continue;
    choices[piece] = {number, finish};
    auto& source = problem.sources[number];
    source.busy_s = std::max(ready, source.busy_s) + size / source.bytes_per_second;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(away); ++i) {
      problem.borders[i].busy_s += size / problem.borders[i].bytes_per_second;
      problem.borders[i].budget_bytes -= problem.pieces[piece].bytes;
    }
  }
  return choices;
}

TEST(SourceChoiceTest, TheHeapChoosesWhatLookingAtEverySourceWould) {
  std::mt19937 random{11};
  for (int round = 0; round < 300; ++round) {
    auto problem = random_problem(random);
    problem.borders[1].bytes_per_second = 20e6;
    problem.borders[2].budget_bytes = random() % 20 * mb;
    ASSERT_EQ(choose_sources(problem, source_policy::earliest_finish), choose_slowly(problem))
        << "round " << round;
  }
}

TEST(SourceChoiceTest, BudgetsAreNeverExceeded) {
  std::mt19937 random{13};
  for (const auto policy : {source_policy::earliest_finish, source_policy::nearest_first}) {
    for (int round = 0; round < 300; ++round) {
      auto problem = random_problem(random);
      for (auto& border : problem.borders)
        border.budget_bytes = random() % 40 * mb / 2;
      std::array<std::uint64_t, 4> crossed{};
      const auto choices = choose_sources(problem, policy);
      for (std::size_t i = 0; i < choices.size(); ++i) {
        if (choices[i].source == no_source) continue;
        const auto away = static_cast<std::size_t>(problem.sources[choices[i].source].away);
        for (std::size_t border = 0; border <= away; ++border)
          crossed[border] += problem.pieces[i].bytes;
      }
      for (std::size_t border = 0; border < 4; ++border)
        ASSERT_LE(crossed[border], problem.borders[border].budget_bytes);
    }
  }
}

TEST(SourceChoiceTest, EarliestFinishEndsNoLaterThanNearestFirstWhereAllHaveAll) {
  std::mt19937 random{17};
  for (int round = 0; round < 200; ++round) {
    auto problem = random_problem(random);
    problem.arriving.clear();
    problem.groups = {{0, 1, 2, 3, 4, 5, 6, 7}};
    for (auto& piece : problem.pieces)
      piece = {mb, 0};
    EXPECT_LE(last_finish_s(choose_sources(problem, source_policy::earliest_finish)),
              last_finish_s(choose_sources(problem, source_policy::nearest_first)) + 1e-9);
  }
}

} // namespace
} // namespace shoal::topology
