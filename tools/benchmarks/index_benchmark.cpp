// How much memory one index's table takes, and how fast it looks up and takes news.
#include "topology/index_client.hpp"
#include "topology/piece_table.hpp"

#include <benchmark/benchmark.h>

#include <random>

namespace {

using namespace shoal::topology;

pack_key key(std::uint64_t number) {
  pack_key made{};
  std::memcpy(made.data(), &number, sizeof number);
  return made;
}

pack_pieces random_part(std::mt19937_64& random, const pack_key& pack, std::uint32_t count) {
  piece_words words(words_for(count));
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = random() & word_mask(count, i);
  // Never nothing, never everything.
  words[0] = (words[0] | 1) & ~std::uint64_t{2};
  return make_pieces(pack, count, std::move(words));
}

/// A rack of `hosts`, all of which hold parts of every pack (or all of them, if `whole`).
piece_table rack_table(std::uint64_t packs, std::uint32_t count, std::uint32_t hosts, bool whole) {
  piece_table table;
  std::mt19937_64 random{1};
  for (std::uint64_t number = 0; number < packs; ++number) {
    for (std::uint32_t host = 0; host < hosts; ++host) {
      const auto pack = key(number);
      table.put(host, whole ? all_pieces(pack, count) : random_part(random, pack, count));
    }
  }
  return table;
}

/// 10 million pieces. Arguments: pieces of a pack, hosts, whether they hold whole packs.
void memory(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const std::uint64_t packs = 10'000'000 / count;
  for (auto _ : state) {
    const auto table = rack_table(packs, count, static_cast<std::uint32_t>(state.range(1)),
                                  state.range(2) != 0);
    const auto bytes = static_cast<double>(table.counts().bytes);
    state.counters["bytes_per_piece"] = bytes / static_cast<double>(packs * count);
  }
}
BENCHMARK(memory)
    ->Args({256, 64, 0})
    ->Args({1024, 64, 0})
    ->Args({4096, 64, 0})
    ->Args({1024, 65, 0})
    ->Args({1024, 64, 1})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

/// One image's packs asked for by one host. Arguments: pieces of a pack, packs of a batch, whether
/// hosts hold whole packs.
void look_up(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto batch = static_cast<std::uint64_t>(state.range(1));
  const std::uint64_t packs = 2'000'000 / count;
  const auto table = rack_table(packs, count, 64, state.range(2) != 0);
  std::vector<child_pieces> found;
  std::uint64_t next = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i, ++next) {
      auto wanted = all_pieces(key(next * 7919 % packs), count).to_words();
      found.clear();
      table.find(key(next * 7919 % packs), wanted, {.except = 3, .turn = next}, found);
      benchmark::DoNotOptimize(found.data());
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch * count));
}
BENCHMARK(look_up)->Args({1024, 1, 0})->Args({1024, 8, 0})->Args({1024, 977, 0})->Args({1024, 8, 1});

/// A host in a transfer tells the pieces that arrived since the last time. Arguments: pieces of a
/// pack, packs of a batch, new pieces of each. Counted are the new pieces only.
void publish(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto batch = static_cast<std::uint64_t>(state.range(1));
  const auto fresh = static_cast<std::uint32_t>(state.range(2));
  const std::uint64_t packs = 1'000'000 / count;
  piece_table table;
  std::vector<pack_pieces> held;
  for (std::uint64_t number = 0; number < packs; ++number) {
    held.push_back({.pack = key(number), .piece_count = count});
    held.back().words.assign(words_for(count), 0);
  }
  std::uint64_t next = 0;
  std::uint32_t first = 0;
  std::uint32_t host = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < batch; ++i) {
      auto& mine = held[next];
      for (std::uint32_t piece = first; piece < first + fresh; ++piece)
        mine.words[piece / 64] |= std::uint64_t{1} << (piece % 64);
      benchmark::DoNotOptimize(table.put(host, mine));
      if (++next < packs) continue;
      next = 0;
      first += fresh;
      if (first + fresh <= count) continue;
      // This host has everything: the next one begins.
      first = 0;
      host = (host + 1) % 64;
      for (auto& one : held)
        one.words.assign(one.words.size(), 0);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * batch * fresh));
}
BENCHMARK(publish)->Args({1024, 1, 16})->Args({1024, 8, 16})->Args({1024, 8, 64});

/// A whole rack index, message in, messages out: 64 hosts publish whole and partial packs at once.
void publish_storm(benchmark::State& state) {
  const auto net = network::regular({.racks = 2, .hosts = 64});
  const index_setting setting{.net = &net};
  std::mt19937_64 random{1};
  std::vector<index_message> storm;
  std::uint64_t pieces = 0;
  for (host_number host = 0; host < 64; ++host) {
    const auto client = make_index_client(setting, host, 1);
    for (std::uint64_t number = 0; number < 32; ++number) {
      auto held = random_part(random, key(number), 1024);
      pieces += held.count();
      client->hold(std::move(held));
    }
    client->flush({}, storm);
  }
  for (auto _ : state) {
    const auto node = make_index_node(setting, {network_level::rack, 0}, 1);
    index_outbox out;
    for (const auto& message : storm)
      node->handle(message, {}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * pieces));
  state.counters["messages_per_second"] = benchmark::Counter(
      static_cast<double>(state.iterations() * storm.size()), benchmark::Counter::kIsRate);
}
BENCHMARK(publish_storm);

/// A whole rack index asked for one million pieces of 1,000 packs in one message.
void look_up_a_million(benchmark::State& state) {
  const auto net = network::regular({.racks = 2, .hosts = 64});
  const index_setting setting{.net = &net};
  std::mt19937_64 random{1};
  const auto node = make_index_node(setting, {network_level::rack, 0}, 1);
  index_outbox out;
  for (host_number host = 0; host < 64; ++host) {
    const auto client = make_index_client(setting, host, 1);
    for (std::uint64_t number = 0; number < 1000; ++number)
      client->hold(random_part(random, key(number), 1000));
    index_outbox told;
    client->flush({}, told);
    node->handle(told.front(), {}, out);
  }
  index_message question{.kind = index_kind::lookup,
                         .from = {network_level::host, 5},
                         .to = node->address(),
                         .asker = 5};
  for (std::uint64_t number = 0; number < 1000; ++number)
    question.packs.push_back(all_pieces(key(number), 1000));
  for (auto _ : state) {
    out.clear();
    node->handle(question, {}, out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * 1'000'000));
}
BENCHMARK(look_up_a_million)->Unit(benchmark::kMillisecond);

} // namespace
