#include "actors/job.hpp"
#include "actors/placement_messages.hpp"

#include <algorithm>
#include <deque>

namespace shoal::actors {

namespace {

using steady = std::chrono::steady_clock;

/// Hosts one message gives orders to: below the link's message limit with the longest names.
constexpr std::size_t hosts_per_message = 1000;
/// How often hosts that fetch are asked, at first and later; and hosts that are away.
constexpr std::chrono::milliseconds first_pause{100};
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr std::chrono::seconds retry_interval{2};
/// How many hosts the job's last sentence names.
constexpr std::size_t named_max = 3;

enum class host_phase : std::uint8_t { waiting, fetching, away, done, failed };

const char* to_text(host_phase phase) {
  switch (phase) {
  case host_phase::waiting: return "waiting";
  case host_phase::fetching: return "fetching";
  case host_phase::away: return "away";
  case host_phase::done: return "done";
  case host_phase::failed: return "failed";
  }
  return "failed";
}

/// One host's way to the image.
struct ordered_host {
  std::string name;
  host_phase phase = host_phase::waiting;
  std::uint32_t attempt = 1;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  std::optional<error> fault;
  /// Its get was cancelled there once: by its user, or because it stops.
  bool cancelled_there = false;
  steady::time_point away_since;
  steady::time_point retry_at;
};

class wave_driver {
public:
  wave_driver(job& work, prestage_order order) : work_{work}, order_{std::move(order)} {}

  result<void> run() {
    auto image = image_name::parse(order_.image);
    if (!image) return image.error();
    work_.status().phase = "choosing hosts";
    auto record = work_.find_image(*image, false);
    if (!record) return record.error();
    usual_bytes_ = record->fetch_bytes();
    if (auto chosen = choose_hosts(*image); !chosen) return chosen;
    if (hosts_.empty() && without_host_ == 0) {
      return {errc::not_found, "no host is online" +
                                   (order_.within.empty() ? "" : " in " + order_.within)};
    }
    message_.mutable_order()->set_name(image->name);
    message_.mutable_order()->set_version(image->version);
    message_.mutable_order()->set_download_bytes_per_second_max(order_.host_bytes_per_second_max);
    name_order();
    auto outcome = drive();
    if (!outcome) {
      cancel_all();
      return outcome;
    }
    return summary();
  }

private:
  /// Hosts' orders outlive this process; none that follows may take them for its own.
  void name_order() {
    const auto out = work_.ways_out();
    message_.mutable_order()->set_order(out.self.host() + "/" + std::to_string(out.session) + "/" +
                                        std::to_string(work_.status().id));
  }

  result<void> choose_hosts(const image_name& image) {
    if (order_.count > 0) return choose_by_placement(image);
    auto hosts = work_.ask_gis<wire::Hosts>(wire::ListHosts{});
    if (!hosts) return hosts.error();
    std::map<std::string, const wire::HostRecord*> known;
    for (const auto& host : hosts->hosts()) known.emplace(host.peer().host(), &host);
    std::map<std::string, std::deque<std::string>> racks;
    if (order_.all) {
      for (const auto& [name, host] : known) {
        const auto& place = host->peer().place();
        if (host->online() && lies_within(place, order_.within)) racks[place].push_back(name);
      }
    }
    for (const auto& name : order_.hosts) {
      const auto host = known.find(name);
      if (host == known.end()) {
        return {errc::not_found, "no host named " + name.substr(0, 128) + " has joined"};
      }
      auto& rack = racks[host->second->peer().place()];
      if (std::find(rack.begin(), rack.end(), name) == rack.end()) rack.push_back(name);
    }
    take_turns(racks);
    return {};
  }

  /// A wave that is smaller than all reaches every rack early: each then serves itself.
  void take_turns(std::map<std::string, std::deque<std::string>>& racks) {
    while (!racks.empty()) {
      for (auto rack = racks.begin(); rack != racks.end();) {
        add(rack->second.front());
        rack->second.pop_front();
        rack = rack->second.empty() ? racks.erase(rack) : std::next(rack);
      }
    }
  }

