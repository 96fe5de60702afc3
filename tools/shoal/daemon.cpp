#include "tools/shoal/daemon.hpp"

#include "tools/shoal/interrupt.hpp"
#include "web/http_client.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace shoal::cli {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// A plan asks indexes over the network, so one answer may take a while.
constexpr milliseconds answer_time_max{60'000};
constexpr milliseconds busy_pause{500};
constexpr int busy_tries = 10;

constexpr std::array all_codes{errc::failed,      errc::invalid_argument, errc::partial,
                               errc::not_found,   errc::corrupt,          errc::denied,
                               errc::unreachable, errc::no_space,         errc::permission,
                               errc::conflict,    errc::overloaded,       errc::cancelled};

error fault_in(const web::http_reply& reply) {
  const auto document = json::parse(reply.body, nullptr, false);
  if (document.is_object() && document.contains("code")) {
    return {errc_named(text_in(document, "code")), text_in(document, "detail")};
  }
  return {errc::failed, "the daemon answered HTTP " + std::to_string(reply.status)};
}

result<json> parsed(const result<std::string>& body) {
  if (!body) return body.error();
  auto document = json::parse(*body, nullptr, false);
  if (document.is_discarded()) {
    return error{errc::failed, "the daemon's answer is not JSON; is --socket a shoald's socket?"};
  }
  return document;
}

} // namespace

errc errc_named(const std::string& name) {
  for (const auto code : all_codes) {
    if (name == to_string(code)) return code;
  }
  return errc::failed;
}

result<std::string> daemon::ask(const char* method, const std::string& target,
                                const std::string& body) const {
  for (int attempt = 1;; ++attempt) {
    auto time_max = answer_time_max;
    if (session_.deadline) {
      const auto left =
          std::chrono::duration_cast<milliseconds>(*session_.deadline - session::clock::now());
      if (left <= milliseconds{0}) return error{errc::unreachable, "the --timeout has passed"};
      time_max = std::min(time_max, left);
    }
    auto reply = web::ask(session_.socket, {method, target, body}, time_max);
    if (!reply) return reply.error();
    if (reply->status >= 200 && reply->status < 300) return std::move(reply->body);
    auto fault = fault_in(*reply);
    if (fault.code != errc::overloaded || attempt >= busy_tries) return fault;
    if (pause_or_interrupt(busy_pause)) return error{errc::cancelled, "interrupted"};
  }
}

result<json> daemon::get(const std::string& target) const { return parsed(ask("GET", target, "")); }

result<json> daemon::post(const std::string& target, const json& body) const {
  return parsed(ask("POST", target, body.dump(-1, ' ', false, json::error_handler_t::replace)));
}

result<json> daemon::remove(const std::string& target) const {
  return parsed(ask("DELETE", target, ""));
}

result<std::string> daemon::download(const std::string& target) const {
  return ask("GET", target, "");
}

std::string text_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t number_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

double real_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_number() ? found->get<double>() : 0;
}

bool flag_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_boolean() && found->get<bool>();
}

json object_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_object() ? *found : json::object();
}

json list_in(const json& document, const char* key) {
  const auto found = document.is_object() ? document.find(key) : document.end();
  return found != document.end() && found->is_array() ? *found : json::array();
}

} // namespace shoal::cli
