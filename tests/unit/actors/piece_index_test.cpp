// PIECE INDEX actors of a whole rack, and of those above it, that reach one another over frames as the link
// carries them.
#include "actors/index_wire.hpp"
#include "actors/piece_index.hpp"
#include "actors/wire_convert.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <bit>
#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;

/// The link's limit for one message (web/link_options.hpp), less what its envelope takes.
constexpr std::size_t frame_bytes_max = (std::size_t{1} << 20) - 64;
/// What may wait for one link.
constexpr std::size_t queue_bytes_max = std::size_t{8} << 20;

/// All hosts' switchboards at once.
struct roads {
  std::map<std::string, piece_index_actor> indexes;
  std::size_t longest_bytes = 0;
  /// Of one host to another, sent and not yet answered.
  std::map<std::string, std::size_t> under_way;
  std::size_t most_under_way = 0;
  std::map<std::string, std::uint64_t> messages_to;
};

switchboard_actor::behavior_type fake_switchboard(switchboard_actor::pointer self, roads* all) {
  return {[self, all](const post& order) -> caf::result<wire::Ack> {
            const auto bytes = order.mail.SerializeAsString();
            all->longest_bytes = std::max(all->longest_bytes, bytes.size());
            if (bytes.size() > frame_bytes_max) {
              return to_caf({errc::invalid_argument, "a frame larger than the link's limit"});
            }
            const auto to = all->indexes.find(order.host);
            if (to == all->indexes.end()) return to_caf({errc::unreachable, "it is gone"});
            all->messages_to[order.host] += static_cast<std::uint64_t>(order.mail.messages_size());
            auto& waits = all->under_way[order.host];
            waits += bytes.size();
            all->most_under_way = std::max(all->most_under_way, waits);
            wire::IndexMail mail;
            EXPECT_TRUE(mail.ParseFromString(bytes));
            auto promise = self->make_response_promise<wire::Ack>();
            const auto ended = [all, host = order.host, size = bytes.size()] {
              all->under_way[host] -= size;
            };
            self->request(to->second, caf::infinite, std::move(mail))
                .then(
                    [promise, ended](const wire::Ack& ack) mutable {
                      ended();
                      promise.deliver(ack);
                    },
                    [promise, ended](const caf::error& fault) mutable {
                      ended();
                      promise.deliver(fault);
                    });
            return promise;
          },
          [](const attach_mail&) {}, [](const wire::Members&) {}, [](const link_opened&) {},
          [](const tick&) {}};
}

wire::Member member(int number) {
  wire::Member made;
  *made.mutable_peer() = test::peer("h" + std::to_string(number));
  return made;
}

void give(wire::Member& to, const std::string& domain) {
  auto& role = *to.add_roles();
  role.set_domain(domain);
  role.set_epoch(1);
}

topology::pack_key key_of_number(int number) {
  topology::pack_key key{};
  key[0] = static_cast<std::byte>(number);
  key[1] = static_cast<std::byte>(number >> 8);
  key[2] = static_cast<std::byte>(number >> 16);
  return key;
}

/// Hosts h0, h1, ... of one rack. h0 is the index of the rack, h1 of its cluster, h2 of its site, h3 of
/// the world.
class PieceIndexTest : public test::deterministic_system<> {
protected:
  void start(int hosts) {
    wire::Members members;
    members.set_gis_host("h3");
    members.set_gis_epoch(1);
    members.set_index_scheme("topo");
    for (int i = 0; i < hosts; ++i) {
      auto& added = *members.add_members();
      added = member(i);
      if (i == 0) give(added, "s/c/r1");
      if (i == 1) give(added, "s/c");
      if (i == 2) give(added, "s");
    }
    for (int i = 0; i < hosts; ++i) {
      const auto name = "h" + std::to_string(i);
      all.indexes[name] =
          system.spawn(piece_index, piece_index_config{.host = name, .session = 1, .index = {}},
                       piece_index_parts{board, {}});
      caf::anon_send(all.indexes[name], members);
    }
    run();
  }

  void TearDown() override {
    for (auto& [name, index] : std::exchange(all.indexes, {})) kill(index);
    kill(board);
  }

  /// What a host holds now besides; with a bitmap, that part.
  void announce(const std::string& host, const std::vector<topology::pack_pieces>& packs) {
    wire::Announce news;
    news.set_host(host);
    news.set_session(1);
    for (const auto& one : packs) *news.add_holdings() = to_wire(one);
    caf::anon_send(all.indexes.at(host), std::move(news));
  }

  wire::Swarms find(const std::string& host, std::vector<topology::pack_pieces> wanted) {
    auto answer = ask<wire::Swarms>(all.indexes.at(host), find_pieces{std::move(wanted), true});
    EXPECT_TRUE(answer);
    return answer ? std::move(*answer) : wire::Swarms{};
  }

  /// Every piece some holder has.
  static std::uint32_t pieces_held(const wire::Swarm& swarm) {
    topology::piece_words words;
    for (const auto& holder : swarm.holders()) {
      const auto pieces = pack_pieces_of(holder.holding());
      if (!pieces) continue;
      words.resize(topology::words_for(pieces->piece_count));
      for (std::size_t i = 0; i < words.size(); ++i) words[i] |= pieces->word(i);
    }
    std::uint32_t count = 0;
    for (const auto word : words) count += static_cast<std::uint32_t>(std::popcount(word));
    return count;
  }

