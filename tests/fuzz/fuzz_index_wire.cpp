// The input is what another node sends: whatever it is, it is understood or refused. What is understood
// is well formed and reads as the same again, also after a way in parts; nothing grows without bound.
#include "actors/index_parts.hpp"
#include "actors/index_wire.hpp"

namespace {

using namespace shoal;

constexpr std::size_t bytes_max = 4096;

void send_in_parts(const wire::IndexMail& mail, const topology::index_message& message,
                   const topology::network& net) {
  actors::index_parts taken;
  for (const auto& part : actors::cut(mail, 64)) {
    for (const auto& one : part.messages()) {
      if (!actors::is_part(one)) return;
      const auto whole = taken.take(one);
      SHOAL_ASSERT(whole.ok());
      if (!*whole) continue;
      const auto again = actors::from_wire(**whole, net);
      SHOAL_ASSERT(again && again->packs == message.packs && again->dropped == message.dropped);
    }
  }
  SHOAL_ASSERT(taken.bytes() == 0);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto net = topology::network::regular({1, 2, 2, 2});
  static actors::index_parts parts{bytes_max};
  wire::IndexMail mail;
  if (!mail.ParseFromArray(data, static_cast<int>(size))) return 0;
  for (const auto& one : mail.messages()) {
    if (actors::is_part(one)) static_cast<void>(parts.take(one));
    SHOAL_ASSERT(parts.bytes() <= bytes_max);
    const auto message = actors::from_wire(one, net);
    if (!message) continue;
    SHOAL_ASSERT(message->well_formed());
    wire::IndexMail sent;
    *sent.add_messages() = actors::to_wire(*message, net);
    const auto again = actors::from_wire(sent.messages(0), net);
    SHOAL_ASSERT(again && *again == *message);
    send_in_parts(sent, *message, net);
  }
  return 0;
}
