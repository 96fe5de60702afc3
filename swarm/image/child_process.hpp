// A helper program of ours: started, listened to, and never left behind.
//
// Threads: one owner. A thread of its own forks and waits for the program, so that the kernel's
//          "kill it when its parent thread dies" (prctl PR_SET_PDEATHSIG) means the parent process.
// Errors:  returned; what the program said on stderr is kept for the message.
// Crashes: when this process dies, however it dies, the program is killed.
#pragma once

#include "swarm/image/file_error.hpp"
#include "topology/result.hpp"

#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace shoal::swarm {

/// A running program. Destroying it kills it.
class child_process {
public:
  /// Starts `command[0]`, looked up in PATH. With a valid `listening` socket the program gets it as
  /// systemd's socket activation would give it (descriptor 3, LISTEN_FDS=1, LISTEN_PID).
  /// @returns errc::not_found naming the program and the package that has it.
  static result<std::unique_ptr<child_process>> start(const std::vector<std::string>& command,
                                                      file_handle listening = {});
  ~child_process();
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;

  /// Waits until it has ended. @returns its exit code, or 128 + the signal that ended it.
  int wait();
  /// As `wait`, but gives up after so long. @returns whether it ended.
  bool ended_within(std::chrono::milliseconds patience);
  void kill();

  /// What it wrote on stdout and stderr so far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string complaint() const;

private:
  child_process() = default;
  void supervise(pid_t pid);

  file_handle output_;
  file_handle complaint_;
  std::mutex mutex_;
  /// Zero once it has been reaped: its number may be another's then.
  pid_t pid_ = 0;
  std::promise<int> exit_code_;
  std::shared_future<int> ended_;
  std::thread supervisor_;
};

/// What a program that ran to its end left.
struct tool_outcome {
  int exit_code = 0;
  std::string output;
  std::string complaint;
};

/// Runs a program to its end. @returns errc::not_found if there is no such program.
result<tool_outcome> run_tool(const std::vector<std::string>& command);

} // namespace shoal::swarm
