// Messages of the index that are longer than a frame: cut by who sends them, put together by who
// takes them. Parts are messages of their own, so that each is admitted by itself.
//
// Threads: one owner. Errors: values. Crashes: what came in parts is told again, as all soft state.
#pragma once

#include "actors/wire.pb.h"
#include "topology/result.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace shoal::actors {

/// The mail in the same order, as mails of at most about `bytes_max`. Only a single bitmap that is
/// longer makes a mail longer than that.
std::vector<wire::IndexMail> cut(wire::IndexMail mail, std::size_t bytes_max);

/// Whether it is one of several parts.
inline bool is_part(const wire::IndexMessage& message) {
  return message.part() != 0 || message.more();
}

/// Parts that wait for the rest of their message.
class index_parts {
public:
  /// @param bytes_max what all parts may take in memory together.
  explicit index_parts(std::size_t bytes_max = std::size_t{128} << 20) : bytes_max_{bytes_max} {}

  /// Takes a part (`is_part`). @returns the whole message with its last part, nothing before;
  /// errc::conflict for a part out of turn; errc::overloaded when too much waits, and then all that
  /// waits is forgotten: somebody began what will never end.
  result<std::optional<wire::IndexMessage>> take(const wire::IndexMessage& part);

  /// Bytes that wait.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
  /// From whom, to whom, what.
  using key = std::tuple<std::uint32_t, std::string, std::uint32_t, std::string, std::uint32_t>;
  struct begun {
    wire::IndexMessage message;
    std::uint32_t parts = 0;
    std::size_t bytes = 0;
  };

  void forget(std::map<key, begun>::iterator which);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<key, begun> begun_;
};

} // namespace shoal::actors
