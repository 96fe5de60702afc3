#include "tools/simulator/vdn/experiment.hpp"

#include "tools/simulator/vdn/beyond.hpp"
#include "tools/simulator/vdn/tables.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace shoal::simulator {
namespace {

TEST(PercentileTest, IsTheNearestRank) {
  EXPECT_EQ(percentile_of({5, 1, 4, 2, 3}, 50), 3);
  EXPECT_EQ(percentile_of({5, 1, 4, 2, 3}, 90), 5);
  EXPECT_EQ(percentile_of({}, 50), 0);
}

TEST(PaperNumbersTest, AreThePapersWithItsSpeedups) {
  // 30.2x, 12.5x (Table II), 81.6x (III), 67.1x (IV): what the paper prints beside these cells.
  const auto cell = [](std::string_view table, std::string_view data_centre, std::uint32_t mb,
                       std::string_view scheme, std::uint32_t percentile) {
    for (const auto& one : paper_table(table)) {
      if (one.data_centre == data_centre && one.image_mb == mb && one.scheme == scheme &&
          one.percentile == percentile)
        return one.seconds;
    }
    return -1.0;
  };
  EXPECT_NEAR(cell("II", "S1", 512, "baseline", 50) / cell("II", "S1", 512, "topo", 50) - 1, 30.2,
              0.5);
  EXPECT_NEAR(cell("II", "S6", 512, "baseline", 90) / cell("II", "S6", 512, "topo", 90) - 1, 12.5,
              0.3);
  EXPECT_NEAR(cell("III", "S6", 4096, "baseline", 50) / cell("III", "S6", 4096, "topo", 50) - 1,
              81.6, 0.5);
  EXPECT_NEAR(cell("IV", "S6", 8192, "baseline", 90) / cell("IV", "S6", 8192, "topo", 90) - 1, 67.1,
              0.2);
  EXPECT_EQ(paper_table("II").size(), 36u);
  EXPECT_EQ(paper_table("III").size(), 36u);
  EXPECT_EQ(paper_table("IV").size(), 10u);
}

TEST(TablesTest, TheSameSeedsGiveTheSameBytesOnOneThreadAndOnMany) {
  const std::vector<std::string> tables{"II"};
  const std::vector<std::uint64_t> seeds{1, 2};
  progress silent{"", false};
  const auto one = to_json(simulate_tables(tables, seeds, {}, 1, silent)).dump();
  const auto many = to_json(simulate_tables(tables, seeds, {}, 4, silent)).dump();
  EXPECT_EQ(one, many);
}

TEST(TablesTest, JsonKeepsItsPromise) {
  const std::vector<table_cell> cells{{{"II", "S1", 512, "topo", 50, 0.26}, {0.3, 0.2, 0.4}}};
  EXPECT_EQ(to_json(cells).dump(),
            R"([{"table":"II","data_centre":"S1","image_mb":512,"scheme":"topo",)"
            R"("percentile":50,"paper_s":0.26,"simulated_s":0.3,"low_s":0.2,"high_s":0.4}])");
  EXPECT_EQ(to_csv(cells), "table,data_centre,image_mb,scheme,percentile,paper_s,simulated_s,low_s,"
                           "high_s\nII,S1,512,topo,50,0.26,0.3,0.2,0.4\n");
}

TEST(BeyondTest, ComparesEachVariantWithVdnOnTheSameMonth) {
  const std::vector<std::string> data_centres{"S1"};
  const std::vector<std::uint64_t> seeds{1};
  progress silent{"", false};
  const auto rows = simulate_beyond(data_centres, seeds, {.image_mb = 128}, 2, silent);
  ASSERT_EQ(rows.size(), 2 * beyond_variants().size());
  EXPECT_EQ(rows[0].variant, "topo");
  EXPECT_DOUBLE_EQ(rows[0].gain->median, 1);
  for (const auto& row : rows) {
    if (!row.gain) {
      EXPECT_EQ(row.simulated.low, 0);
      continue;
    }
    EXPECT_NEAR(row.gain->median,
                rows[row.percentile == 50 ? 0 : 1].simulated.median / row.simulated.median, 1e-9);
  }
}

} // namespace
} // namespace shoal::simulator
