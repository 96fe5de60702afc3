// The link's sockets and the one thread they live on: listens, dials, and keeps time.
//
// Threads: `start`, `stop` and the destructor belong to one owner outside the link's thread; the
//          rest may be called from any thread. Handlers are called on the link's thread, one at a
//          time, and must neither block nor throw.
// Errors:  whatever keeps it from starting is returned; later faults end a link or a dial.
// Crashes: nothing is kept on disk.
#pragma once

#include "actors/link_transport.hpp"
#include "web/link_options.hpp"

#include <memory>

namespace shoal::web {

/// What the link is busy with, for metrics.
struct link_counts {
  /// Links that are open, dialled ones included.
  std::size_t open = 0;
  /// Accepted connections without an identity yet.
  std::size_t half_open = 0;
};

/// This node's end of all its links (`web/README.md`).
class link_runtime final : public actors::link_dialer {
public:
  /// Reads the certificates, listens if told to, and starts the thread. `accepted` is told of links
  /// that others open to us.
  static result<std::unique_ptr<link_runtime>> start(link_options options,
                                                     actors::link_handler accepted);
  /// Stops.
  ~link_runtime() override;

  /// Where it listens; 0 when it only dials.
  [[nodiscard]] std::uint16_t port() const;
  /// Who this node is by its own certificate. `address` is empty.
  [[nodiscard]] const actors::peer_identity& self() const;
  [[nodiscard]] link_counts counts() const;

  /// See link_dialer. `address` may be numeric or a name; names are resolved one after another by
  /// the system's resolver, so a slow name server delays dials to other names (never to numbers).
  /// After `stop` nothing is dialled and nobody called.
  void dial(const std::string& address, std::uint16_t port, actors::node_role expected_role,
            actors::link_handler handler, actors::connect_handler done) override;

  /// Reads the certificate files anew, for links from now on. The old ones stay in use on an error.
  result<void> reload_certificates();

  /// Ends every dial and link with errc::cancelled, gives queued frames up to a second to leave,
  /// and ends the thread. Nobody is called back after it has returned. Idempotent.
  /// @pre not called from a handler.
  void stop();

private:
  struct parts;
  explicit link_runtime(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

} // namespace shoal::web
