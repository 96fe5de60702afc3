#include "swarm/image/child_process.hpp"

#include "temporary_folder.hpp"

#include <csignal>

#include <fcntl.h>

#include <sys/wait.h>

namespace shoal::swarm {
namespace {

TEST(ChildProcessTest, KeepsWhatAToolSaysApart) {
  const auto ran = run_tool({"sh", "-c", "echo out; echo err >&2; exit 7"});
  ASSERT_TRUE(ran.ok());
  EXPECT_EQ(ran->exit_code, 7);
  EXPECT_EQ(ran->output, "out\n");
  EXPECT_EQ(ran->complaint, "err\n");
}

TEST(ChildProcessTest, NamesAMissingProgram) {
  const auto ran = run_tool({"no-such-program-here"});
  ASSERT_FALSE(ran.ok());
  EXPECT_EQ(ran.error().code, errc::not_found);
  EXPECT_NE(ran.error().message.find("no-such-program-here"), std::string::npos);
}

TEST(ChildProcessTest, KillsTheProgramWhenDestroyed) {
  auto child = child_process::start({"sleep", "1000"});
  ASSERT_TRUE(child.ok());
  EXPECT_FALSE((*child)->ended_within(std::chrono::milliseconds{1}));
  (*child)->kill();
  EXPECT_EQ((*child)->wait(), 128 + SIGKILL);
}

TEST(ChildProcessTest, HandsOverNoOtherDescriptor) {
  const temporary_folder folder;
  // Opened without close-on-exec, as some libraries do.
  const file_handle leak{::open((folder / "leak").c_str(), O_RDWR | O_CREAT, 0600)};
  const auto ran = run_tool({"sh", "-c", "ls /proc/self/fd | wc -l"});
  ASSERT_TRUE(ran.ok());
  // stdin, stdout, stderr, and the folder that ls reads.
  EXPECT_EQ(std::stoi(ran->output), 4);
}

TEST(ChildProcessTest, LeavesNoProgramBehindWhenItsParentIsKilled) {
  const temporary_folder folder;
  const auto note = folder / "pid";
  const auto parent = ::fork();
  if (parent == 0) {
    auto child = child_process::start({"sh", "-c", "echo $$ > " + note + "; exec sleep 1000"});
    if (!child.ok()) ::_exit(1);
    (*child)->wait();
    ::_exit(0);
  }
  std::string text;
  while (text.find('\n') == std::string::npos)
    text = read_file(note);
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  // Reaped by init or still a zombie: in neither case does it run.
  const auto status = "/proc/" + std::to_string(std::stoi(text)) + "/status";
  const auto runs = [&] {
    const auto now = read_file(status);
    return !now.empty() && now.find("State:\tZ") == std::string::npos;
  };
  while (runs())
    std::this_thread::yield();
}

} // namespace
} // namespace shoal::swarm
