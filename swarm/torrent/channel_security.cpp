#include "swarm/torrent/channel_security.hpp"

#include "swarm/crypto/certificate.hpp"

namespace shoal::swarm {

namespace {

bool between_sites(const topology::place& a, const topology::place& b) {
  return topology::distance_between(a, b) == topology::distance::other_site;
}

} // namespace

result<channel_security> channel_security::load(const swarm_session_config& config) {
  channel_security made;
  made.mode_ = config.tls;
  if (config.tls == bulk_tls::off) return made;
  auto authority = read_certificate_text(config.authority_file);
  if (!authority) return authority.error();
  // Libtorrent takes faulty files silently and then refuses every connection.
  if (auto own = check_key({config.certificate_file, config.key_file}); !own) return own.error();
  made.authority_ = std::move(*authority);
  made.certificate_file_ = config.certificate_file;
  made.key_file_ = config.key_file;
  return made;
}

channel_kind channel_security::channel_to_holder(const topology::place& self,
                                                 const topology::place& peer) const {
  if (has_twins() && between_sites(self, peer)) return channel_kind::far_source;
  return channel_kind::source;
}

} // namespace shoal::swarm
