// How fast the simulator's clock and links are. Not a test: run bin/simulator_benchmark by hand, of a
// build with optimisation; figures are in tools/simulator/README.md.
#include "tools/simulator/flow_network.hpp"
#include "tools/simulator/link_tree.hpp"

#include <benchmark/benchmark.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace shoal::simulator {
namespace {

// So many events are waiting; each that runs puts in another one.
void events_in_turn(benchmark::State& state) {
  event_queue events;
  std::uint64_t random = 1;
  struct again {
    event_queue* events;
    std::uint64_t* random;
    void operator()() const {
      *random = *random * 6364136223846793005u + 1442695040888963407u;
      events->after(static_cast<double>(*random >> 40), again{events, random});
    }
  };
  for (std::int64_t i = 0; i < state.range(0); ++i)
    again{&events, &random}();
  for (auto _ : state)
    events.run_next();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(events_in_turn)->Arg(16)->Arg(1024)->Arg(100'000);

// Chunk after chunk over connections that stay: nothing is settled anew.
void chunks_on_lasting_connections(benchmark::State& state) {
  event_queue events;
  flow_network links{events};
  link_tree tree{links, {.host = megabits(1000)}};
  const auto hosts = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; i < hosts; ++i)
    tree.add_host({"s", "c", "r"});
  std::uint64_t done = 0;
  std::vector<flow_id> flows(hosts);
  std::function<void(std::uint32_t)> next = [&](std::uint32_t i) {
    ++done;
    links.extend(flows[i], 4e6 + i, [&next, i] { next(i); });
  };
  for (std::uint32_t i = 0; i < hosts; ++i) {
    std::vector<link_number> path;
    tree.path(i, (i + 1) % hosts, path);
    flows[i] = links.start(path, 4e6, flow_network::unlimited, [&next, i] { next(i); });
  }
  for (auto _ : state)
    events.run_next();
  state.counters["chunks/s"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
}
BENCHMARK(chunks_on_lasting_connections)->Arg(8)->Arg(128)->Arg(4096);

// Every chunk is a new flow between two hosts anywhere: 8 racks, over-subscribed.
void chunks_on_new_connections(benchmark::State& state) {
  event_queue events;
  flow_network links{events, {.tolerance = static_cast<double>(state.range(1)) / 1000}};
  link_tree tree{links, {.host = megabits(1000), .rack = megabits(4000)}};
  const auto hosts = static_cast<std::uint32_t>(state.range(0));
  for (std::uint32_t i = 0; i < hosts; ++i)
    tree.add_host({"s", "c", "r" + std::to_string(i % 8)});
  std::mt19937_64 random{1};
  std::uint64_t done = 0;
  std::vector<link_number> path;
  std::function<void()> next = [&] {
    ++done;
    const auto from = static_cast<std::uint32_t>(random() % hosts);
    const auto to = static_cast<std::uint32_t>((from + 1 + random() % (hosts - 1)) % hosts);
    tree.path(from, to, path);
    links.start(path, 4e6, flow_network::unlimited, [&next] { next(); });
  };
  for (std::uint32_t i = 0; i < 4 * hosts; ++i)
    next();
  for (auto _ : state)
    events.run_next();
  state.counters["chunks/s"] =
      benchmark::Counter(static_cast<double>(done), benchmark::Counter::kIsRate);
  state.counters["rates/chunk"] =
      static_cast<double>(links.rates_computed()) / static_cast<double>(done);
}
BENCHMARK(chunks_on_new_connections)->Args({8, 0})->Args({128, 0})->Args({128, 20});

} // namespace
} // namespace shoal::simulator

BENCHMARK_MAIN();
