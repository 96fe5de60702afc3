#include "tools/simulator/scenario.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace shoal::simulator {
namespace {

TEST(ScenarioTest, AnEmptyFileIsTheEvaluationsSetting) {
  const auto read = read_scenario("", "a.toml");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->run.data_centre, "S6");
  EXPECT_EQ(read->run.config.shape.hosts(), 128u);
  EXPECT_EQ(read->run.config.scheme, scheme::topo);
  EXPECT_EQ(read->seeds, std::vector<std::uint64_t>{1});
}

TEST(ScenarioTest, ReadsEveryField) {
  const auto read = read_scenario(R"(
name = "all"
scheme = "local"
seeds = "3..4"
[topology]
clusters = 1
racks_per_cluster = 2
hosts_per_rack = 3
slots_per_host = 4
[links]
rack_mbps = 100
cluster_mbps = 50
site_mbps = 25
server_mbps = 10
server_time_factor = 1
[load]
data_centre = "S3"
factor = 2.5
[image]
size_mb = 64
chunk_mb = 2
similarity = "by_family"
[cache]
policy = "lru"
images = 1.5
copies_floor = 2
[policy]
placement = "min_loaded"
sources = "earliest_finish"
sharing = "in_flight"
prestage = true
)",
                                  "a.toml");
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto& config = read->run.config;
  EXPECT_EQ(read->name, "all");
  EXPECT_EQ(read->seeds, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(config.shape.hosts(), 6u);
  EXPECT_EQ(config.slots_per_host, 4u);
  EXPECT_DOUBLE_EQ(config.links.rack_bits_per_second, 100e6);
  EXPECT_DOUBLE_EQ(config.links.server_bytes_per_second(), 10e6 / 8);
  EXPECT_EQ(read->run.data_centre, "S3");
  EXPECT_DOUBLE_EQ(read->run.load_factor, 2.5);
  EXPECT_EQ(read->run.image_mb, 64u);
  EXPECT_EQ(config.piece_bytes, 2'000'000u);
  EXPECT_EQ(config.cache, swarm::cache_policy_kind::lru);
  EXPECT_EQ(config.copies_floor, 2u);
  EXPECT_EQ(config.placement, topology::placement_strategy::min_loaded);
  EXPECT_EQ(config.sources, topology::source_policy::earliest_finish);
  EXPECT_EQ(config.shares, sharing::in_flight);
  EXPECT_TRUE(config.prestage);
}

TEST(ScenarioTest, RefusesMalformedFilesWithFileLineFieldAndWhatWasExpected) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"scheme = 'fast'",
       "a.toml:1: scheme: 'fast': expected baseline, local, naive, flat or topo"},
      {"\nscheme = 3", "a.toml:2: scheme: expected text in quotes"},
      {"speed = 3", "a.toml:1: speed: unknown; expected one of cache, image, "},
      {"[topology]\nhosts_per_rack = 0",
       "a.toml:2: topology.hosts_per_rack: expected a whole number from 1 to 1000"},
      {"[topology]\nhosts_per_rack = 1.5", "a.toml:2: topology.hosts_per_rack: expected a whole"},
      {"[topology]\nclusters = 1000\nracks_per_cluster = 1000\nhosts_per_rack = 1000",
       "a.toml:4: topology.hosts_per_rack: topology: expected at most 100000 hosts"},
      {"topology = 3", "a.toml:1: topology: expected a table: [topology]"},
      {"[links]\nrack_mbps = -1", "a.toml:2: links.rack_mbps: expected a number above 0"},
      {"[links]\nrack_mbps = nan", "a.toml:2: links.rack_mbps: expected a number above 0"},
      {"[load]\ndata_centre = 'S7'", "a.toml:2: load.data_centre: 'S7': expected S1 to S6"},
      {"[load]\ndata_centre = 'S1'\ntrace = 'x'", "a.toml:3: load.trace: expected either"},
      {"[load]\ntrace = 'no-such-file.csv'", "a.toml:2: load.trace: "},
      {"[load]\ntrace = 'x'\n[load.azure]\nfile = 'x'", "a.toml:2: load.trace: expected either"},
      {"[load.azure]\nimage = 'deployment'", "a.toml:1: load.azure.file: expected the name"},
      {"[load.azure]\nfile = 'no-such-file.csv'", "a.toml:2: load.azure.file: "},
      {"[load.azure]\nfile = 'x'\none_image_in = 0",
       "a.toml:3: load.azure.one_image_in: expected a whole number from 1"},
      {"[image]\nsize_mb = 3", "a.toml:2: image.size_mb: expected at least one chunk"},
      {"[cache]\npolicy = 'best'", "a.toml:2: cache.policy: 'best': "},
      {"[policy]\nprestage = 'yes'", "a.toml:2: policy.prestage: expected true or false"},
      {"seeds = '5..1'", "a.toml:1: seeds: '5..1': seeds '5..1': expected"},
      {"scheme = ", "a.toml:1: "},
  };
  for (const auto& [text, start] : cases) {
    const auto read = read_scenario(text, "a.toml");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, errc::invalid_argument);
    EXPECT_EQ(read.error().message.substr(0, start.size()), start);
  }
}

TEST(ScenarioTest, TakesATableOfAzuresVmsForItsLoad) {
  const auto read = read_scenario("[load.azure]\nfile = 'azure-vmtable.csv'\nimage = 'subscription'",
                                  SHOAL_TEST_DATA "/a.toml");
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_NE(read->run.requests, nullptr);
  EXPECT_EQ(read->run.data_centre, "azure");
  EXPECT_EQ(read->run.requests->images, 2u);
}

TEST(ScenarioTest, SaysWhichFileCannotBeRead) {
  const auto read = read_scenario_file("/nowhere/a.toml");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::not_found);
  EXPECT_NE(read.error().message.find("/nowhere/a.toml"), std::string::npos);
  EXPECT_FALSE(read_scenario_file(std::filesystem::temp_directory_path()).ok());
}

TEST(ScenarioTest, TheExamplesAreWellFormed) {
  std::size_t count = 0;
  for (const auto& file : std::filesystem::directory_iterator{SHOAL_SCENARIOS}) {
    if (file.path().extension() != ".toml") continue;
    const auto read = read_scenario_file(file.path());
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    ++count;
  }
  EXPECT_GE(count, 3u);
}

} // namespace
} // namespace shoal::simulator
