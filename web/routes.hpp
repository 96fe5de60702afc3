// The local API: a request in, a response out, no socket in sight. The table of routes is in
// routes.cpp; the JSON is web/json.hpp's; faults are RFC 9457 problems with our errc as `code`.
//
// Threads: `handle` may be called from several at once and blocks as long as the node does.
// Errors:  every fault is a response; nothing is thrown.
#pragma once

#include "actors/node_control.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shoal::web {

/// One HTTP request, already read whole.
struct api_request {
  /// `GET`, `POST`, ... as on the wire.
  std::string method;
  /// Path and query, still percent-encoded.
  std::string target;
  std::string body;
};

/// One HTTP response.
struct api_response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// Further headers: Location, Allow, Retry-After.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The fault as an RFC 9457 problem: type, title, status, detail, and `code`, the errc's name.
api_response problem(const error& fault);
/// The same under an HTTP status of its own (405, 413, ...).
api_response problem(unsigned status, const error& fault);

/// What users may ask of one node.
class routes {
public:
  /// Longest `wait_ms` a request may ask for.
  static constexpr std::uint32_t wait_ms_max = 10'000;
  /// Most requests that wait for a job at the same time; any further one is answered at once, so
  /// that waiting never takes all the threads that answer.
  static constexpr int waiting_max = 4;

  /// `node` must outlive this. `version` is the program's, as `/metrics` says it.
  routes(actors::node_control& node, std::string version);

  api_response handle(const api_request& request);

  /// Ends the waiting of requests that wait for a job, within a quarter of a second.
  void stop() noexcept { stopping_ = true; }

private:
  result<actors::job_status> wait_for(actors::job_id id, std::uint32_t milliseconds);
  api_response job(const std::string& id, const std::string& query);
  api_response dispatch(const api_request& request, const std::string& path,
                        const std::string& query);
  api_response dispatch_item(const api_request& request, const std::string& path,
                             const std::string& query);

  actors::node_control& node_;
  const std::string version_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> waiting_{0};
};

} // namespace shoal::web
