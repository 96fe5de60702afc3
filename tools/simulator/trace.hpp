// A trace: which instances of which images a data centre was asked for, when, and how long they
// lived (VDN §II). Our own text form of it, and what is known of a trace as a whole.
//
// The text form, one line each, fields separated by commas, no quotes:
//   shoal_trace,1
//   data_centre,S6
//   images,240
//   duration_seconds,2678400
//   vm,time_seconds,image,lifetime_seconds
//   1,12.25,7,480
//   ...
// Requests stand in order of time; images are numbers below `images`; a line that is empty or
// begins with # is skipped. Numbers are written so that reading gives the same again.
//
// Threads: values. Errors: a malformed line is refused with its number and the field's name.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// One instance that was asked for.
struct vm_request {
  /// From the trace's start.
  double time_seconds = 0;
  /// Below `trace::images`.
  std::uint32_t image = 0;
  double lifetime_seconds = 0;
  /// Different for each request of a trace.
  std::uint64_t vm = 0;

  friend bool operator==(const vm_request&, const vm_request&) = default;
};

/// Everything a data centre was asked for in some time.
struct trace {
  std::string data_centre;
  double duration_seconds = 0;
  /// How many images there are, asked for or not. In generated traces image 0 is the most popular.
  std::uint32_t images = 0;
  /// In order of time.
  std::vector<vm_request> requests;

  friend bool operator==(const trace&, const trace&) = default;
};

/// @returns errc::invalid_argument naming the request and field that is out of order or range.
result<void> validate(const trace& checked);

/// Reads the text form. `source` names the file in errors.
/// @returns errc::invalid_argument with source, line, field and what was expected; errc::failed
/// where the stream cannot be read.
result<trace> read_trace(std::istream& from, std::string_view source);
result<trace> read_trace_file(const std::string& path);

/// Writes the text form. @returns errc::failed where the stream refuses.
result<void> write_trace(std::ostream& to, const trace& written);

/// The same requests in the same order in 1 / `factor` of the time; lifetimes shrink as well, so
/// that as many instances live at once (VDN §IV-C: "adjusting the time granularity of real
/// traces"). @pre `factor` > 0.
trace compressed(trace original, double factor);

} // namespace shoal::simulator
