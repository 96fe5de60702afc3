// The experiment of topology/README.md: what the three schemes send in VDN's data centre of 128 hosts.
#include "tests/unit/topology/index_stage.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace shoal::topology {
namespace {

struct outcome {
  /// Messages a batch, and their cost after the paper.
  double lookup = 0;
  double publish = 0;
  double fetch = 0;
  double cost = 0;

  [[nodiscard]] double messages() const { return lookup + publish + fetch; }
};

/// 512 times a host asks for a pack of `piece_count` pieces, gets and publishes it. One of 64 packs,
/// the first ones more often (Zipf); each is at one host first.
outcome run(index_scheme scheme, std::uint32_t piece_count, std::uint32_t run_pieces) {
  constexpr int batches = 512;
  index_stage stage{scheme, network::regular({1, 4, 4, 8}), {.run_pieces = run_pieces}};
  std::mt19937 random{3};
  std::vector<double> weights;
  for (unsigned number = 0; number < 64; ++number) {
    weights.push_back(1.0 / (1 + number));
    stage.hold(static_cast<host_number>(random() % 128),
               all_pieces(numbered_key(number), piece_count));
  }
  stage.settle();
  stage.counters = {};
  std::discrete_distribution<unsigned> popular{weights.begin(), weights.end()};
  for (int done = 0; done < batches;) {
    const auto host = static_cast<host_number>(random() % 128);
    const std::vector packs{numbered_key(popular(random))};
    auto& client = *stage.clients.at(host);
    if (client.held(packs[0]) != nullptr) continue;
    ++done;
    const auto result = stage.ask(host, {all_pieces(packs[0], piece_count)});
    EXPECT_FALSE(result.answers.at(0).holders.empty());
    client.hold(all_pieces(packs[0], piece_count));
    client.flush(stage.now, stage.out);
    client.end_fetch(packs, stage.now, stage.out);
    stage.run();
    stage.settle();
  }
  const auto& sent = stage.counters;
  const auto a_batch = [](double total) { return total / batches; };
  const outcome out{a_batch(static_cast<double>(sent.of(lookup_kinds).messages)),
                    a_batch(static_cast<double>(sent.of(publish_kinds).messages)),
                    a_batch(static_cast<double>(sent.of(fetch_kinds).messages)),
                    a_batch(sent.paper_cost(lookup_kinds) + sent.paper_cost(publish_kinds) +
                            sent.paper_cost(fetch_kinds))};
  std::printf("| %s | %u | %u | %.1f | %.1f | %.1f | %.0f | %.0f | %.1f |\n",
              std::string{to_string(scheme)}.c_str(), piece_count, run_pieces, out.lookup,
              out.publish, out.fetch,
              a_batch(static_cast<double>(sent.of(lookup_kinds).bytes)),
              a_batch(static_cast<double>(sent.of(publish_kinds).bytes)), out.cost);
  return out;
}

TEST(IndexExperimentTest, InBatchesTopoSendsLeastAndCostsLeast) {
  const auto naive = run(index_scheme::naive, 128, 1);
  const auto flat = run(index_scheme::flat, 128, 1);
  run(index_scheme::flat, 128, 64);
  const auto topo = run(index_scheme::topo, 128, 1);
  EXPECT_LT(topo.messages() * 5, naive.messages());
  EXPECT_LT(topo.messages() * 20, flat.messages());
  EXPECT_LT(topo.cost * 10, naive.cost);
  EXPECT_LT(topo.cost * 50, flat.cost);
}

TEST(IndexExperimentTest, EvenInSmallBatchesTopoSendsLessThanFlatAndFlatLessThanNaive) {
  const auto naive = run(index_scheme::naive, 8, 1);
  const auto flat = run(index_scheme::flat, 8, 1);
  const auto topo = run(index_scheme::topo, 8, 1);
  EXPECT_LT(topo.messages(), flat.messages());
  EXPECT_LT(topo.cost * 2, flat.cost);
  EXPECT_LT(flat.messages() * 2, naive.messages());
}

// Nothing is gained by a hierarchy for one piece alone: flat asks one owner, topo climbs.
TEST(IndexExperimentTest, PieceByPieceNaiveSendsTheMostByFar) {
  const auto naive = run(index_scheme::naive, 1, 1);
  const auto flat = run(index_scheme::flat, 1, 1);
  const auto topo = run(index_scheme::topo, 1, 1);
  EXPECT_LT(flat.messages() * 10, naive.messages());
  EXPECT_LT(topo.messages() * 5, naive.messages());
}

} // namespace
} // namespace shoal::topology
