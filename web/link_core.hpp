// What the listener, the dials and the sessions of one link share.
//
// Threads: the link's own thread, unless a member says otherwise.
#pragma once

#include "web/link_options.hpp"
#include "web/net.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_set>

namespace shoal::web {

/// The clock of timeouts.
using instant = std::chrono::steady_clock::time_point;

/// Something under way that time can end.
class link_task {
public:
  virtual ~link_task() = default;
  /// Called several times a second.
  virtual void tick(instant now) = 0;
  /// Ends it because the link stops; whoever waits for it is told before this returns.
  virtual void cancel(const error& why) = 0;
};

/// A log of refusals that strangers cannot flood: so many lines a second, then one with a count.
class refusal_log {
public:
  explicit refusal_log(const log_function& log) : log_{log} {}

  void refuse(const std::string& sentence) {
    if (!log_) return;
    if (lines_++ < lines_per_second_max) log_(log_level::warning, sentence);
  }

  void tick(instant now) {
    if (now < next_) return;
    next_ = now + std::chrono::seconds{1};
    if (lines_ > lines_per_second_max) {
      log_(log_level::warning, "link: " + std::to_string(lines_ - lines_per_second_max) +
                                   " more refusals in the last second");
    }
    lines_ = 0;
  }

private:
  static constexpr std::size_t lines_per_second_max = 20;
  const log_function& log_;
  std::size_t lines_ = 0;
  instant next_{};
};

/// Outlives everything that uses it: the runtime destroys it after its thread has ended.
struct link_core {
  explicit link_core(link_options given) : options{std::move(given)}, refusals{options.log} {}

  void log(log_level level, std::string sentence) const {
    if (options.log) options.log(level, std::move(sentence));
  }

  void forget(const std::shared_ptr<link_task>& ended) {
    tasks.erase(ended);
    if (tasks.empty() && all_ended) all_ended();
  }

  const link_options options;
  // One thread runs it; the hint saves locks.
  asio::io_context io{1};
  std::shared_ptr<asio::ssl::context> tls;
  refusal_log refusals;
  std::unordered_set<std::shared_ptr<link_task>> tasks;
  /// Set by the listener: a half-open connection is so no longer.
  std::function<void(std::uint64_t ticket)> handshake_over;
  /// Set while the link stops: the last task has ended.
  std::function<void()> all_ended;
  /// Any thread may read these.
  std::atomic<std::size_t> open_links{0};
  std::atomic<std::size_t> half_open{0};
};

} // namespace shoal::web