  result<void> choose_by_placement(const image_name& image) {
    place_order order;
    order.image = order_.image;
    order.request.strategy = order_.strategy;
    order.request.spread = order_.spread;
    order.request.count = order_.count;
    order.request.per_host_max = 1;
    order.request.seed = work_.status().id;
    order.within = order_.within;
    auto placement =
        work_.ask_gis<wire::Placement>(to_wire(order, image.name, image.version));
    if (!placement) return placement.error();
    for (const auto& choice : placement->choices()) add(choice.host());
    without_host_ = placement->missing();
    if (without_host_ > 0) {
      work_.status().warnings.push_back("only " + std::to_string(hosts_.size()) + " of " +
                                        std::to_string(order_.count) +
                                        " hosts can take the image");
    }
    return {};
  }

  void add(const std::string& name) {
    ordered_host host;
    host.name = name;
    host.total_bytes = usual_bytes_;
    numbers_.emplace(name, hosts_.size());
    hosts_.push_back(std::move(host));
  }

  [[nodiscard]] std::size_t count(host_phase phase) const {
    return static_cast<std::size_t>(std::count_if(
        hosts_.begin(), hosts_.end(), [&](const auto& host) { return host.phase == phase; }));
  }

  [[nodiscard]] bool settled() const {
    return count(host_phase::done) + count(host_phase::failed) == hosts_.size();
  }

  result<void> drive() {
    work_.set_patience(order_.patience);
    auto pause = first_pause;
    while (true) {
      send_next_wave();
      if (auto asked = ask_everybody(); !asked) return asked;
      tell();
      if (settled()) return {};
      work_.pause(pause);
      if (work_.stop_wanted()) return {errc::cancelled, "cancelled"};
      pause = std::min(pause * 2, longest_pause);
    }
  }

  /// Hosts begin together, so that each piece crosses each border once for all of them; a new wave
  /// begins when the one before has ended. Who was away comes in as soon as there is room.
  void send_next_wave() {
    auto active = count(host_phase::fetching);
    const auto limit = order_.at_once == 0 ? hosts_.size() : order_.at_once;
    const bool wave_is_over = active == 0;
    for (auto& host : hosts_) {
      if (active >= limit) break;
      const bool back = host.phase == host_phase::away && steady::now() >= host.retry_at;
      if (!back && !(wave_is_over && host.phase == host_phase::waiting)) continue;
      host.phase = host_phase::fetching;
      ++active;
    }
  }

  /// Gives the order to every host of the wave; those that have it already say how far they are.
  result<void> ask_everybody() {
    std::vector<std::string> names;
    for (const auto& host : hosts_) {
      if (host.phase == host_phase::fetching) names.push_back(host.name);
    }
    for (std::size_t begin = 0; begin < names.size(); begin += hosts_per_message) {
      message_.clear_hosts();
      message_.clear_attempts();
      const auto end = std::min(names.size(), begin + hosts_per_message);
      for (auto i = begin; i < end; ++i) {
        message_.add_hosts(names[i]);
        (*message_.mutable_attempts())[names[i]] = hosts_[numbers_.at(names[i])].attempt;
      }
      auto report = work_.ask_gis<wire::PrestageReport>(message_);
      if (!report) return report.error();
      for (const auto& progress : report->hosts()) {
        const auto found = numbers_.find(progress.host());
        if (found != numbers_.end()) take(hosts_[found->second], progress);
      }
    }
    return {};
  }

  void take(ordered_host& host, const wire::PrestageProgress& progress) {
    const auto code = static_cast<errc>(progress.fault_code());
    const bool answered = progress.attempt() > 0;
    if (answered) {
      if (progress.total_bytes() > 0) {
        host.done_bytes = progress.done_bytes();
        host.total_bytes = progress.total_bytes();
      }
      if (progress.running()) {
        host.fault.reset();
        host.away_since = {};
        host.cancelled_there = false;
        return;
      }
      if (progress.fault_code() == 0) {
        host.phase = host_phase::done;
        host.fault.reset();
        return;
      }
    }
    host.fault = error{code, progress.fault_text()};
    if (code == errc::unreachable || code == errc::overloaded) return put_off(host, answered);
    if (code == errc::cancelled && !std::exchange(host.cancelled_there, true)) {
      // If it is only stopping, it will not know of the order when it is asked again.
      return put_off(host, false);
    }
    host.phase = host_phase::failed;
  }

