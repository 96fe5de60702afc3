// The world's faults as values: result<T> is a T or an error, and an error is a code and a
// sentence.
//
// Threads: values. Errors: reading the value of a failed result is our bug (SHOAL_ASSERT).
#pragma once

#include "topology/assert.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace shoal {

/// What kind of fault it was; each maps to one exit code of the command line (`exit_code`).
enum class errc : std::uint8_t {
  /// A fault of no other kind.
  failed = 1,
  /// The caller asked for something malformed: a flag, a name, a configuration file.
  invalid_argument = 2,
  /// Some of what was asked was done and some not.
  partial = 3,
  /// No such image, host, pack or file.
  not_found = 4,
  /// Bytes do not match their name: a corrupt file, piece, recipe or message.
  corrupt = 5,
  /// The other side may not do that: wrong certificate, role or name.
  denied = 6,
  /// A peer, index or daemon could not be reached, or did not answer in time.
  unreachable = 7,
  /// The disk or the quota is full.
  no_space = 8,
  /// The operating system refused access.
  permission = 9,
  /// It exists already with other content, or runs already.
  conflict = 10,
  /// Try again later: too much is going on.
  overloaded = 75,
  /// Somebody asked for it to stop.
  cancelled = 130,
};

/// The process exit code for a fault; distinct per kind so that scripts can tell them apart.
constexpr int exit_code(errc code) noexcept { return static_cast<int>(code); }

/// The code's name, as `-o json` and the API print it.
constexpr std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::failed: return "failed";
  case errc::invalid_argument: return "invalid_argument";
  case errc::partial: return "partial";
  case errc::not_found: return "not_found";
  case errc::corrupt: return "corrupt";
  case errc::denied: return "denied";
  case errc::unreachable: return "unreachable";
  case errc::no_space: return "no_space";
  case errc::permission: return "permission";
  case errc::conflict: return "conflict";
  case errc::overloaded: return "overloaded";
  case errc::cancelled: return "cancelled";
  }
  return "failed";
}

/// A fault of the world: its kind, and a sentence the user can act on.
struct error {
  errc code = errc::failed;
  std::string message;

  friend bool operator==(const error&, const error&) = default;
};

/// A `T`, or why there is none.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_same_v<T, shoal::error>);

public:
  result(T value) : content_{std::in_place_index<0>, std::move(value)} {}
  result(shoal::error fault) : content_{std::in_place_index<1>, std::move(fault)} {}
  result(errc code, std::string message) : result(shoal::error{code, std::move(message)}) {}

  [[nodiscard]] bool ok() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// @pre `ok()`.
  T& value() & {
    SHOAL_ASSERT(ok());
    return *std::get_if<0>(&content_);
  }
  const T& value() const& {
    SHOAL_ASSERT(ok());
    return *std::get_if<0>(&content_);
  }
  T&& value() && {
    SHOAL_ASSERT(ok());
    return std::move(*std::get_if<0>(&content_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  /// @pre not `ok()`.
  [[nodiscard]] const shoal::error& error() const {
    SHOAL_ASSERT(!ok());
    return *std::get_if<1>(&content_);
  }

private:
  std::variant<T, shoal::error> content_;
};

/// Done, or why not.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(shoal::error fault) : fault_{std::move(fault)} {}
  result(errc code, std::string message) : result(shoal::error{code, std::move(message)}) {}

  [[nodiscard]] bool ok() const noexcept { return !fault_; }
  explicit operator bool() const noexcept { return ok(); }

  /// @pre not `ok()`.
  [[nodiscard]] const shoal::error& error() const {
    SHOAL_ASSERT(fault_.has_value());
    return *fault_;
  }

private:
  std::optional<shoal::error> fault_;
};

} // namespace shoal
