// The public Azure VM traces as traces of ours: `vmtable.csv` of AzurePublicDataset V1 (2017) and
// V2 (2019).
//
// One line a VM, no header, 11 fields: vmid, subscriptionid, deploymentid, vmcreated, vmdeleted,
// maxcpu, avgcpu, p95maxcpu, vmcategory, vmcorecount(bucket), vmmemory(bucket). Times are seconds
// from the trace's start in steps of 300; ids are opaque; buckets may be words (">24").
//
// The tables name no images. VMs of one deployment were started together by one owner, so the
// deployment stands for the image (and the subscription can: fewer, larger images).
//
// Threads: values. Errors: a malformed line is refused with its number and the field's name.
// Reads line by line; keeps 32 bytes a VM and each id once (V2: 2.7 million VMs).
#pragma once

#include "tools/simulator/trace.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace shoal::simulator {

/// Which id stands for the image.
enum class azure_image : std::uint8_t { deployment, subscription };

struct azure_import {
  azure_image image = azure_image::deployment;
  /// VMs that were there at the trace's beginning: they were created before, nobody knows when.
  bool skip_created_before = true;
  /// The part of the trace wanted; times count from `from_seconds` then.
  double from_seconds = 0;
  double duration_seconds = 30 * 86'400.0;
  /// Keeps one image in this many, the same ones each time, to fit a data centre of hundreds of
  /// hosts. At least 1.
  std::uint32_t one_image_in = 1;
  std::string data_centre = "azure";
};

/// Reads a table. A VM deleted in the same step as it was created counts as 300 s, as the data
/// set's own analysis has it. Images are numbered in order of their number of VMs, most first;
/// requests stand in order of time.
/// @returns errc::invalid_argument with source, line, field and what was expected; errc::failed
/// where the stream cannot be read.
result<trace> read_azure_trace(std::istream& from, std::string_view source,
                               const azure_import& how = {});
/// Not compressed. @returns also errc::not_found.
result<trace> read_azure_trace_file(const std::string& path, const azure_import& how = {});

} // namespace shoal::simulator
