#include "topology/index_node.hpp"

#include "topology/index_scheme_flat.hpp"
#include "topology/index_scheme_naive.hpp"
#include "topology/index_scheme_topo.hpp"

namespace shoal::topology {

std::string_view to_string(index_scheme scheme) {
  switch (scheme) {
  case index_scheme::naive: return "naive";
  case index_scheme::flat: return "flat";
  case index_scheme::topo: return "topo";
  }
  return "topo";
}

std::optional<index_scheme> index_scheme_of(std::string_view name) {
  for (const auto scheme : {index_scheme::naive, index_scheme::flat, index_scheme::topo})
    if (name == to_string(scheme)) return scheme;
  return std::nullopt;
}

std::unique_ptr<index_node> make_index_node(const index_setting& setting, index_address address,
                                            std::uint64_t epoch) {
  const bool at_host = address.level == network_level::host;
  if (setting.scheme == index_scheme::flat && at_host) {
    return std::make_unique<flat_node>(setting, address.number);
  }
  if (setting.scheme == index_scheme::topo && !at_host) {
    return std::make_unique<topo_node>(setting, address, epoch);
  }
  return nullptr;
}

std::unique_ptr<index_client> make_index_client(const index_setting& setting, host_number self,
                                                std::uint64_t session) {
  switch (setting.scheme) {
  case index_scheme::naive: return std::make_unique<naive_client>(setting, self, session);
  case index_scheme::flat: return std::make_unique<flat_client>(setting, self, session);
  case index_scheme::topo: return std::make_unique<topo_client>(setting, self, session);
  }
  return nullptr;
}

bool is_for_client(index_scheme scheme, const index_message& message) {
  if (message.to.level != network_level::host) return false;
  switch (message.kind) {
  case index_kind::answer:
  case index_kind::push:
  case index_kind::want_all: return true;
  case index_kind::lookup: return scheme == index_scheme::naive;
  default: return false;
  }
}

} // namespace shoal::topology
