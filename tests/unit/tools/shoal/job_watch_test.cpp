// Following a job: progress on terminals and pipes, Ctrl-C, time limits, jobs in the background.
#include "tests/unit/tools/shoal/command_fixture.hpp"

#include <csignal>
#include <thread>

namespace shoal::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class JobWatchTest : public CommandTest {
protected:
  JobWatchTest() {
    node.next_job = {.phase = "fetching", .done_bytes = 40 << 20, .total_bytes = 100 << 20};
  }
};

TEST_F(JobWatchTest, ATerminalGetsABarAndLosesItAtTheEnd) {
  const auto command = start({"get", "web:2"}, child::errors::to_terminal, {{"TERM", "xterm"}});
  ASSERT_TRUE(command->wait_for_error_text("40 %"));
  node.end_jobs(actors::job_state::done);
  const auto done = command->finish();
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("\rweb:2 fetching  [#########---------------]  40 %  "
                                  "40.0 MiB of 100 MiB"));
  EXPECT_TRUE(done.err.ends_with("\r\x1b[K")) << "the bar stays on the terminal";
  EXPECT_THAT(done.out, Not(HasSubstr("\x1b")));
}

TEST_F(JobWatchTest, APipeGetsPlainLinesAndTheResultStaysClean) {
  const auto command = start({"get", "web:2", "-o", "json"});
  ASSERT_TRUE(command->wait_for_error_text("\n"));
  node.end_jobs(actors::job_state::done);
  const auto done = command->finish();
  EXPECT_THAT(done.err, HasSubstr("web:2: fetching 40 %, 40.0 MiB of 100 MiB"));
  EXPECT_THAT(done.err, Not(HasSubstr("\r")));
  EXPECT_THAT(done.err, Not(HasSubstr("\x1b")));
  EXPECT_TRUE(nlohmann::json::parse(done.out).is_object());
}

TEST_F(JobWatchTest, QuietAndNoProgressShowNone) {
  std::size_t started = 0;
  for (const auto* flag : {"-q", "--no-progress"}) {
    const auto command = start({"get", "web:2", flag}, child::errors::to_terminal);
    ++started;
    while (node.jobs().size() < started)
      std::this_thread::yield();
    node.end_jobs(actors::job_state::done);
    EXPECT_EQ(command->finish().err, "") << flag;
  }
}

TEST_F(JobWatchTest, ErrorsAreRedOnlyWhereColoursAreWanted) {
  node.fault = error{errc::failed, "no"};
  const auto coloured = start({"images"}, child::errors::to_terminal, {{"TERM", "xterm"}});
  EXPECT_THAT(coloured->finish().err, HasSubstr("\x1b[1;31mshoal:\x1b[0m no"));
  const auto plain =
      start({"images"}, child::errors::to_terminal, {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_EQ(plain->finish().err, "shoal: no\r\n");
}

TEST_F(JobWatchTest, CtrlCCancelsTheJobAndExitsWith130) {
  for (const int number : {SIGINT, SIGTERM}) {
    const auto command = start({"get", "web:2"});
    ASSERT_TRUE(command->wait_for_error_text("fetching"));
    command->signal(number);
    const auto done = command->finish();
    EXPECT_EQ(done.code, 130);
    EXPECT_EQ(done.out, "");
    EXPECT_THAT(done.err, HasSubstr("the job was cancelled"));
  }
  for (const auto& [id, job] : node.jobs())
    EXPECT_EQ(job.state, actors::job_state::cancelled);
}

TEST_F(JobWatchTest, AKilledCommandLeavesItsJob) {
  const auto command = start({"get", "web:2"});
  ASSERT_TRUE(command->wait_for_error_text("fetching"));
  command->signal(SIGKILL);
  EXPECT_EQ(command->finish().code, 128 + SIGKILL);
  EXPECT_EQ(node.jobs()[1].state, actors::job_state::running);
}

TEST_F(JobWatchTest, TheTimeLimitCancelsTheJobAndExitsWithSeven) {
  const auto done = run({"get", "web:2", "--timeout", "600ms"});
  EXPECT_EQ(done.code, 7);
  EXPECT_THAT(done.err, HasSubstr("--timeout has passed; the job was cancelled"));
  EXPECT_EQ(node.jobs()[1].state, actors::job_state::cancelled);
}

TEST_F(JobWatchTest, ADaemonThatDiesIsUnreachable) {
  const auto command = start({"get", "web:2"});
  ASSERT_TRUE(command->wait_for_error_text("fetching"));
  api.stop();
  stop_daemon();
  EXPECT_EQ(command->finish().code, 7);
}

TEST_F(JobWatchTest, BackgroundJobsAreListedFollowedAndCancelled) {
  EXPECT_EQ(run({"get", "web:2", "--no-wait"}).out, "1\n");
  EXPECT_EQ(json_of({"verify", "--no-wait"})["job"], 2);
  EXPECT_EQ(json_of({"jobs"}).size(), 2u);
  EXPECT_THAT(run({"jobs"}).out, HasSubstr("1  get"));
  EXPECT_EQ(json_of({"jobs", "2", "--cancel"})["state"], "cancelled");
  const auto follow = start({"jobs", "1", "--wait"});
  ASSERT_TRUE(follow->wait_for_error_text("job 1: fetching"));
  node.end_jobs(actors::job_state::failed, error{errc::not_found, "no such image"});
  EXPECT_EQ(follow->finish().code, 4);
  EXPECT_EQ(run({"jobs", "9"}).code, 4);
}

TEST_F(JobWatchTest, CtrlCWhileFollowingAnotherCommandsJobLeavesIt) {
  ASSERT_EQ(run({"get", "web:2", "--no-wait"}).code, 0);
  const auto follow = start({"jobs", "1", "--wait"});
  ASSERT_TRUE(follow->wait_for_error_text("fetching"));
  follow->signal(SIGINT);
  EXPECT_EQ(follow->finish().code, 130);
  EXPECT_EQ(node.jobs()[1].state, actors::job_state::running);
}

} // namespace
} // namespace shoal::tests
