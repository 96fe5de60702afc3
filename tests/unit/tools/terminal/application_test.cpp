#include "tools/terminal/application.hpp"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace shoal::terminal {
namespace {

using ::testing::HasSubstr;

/// A program with one command, `count`, which does what the test says.
class ApplicationTest : public ::testing::Test {
protected:
  ApplicationTest() {
    add_output_options(app_, to_, {"table", "json"});
    app_.add_subcommand("count", "counts")->footer("Example: demo count")->callback([this] {
      to_.action = deed_;
    });
    finish_commands(app_, "-o, -q");
  }

  /// @returns the exit code; `out_` and `err_` are what was said.
  int run_with(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "demo");
    std::vector<char*> texts;
    for (auto& text : arguments)
      texts.push_back(text.data());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int code =
        run(app_, static_cast<int>(texts.size()), texts.data(), [this] { return to_.action(); });
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  session to_{"demo"};
  CLI::App app_{"A program.", "demo"};
  std::function<result<void>()> deed_ = [this]() -> result<void> {
    to_.print("7\n");
    to_.remark("counted\x1b[2J");
    return {};
  };
  std::string out_;
  std::string err_;
};

TEST_F(ApplicationTest, TheResultIsOnStandardOutputAndTheRemarkBesideIt) {
  EXPECT_EQ(run_with({"count"}), 0);
  EXPECT_EQ(out_, "7\n");
  EXPECT_EQ(err_, "demo: counted?[2J\n");
  EXPECT_TRUE(to_.wants_progress());
}

TEST_F(ApplicationTest, OptionsOfTheProgramMayStandAfterTheCommand) {
  EXPECT_EQ(run_with({"count", "-q", "-o", "json"}), 0);
  EXPECT_EQ(err_, "");
  EXPECT_TRUE(to_.wants_json());
  EXPECT_FALSE(to_.wants_progress());
}

TEST_F(ApplicationTest, HelpOfACommandIsAResultAndNamesTheOptionsOfTheProgram) {
  EXPECT_EQ(run_with({"count", "--help"}), 0);
  EXPECT_THAT(out_, HasSubstr("Example: demo count"));
  EXPECT_THAT(out_, HasSubstr("Also: -o, -q; see demo --help."));
  EXPECT_EQ(err_, "");
}

TEST_F(ApplicationTest, WrongUsageIsTwoAndSaysWhichHelpToRead) {
  EXPECT_EQ(run_with({"count", "--nonsense"}), 2);
  EXPECT_THAT(err_, HasSubstr("(see demo count --help)"));
  EXPECT_EQ(run_with({}), 2);
  EXPECT_THAT(err_, HasSubstr("(see demo --help)"));
  EXPECT_EQ(out_, "");
}

TEST_F(ApplicationTest, AFormTheProgramDoesNotHaveIsRefusedByTheListOfThoseItHas) {
  EXPECT_EQ(run_with({"count", "-o", "csv"}), 2);
  EXPECT_THAT(err_, HasSubstr("'csv' is not one of: table, json"));
}

TEST_F(ApplicationTest, TheFaultOfACommandIsItsExitCodeAndSentence) {
  deed_ = []() -> result<void> { return error{errc::not_found, "no such thing\n"}; };
  EXPECT_EQ(run_with({"count"}), exit_code(errc::not_found));
  EXPECT_EQ(err_, "demo: no such thing?\n");
}

TEST_F(ApplicationTest, AnExceptionOfALibraryIsAFaultAndNoCrash) {
  deed_ = []() -> result<void> { throw std::runtime_error{"out of ideas"}; };
  EXPECT_EQ(run_with({"count"}), exit_code(errc::failed));
  EXPECT_EQ(err_, "demo: something unexpected happened: out of ideas\n");
}

} // namespace
} // namespace shoal::terminal
