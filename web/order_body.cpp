#include "web/order_body.hpp"

#include "web/json.hpp"

#include <algorithm>

namespace shoal::web {

using nlohmann::json;

std::string cited(std::string_view text) {
  // Longest part that a sentence repeats.
  constexpr std::size_t bytes_max = 64;
  std::string out = "'";
  for (const char c : text.substr(0, bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  out += text.size() > bytes_max ? "...'" : "'";
  return out;
}

// Parentheses: with braces the JSON would become a list of one.
order_body::order_body(std::string_view text, std::initializer_list<std::string_view> known,
                       empty without_a_byte)
    : content_(text.empty() && without_a_byte == empty::is_an_object
                   ? json::object()
                   : json::parse(text, nullptr, false)) {
  if (content_.is_discarded()) {
    fail("the request's body is not JSON");
  } else if (!content_.is_object()) {
    fail("the request's body is not a JSON object");
  } else {
    for (const auto& [key, value] : content_.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) {
        fail("unknown field " + cited(key) + " in the request's body");
      }
    }
  }
  if (fault_) content_ = json::object();
}

const json* order_body::find(const char* key) const {
  const auto found = content_.find(key);
  return found == content_.end() ? nullptr : &*found;
}

std::string order_body::text(const char* key) {
  const auto* value = find(key);
  if (!value) return {};
  if (!value->is_string()) {
    expected(key, std::string{"a string, not "} + value->type_name());
    return {};
  }
  auto out = value->get<std::string>();
  if (out.find('\0') == std::string::npos) return out;
  fail(std::string{"field '"} + key + "' contains a zero byte");
  return {};
}

bool order_body::flag(const char* key) {
  const auto* value = find(key);
  if (!value) return false;
  if (value->is_boolean()) return value->get<bool>();
  expected(key, "true or false");
  return false;
}

std::uint64_t order_body::whole_number(const char* key, std::uint64_t otherwise,
                                       std::uint64_t most) {
  const auto* value = find(key);
  if (!value) return otherwise;
  if (value->is_number_unsigned() && value->get<std::uint64_t>() <= most) {
    return value->get<std::uint64_t>();
  }
  expected(key, "a whole number up to " + std::to_string(most));
  return otherwise;
}

std::string order_body::image(const char* key) {
  auto out = text(key);
  if (const auto checked = check_image_reference(out); !checked) {
    fail(std::string{"field '"} + key + "': " + checked.error().message);
  }
  return out;
}

std::string order_body::image_if_any(const char* key) {
  return text(key).empty() ? std::string{} : image(key);
}

void order_body::expected(const std::string& key, const std::string& what) {
  fail("field '" + key + "' must be " + what);
}

void order_body::fail(std::string sentence) {
  if (!fault_) fault_ = error{errc::invalid_argument, std::move(sentence)};
}

void order_body::require(const result<void>& checked) {
  if (!checked) fail(checked.error().message);
}

} // namespace shoal::web
