// Follows a job of the daemon to its end: progress, warnings, Ctrl-C, the time limit.
//
// Threads: the main one. Errors: the job's own fault; errc::cancelled after Ctrl-C;
//          errc::unreachable when --timeout passed (the job is cancelled then too).
#pragma once

#include "tools/shoal/session.hpp"
#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace shoal::cli {

/// Starts a job by `POST target` and follows it; `label` names it in the progress.
/// @returns the finished job, as `GET /api/v1/jobs/{id}` shows it.
result<nlohmann::json> run_job(const session& of, const std::string& target,
                               const nlohmann::json& order, const std::string& label);

/// Follows a job that was started before. Ctrl-C only stops following when `cancel_it` is false.
result<nlohmann::json> follow_job(const session& of, std::uint64_t id, const std::string& label,
                                  bool cancel_it);

/// Starts a job by `POST target`. @returns its number.
result<std::uint64_t> submit_job(const session& of, const std::string& target,
                                 const nlohmann::json& order);

/// Starts a job and does not follow it: prints its number.
result<void> start_job(const session& of, const std::string& target, const nlohmann::json& order);

} // namespace shoal::cli
