// One host of a measured swarm: a real bulk session over a store in memory.
//
//   bulk_host NAME LENGTH_BYTES PIECE_BYTES START_EPOCH_MS HOSTS_FILE
//
// HOSTS_FILE has a line `name rack address port holder|fetcher` for each host. A fetcher begins at
// START_EPOCH_MS and prints when it has everything; every host prints its sums on SIGTERM.
#include "swarm/torrent/swarm_session.hpp"
#include "tests/support/memory_pack_store.hpp"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>

namespace {

using namespace shoal;

std::uint64_t epoch_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

class printed_events final : public swarm::swarm_events {
public:
  printed_events(std::string name, std::uint64_t start) : name_{std::move(name)}, start_{start} {}
  void on_pieces(swarm::pack_id, std::vector<std::uint32_t>) override {
    if (first_ms_ == 0) first_ms_ = epoch_ms() - start_;
  }
  void on_fetched(swarm::pack_id) override {
    std::cout << "fetched " << name_ << " ms " << epoch_ms() - start_ << " first " << first_ms_
              << std::endl;
  }
  void on_failed(swarm::pack_id, error why) override {
    std::cout << "failed " << name_ << ' ' << why.message << std::endl;
  }
  void on_corrupt(swarm::pack_id, std::uint32_t piece, std::string peer, bool) override {
    std::cout << "corrupt " << name_ << ' ' << piece << ' ' << peer << std::endl;
  }

private:
  std::string name_;
  std::uint64_t start_;
  std::uint64_t first_ms_ = 0;
};

struct listed_host {
  swarm::swarm_peer peer;
  bool holder = false;
};

std::vector<listed_host> read_hosts(const char* path) {
  std::vector<listed_host> hosts;
  std::ifstream file{path};
  std::string name, rack, address, role;
  std::uint16_t port = 0;
  while (file >> name >> rack >> address >> port >> role) {
    hosts.push_back({{name, {"site", "cluster", rack}, address, port}, role == "holder"});
  }
  return hosts;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const std::string name = argv[1];
  const auto start = std::stoull(argv[4]);
  const auto hosts = read_hosts(argv[5]);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  test::memory_pack_store store;
  const auto bytes = test::random_bytes(std::stoull(argv[2]), 1);
  const auto pack = test::describe(bytes, static_cast<std::uint32_t>(std::stoul(argv[3])));
  printed_events events{name, start};
  swarm::swarm_session_config config;
  swarm::swarm_view view;
  std::vector<swarm::swarm_peer> members;
  bool holder = false;
  for (const auto& one : hosts) {
    members.push_back(one.peer);
    (one.holder ? view.holders : view.fetchers).push_back(one.peer);
    if (one.peer.host != name) continue;
    holder = one.holder;
    config.self = {name, one.peer.where};
    config.listen_address = one.peer.address;
    config.listen_port = one.peer.port;
  }
  auto session = swarm::swarm_session::start(config, store, events);
  if (!session) {
    std::cerr << session.error().message << '\n';
    return 1;
  }
  (*session)->set_members(members);
  if (holder) {
    store.hold(bytes, pack.piece_bytes);
    if (!(*session)->serve(pack.id)) return 1;
  } else if (!store.add(pack)) {
    return 1;
  }
  const auto cpu_before = cpu_seconds();
  std::this_thread::sleep_until(std::chrono::system_clock::time_point{
      std::chrono::milliseconds{static_cast<std::int64_t>(start)}});
  if (!holder) {
    const swarm::piece_set wanted{pack.piece_count(), true};
    if (!(*session)->fetch(pack.id, wanted, view)) return 1;
  }
  int signal = 0;
  sigwait(&signals, &signal);
  for (const auto& one : (*session)->transfers()) {
    std::cout << "sums " << name << " sent " << one.sent_bytes << " received " << one.received_bytes
              << " cpu " << cpu_seconds() - cpu_before;
    for (const auto& [host, got] : one.received_from)
      std::cout << ' ' << host << '=' << got;
    std::cout << std::endl;
  }
  return 0;
}
