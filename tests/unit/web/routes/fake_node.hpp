// A node that does what a test says and remembers what it was asked.
//
// Threads: any; one lock.
#pragma once

#include "actors/node_control.hpp"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

namespace shoal::tests {

/// Jobs run until `finish`, `fail` or `cancel`; lists are what the test put there.
class fake_node final : public actors::node_control {
public:
  std::vector<actors::publish_order> published;
  std::vector<actors::get_order> got;
  std::vector<actors::verify_order> verified;
  std::vector<actors::prestage_order> prestaged;
  std::vector<actors::place_order> placed;
  std::vector<std::string> removed;
  std::vector<actors::image_status> image_list;
  std::vector<actors::host_status> host_list;
  actors::node_status node;
  actors::plan_status planned;
  actors::placement_status placement;
  /// What every question is answered with, when set.
  std::optional<error> fault;
  /// The state a new job begins in.
  actors::job_status next_job{.phase = "reading"};

  result<actors::job_id> publish(const actors::publish_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    published.push_back(order);
    return begin("publish", order.name + ":" + order.version);
  }

  result<actors::job_id> get(const actors::get_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    got.push_back(order);
    return begin("get", order.image);
  }

  result<actors::job_id> verify(const actors::verify_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    verified.push_back(order);
    return begin("verify", order.image);
  }

  result<actors::job_id> prestage(const actors::prestage_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    prestaged.push_back(order);
    return begin("prestage", order.image);
  }

  result<actors::placement_status> place(const actors::place_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    placed.push_back(order);
    auto out = placement;
    out.image = order.image;
    out.request = order.request;
    return out;
  }

  result<actors::job_status> job(actors::job_id id) override {
    const std::lock_guard lock{mutex_};
    return find(id);
  }

  result<actors::job_status> wait(actors::job_id id, std::uint32_t milliseconds) override {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, std::chrono::milliseconds{milliseconds}, [&] {
      const auto found = find(id);
      return !found || found->state != actors::job_state::running;
    });
    return find(id);
  }

  result<void> cancel(actors::job_id id) override {
    const std::lock_guard lock{mutex_};
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return error{errc::not_found, "no such job"};
    found->second.state = actors::job_state::cancelled;
    changed_.notify_all();
    return {};
  }

  result<std::vector<actors::image_status>> images() override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    return image_list;
  }

  result<std::vector<actors::host_status>> hosts() override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    return host_list;
  }

  result<actors::node_status> status() override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    auto out = node;
    for (const auto& [id, job] : jobs_)
      out.jobs.push_back(job);
    return out;
  }

  result<actors::plan_status> plan(const std::string& image) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    auto out = planned;
    out.image = image;
    return out;
  }

  result<actors::removal_status> remove(const std::string& image) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    removed.push_back(image);
    return actors::removal_status{image, 4096, 1};
  }

  result<std::string> torrent(const std::string& pack) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    return std::string{"d4:name"} + '\0' + pack + "e";
  }

  actors::cache_status cached{.policy = "rarity", .configured_policy = "rarity"};
  std::vector<actors::cache_gc_order> collected;
  actors::cache_gc_outcome collection;
  std::vector<actors::cache_limit_order> limits;
  actors::cache_limit_outcome limited;
  std::vector<std::string> policies;
  std::vector<std::string> pinned;
  std::vector<std::string> unpinned;

  result<actors::cache_status> cache() override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    return cached;
  }

  result<actors::cache_gc_outcome> collect(const actors::cache_gc_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    collected.push_back(order);
    auto out = collection;
    out.dry_run = order.dry_run;
    return out;
  }

  result<actors::cache_limit_outcome> limit(const actors::cache_limit_order& order) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    limits.push_back(order);
    return limited;
  }

  result<actors::cache_status> choose_policy(const std::string& name) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    policies.push_back(name);
    cached.policy = name.empty() ? cached.configured_policy : name;
    return cached;
  }

  result<actors::cache_pin_outcome> pin(const std::string& image) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    pinned.push_back(image);
    return actors::cache_pin_outcome{image, true, 2, 8192, 4096};
  }

  result<actors::cache_pin_outcome> unpin(const std::string& image) override {
    const std::lock_guard lock{mutex_};
    if (fault) return *fault;
    unpinned.push_back(image);
    return actors::cache_pin_outcome{image, false, 2, 0, 4096};
  }

  /// Ends every running job that way.
  void end_jobs(actors::job_state state, std::optional<error> why = {}) {
    const std::lock_guard lock{mutex_};
    for (auto& [id, job] : jobs_) {
      if (job.state != actors::job_state::running) continue;
      job.state = state;
      job.fault = why;
    }
    changed_.notify_all();
  }

  /// The states of all jobs, by number.
  std::map<actors::job_id, actors::job_status> jobs() {
    const std::lock_guard lock{mutex_};
    return jobs_;
  }

private:
  actors::job_id begin(const char* kind, const std::string& image) {
    const auto id = jobs_.size() + 1;
    jobs_[id] = next_job;
    jobs_[id].id = id;
    jobs_[id].kind = kind;
    jobs_[id].image = image;
    return id;
  }

  result<actors::job_status> find(actors::job_id id) const {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return error{errc::not_found, "no such job: " + std::to_string(id)};
    return found->second;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<actors::job_id, actors::job_status> jobs_;
};

} // namespace shoal::tests