  roads all;
  switchboard_actor board = system.spawn(fake_switchboard, &all);
};

class PieceIndexRackTest : public PieceIndexTest, public ::testing::WithParamInterface<int> {};

TEST_P(PieceIndexRackTest, EachHostOfTheRackIsFoundWithItsOwnPiece) {
  const auto hosts = GetParam();
  start(hosts);
  const auto count = static_cast<std::uint32_t>(hosts);
  for (int i = 0; i < hosts; ++i) {
    topology::piece_words words(topology::words_for(count));
    words[static_cast<std::size_t>(i) / 64] |= std::uint64_t{1} << (i % 64);
    announce("h" + std::to_string(i),
             {topology::make_pieces(key_of_number(1), count, words),
              topology::all_pieces(key_of_number(1000 + i), 8)});
  }
  run();
  const auto last = "h" + std::to_string(hosts - 1);
  const auto shared = find(last, {topology::all_pieces(key_of_number(1), count)});
  ASSERT_EQ(shared.swarms_size(), 1);
  // Its own it has.
  EXPECT_EQ(shared.swarms(0).holders_size(), hosts - 1);
  EXPECT_EQ(pieces_held(shared.swarms(0)), count - 1);
  const auto own = find("h0", {topology::all_pieces(key_of_number(1000 + hosts - 1), 8)});
  ASSERT_EQ(own.swarms(0).holders_size(), 1);
  EXPECT_EQ(own.swarms(0).holders(0).peer().host(), last);
}

INSTANTIATE_TEST_SUITE_P(Sizes, PieceIndexRackTest, ::testing::Values(4, 64, 65));

TEST_F(PieceIndexTest, AMillionPiecesAreFoundThroughFramesOfTheLink) {
  start(12);
  constexpr int packs = 1000;
  constexpr std::uint32_t pieces = 1000;
  std::vector<topology::pack_pieces> wanted;
  for (int pack = 0; pack < packs; ++pack) wanted.push_back(topology::all_pieces(key_of_number(pack), pieces));
  // Eight holders, an eighth each: the answer is longer than a frame.
  for (std::uint32_t host = 4; host < 12; ++host) {
    std::vector<topology::pack_pieces> held;
    for (int pack = 0; pack < packs; ++pack) {
      topology::piece_words words(topology::words_for(pieces));
      for (std::uint32_t piece = host - 4; piece < pieces; piece += 8)
        words[piece / 64] |= std::uint64_t{1} << (piece % 64);
      held.push_back(topology::make_pieces(key_of_number(pack), pieces, std::move(words)));
    }
    announce("h" + std::to_string(host), held);
  }
  run();
  const auto found = find("h3", wanted);
  ASSERT_EQ(found.swarms_size(), packs);
  EXPECT_GT(found.ByteSizeLong(), frame_bytes_max);
  for (const auto& swarm : found.swarms()) EXPECT_EQ(pieces_held(swarm), pieces);
  EXPECT_LE(all.longest_bytes, frame_bytes_max);
  EXPECT_LE(all.most_under_way, queue_bytes_max);
}

TEST_F(PieceIndexTest, AsManyPacksAsNoFrameHoldsAreFoundAll) {
  start(6);
  constexpr int packs = 100'000;
  std::vector<topology::pack_pieces> held;
  for (int pack = 0; pack < packs; ++pack) held.push_back(topology::all_pieces(key_of_number(pack), 4));
  announce("h5", held);
  run();
  const auto found = find("h4", held);
  ASSERT_EQ(found.swarms_size(), packs);
  for (int pack = 0; pack < packs; ++pack) {
    ASSERT_EQ(found.swarms(pack).pack(), raw_of(key_of_number(pack)));
    ASSERT_EQ(found.swarms(pack).holders_size(), 1);
  }
  EXPECT_LE(all.longest_bytes, frame_bytes_max);
  EXPECT_LE(all.most_under_way, queue_bytes_max);
}

TEST_F(PieceIndexTest, AStormOfPublishesReachesTheParentInFewBoundedMessages) {
  constexpr int hosts = 64;
  constexpr int rounds = 20;
  constexpr int packs_a_round = 50;
  start(hosts);
  advance(3s);
  all.messages_to.clear();
  for (int round = 0; round < rounds; ++round) {
    for (int host = 0; host < hosts; ++host) {
      std::vector<topology::pack_pieces> held;
      for (int i = 0; i < packs_a_round; ++i)
        held.push_back(topology::all_pieces(
            key_of_number((host * rounds + round) * packs_a_round + i), 8));
      announce("h" + std::to_string(host), held);
    }
    run();
    advance(10ms, 10ms);
  }
  advance(1s);
  // Of 1280 publishes in 0.2 s the cluster hears at once, and then every 0.2 s.
  EXPECT_GE(all.messages_to["h0"], 1'000u);
  EXPECT_LE(all.messages_to["h1"], 40u);
  EXPECT_LE(all.longest_bytes, frame_bytes_max);
  EXPECT_LE(all.most_under_way, queue_bytes_max);
  const auto parent = ask<index_state>(all.indexes.at("h1"), ask_index{});
  ASSERT_TRUE(parent);
  EXPECT_EQ(parent->counts.packs, static_cast<std::size_t>(hosts) * rounds * packs_a_round);
}

} // namespace
} // namespace shoal::actors
