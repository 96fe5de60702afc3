// What every job does: ask others and wait, report how far it is, notice that it should stop.
//
// Threads: the job's own.
#pragma once

#include "actors/job_board.hpp"
#include "actors/wire_convert.hpp"
#include "swarm/recipe.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace shoal::actors {

/// Asks an actor and waits for the answer; messages of other kinds stay in the mailbox.
template <class Reply, class Self, class Target, class Request>
result<Reply> ask(Self&& self, const Target& target, Request request,
                  std::chrono::seconds limit = request_timeout) {
  if (!target) return {errc::unreachable, "not connected"};
  std::optional<result<Reply>> answer;
  self->request(target, limit, std::move(request))
      .receive([&](Reply& reply) { answer.emplace(std::move(reply)); },
               [&](caf::error& fault) { answer.emplace(from_caf(fault)); });
  return std::move(*answer);
}

/// Names an image: `name:version`, both valid names.
struct image_name {
  std::string name;
  std::string version;
  [[nodiscard]] std::string text() const { return name + ":" + version; }
  static result<image_name> parse(const std::string& text);
};

/// Begins the owner of the pins of a get; its number follows.
inline constexpr const char* get_pin_prefix = "get-";

/// Takes back the pins of jobs that ended with an earlier process, so that their packs can be evicted
/// and forgotten. Call before the first job.
void release_pins_of_lost_jobs(swarm::pack_store& store);

/// How long a job tries to reach the GIS unless told otherwise.
inline constexpr std::chrono::seconds usual_patience{60};
/// The phase of a job that waits for the GIS to come back.
inline constexpr const char* phase_waiting_for_gis = "waiting for the general index server";

/// Tries until an answer comes that does not say that nobody is there, or patience is over.
/// `go_on` is called after each try in vain: it says so to the user, and whether to try again.
/// `pause` waits between tries.
template <class Reply, class Try, class GoOn, class Pause>
result<Reply> persist(std::chrono::seconds patience, Try attempt, GoOn go_on, Pause pause) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto answer = attempt();
    if (answer || answer.error().code != errc::unreachable) return answer;
    if (!go_on()) return {errc::cancelled, "cancelled"};
    if (std::chrono::steady_clock::now() >= end) {
      return {errc::unreachable,
              "the general index server cannot be reached: " + answer.error().message};
    }
    pause(std::chrono::milliseconds{200});
  }
}

/// A running job's hold on the world.
class job {
public:
  job(caf::blocking_actor* self, job_context context, job_board_actor board, job_status status);

  caf::blocking_actor* self() { return self_; }
  job_context& context() { return context_; }
  /// How far the job is; change it freely and call `report`.
  job_status& status() { return status_; }

  /// Tells the board how far the job is, at most every 100 ms unless `now`.
  void report(bool now = false);
  /// The job's last word, when its buffers are gone.
  void end(const result<void>& outcome);
  /// Somebody asked for it to stop. Looks into the mailbox without waiting.
  bool stop_wanted();
  /// Waits; less long if somebody asks for it to stop. @pre no message of another kind is expected.
  void pause(std::chrono::milliseconds time);

  /// This node's ways out as they are now.
  uplinks ways_out();
  /// How long to try on while the GIS is away; somebody waiting at a terminal wants to know soon.
  void set_patience(std::chrono::seconds patience) { patience_ = patience; }

  /// Asks the GIS, through its absences: tries again until an answer comes or patience is over.
  template <class Reply, class Request>
  result<Reply> ask_gis(const Request& request) {
    return persist<Reply>(patience_, [&] {
      return ask<Reply>(self_, ways_out().gis, request);
    });
  }
  /// Asks the rack's index, or the GIS while there is none.
  template <class Reply, class Request>
  result<Reply> ask_index(const Request& request, std::chrono::seconds patience) {
    return persist<Reply>(patience, [&] {
      auto out = ways_out();
      if (out.index) {
        auto answer = ask<Reply>(self_, out.index, request, std::chrono::seconds{5});
        if (answer || answer.error().code != errc::unreachable) return answer;
      }
      return ask<Reply>(self_, out.gis, request);
    });
  }

  /// A document, whole, by way of the rack's index; the caller checks it against its name.
  result<std::string> download(wire::DocumentKind kind, const std::string& id);
  /// What the GIS knows of the image; `fetching`: with the pieces that it needs.
  result<wire::ImageRecord> find_image(const image_name& image, bool fetching);
  /// The image's recipe: from the store, else from the network, and then kept in the store.
  result<swarm::recipe> fetch_recipe(const wire::ImageRecord& record);

private:
  template <class Reply, class Try>
  result<Reply> persist(std::chrono::seconds patience, Try attempt) {
    const phase_while_waiting phase{*this};
    const auto go_on = [&] {
      phase.show();
      return !stop_wanted();
    };
    return actors::persist<Reply>(patience, attempt, go_on, [this](auto time) { pause(time); });
  }
  /// Says that the job waits for the GIS, until its wait is over.
  class phase_while_waiting {
  public:
    explicit phase_while_waiting(job& work) : job_{work}, before_{work.status_.phase} {}
    ~phase_while_waiting() { job_.status_.phase = before_; }
    phase_while_waiting(const phase_while_waiting&) = delete;
    phase_while_waiting& operator=(const phase_while_waiting&) = delete;
    void show() const {
      job_.status_.phase = phase_waiting_for_gis;
      job_.report(true);
    }

  private:
    job& job_;
    const std::string before_;
  };

  caf::blocking_actor* self_;
  job_context context_;
  job_board_actor board_;
  job_status status_;
  std::chrono::seconds patience_ = usual_patience;
  bool stop_ = false;
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point reported_{};
};

} // namespace shoal::actors
