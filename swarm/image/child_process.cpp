#include "swarm/image/child_process.hpp"

#include "topology/assert.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace shoal::swarm {

namespace {

constexpr int activated_descriptor = 3;
constexpr int exec_failed_code = 127;
constexpr std::string_view listen_pid_variable = "LISTEN_PID=";

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const auto file = std::string{rest.substr(0, colon)} + "/" + name;
    if (::access(file.c_str(), X_OK) == 0) return file;
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
  }
  return {};
}

/// All that a child needs, made before the fork: between fork and exec of a program with threads
/// nothing may be allocated.
struct launch {
  std::string program;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  /// Where in `environment` the child writes its own number.
  char* pid_digits = nullptr;
  int output = -1;
  int complaint = -1;
  int listening = -1;
  pid_t parent = 0;
};

constexpr std::size_t pid_digits_max = 20;

void fill_environment(launch& plan) {
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable{*each};
    if (variable.starts_with("LISTEN_") || variable.starts_with("LC_ALL=")) continue;
    plan.environment.emplace_back(variable);
  }
  plan.environment.emplace_back("LC_ALL=C");
  if (plan.listening >= 0) {
    plan.environment.emplace_back("LISTEN_FDS=1");
    plan.environment.emplace_back(std::string{listen_pid_variable} +
                                  std::string(pid_digits_max, '\0'));
    plan.pid_digits = plan.environment.back().data() + listen_pid_variable.size();
  }
  for (auto& variable : plan.environment)
    plan.environment_pointers.push_back(variable.data());
  plan.environment_pointers.push_back(nullptr);
  for (auto& argument : plan.arguments)
    plan.argument_pointers.push_back(argument.data());
  plan.argument_pointers.push_back(nullptr);
}

/// Between fork and exec: system calls and stack only.
[[noreturn]] void become_program(const launch& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before prctl took hold.
  if (::getppid() != plan.parent) ::_exit(exec_failed_code);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(plan.output, STDOUT_FILENO);
  ::dup2(plan.complaint, STDERR_FILENO);
  unsigned first_unwanted = activated_descriptor;
  if (plan.listening >= 0) {
    ::dup2(plan.listening, activated_descriptor);
    std::to_chars(plan.pid_digits, plan.pid_digits + pid_digits_max, ::getpid());
    first_unwanted = activated_descriptor + 1;
  }
  // Sockets of other libraries may lack close-on-exec; a helper must not keep their ports.
  ::syscall(SYS_close_range, first_unwanted, ~0U, 0);
  ::execve(plan.program.c_str(), plan.argument_pointers.data(), plan.environment_pointers.data());
  ::_exit(exec_failed_code);
}

/// A nameless file in memory, never one of the descriptors 0 to 3 that the child overwrites.
file_handle memory_file(const char* name) {
  const file_handle made{::memfd_create(name, MFD_CLOEXEC)};
  return file_handle{::fcntl(made.get(), F_DUPFD_CLOEXEC, activated_descriptor + 1)};
}

std::string contents(int descriptor) {
  std::string text;
  std::array<char, 4096> part{};
  for (;;) {
    const auto count =
        ::pread(descriptor, part.data(), part.size(), static_cast<off_t>(text.size()));
    if (count <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(count));
  }
}

} // namespace

result<std::unique_ptr<child_process>> child_process::start(const std::vector<std::string>& command,
                                                            file_handle listening) {
  launch plan{.program = find_program(command.front()), .arguments = command};
  if (plan.program.empty()) {
    return {errc::not_found,
            "the program " + command.front() + " is missing; install Debian's qemu-utils"};
  }
  std::unique_ptr<child_process> child{new child_process};
  child->output_ = memory_file("output");
  child->complaint_ = memory_file("complaint");
  const file_handle moved{
      listening.valid() ? ::fcntl(listening.get(), F_DUPFD_CLOEXEC, activated_descriptor + 1) : -1};
  if (!child->output_.valid() || !child->complaint_.valid() || listening.valid() != moved.valid()) {
    return file_error("cannot start", plan.program, errno);
  }
  plan.output = child->output_.get();
  plan.complaint = child->complaint_.get();
  plan.listening = moved.get();
  plan.parent = ::getpid();
  fill_environment(plan);
  child->ended_ = child->exit_code_.get_future().share();

  std::promise<int> forked;
  auto fault = forked.get_future();
  child->supervisor_ = std::thread{[&plan, &forked, self = child.get()] {
    const auto pid = ::fork();
    if (pid == 0) become_program(plan);
    const auto why = pid < 0 ? errno : 0;
    if (pid > 0)
      self->pid_ = pid;
    else
      self->exit_code_.set_value(exec_failed_code);
    forked.set_value(why);
    if (pid > 0) self->supervise(pid);
  }};
  if (const auto why = fault.get(); why != 0) return file_error("cannot start", plan.program, why);
  return child;
}

void child_process::supervise(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  int status = 0;
  {
    const std::scoped_lock lock{mutex_};
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
  exit_code_.set_value(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

child_process::~child_process() {
  kill();
  if (supervisor_.joinable()) supervisor_.join();
}

int child_process::wait() { return ended_.get(); }

bool child_process::ended_within(std::chrono::milliseconds patience) {
  return ended_.wait_for(patience) == std::future_status::ready;
}

void child_process::kill() {
  const std::scoped_lock lock{mutex_};
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

std::string child_process::output() const { return contents(output_.get()); }
std::string child_process::complaint() const { return contents(complaint_.get()); }

result<tool_outcome> run_tool(const std::vector<std::string>& command) {
  auto child = child_process::start(command);
  if (!child) return child.error();
  const auto code = child.value()->wait();
  return tool_outcome{code, child.value()->output(), child.value()->complaint()};
}

} // namespace shoal::swarm
