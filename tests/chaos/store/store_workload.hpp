// What the crash tests let a store do, and what they may expect of it afterwards.
//
// The workload tells what it was acknowledged, and before it asks for something to be given up,
// what must not be expected any more.
#pragma once

#include "tests/unit/swarm/store/store_fixture.hpp"

#include <array>
#include <cstdio>
#include <functional>
#include <set>

namespace shoal::swarm::test {

inline constexpr std::uint32_t workload_piece_bytes = 32 * kib;
inline constexpr std::size_t workload_pack_count = 6;
inline constexpr const char* workload_pin_owner = "the workload";

/// What a message of the workload says about a pack.
enum class event : std::uint8_t {
  piece_durable,
  eviction_begins,
  forget_begins,
  pinned,
  unpin_begins,
  published,
  recipe_kept
};

struct message {
  event what;
  std::uint8_t pack;
  std::uint16_t piece;
};

inline const std::vector<sample_pack>& workload_packs() {
  static const auto made = [] {
    std::vector<sample_pack> list;
    for (std::uint64_t seed = 0; seed < workload_pack_count; ++seed) {
      list.emplace_back(seed, 10 * workload_piece_bytes + seed, workload_piece_bytes);
    }
    return list;
  }();
  return made;
}

inline std::string recipe_text(std::size_t number) { return "recipe " + std::to_string(number); }

inline recipe_id recipe_name(std::size_t number) {
  const auto text = recipe_text(number);
  return recipe_id{sha256(std::as_bytes(std::span{text}))};
}

/// Does with a store what comes to its mind.
class store_workload {
public:
  using tell_function = std::function<void(const message&)>;

  store_workload(pack_store& store, std::uint64_t seed, tell_function tell)
      : store_{store}, random_{seed}, tell_{std::move(tell)} {
    // What was found on opening is durable.
    for (std::uint8_t pack = 0; pack < workload_pack_count; ++pack) remember_held(pack);
  }

  void act() {
    const auto number = static_cast<std::uint8_t>(random_() % workload_pack_count);
    const auto& pack = workload_packs()[number];
    switch (random_() % 32) {
    case 0: return sync();
    case 1: return evict();
    case 2:
      tell({event::forget_begins, number, 0});
      if (store_.forget(pack.id())) forget_pieces(number);
      return;
    case 3:
      if (store_.pin(pack.id(), workload_pin_owner)) tell({event::pinned, number, 0});
      return;
    case 4:
    case 5:
      tell({event::unpin_begins, number, 0});
      require(store_.unpin(pack.id(), random_() % 2 == 0 ? workload_pin_owner : unregistered_pin));
      return;
    case 6: return publish(number);
    case 7:
      require(store_.put_recipe(recipe_name(number), recipe_text(number)));
      return tell({event::recipe_kept, number, 0});
    default: return put(number, static_cast<std::uint16_t>(random_() % pack.piece_count()));
    }
  }

private:
  void put(std::uint8_t number, std::uint16_t piece) {
    const auto& pack = workload_packs()[number];
    require(store_.add(pack.descriptor));
    const auto done = store_.put_piece(pack.id(), piece, pack.piece(piece));
    if (done) pending_.emplace(number, piece);
    else if (done.error().code == errc::no_space) evict();
    else require(done);
  }

  void sync() {
    require(store_.sync());
    for (const auto& [pack, piece] : pending_) {
      durable_.emplace(pack, piece);
      tell({event::piece_durable, pack, piece});
    }
    pending_.clear();
  }

  void evict() {
    for (std::uint8_t pack = 0; pack < workload_pack_count; ++pack) {
      tell({event::eviction_begins, pack, 0});
    }
    (void)store_.make_room((1 + random_() % 8) * workload_piece_bytes);
    const auto still = [&](const auto& entry) {
      const auto have = store_.have(workload_packs()[entry.first].id());
      return have.size() != 0 && have.contains(entry.second);
    };
    std::erase_if(pending_, [&](const auto& entry) { return !still(entry); });
    std::erase_if(durable_, [&](const auto& entry) { return !still(entry); });
    for (const auto& [pack, piece] : durable_) tell({event::piece_durable, pack, piece});
  }

