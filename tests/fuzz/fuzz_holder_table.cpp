// The input is a list of five-byte commands to a holder table of a few hosts and packs. Whatever
// they are, an answer names no host twice, and nothing of a retired host is left.
#include "topology/holder_table.hpp"

namespace {

using namespace shoal::topology;

pack_key key(unsigned number) {
  pack_key made{};
  made[0] = static_cast<std::byte>(number);
  return made;
}

void obey(holder_table& table, const std::uint8_t* command) {
  const auto host = "host" + std::to_string(command[1] % 4);
  const std::uint64_t session = command[1] / 64;
  const auto pack = key(command[2] % 4);
  const std::vector packs{pack, key(command[3] % 4)};
  switch (command[0] % 6) {
  case 0: {
    announcement news{.host = host, .session = session};
    news.complete = command[2] > 200;
    news.holdings.push_back({.pack = pack,
                             .piece_count = 5u + command[3] % 8,
                             .all = command[3] > 200,
                             .bitmap = std::string(1 + command[4] / 128, '\x05')});
    (void)table.announce(news);
    break;
  }
  case 1: {
    const std::vector<std::uint32_t> added{command[3] % 9u};
    const std::vector<std::uint32_t> removed{command[4] % 9u};
    (void)table.change_pieces(host, session, pack, 8, added, removed);
    break;
  }
  case 2: table.begin_fetch(host, session, packs); break;
  case 3: table.end_fetch(host, session, packs); break;
  case 4: table.retire(host); break;
  default: (void)table.announce({.host = host, .session = session, .dropped = packs});
  }
}

void check(const holder_table& table) {
  const std::vector packs{key(0), key(1), key(2), key(3)};
  holder_counts seen;
  for (const auto& view : table.lookup(packs)) {
    for (std::size_t i = 1; i < view.holders.size(); ++i) {
      SHOAL_ASSERT(view.holders[i - 1].host < view.holders[i].host);
    }
    for (const auto& one : view.holders) {
      SHOAL_ASSERT(one.all ? one.bitmap.empty() : one.bitmap.size() == (view.piece_count + 7) / 8);
    }
    SHOAL_ASSERT((view.revision != 0) == (!view.holders.empty() || !view.fetchers.empty()));
    seen.holdings += view.holders.size();
    seen.fetches += view.fetchers.size();
  }
  SHOAL_ASSERT(table.counts().holdings == seen.holdings);
  SHOAL_ASSERT(table.counts().fetches == seen.fetches);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  holder_table table;
  for (; size >= 5; data += 5, size -= 5) {
    obey(table, data);
    if (data[4] % 8 == 0 || size < 10) check(table);
  }
  for (int i = 0; i < 4; ++i)
    table.retire("host" + std::to_string(i));
  SHOAL_ASSERT(table.counts() == holder_counts{});
  return 0;
}
