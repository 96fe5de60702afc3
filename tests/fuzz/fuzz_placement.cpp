// The input is an order to place VMs, and an answer to one: whatever it is, it is refused with a sentence or
// answered with hosts that there are, no more VMs than asked for.
#include "actors/placement_messages.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"
#include "tests/unit/swarm/catalogue/publications.hpp"

#include <memory>
#include <set>

namespace {

using namespace shoal;

/// A GIS that knows one image and three hosts, one of which holds part of it.
struct known_world {
  known_world() {
    auto opened = swarm::catalogue::open(directory / "catalogue.db");
    SHOAL_ASSERT(opened.ok());
    catalogue = std::move(*opened);
    const auto order = swarm::fresh_image("web", "1", swarm::chunks("c", 256));
    SHOAL_ASSERT(catalogue->publish(order).ok());
    for (const auto* name : {"h1", "h2", "h3"}) {
      auto& record = *hosts.add_hosts();
      *record.mutable_peer() = test::peer(name, name == std::string{"h3"} ? "r2" : "r1");
      record.set_online(true);
    }
    topology::announcement news{.host = "h1", .session = 1, .holdings = {}, .dropped = {}};
    news.holdings.push_back({order.new_pack->id.bytes, order.new_pack->piece_count(), true, ""});
    SHOAL_ASSERT(table.announce(news).ok());
  }

  swarm::scratch_directory directory;
  std::unique_ptr<swarm::catalogue> catalogue;
  wire::Hosts hosts;
  topology::holder_table table;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static known_world world;
  wire::Placement told;
  if (told.ParseFromArray(data, static_cast<int>(size))) {
    static_cast<void>(actors::from_wire(told, actors::place_order{}));
  }
  wire::PlaceImage order;
  if (!order.ParseFromArray(data, static_cast<int>(size))) return 0;
  order.set_name("web");
  order.set_version("1");
  const auto answer = actors::place_image(*world.catalogue, order, world.hosts, world.table);
  if (!answer) {
    SHOAL_ASSERT(!answer.error().message.empty());
    return 0;
  }
  const std::set<std::string> names{"h1", "h2", "h3"};
  SHOAL_ASSERT(static_cast<std::uint32_t>(answer->choices_size()) <= order.count());
  for (const auto& choice : answer->choices())
    SHOAL_ASSERT(names.contains(choice.host()));
  return 0;
}
