#include "web/routes.hpp"

#include "web/cache_json.hpp"
#include "web/json.hpp"
#include "web/metrics.hpp"
#include "web/placement_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>
#include <string_view>

namespace shoal::web {

using nlohmann::json;

namespace {

constexpr std::string_view prefix = "/api/v1";
/// How long one call into the node waits, so that `stop` is noticed.
constexpr std::uint32_t wait_slice_ms = 250;

unsigned http_status(errc code) noexcept {
  switch (code) {
  case errc::failed: return 500;
  case errc::invalid_argument: return 400;
  case errc::partial: return 500;
  case errc::not_found: return 404;
  case errc::corrupt: return 422;
  case errc::denied: return 403;
  case errc::unreachable: return 502;
  case errc::no_space: return 507;
  case errc::permission: return 403;
  case errc::conflict: return 409;
  case errc::overloaded: return 503;
  case errc::cancelled: return 409;
  }
  return 500;
}

api_response document(unsigned status, const json& content) {
  return {.status = status, .body = text_of(content) + "\n"};
}

/// The value as JSON, or the fault as a problem.
template <class T>
api_response answer(const result<T>& outcome) {
  return outcome ? document(200, to_json(*outcome)) : problem(outcome.error());
}

template <class T>
api_response answer(const result<std::vector<T>>& outcome) {
  if (!outcome) return problem(outcome.error());
  auto list = json::array();
  for (const auto& item : *outcome)
    list.push_back(to_json(item));
  return document(200, list);
}

api_response accepted(const result<actors::job_id>& job) {
  if (!job) return problem(job.error());
  auto response = document(202, {{"job", *job}});
  response.headers.emplace_back("Location", std::string{prefix} + "/jobs/" + std::to_string(*job));
  return response;
}

api_response method_not_allowed(const std::string& allowed) {
  auto response = problem(405, {errc::invalid_argument, "this resource allows only " + allowed});
  response.headers.emplace_back("Allow", allowed);
  return response;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Undoes percent-encoding (RFC 3986 §2.1); nothing when it is malformed or hides a zero byte.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit_of(text[i + 1]);
    const int low = digit_of(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

/// The query's only parameter, which must be `key`. Absent: empty.
result<std::string> parameter(const std::string& query, std::string_view key) {
  if (query.empty()) return std::string{};
  const auto equals = query.find('=');
  const auto name = query.substr(0, equals);
  if (name != key || query.find('&') != std::string::npos) {
    return error{errc::invalid_argument,
                 "unknown query parameter; only '" + std::string{key} + "' is known here"};
  }
  auto value = decoded(equals == std::string::npos ? "" : query.substr(equals + 1));
  if (!value) return error{errc::invalid_argument, "malformed percent-encoding in the query"};
  return *std::move(value);
}

bool is_pack_id(std::string_view text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return digit_of(c) >= 0; });
}

api_response images(actors::node_control& node, const api_request& request) {
  if (request.method == "GET") return answer(node.images());
  if (request.method != "POST") return method_not_allowed("GET, POST");
  const auto order = publish_order_from(request.body);
  return order ? accepted(node.publish(*order)) : problem(order.error());
}

api_response gets(actors::node_control& node, const api_request& request) {
  if (request.method != "POST") return method_not_allowed("POST");
  const auto order = get_order_from(request.body);
  return order ? accepted(node.get(*order)) : problem(order.error());
}

api_response verifications(actors::node_control& node, const api_request& request) {
  if (request.method != "POST") return method_not_allowed("POST");
  const auto order = verify_order_from(request.body);
  return order ? accepted(node.verify(*order)) : problem(order.error());
}

api_response placements(actors::node_control& node, const api_request& request) {
  if (request.method != "POST") return method_not_allowed("POST");
  std::random_device chance;
  const auto order = place_order_from(request.body, chance());
  return order ? answer(node.place(*order)) : problem(order.error());
}

api_response prestages(actors::node_control& node, const api_request& request) {
  if (request.method != "POST") return method_not_allowed("POST");
  const auto order = prestage_order_from(request.body);
  return order ? accepted(node.prestage(*order)) : problem(order.error());
}

api_response jobs(actors::node_control& node) {
  const auto status = node.status();
  if (!status) return problem(status.error());
  return answer(result<std::vector<actors::job_status>>{status->jobs});
}

api_response plan(actors::node_control& node, const std::string& query) {
  const auto image = parameter(query, "image");
  if (!image) return problem(image.error());
  if (const auto checked = check_image_reference(*image); !checked) {
    return problem(checked.error());
  }
  return answer(node.plan(*image));
}

api_response image(actors::node_control& node, const api_request& request,
                   const std::string& reference) {
  if (request.method != "DELETE") return method_not_allowed("DELETE");
  if (const auto checked = check_image_reference(reference); !checked) {
    return problem(checked.error());
  }
  return answer(node.remove(reference));
}

api_response torrent(actors::node_control& node, const std::string& pack) {
  if (!is_pack_id(pack)) {
    return problem({errc::invalid_argument, "a pack is named by 64 hexadecimal digits"});
  }
  auto content = node.torrent(pack);
  if (!content) return problem(content.error());
  return {.content_type = "application/x-bittorrent", .body = std::move(content).value()};
}

/// What follows `/cache`.
api_response cache(actors::cache_control& node, const api_request& request,
                   const std::string& path) {
  constexpr std::string_view pins_prefix = "/pins/";
  const auto takes = [&](const char* method) { return request.method == method; };
  if (path.empty()) return takes("GET") ? answer(node.cache()) : method_not_allowed("GET");
  if (path == "/collections") {
    if (!takes("POST")) return method_not_allowed("POST");
    const auto order = cache_gc_order_from(request.body);
    return order ? answer(node.collect(*order)) : problem(order.error());
  }
  if (path == "/limit") {
    if (!takes("POST")) return method_not_allowed("POST");
    const auto order = cache_limit_order_from(request.body);
    return order ? answer(node.limit(*order)) : problem(order.error());
  }
  if (path == "/policy") {
    if (!takes("POST")) return method_not_allowed("POST");
    const auto name = cache_policy_from(request.body);
    return name ? answer(node.choose_policy(*name)) : problem(name.error());
  }
  if (path == "/pins") {
    if (!takes("POST")) return method_not_allowed("POST");
    const auto image = cache_pin_from(request.body);
    return image ? answer(node.pin(*image)) : problem(image.error());
  }
  if (path.starts_with(pins_prefix)) {
    if (!takes("DELETE")) return method_not_allowed("DELETE");
    const auto image = path.substr(pins_prefix.size());
    if (const auto checked = check_image_reference(image); !checked) {
      return problem(checked.error());
    }
    return answer(node.unpin(image));
  }
  return problem({errc::not_found, "no such resource under /api/v1/cache"});
}

api_response readiness(actors::node_control& node) {
  const auto status = node.status();
  if (!status) return problem(503, status.error());
  if (status->state == "joining") {
    return problem(503, {errc::unreachable, "the node has not joined the swarm yet"});
  }
  return document(200, {{"status", "ready"}, {"state", status->state}});
}

api_response metrics(actors::node_control& node, const std::string& version) {
  const auto status = node.status();
  if (!status) return problem(status.error());
  return {.content_type = std::string{prometheus_content_type},
          .body = prometheus_text(*status, version)};
}

} // namespace

api_response problem(unsigned status, const error& fault) {
  std::string title{to_string(fault.code)};
  std::replace(title.begin(), title.end(), '_', ' ');
  auto response = document(status, {{"type", "about:blank"},
                                    {"title", title},
                                    {"status", status},
                                    {"detail", fault.message},
                                    {"code", to_string(fault.code)}});
  response.content_type = "application/problem+json";
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

api_response problem(const error& fault) { return problem(http_status(fault.code), fault); }

routes::routes(actors::node_control& node, std::string version)
    : node_{node}, version_{std::move(version)} {}

api_response routes::handle(const api_request& request) {
  const auto question = request.target.find('?');
  const auto path = decoded(std::string_view{request.target}.substr(0, question));
  if (!path || path->empty() || path->front() != '/') {
    return problem({errc::invalid_argument, "malformed request target"});
  }
  const auto query =
      question == std::string::npos ? std::string{} : request.target.substr(question + 1);
  return dispatch(request, *path, query);
}

api_response routes::dispatch(const api_request& request, const std::string& path,
                              const std::string& query) {
  const bool reading = request.method == "GET";
  if (path == "/healthz") {
    return reading ? document(200, {{"status", "ok"}}) : method_not_allowed("GET");
  }
  if (path == "/readyz") return reading ? readiness(node_) : method_not_allowed("GET");
  if (path == "/metrics") return reading ? metrics(node_, version_) : method_not_allowed("GET");
  if (path.starts_with(prefix)) {
    const auto rest = path.substr(prefix.size());
    if (rest == "/images") return images(node_, request);
    if (rest == "/gets") return gets(node_, request);
    if (rest == "/placements") return placements(node_, request);
    if (rest == "/prestages") return prestages(node_, request);
    if (rest == "/verifications") return verifications(node_, request);
    if (rest == "/hosts") return reading ? answer(node_.hosts()) : method_not_allowed("GET");
    if (rest == "/status") return reading ? answer(node_.status()) : method_not_allowed("GET");
    if (rest == "/plan") return reading ? plan(node_, query) : method_not_allowed("GET");
    if (rest == "/jobs") return reading ? jobs(node_) : method_not_allowed("GET");
    return dispatch_item(request, rest, query);
  }
  return problem({errc::not_found, "no such resource; the API is under /api/v1"});
}

api_response routes::dispatch_item(const api_request& request, const std::string& path,
                                   const std::string& query) {
  constexpr std::string_view image_prefix = "/images/";
  constexpr std::string_view job_prefix = "/jobs/";
  constexpr std::string_view pack_prefix = "/packs/";
  constexpr std::string_view torrent_suffix = "/torrent";
  constexpr std::string_view cache_prefix = "/cache";
  if (path == cache_prefix || path.starts_with("/cache/")) {
    return cache(node_, request, path.substr(cache_prefix.size()));
  }
  if (path.starts_with(image_prefix)) {
    return image(node_, request, path.substr(image_prefix.size()));
  }
  if (path.starts_with(pack_prefix) && path.ends_with(torrent_suffix) &&
      path.size() > pack_prefix.size() + torrent_suffix.size()) {
    if (request.method != "GET") return method_not_allowed("GET");
    return torrent(node_, path.substr(pack_prefix.size(),
                                      path.size() - pack_prefix.size() - torrent_suffix.size()));
  }
  if (path.starts_with(job_prefix)) {
    const auto id = path.substr(job_prefix.size());
    if (request.method == "GET") return job(id, query);
    if (request.method != "DELETE") return method_not_allowed("GET, DELETE");
    const auto parsed = number<actors::job_id>(id);
    if (!parsed) return problem({errc::invalid_argument, "a job is named by a number"});
    if (const auto done = node_.cancel(*parsed); !done) return problem(done.error());
    return answer(node_.job(*parsed));
  }
  return problem({errc::not_found, "no such resource under /api/v1"});
}

api_response routes::job(const std::string& id, const std::string& query) {
  const auto parsed = number<actors::job_id>(id);
  if (!parsed) return problem({errc::invalid_argument, "a job is named by a number"});
  const auto wait = parameter(query, "wait_ms");
  if (!wait) return problem(wait.error());
  if (wait->empty()) return answer(node_.job(*parsed));
  const auto milliseconds = number<std::uint32_t>(*wait);
  if (!milliseconds || *milliseconds > wait_ms_max) {
    return problem({errc::invalid_argument,
                    "'wait_ms' must be a number from 0 to " + std::to_string(wait_ms_max)});
  }
  return answer(wait_for(*parsed, *milliseconds));
}

result<actors::job_status> routes::wait_for(actors::job_id id, std::uint32_t milliseconds) {
  if (waiting_.fetch_add(1) >= waiting_max) milliseconds = 0;
  auto status = node_.job(id);
  while (status && status->state == actors::job_state::running && milliseconds > 0 && !stopping_) {
    const auto slice = std::min(milliseconds, wait_slice_ms);
    status = node_.wait(id, slice);
    milliseconds -= slice;
  }
  waiting_.fetch_sub(1);
  return status;
}

} // namespace shoal::web
