#include "web/link_options.hpp"

namespace shoal::web {

namespace {

error bad(const std::string& option, const std::string& expected) {
  return {errc::invalid_argument, "link option " + option + " must be " + expected};
}

} // namespace

result<void> validate(const link_options& options) {
  if (options.certificate_file.empty() || options.key_file.empty() ||
      options.authority_file.empty()) {
    return bad("certificate_file, key_file and authority_file", "set: every link is authenticated");
  }
  if (options.message_bytes_max == 0) return bad("message_bytes_max", "more than 0");
  if (options.send_queue_bytes_max < 2 * options.message_bytes_max) {
    return bad("send_queue_bytes_max", "at least twice message_bytes_max");
  }
  for (const auto timeout : {options.handshake_timeout, options.connect_timeout,
                             options.ping_interval, options.idle_timeout}) {
    if (timeout.count() <= 0) return bad("timeouts", "more than 0");
  }
  if (options.idle_timeout < 2 * options.ping_interval) {
    return bad("idle_timeout", "at least twice ping_interval, or one lost ping would end the link");
  }
  if (options.half_open_max == 0 || options.half_open_per_address_max == 0 ||
      options.connections_max == 0) {
    return bad("connections_max, half_open_max and half_open_per_address_max", "more than 0");
  }
  return {};
}

} // namespace shoal::web
