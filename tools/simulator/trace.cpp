#include "tools/simulator/trace.hpp"

#include "tools/simulator/csv_fields.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <istream>
#include <ostream>
#include <unordered_set>

namespace shoal::simulator {

namespace {

constexpr std::string_view columns = "vm,time_seconds,image,lifetime_seconds";
/// As many as an image model takes.
constexpr std::uint32_t images_max = 1'000'000;
constexpr std::string_view expected_name = "a name of printable ASCII characters without commas";

/// Our text form has no quotes, and names go into JSON.
bool fits_a_field(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= ' ' && c < 0x7f && c != ','; });
}

/// The four lines before the columns: a word and its value each.
result<std::string> header_value(csv_lines& lines, std::string_view word) {
  if (!lines.next() || lines.fields().size() != 2 || lines.fields()[0] != word)
    return lines.wrong(word, "a line '" + std::string{word} + ",VALUE'");
  return std::string{lines.fields()[1]};
}

result<trace> read_header(csv_lines& lines) {
  const auto version = header_value(lines, "shoal_trace");
  if (!version) return version.error();
  if (*version != "1") return lines.wrong(1, "shoal_trace", "version 1");
  trace read;
  auto name = header_value(lines, "data_centre");
  if (!name) return name.error();
  if (!fits_a_field(*name)) return lines.wrong(1, "data_centre", expected_name);
  read.data_centre = std::move(*name);
  if (const auto images = header_value(lines, "images"); !images) return images.error();
  const auto images = lines.whole(1, "images", images_max);
  if (!images) return images.error();
  if (*images == 0) return lines.wrong(1, "images", "at least 1");
  read.images = static_cast<std::uint32_t>(*images);
  if (const auto text = header_value(lines, "duration_seconds"); !text) return text.error();
  const auto duration = lines.positive(1, "duration_seconds");
  if (!duration) return duration.error();
  read.duration_seconds = *duration;
  if (!lines.next() || lines.line() != columns)
    return lines.wrong("columns", "the line '" + std::string{columns} + "'");
  return read;
}

result<vm_request> read_request(const csv_lines& lines, const trace& so_far) {
  if (lines.fields().size() != 4)
    return lines.wrong("columns", "4 fields: " + std::string{columns});
  const auto vm = lines.whole(0, "vm", ~std::uint64_t{0});
  if (!vm) return vm.error();
  const auto time = lines.positive(1, "time_seconds");
  if (!time) return time.error();
  if (*time > so_far.duration_seconds)
    return lines.wrong(1, "time_seconds", "no more than the trace's duration_seconds");
  if (!so_far.requests.empty() && *time < so_far.requests.back().time_seconds)
    return lines.wrong(1, "time_seconds", "requests in order of time");
  const auto image = lines.whole(2, "image", images_max);
  if (!image) return image.error();
  if (*image >= so_far.images) return lines.wrong(2, "image", "a number below 'images'");
  const auto lifetime = lines.positive(3, "lifetime_seconds");
  if (!lifetime) return lifetime.error();
  return vm_request{*time, static_cast<std::uint32_t>(*image), *lifetime, *vm};
}

} // namespace

result<void> validate(const trace& checked) {
  const auto wrong = [&](std::size_t at, const std::string& what) {
    return error{errc::invalid_argument, "trace '" + checked.data_centre + "': request " +
                                             std::to_string(at) + ": " + what};
  };
  if (!fits_a_field(checked.data_centre))
    return {errc::invalid_argument, "trace: data_centre: expected " + std::string{expected_name}};
  if (checked.images == 0 || checked.images > images_max)
    return {errc::invalid_argument, "trace '" + checked.data_centre +
                                        "': images: expected 1 to " + std::to_string(images_max)};
  double before = 0;
  std::unordered_set<std::uint64_t> seen;
  for (std::size_t i = 0; i < checked.requests.size(); ++i) {
    const auto& one = checked.requests[i];
    if (!(one.time_seconds >= before && one.time_seconds <= checked.duration_seconds))
      return wrong(i, "time_seconds: expected order of time, within the trace's duration");
    if (one.image >= checked.images) return wrong(i, "image: expected a number below 'images'");
    if (!(one.lifetime_seconds >= 0) || !std::isfinite(one.lifetime_seconds))
      return wrong(i, "lifetime_seconds: expected 0 or more");
    if (!seen.insert(one.vm).second) return wrong(i, "vm: expected a number of its own");
    before = one.time_seconds;
  }
  return {};
}

result<trace> read_trace(std::istream& from, std::string_view source) {
  csv_lines lines{from, source};
  auto read = read_header(lines);
  if (!read) return read;
  std::unordered_set<std::uint64_t> seen;
  while (lines.next()) {
    const auto request = read_request(lines, *read);
    if (!request) return request.error();
    if (!seen.insert(request->vm).second)
      return lines.wrong(0, "vm", "a number no earlier request has");
    read->requests.push_back(*request);
  }
  if (auto fault = lines.fault()) return *fault;
  return read;
}

result<trace> read_trace_file(const std::string& path) {
  std::ifstream file{path};
  if (!file) return {errc::not_found, path + ": cannot be opened; expected a trace to read"};
  return read_trace(file, path);
}

result<void> write_trace(std::ostream& to, const trace& written) {
  to << "shoal_trace,1\ndata_centre," << written.data_centre << "\nimages," << written.images
     << "\nduration_seconds," << shortest(written.duration_seconds) << '\n'
     << columns << '\n';
  for (const auto& one : written.requests)
    to << one.vm << ',' << shortest(one.time_seconds) << ',' << one.image << ','
       << shortest(one.lifetime_seconds) << '\n';
  if (!to.flush()) return {errc::failed, "the trace could not be written"};
  return {};
}

trace compressed(trace original, double factor) {
  SHOAL_ASSERT(factor > 0);
  original.duration_seconds /= factor;
  for (auto& one : original.requests) {
    one.time_seconds /= factor;
    one.lifetime_seconds /= factor;
  }
  return original;
}

} // namespace shoal::simulator
