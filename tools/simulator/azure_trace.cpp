#include "tools/simulator/azure_trace.hpp"

#include "tools/simulator/csv_fields.hpp"
#include "topology/equal_shares.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <unordered_map>

namespace shoal::simulator {

namespace {

constexpr std::size_t columns = 11;
/// One step of the data set's clock, and the shortest life its analysis counts.
constexpr double step_seconds = 300;
/// Far more than any trace lasts; a larger time is another column.
constexpr std::uint64_t seconds_max = 10'000'000'000;

result<void> check(const azure_import& how) {
  const auto wrong = [](const std::string& field, const std::string& expected) {
    return error{errc::invalid_argument, "azure import: " + field + ": expected " + expected};
  };
  if (!(how.from_seconds >= 0) || !std::isfinite(how.from_seconds))
    return wrong("from_seconds", "0 or more");
  if (!(how.duration_seconds > 0) || !std::isfinite(how.duration_seconds))
    return wrong("duration_seconds", "more than 0");
  if (how.one_image_in == 0) return wrong("one_image_in", "at least 1");
  return {};
}

/// When a VM of the line was there.
struct life {
  double created = 0;
  double deleted = 0;
};

result<life> life_of(const csv_lines& lines) {
  if (lines.fields().size() != columns)
    return lines.wrong("columns", "11 fields (vmid ... vmmemory), not " +
                                      std::to_string(lines.fields().size()));
  for (const std::size_t id : {0u, 1u, 2u})
    if (lines.fields()[id].empty())
      return lines.wrong(id == 0 ? "vmid" : id == 1 ? "subscriptionid" : "deploymentid", "an id");
  const auto created = lines.whole(3, "vmcreated", seconds_max);
  if (!created) return created.error();
  const auto deleted = lines.whole(4, "vmdeleted", seconds_max);
  if (!deleted) return deleted.error();
  if (*deleted < *created) return lines.wrong(4, "vmdeleted", "no earlier than vmcreated");
  return life{static_cast<double>(*created), static_cast<double>(*deleted)};
}

/// Numbers images by how many VMs they have, most first, and puts requests in order of time.
void put_in_order(trace& made) {
  std::vector<std::uint64_t> counts(made.images, 0);
  for (const auto& one : made.requests)
    ++counts[one.image];
  std::vector<std::uint32_t> order(made.images);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return counts[a] > counts[b]; });
  std::vector<std::uint32_t> rank(made.images);
  for (std::uint32_t i = 0; i < made.images; ++i)
    rank[order[i]] = i;
  for (auto& one : made.requests)
    one.image = rank[one.image];
  std::ranges::stable_sort(made.requests, {}, &vm_request::time_seconds);
}

} // namespace

result<trace> read_azure_trace(std::istream& from, std::string_view source,
                               const azure_import& how) {
  if (auto checked = check(how); !checked) return checked.error();
  csv_lines lines{from, source};
  trace made{how.data_centre, how.duration_seconds, 0, {}};
  std::unordered_map<std::string, std::uint32_t> images;
  while (lines.next()) {
    const auto read = life_of(lines);
    if (!read) return read.error();
    const auto at = read->created - how.from_seconds;
    if (at < 0 || at > how.duration_seconds) continue;
    if (how.skip_created_before && read->created == 0) continue;
    const auto id = lines.fields()[how.image == azure_image::deployment ? 2 : 1];
    if (topology::hash_of(id) % how.one_image_in != 0) continue;
    const auto image =
        images.try_emplace(std::string{id}, static_cast<std::uint32_t>(images.size()))
            .first->second;
    made.requests.push_back(
        {at, image, std::max(read->deleted - read->created, step_seconds), lines.number()});
  }
  if (auto fault = lines.fault()) return *fault;
  if (images.empty()) {
    return error{errc::invalid_argument,
                 std::string{source} + ": line " + std::to_string(lines.number()) +
                     ": expected at least one VM created within the time and images asked for; "
                     "found the end of the file"};
  }
  made.images = static_cast<std::uint32_t>(images.size());
  put_in_order(made);
  if (auto valid = validate(made); !valid) return valid.error();
  return made;
}

result<trace> read_azure_trace_file(const std::string& path, const azure_import& how) {
  std::ifstream file{path};
  if (!file) return {errc::not_found, path + ": cannot be opened; expected a vmtable.csv"};
  return read_azure_trace(file, path, how);
}

} // namespace shoal::simulator
