// A service: a list of request/reply methods that is at once a CAF typed actor interface and a set
// of link messages, so that a remote actor is a local proxy with the very same type.
//
// Threads: types only.
#pragma once

#include "actors/wire.pb.h"
#include "topology/result.hpp"

#include <caf/all.hpp>

#include <cstdint>

namespace shoal::actors {

/// The number of a request message on the wire; specialised in services.hpp.
template <class Request>
struct wire_kind;

/// One method: a request, the reply to it, and the request's number on the wire.
template <class Request, class Reply>
struct method {
  using request = Request;
  using reply = Reply;
};

/// A list of methods, and the typed actor that has them as its interface.
template <class... Methods>
struct service {
  using actor = caf::typed_actor<
      typename caf::replies_to<typename Methods::request>::template with<typename Methods::reply>...>;

  /// Calls `visit.template operator()<Method>()` for each method.
  template <class Visit>
  static void for_each(Visit&& visit) {
    (visit.template operator()<Methods>(), ...);
  }

  /// `actor`'s behaviour, made of one `make.template operator()<Method>()` per method.
  template <class Make>
  static typename actor::behavior_type behavior(Make&& make) {
    return {make.template operator()<Methods>()...};
  }
};

/// A fault as CAF carries it.
inline caf::error to_caf(const error& fault) {
  return caf::error{static_cast<std::uint8_t>(fault.code), caf::atom("shoal"),
                    caf::make_message(fault.message)};
}

/// A fault as CAF reported it; CAF's own become errc::unreachable (a timeout, a dead actor).
error from_caf(const caf::error& fault);

} // namespace shoal::actors
