// The body of a request: a JSON object with known fields, read one by one.
//
// Threads: a value. Errors: the first thing wrong is remembered as errc::invalid_argument, naming
//          the field; what is read after that does not count.
#pragma once

#include "topology/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace shoal::web {

/// `text` of somebody's input fit for a sentence: in quotes, short, and without control characters.
std::string cited(std::string_view text);

/// The fields of one order.
class order_body {
public:
  /// Whether a body without a byte is an object without a field.
  enum class empty : bool { is_refused, is_an_object };

  order_body(std::string_view text, std::initializer_list<std::string_view> known,
             empty without_a_byte = empty::is_refused);

  [[nodiscard]] bool has(const char* key) const { return content_.contains(key); }
  /// The field as it came; null if it is absent.
  [[nodiscard]] const nlohmann::json* find(const char* key) const;
  /// Text; empty where it is absent.
  std::string text(const char* key);
  /// `true` or `false`; false where it is absent.
  bool flag(const char* key);
  /// A whole number of this type; `otherwise` where it is absent.
  template <class Number>
  Number number(const char* key, Number otherwise) {
    constexpr auto most = std::numeric_limits<Number>::max();
    return static_cast<Number>(whole_number(key, otherwise, most));
  }
  /// `NAME:VERSION`.
  std::string image(const char* key);
  /// The same, or empty where it is absent or empty.
  std::string image_if_any(const char* key);

  /// Remembers that the field is not `what`, if nothing was wrong before.
  void expected(const std::string& key, const std::string& what);
  void fail(std::string sentence);
  void require(const result<void>& checked);

  /// `order`, or what was wrong first.
  template <class Order>
  [[nodiscard]] result<Order> unless_faulty(Order order) const {
    if (fault_) return *fault_;
    return order;
  }

private:
  std::uint64_t whole_number(const char* key, std::uint64_t otherwise, std::uint64_t most);

  nlohmann::json content_;
  std::optional<error> fault_;
};

} // namespace shoal::web
