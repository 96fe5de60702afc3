// Asks a daemon over its Unix socket, one request a connection, and waits for the answer.
//
// Threads: the caller's; blocks at most the time it is given. Errors: returned, as sentences for
//          whoever typed the command; an HTTP status is not a fault here.
#pragma once

#include "topology/result.hpp"

#include <chrono>
#include <string>

namespace shoal::web {

/// What is asked.
struct http_question {
  std::string method = "GET";
  /// Path and query, percent-encoded (`percent_encoded`).
  std::string target;
  /// JSON, or empty.
  std::string body;
};

/// What is answered, whatever the status.
struct http_reply {
  unsigned status = 0;
  std::string content_type;
  std::string body;
};

/// Sends the question to the daemon at `socket`.
/// @returns errc::unreachable when nobody listens there or no answer came in time,
///          errc::permission when the socket may not be used.
result<http_reply> ask(const std::string& socket, const http_question& question,
                       std::chrono::milliseconds time_max);

/// `text` as one path segment or query value (RFC 3986: all but unreserved characters encoded).
std::string percent_encoded(const std::string& text);

} // namespace shoal::web
