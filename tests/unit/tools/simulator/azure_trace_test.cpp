#include "tools/simulator/azure_trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace shoal::simulator {
namespace {

using ::testing::HasSubstr;

const std::string table = SHOAL_TEST_DATA "/azure-vmtable.csv";

std::string refusal_of(const std::string& line) {
  std::istringstream from{"v,s,d,300,600,1,1,1,Unknown,2,4\n" + line};
  const auto read = read_azure_trace(from, "vmtable.csv");
  return read ? "taken" : read.error().message;
}

TEST(AzureTraceTest, DeploymentsStandForImagesTheLargestFirst) {
  const auto read = read_azure_trace_file(table);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->images, 3u);
  const std::vector<vm_request> expected{{228'300, 0, 1'500, 5},
                                         {228'300, 0, 1'800, 6},
                                         {424'500, 1 + 1, 900, 3},
                                         {558'300, 1, 1'115'400, 2},
                                         {1'133'100, 0, 300, 4}};
  EXPECT_EQ(read->requests, expected);
  EXPECT_TRUE(validate(*read));
}

TEST(AzureTraceTest, TakesSubscriptionsAndWhatWasThereBeforeWhenAsked) {
  const auto read = read_azure_trace_file(
      table, {.image = azure_image::subscription, .skip_created_before = false});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->images, 2u);
  ASSERT_EQ(read->requests.size(), 6u);
  EXPECT_EQ(read->requests.front(), (vm_request{0, 1, 2'591'400, 1}));
}

TEST(AzureTraceTest, TakesAPartOfTheTime) {
  const auto read =
      read_azure_trace_file(table, {.from_seconds = 400'000, .duration_seconds = 200'000});
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->requests.size(), 2u);
  EXPECT_EQ(read->requests[0].time_seconds, 24'500);
  EXPECT_EQ(read->requests[1].time_seconds, 158'300);
}

TEST(AzureTraceTest, KeepsWholeImagesWhenItThins) {
  std::ostringstream large;
  for (int i = 0; i < 4'000; ++i)
    large << "vm" << i << ",s,d" << i % 1'000 << ",300,600,1,1,1,Unknown,2,4\n";
  std::istringstream from{large.str()};
  const auto read = read_azure_trace(from, "vmtable.csv", {.one_image_in = 10});
  ASSERT_TRUE(read);
  EXPECT_NEAR(read->images, 100, 40);
  EXPECT_EQ(read->requests.size(), read->images * 4u);
}

TEST(AzureTraceTest, NamesTheLineAndTheFieldThatIsWrong) {
  EXPECT_THAT(refusal_of("v,s,d,300,600,1,1,1,Unknown,2\n"),
              HasSubstr("line 2: columns: expected 11"));
  EXPECT_THAT(refusal_of("v,s,,300,600,1,1,1,Unknown,2,4\n"), HasSubstr("deploymentid"));
  EXPECT_THAT(refusal_of("v,s,d,x,600,1,1,1,Unknown,2,4\n"), HasSubstr("line 2: vmcreated"));
  EXPECT_THAT(refusal_of("v,s,d,300,-1,1,1,1,Unknown,2,4\n"), HasSubstr("vmdeleted"));
  EXPECT_THAT(refusal_of("v,s,d,600,300,1,1,1,Unknown,2,4\n"), HasSubstr("no earlier"));
  EXPECT_THAT(refusal_of("vmid,subscriptionid,deploymentid,vmcreated,vmdeleted,a,b,c,d,e,f\n"),
              HasSubstr("vmcreated"));
}

TEST(AzureTraceTest, ATimeInWhichNothingWasCreatedIsRefused) {
  const auto read = read_azure_trace_file(table, {.from_seconds = 5e9});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, errc::invalid_argument);
  EXPECT_THAT(read.error().message, HasSubstr("expected at least one VM created within"));
}

TEST(AzureTraceTest, SaysWhichFileIsMissing) {
  const auto read = read_azure_trace_file("/nowhere/vmtable.csv");
  EXPECT_EQ(read.error().code, errc::not_found);
  EXPECT_THAT(read.error().message, HasSubstr("/nowhere/vmtable.csv"));
}

} // namespace
} // namespace shoal::simulator
