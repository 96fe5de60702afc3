// Prints the figures of web/README.md: latency, frames and bytes per second, memory per link, and
// how fast nodes can join. Both ends are in this process, on loopback.
#include "swarm/crypto/certificate.hpp"
#include "web/link_runtime.hpp"

#include "tls_client.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace shoal;
using connection = std::shared_ptr<actors::link_connection>;
using steady = std::chrono::steady_clock;

/// Counts to a number that another thread waits for.
class counter {
public:
  void add() {
    if (count_.fetch_add(1) + 1 >= target_.load()) {
      const std::lock_guard lock{mutex_};
      reached_.notify_all();
    }
  }
  void wait(std::size_t target) {
    std::unique_lock lock{mutex_};
    target_ = target;
    reached_.wait(lock, [&] { return count_.load() >= target; });
  }
  [[nodiscard]] std::size_t count() const { return count_.load(); }

private:
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> target_{1};
  std::mutex mutex_;
  std::condition_variable reached_;
};

double seconds_since(steady::time_point begun) {
  return std::chrono::duration<double>(steady::now() - begun).count();
}

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_kilobytes() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  }
  return 0;
}

connection open(web::link_runtime& from, std::uint16_t port, actors::link_handler handler) {
  counter done;
  connection opened;
  from.dial("127.0.0.1", port, actors::node_role::host, std::move(handler), [&](auto outcome) {
    if (outcome)
      opened = *outcome;
    else
      std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
    done.add();
  });
  done.wait(1);
  return opened;
}

void measure_latency(web::link_runtime& client, std::uint16_t port) {
  constexpr std::size_t rounds = 5000;
  counter echoes;
  std::vector<double> microseconds;
  steady::time_point sent;
  const auto link = open(client, port, {.on_frame = [&](const connection& from, std::string frame) {
                           microseconds.push_back(seconds_since(sent) * 1e6);
                           if (echoes.count() + 1 < rounds) {
                             sent = steady::now();
                             static_cast<void>(from->send(std::move(frame)));
                           }
                           echoes.add();
                         }});
  const auto begun = steady::now();
  sent = begun;
  static_cast<void>(link->send(std::string(100, 'x')));
  echoes.wait(rounds);
  const auto mean = seconds_since(begun) * 1e6 / static_cast<double>(rounds);
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("round trip of 100 bytes: median %.0f us, p99 %.0f us, mean %.0f us\n",
              microseconds[rounds / 2], microseconds[rounds * 99 / 100], mean);
  link->close("measured");
}

