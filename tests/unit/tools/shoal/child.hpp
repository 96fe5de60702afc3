// A real process under test: its arguments, what it said on which stream, how it ended.
//
// Threads: a child belongs to the thread that made it. Errors: a failed start ends the test.
#pragma once

#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace shoal::tests {

/// What a process left.
struct outcome {
  /// Exit code; 128 + signal when killed.
  int code = -1;
  std::string out;
  std::string err;
};

/// A process with its standard output on a pipe and its standard error on a pipe or a terminal.
class child {
public:
  enum class errors : bool { to_pipe, to_terminal };

  /// Starts `arguments[0]`; `environment` is added to ours.
  child(const std::vector<std::string>& arguments,
        const std::map<std::string, std::string>& environment, errors where = errors::to_pipe);
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child();

  /// Reads standard error until `text` was seen there. @returns false at its end.
  bool wait_for_error_text(const std::string& text);
  void signal(int number) const;
  /// Reads all there is, waits for the end.
  outcome finish();

private:
  pid_t process_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string seen_;
};

} // namespace shoal::tests
