// JOB BOARD: the long work users asked this node for. It starts jobs, knows how far each is, and
// passes on wishes to stop. The last 1000 are remembered.
#pragma once

#include "actors/host_agent.hpp"
#include "actors/host_cache.hpp"
#include "actors/messages.hpp"

#include <map>

namespace shoal::actors {

using job_board_actor =
    caf::typed_actor<caf::replies_to<start_publish>::with<job_status>,
                     caf::replies_to<start_get>::with<job_status>,
                     caf::replies_to<start_verify>::with<job_status>,
                     caf::replies_to<start_prestage>::with<job_status>,
                     // From a job: how far it is.
                     caf::reacts_to<job_report>, caf::replies_to<ask_job>::with<job_status>,
                     caf::replies_to<ask_jobs>::with<job_list>,
                     caf::replies_to<cancel_job>::with<wire::Ack>,
                     // All jobs are to stop; answered when none runs.
                     caf::replies_to<please_stop>::with<wire::Ack>>;

/// What jobs work with; all outlive them.
struct job_context {
  swarm::pack_store* store = nullptr;
  host_cache_actor cache;
  host_agent_actor agent;
  piece_index_actor piece_index;
  /// Threads for hashing, compressing and expanding; zero means as many as cores.
  unsigned thread_count = 0;
  /// Whether fetches use holders beyond the nearest level.
  topology::source_policy source_policy = topology::source_policy::earliest_finish;
};

struct job_board_state {
  static inline const char* name = "job-board";
  job_context context;
  job_id last = 0;
  std::map<job_id, job_status> jobs;
  std::map<job_id, caf::actor> running;
  std::vector<caf::typed_response_promise<wire::Ack>> stopping;
  bool closed = false;
};

/// Spawn with `system.spawn(job_board, context)`.
job_board_actor::behavior_type job_board(job_board_actor::stateful_pointer<job_board_state> self,
                                         job_context context);

/// A job's body: runs on a thread of its own and reports to `board`.
void publish_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                 job_status status, publish_order order);
void get_job(caf::blocking_actor* self, job_context context, job_board_actor board,
             job_status status, get_order order);
void verify_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                job_status status, verify_order order);
void prestage_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                  job_status status, prestage_order order);

} // namespace shoal::actors
