#include "tools/simulator/trace.hpp"

#include "tools/simulator/workload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace shoal::simulator {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string header = "shoal_trace,1\ndata_centre,S6\nimages,10\nduration_seconds,100\n"
                           "vm,time_seconds,image,lifetime_seconds\n";

result<trace> read(const std::string& text) {
  std::istringstream from{text};
  return read_trace(from, "some.csv");
}

std::string refusal_of(const std::string& lines) {
  const auto read_back = read(header + lines);
  return read_back ? "taken" : read_back.error().message;
}

TEST(TraceFileTest, ReadsRequestsCommentsAndCarriageReturns) {
  const auto read_back = read(header + "# a comment\r\n1,0.5,9,480\r\n\n2,0.5,0,1e3\n");
  ASSERT_TRUE(read_back) << read_back.error().message;
  EXPECT_EQ(read_back->data_centre, "S6");
  EXPECT_EQ(read_back->images, 10u);
  EXPECT_EQ(read_back->duration_seconds, 100);
  const std::vector<vm_request> expected{{0.5, 9, 480, 1}, {0.5, 0, 1'000, 2}};
  EXPECT_EQ(read_back->requests, expected);
}

TEST(TraceFileTest, ReadsWhatItWrote) {
  const auto made = generate_trace(*vdn_data_centre("S2"), 3);
  std::stringstream file;
  ASSERT_TRUE(write_trace(file, made));
  const auto read_back = read_trace(file, "some.csv");
  ASSERT_TRUE(read_back) << read_back.error().message;
  EXPECT_EQ(*read_back, made);
}

TEST(TraceFileTest, NamesTheLineAndTheFieldThatIsWrong) {
  EXPECT_THAT(refusal_of("1,0,0,5\nx,1,0,5\n"),
              AllOf(HasSubstr("some.csv: line 7"), HasSubstr("vm")));
  EXPECT_THAT(refusal_of("1,nan,0,5\n"), HasSubstr("line 6: time_seconds"));
  EXPECT_THAT(refusal_of("1,101,0,5\n"), HasSubstr("duration_seconds"));
  EXPECT_THAT(refusal_of("1,9,0,5\n2,8,0,5\n"), HasSubstr("order of time"));
  EXPECT_THAT(refusal_of("1,0,10,5\n"), HasSubstr("image: expected a number below"));
  EXPECT_THAT(refusal_of("1,0,-1,5\n"), HasSubstr("image"));
  EXPECT_THAT(refusal_of("1,0,0,-5\n"), HasSubstr("lifetime_seconds"));
  EXPECT_THAT(refusal_of("1,0,0\n"), HasSubstr("4 fields"));
  EXPECT_THAT(refusal_of("1,0,0,5\n1,1,0,5\n"), HasSubstr("line 7: vm"));
  EXPECT_THAT(refusal_of(std::string(70'000, '1')), HasSubstr("65536 bytes"));
}

TEST(TraceFileTest, RefusesAnotherVersionAndAFileThatEndsEarly) {
  EXPECT_THAT(read("shoal_trace,2\n").error().message, HasSubstr("version 1"));
  EXPECT_THAT(read("").error().message, HasSubstr("shoal_trace"));
  EXPECT_THAT(read("shoal_trace,1\ndata_centre,x\nimages,x\n").error().message,
              HasSubstr("line 3: images"));
  EXPECT_THAT(read(header.substr(0, header.size() - 60)).error().message, HasSubstr("expected"));
  EXPECT_EQ(read_trace_file("/nowhere/at/all").error().code, errc::not_found);
}

TEST(TraceFileTest, ShowsTheFieldAndNoByteThatATerminalWouldTakeForACommand) {
  EXPECT_THAT(refusal_of("1,0,0,\x1b[31m\xff\n"), HasSubstr("found '\\x1b[31m\\xff'"));
  EXPECT_THAT(refusal_of(std::string{"1\0002,0,0,5\n", 11}), HasSubstr("found '1\\x002'"));
}

TEST(TraceFileTest, NamesThatNoJsonCouldHoldAreRefused) {
  for (const std::string name : {"\xff\xfe", "a\tb", "\x7f"}) {
    const auto refused = read("shoal_trace,1\ndata_centre," + name + "\nimages,1\n");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("line 2: data_centre: expected a name of"));
  }
}

TEST(TraceFileTest, ANumberOfImagesThatCannotBeSimulatedIsRefused) {
  const std::string start = "shoal_trace,1\ndata_centre,x\nimages,";
  EXPECT_THAT(read(start + "0\n").error().message,
              HasSubstr("line 3: images: expected at least 1; found '0'"));
  EXPECT_THAT(read(start + "1000001\n").error().message,
              HasSubstr("images: expected a whole number from 0 to 1000000; found '1000001'"));
}

TEST(TraceFileTest, ADirectoryIsAnError) { EXPECT_FALSE(read_trace_file("/tmp")); }

TEST(TraceTest, CompressionKeepsTheOrderAndHowManyLiveAtOnce) {
  const auto made = generate_trace(*vdn_data_centre("S1"), 1);
  const auto faster = compressed(made, 4);
  ASSERT_TRUE(validate(faster));
  ASSERT_EQ(faster.requests.size(), made.requests.size());
  EXPECT_DOUBLE_EQ(faster.duration_seconds, made.duration_seconds / 4);
  for (std::size_t i = 0; i < made.requests.size(); ++i) {
    EXPECT_EQ(faster.requests[i].vm, made.requests[i].vm);
    EXPECT_DOUBLE_EQ(faster.requests[i].time_seconds * 4, made.requests[i].time_seconds);
  }
}

} // namespace
} // namespace shoal::simulator
