#include "tests/unit/tools/shoal/child.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <future>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shoal::tests {

namespace {

/// Appends what is there. @returns false at the end; a terminal whose other side is gone is an end.
bool read_some(int descriptor, std::string& into) {
  std::array<char, 4096> buffer{};
  const auto count = ::read(descriptor, buffer.data(), buffer.size());
  if (count <= 0) return false;
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

} // namespace

child::child(const std::vector<std::string>& arguments,
             const std::map<std::string, std::string>& environment, errors where) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
  if (where == errors::to_terminal) {
    winsize size{.ws_row = 24, .ws_col = 100, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(::openpty(&err[0], &err[1], nullptr, nullptr, &size), 0);
    ::fcntl(err[0], F_SETFD, FD_CLOEXEC);
  } else {
    EXPECT_EQ(::pipe2(err.data(), O_CLOEXEC), 0);
  }
  std::vector<char*> words;
  for (const auto& word : arguments)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  process_ = ::fork();
  if (process_ == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    for (const auto& [name, value] : environment)
      ::setenv(name.c_str(), value.c_str(), 1);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_ = out[0];
  err_ = err[0];
}

child::~child() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  if (out_ >= 0) ::close(out_);
  if (err_ >= 0) ::close(err_);
}

bool child::wait_for_error_text(const std::string& text) {
  while (seen_.find(text) == std::string::npos) {
    if (!read_some(err_, seen_)) return false;
  }
  return true;
}

void child::signal(int number) const { ::kill(process_, number); }

outcome child::finish() {
  outcome result;
  auto output = std::async(std::launch::async, [this] {
    std::string text;
    while (read_some(out_, text)) {
    }
    return text;
  });
  while (read_some(err_, seen_)) {
  }
  result.out = output.get();
  result.err = seen_;
  int status = 0;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

} // namespace shoal::tests