  /// Tries again later; `anew`: what it had begun has ended.
  void put_off(ordered_host& host, bool anew) {
    const auto now = steady::now();
    if (host.away_since == steady::time_point{}) host.away_since = now;
    if (now - host.away_since > order_.patience) {
      host.phase = host_phase::failed;
      return;
    }
    host.phase = host_phase::away;
    host.retry_at = now + retry_interval;
    if (anew) ++host.attempt;
  }

  void tell() {
    auto& status = work_.status();
    status.hosts.clear();
    status.done_bytes = 0;
    status.total_bytes = 0;
    for (const auto& host : hosts_) {
      const auto all = host.phase == host_phase::failed ? host.done_bytes : host.total_bytes;
      status.hosts.push_back(
          {host.name, to_text(host.phase), host.done_bytes, host.total_bytes, host.fault});
      status.done_bytes += host.done_bytes;
      status.total_bytes += all;
    }
    status.needed_bytes = status.total_bytes;
    status.phase = std::to_string(count(host_phase::done)) + " of " +
                   std::to_string(hosts_.size()) + " hosts";
    if (const auto away = count(host_phase::away); away > 0) {
      status.phase += ", " + std::to_string(away) + " away";
    }
    if (const auto failed = count(host_phase::failed); failed > 0) {
      status.phase += ", " + std::to_string(failed) + " failed";
    }
    work_.report(true);
  }

  void cancel_all() {
    work_.set_patience(std::chrono::seconds{3});
    message_.set_cancel(true);
    message_.clear_attempts();
    message_.clear_hosts();
    const auto send = [&] {
      if (message_.hosts_size() > 0) {
        static_cast<void>(work_.ask_gis<wire::PrestageReport>(message_));
      }
      message_.clear_hosts();
    };
    for (const auto& host : hosts_) {
      if (host.phase != host_phase::fetching && host.phase != host_phase::away) continue;
      message_.add_hosts(host.name);
      if (static_cast<std::size_t>(message_.hosts_size()) == hosts_per_message) send();
    }
    send();
  }

  result<void> summary() {
    const auto done = count(host_phase::done);
    const auto asked = hosts_.size() + without_host_;
    if (done == asked) {
      work_.status().verified = true;
      return {};
    }
    auto text = std::to_string(asked - done) + " of " + std::to_string(asked) +
                " hosts do not hold " + order_.image;
    std::size_t named = 0;
    std::optional<errc> common;
    bool alike = without_host_ == 0;
    for (const auto& host : hosts_) {
      if (host.phase != host_phase::failed) continue;
      if (!common) common = host.fault->code;
      alike = alike && host.fault->code == *common;
      if (named++ < named_max) text += "; " + host.name + ": " + host.fault->message;
    }
    if (named > named_max) text += "; and " + std::to_string(named - named_max) + " more";
    if (without_host_ > 0) {
      text += "; for " + std::to_string(without_host_) + " no host has room";
    }
    const auto nothing_done = done == 0;
    const auto code = nothing_done && alike && common ? *common : errc::partial;
    return {nothing_done && !common ? errc::no_space : code, std::move(text)};
  }

  job& work_;
  prestage_order order_;
  std::uint64_t usual_bytes_ = 0;
  std::vector<ordered_host> hosts_;
  std::map<std::string, std::size_t> numbers_;
  /// Hosts asked for by `count` for which placement found none.
  std::uint32_t without_host_ = 0;
  wire::PrestageHosts message_;
};

} // namespace

void prestage_job(caf::blocking_actor* self, job_context context, job_board_actor board,
                  job_status status, prestage_order order) {
  job work{self, std::move(context), std::move(board), std::move(status)};
  result<void> outcome;
  {
    wave_driver driver{work, std::move(order)};
    outcome = driver.run();
  }
  work.end(outcome);
}

} // namespace shoal::actors
