// The answers of node_control that are made of others' answers.
//
// Threads: the caller's; each call asks and waits.
#pragma once

#include "actors/job.hpp"
#include "actors/node_control.hpp"

namespace shoal::actors {

result<std::vector<image_status>> answer_images(job& asker);
result<std::vector<host_status>> answer_hosts(job& asker);
result<plan_status> answer_plan(job& asker, const std::string& image);
result<placement_status> answer_placement(job& asker, const place_order& order);
result<removal_status> answer_removal(job& asker, const std::string& image);
result<std::string> answer_torrent(job& asker, const std::string& pack);
/// All but roles and uptime.
index_status answer_index(const index_state& state);
node_status answer_status(const uplinks& out, const transfer_list& transfers, const job_list& jobs,
                          const swarm::pack_store& store, const std::string& version);

} // namespace shoal::actors