  void publish(std::uint8_t number) {
    const auto& pack = workload_packs()[number];
    auto writer = store_.begin_pack(workload_piece_bytes);
    require(writer);
    for (std::size_t at = 0; at < pack.bytes.size();) {
      const auto part = std::min<std::size_t>(pack.bytes.size() - at, 1 + random_() % 50'000);
      if (!(*writer)->append(std::span{pack.bytes}.subspan(at, part))) return evict();
      at += part;
    }
    const auto done = (*writer)->commit();
    if (!done && done.error().code == errc::no_space) return evict();
    require(done);
    SHOAL_ASSERT(*done == pack.descriptor);
    tell({event::published, number, 0});
    remember_held(number);
  }

  void remember_held(std::uint8_t number) {
    store_.have(workload_packs()[number].id()).for_each([&](std::uint32_t piece) {
      durable_.emplace(number, static_cast<std::uint16_t>(piece));
    });
  }
  void forget_pieces(std::uint8_t number) {
    std::erase_if(pending_, [&](const auto& entry) { return entry.first == number; });
    std::erase_if(durable_, [&](const auto& entry) { return entry.first == number; });
  }

  void tell(const message& text) { tell_(text); }
  template <class T>
  static void require(const result<T>& done) {
    if (!done) std::fprintf(stderr, "%s\n", why(done).c_str());
    SHOAL_ASSERT(done.ok());
  }

  using pieces = std::set<std::pair<std::uint8_t, std::uint16_t>>;
  pack_store& store_;
  std::mt19937_64 random_;
  tell_function tell_;
  pieces pending_;
  pieces durable_;
};

/// What the store has acknowledged and not been asked to give up.
class expectation {
public:
  void learn(const message& text) {
    auto& pack = packs_[text.pack];
    switch (text.what) {
    case event::piece_durable: pack.pieces.insert(text.piece); return;
    case event::eviction_begins:
      if (!pack.pinned) pack.pieces.clear();
      return;
    case event::forget_begins:
      if (!pack.pinned) pack.pieces.clear();
      return;
    case event::pinned: pack.pinned = true; return;
    case event::unpin_begins: pack.pinned = false; return;
    case event::published:
      pack.pinned = true;
      for (std::uint16_t piece = 0; piece < workload_packs()[text.pack].piece_count(); ++piece) {
        pack.pieces.insert(piece);
      }
      return;
    case event::recipe_kept: pack.recipe = true; return;
    }
  }

  void check(pack_store& store) const {
    for (std::size_t i = 0; i < workload_pack_count; ++i) {
      const auto id = workload_packs()[i].id();
      const auto have = store.have(id);
      for (const auto piece : packs_[i].pieces) {
        EXPECT_TRUE(have.size() != 0 && have.contains(piece)) << "pack " << i << " piece " << piece;
      }
      if (packs_[i].pinned) {
        EXPECT_FALSE(store.pins(id).empty()) << "pack " << i;
      }
      if (packs_[i].recipe) {
        EXPECT_EQ(*store.recipe_bytes(recipe_name(i)), recipe_text(i));
      }
    }
    const auto findings = store.scrub(std::nullopt, nullptr);
    ASSERT_TRUE(findings.ok()) << why(findings);
    EXPECT_TRUE(findings->empty());
    EXPECT_LE(store.held_bytes(), store.quota_bytes());
  }

  [[nodiscard]] std::size_t piece_count() const {
    std::size_t count = 0;
    for (const auto& pack : packs_) count += pack.pieces.size();
    return count;
  }

private:
  struct pack_expectation {
    std::set<std::uint16_t> pieces;
    bool pinned = false;
    bool recipe = false;
  };
  std::array<pack_expectation, workload_pack_count> packs_;
};

} // namespace shoal::swarm::test
