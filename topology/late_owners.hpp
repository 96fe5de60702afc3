// When an owner of the border rule does not bring its pieces: is it dead, slow, or in time?
//
// A dead owner is left out of the list from which ownership is computed, so that everybody who sees
// it dead agrees on who takes over what. A slow one keeps its pieces, but those who have nothing
// better to do take a few of them (`late_window_pieces`), each those it would own next.
//
// Threads: values; time is an argument.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// A moment of a steady clock; pure code never reads the clock itself.
using instant = std::chrono::steady_clock::time_point;

/// At most this many pieces are taken over from slow owners at a time, so that at most this many
/// can cross a border twice.
inline constexpr std::uint32_t late_window_pieces = 8;

struct late_owners_config {
  /// Silence that is always forgiven, and how much later than us an owner may finish.
  std::chrono::milliseconds slack{1500};
  /// An owner whose connection was lost must be back within this time...
  std::chrono::milliseconds lost_after{300};
  /// ... unless it had not lasted longer than this: while a swarm forms, connections come and go.
  std::chrono::milliseconds settled_after{1000};
  /// An owner's speed is that of its latest pieces: others that finish leave it more of the link.
  std::size_t recent_pieces = 16;
  /// Silence is judged against this many times the usual time between two pieces.
  int silent_intervals = 5;
};

enum class owner_verdict : std::uint8_t { in_time, slow, dead };

/// Watches the owners a host waits for.
class late_owners {
public:
  explicit late_owners(late_owners_config config) : config_{config} {}

  /// The owners that matter from now on. Those watched already keep their history.
  void watch(const std::vector<std::string>& owners, instant now);
  /// `owner` announced one more piece, its own or another: it is alive, and this is its speed. At
  /// the end, when only its own pieces are left, this is the speed at which it brings those.
  void announced(const std::string& owner, instant now);
  /// Something came from `owner`, whatever it was: it is alive. Earlier than what is known: nothing.
  void heard(const std::string& owner, instant when);
  /// Whether there is a connection to `owner`.
  void connected(const std::string& owner, bool up, instant now);

  /// Whether `owner` was connected when last heard of.
  [[nodiscard]] bool up(const std::string& owner) const;
  /// It has been connected since `when`, at least.
  [[nodiscard]] bool up_since(const std::string& owner, instant when) const;

  /// @param remaining pieces that `owner` is still expected to bring; none means in time.
  /// @param usual_interval what one owner's pieces usually take, seen at our own; zero if unknown.
  [[nodiscard]] owner_verdict judge(const std::string& owner, std::uint32_t remaining,
                                    std::chrono::nanoseconds usual_interval, instant now) const;

private:
  struct record {
    instant watched_since;
    instant last_sign;
    instant lost_at;
    instant up_since;
    /// When the owner's latest pieces were announced, oldest first.
    std::deque<instant> announcements;
    bool ever_connected = false;
    bool up = false;
  };

  late_owners_config config_;
  std::unordered_map<std::string, record> records_;
};

} // namespace shoal::topology