void measure_flow(web::link_runtime& client, std::uint16_t port, counter& arrived,
                  std::size_t frame_bytes, std::size_t frames) {
  const auto link = open(client, port, {});
  const auto before = arrived.count();
  const auto processor_before = processor_seconds();
  const auto begun = steady::now();
  for (std::size_t i = 0; i < frames; ++i) {
    // A window, as the link's users have: 4 MiB on the way.
    while ((i - (arrived.count() - before)) * (frame_bytes + 64) > (std::size_t{4} << 20)) {
      std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    if (!link->send(std::string(frame_bytes, 'x')).ok()) std::abort();
  }
  arrived.wait(before + frames);
  const auto took = seconds_since(begun);
  const auto processor = processor_seconds() - processor_before;
  std::printf("one way, frames of %zu bytes: %.0f frames/s, %.0f MB/s, "
              "%.1f us of processor a frame, both ends\n",
              frame_bytes, static_cast<double>(frames) / took,
              static_cast<double>(frames * frame_bytes) / took / 1e6,
              processor * 1e6 / static_cast<double>(frames));
  link->close("measured");
}

/// Dials from several addresses at once, as many machines would.
void measure_joins(const web::link_options& options, std::uint16_t port, std::size_t links) {
  constexpr std::size_t machines = 4;
  std::vector<std::unique_ptr<web::link_runtime>> clients;
  for (std::size_t i = 0; i < machines; ++i) {
    auto own = options;
    own.source_address = "127.0.0." + std::to_string(10 + i);
    auto started = web::link_runtime::start(own, {});
    if (!started) std::abort();
    clients.push_back(std::move(*started));
  }
  counter done;
  std::mutex mutex;
  std::vector<connection> opened;
  const auto before = resident_kilobytes();
  const auto begun = steady::now();
  for (std::size_t i = 0; i < links; ++i) {
    clients[i % machines]->dial("127.0.0.1", port, actors::node_role::host, {}, [&](auto outcome) {
      if (outcome) {
        const std::lock_guard lock{mutex};
        opened.push_back(*outcome);
      }
      done.add();
    });
  }
  done.wait(links);
  const auto took = seconds_since(begun);
  std::printf("%zu dials at once: %zu opened in %.2f s; both ends of a link take %.0f KB\n", links,
              opened.size(), took,
              (resident_kilobytes() - before) / static_cast<double>(opened.size()));
}

/// A thousand connections of which half say nothing and half begin a handshake.
void measure_strangers(web::link_runtime& client, web::link_runtime& server) {
  const auto memory_before = resident_kilobytes();
  std::vector<web::raw_socket> strangers;
  for (int i = 0; i < 1000; ++i) {
    web::raw_socket stranger;
    if (!stranger.bind(("127.0.0." + std::to_string(20 + i % 4)).c_str())) std::abort();
    if (!stranger.connect(server.port())) std::abort();
    if (i % 2 == 1) stranger.write("\x16\x03\x01");
    strangers.push_back(std::move(stranger));
  }
  auto begun = steady::now();
  const auto link = open(client, server.port(), {});
  const auto opened_after = seconds_since(begun);
  const auto memory = resident_kilobytes() - memory_before;
  const auto processor_before = processor_seconds();
  begun = steady::now();
  std::this_thread::sleep_for(std::chrono::seconds{2});
  std::printf("%zu half-open connections: %.0f KB, a dial among them opens in %.1f ms, "
              "idle they use %.2f %% of a core\n",
              server.counts().half_open, memory, opened_after * 1e3,
              (processor_seconds() - processor_before) / seconds_since(begun) * 100);
}

} // namespace

int main() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  auto folder = (std::filesystem::temp_directory_path() / "link_measure.XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const std::filesystem::path base{folder};
  const auto validity = swarm::certificate_validity::lasting(std::chrono::system_clock::now(),
                                                             std::chrono::hours{24});
  const swarm::certificate_files authority{base / "ca.crt", base / "ca.key"};
  const swarm::certificate_files files{base / "node.crt", base / "node.key"};
  if (!swarm::create_authority("measure", authority, validity).ok() ||
      !swarm::issue_certificate(authority, files, {"node", {"a", "b", "c"}, {"host"}}, validity)
           .ok()) {
    return 1;
  }
  web::link_options options;
  options.certificate_file = files.certificate;
  options.key_file = files.key;
  options.authority_file = authority.certificate;
  options.handshake_timeout = std::chrono::seconds{60};
  auto listening = options;
  listening.listen_address = "127.0.0.1";
  counter arrived;
  const auto sink = web::link_runtime::start(
      listening, {.on_frame = [&](const connection&, const std::string&) { arrived.add(); }});
  const auto echo = web::link_runtime::start(
      listening, {.on_frame = [](const connection& from, std::string frame) {
        static_cast<void>(from->send(std::move(frame)));
      }});
  const auto client = web::link_runtime::start(options, {});
  if (!sink || !echo || !client) return 1;
  measure_latency(**client, (*echo)->port());
  measure_flow(**client, (*sink)->port(), arrived, 100, 200'000);
  measure_flow(**client, (*sink)->port(), arrived, 4'096, 100'000);
  measure_flow(**client, (*sink)->port(), arrived, 262'144, 4'000);
  measure_strangers(**client, **echo);
  measure_joins(options, (*sink)->port(), 1'000);
  std::filesystem::remove_all(base);
  return 0;
}
