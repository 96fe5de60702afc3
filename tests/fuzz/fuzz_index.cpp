// The input is a list of ten-byte messages to one index or host of each scheme, from anybody, about
// anything. Whatever they are, nobody breaks, nobody waits for ever, and an index answers at most
// once for each message it got.
#include "topology/index_client.hpp"

#include <array>

namespace {

using namespace shoal::topology;

pack_pieces pieces(const std::uint8_t* bytes) {
  pack_pieces made;
  made.pack[0] = static_cast<std::byte>(bytes[0] % 3);
  made.piece_count = bytes[0] == 255 ? 0xffffffffU : bytes[0] % 2 == 0 ? 70u : 64u + bytes[0] % 8;
  made.all = bytes[1] > 127;
  if (!made.all || bytes[1] == 255) made.words.assign(1 + bytes[1] % 3, bytes[1]);
  return made;
}

index_message message(const std::uint8_t* bytes) {
  index_message made;
  made.kind = static_cast<index_kind>(bytes[0] % index_kind_count);
  made.from = {static_cast<network_level>(bytes[1] % network_level_count), bytes[2] % 20u};
  made.request = bytes[3] % 8;
  made.session = bytes[4] % 3;
  made.sequence = bytes[5] % 16;
  made.asker = bytes[6] % 20;
  made.accused = bytes[6] / 13;
  made.complete = (bytes[7] & 1) != 0;
  made.fetching = (bytes[7] & 2) != 0;
  made.fresh = (bytes[7] & 4) != 0;
  made.downward = (bytes[7] & 8) != 0;
  if ((bytes[7] & 16) != 0) made.packs.push_back(pieces(bytes + 8));
  if ((bytes[7] & 32) != 0) made.dropped.push_back(pieces(bytes + 8).pack);
  if ((bytes[7] & 64) != 0) {
    const auto said = pieces(bytes + 8);
    made.answers.push_back({said.pack, said.piece_count, {{made.asker, said.all, said.words}}, {}});
  }
  return made;
}

void play(index_scheme scheme, const network& net, const hash_ring& ring, const std::uint8_t* data,
          std::size_t size) {
  index_counters counters;
  const index_setting setting{
      .scheme = scheme, .net = &net, .ring = &ring, .counters = &counters};
  const auto client = make_index_client(setting, 1, 1);
  std::vector<std::unique_ptr<index_node>> nodes;
  for (const auto level : {network_level::host, network_level::rack, network_level::cluster,
                           network_level::site, network_level::world}) {
    if (auto node = make_index_node(setting, {level, 0}, 1)) nodes.push_back(std::move(node));
  }
  instant now{};
  index_outbox out;
  for (; size >= 10; data += 10, size -= 10) {
    auto one = message(data);
    out.clear();
    if (data[3] % 16 == 0) {
      client->lookup({all_pieces(pack_key{std::byte{data[6]} & std::byte{1}}, 70)}, {}, now, out);
    }
    for (const auto& node : nodes) {
      one.to = node->address();
      out.clear();
      node->handle(one, now, out);
      std::size_t answers = 0;
      for (const auto& sent : out)
        answers += sent.kind == index_kind::answer ? 1 : 0;
      SHOAL_ASSERT(answers <= 1);
      for (const auto& sent : out)
        SHOAL_ASSERT(sent.well_formed() && net.known(sent.to));
    }
    one.to = {network_level::host, 1};
    client->handle(one, now, out);
    now += std::chrono::milliseconds{data[9] % 4 * 100};
    if (data[9] % 4 == 0) continue;
    for (const auto& node : nodes)
      node->tick(now, out);
    client->tick(now, out);
  }
  for (int i = 0; i < 20; ++i) {
    now += std::chrono::seconds{2};
    for (const auto& node : nodes)
      node->tick(now, out);
    client->tick(now, out);
  }
  SHOAL_ASSERT(client->waiting() == 0);
  for (const auto& node : nodes)
    SHOAL_ASSERT(node->counts().waiting == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto net = network::regular({2, 2, 2, 2});
  static const auto ring = [] {
    hash_ring made{4};
    made.join(net.hosts(whole_world));
    return made;
  }();
  for (const auto scheme : {index_scheme::naive, index_scheme::flat, index_scheme::topo})
    play(scheme, net, ring, data, size);
  return 0;
}
