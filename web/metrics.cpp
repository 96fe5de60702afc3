#include "web/metrics.hpp"

#include "web/json.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <sstream>
#include <utility>

namespace shoal::web {

namespace {

/// Writes families of samples.
class exposition {
public:
  // Six digits, the default, would let an uptime stand still for minutes.
  exposition() { out_.precision(15); }

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ << "# HELP " << name << ' ' << help << "\n# TYPE " << name << ' ' << type << '\n';
  }

  template <class T>
  void sample(const std::string& labels, T value) {
    out_ << name_;
    if (!labels.empty()) out_ << '{' << labels << '}';
    out_ << ' ' << value << '\n';
  }

  template <class T>
  void single(std::string_view name, std::string_view type, std::string_view help, T value) {
    family(name, type, help);
    sample({}, value);
  }

  [[nodiscard]] std::string text() const { return out_.str(); }

private:
  std::string name_;
  std::ostringstream out_;
};

/// `key="value"` with the value escaped as the format asks.
std::string label(std::string_view key, std::string_view value) {
  std::string out{key};
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

void write_jobs(exposition& out, const actors::node_status& node) {
  constexpr std::array kinds{"publish", "get", "verify", "prestage"};
  constexpr std::array states{actors::job_state::running, actors::job_state::done,
                              actors::job_state::failed, actors::job_state::cancelled};
  std::map<std::pair<std::string, actors::job_state>, std::uint64_t> counts;
  // Every combination is exposed, also at zero, so that a rate has a beginning.
  for (const auto* kind : kinds) {
    for (const auto state : states)
      counts[{kind, state}] = 0;
  }
  for (const auto& job : node.jobs)
    ++counts[{job.kind, job.state}];
  out.family("shoal_jobs", "gauge", "Jobs this node remembers, by kind and state.");
  for (const auto& [key, count] : counts) {
    out.sample(label("kind", key.first) + "," + label("state", name_of(key.second)), count);
  }
}

void write_transfers(exposition& out, const actors::node_status& node) {
  std::uint64_t fetching = 0;
  std::uint64_t peers = 0;
  for (const auto& line : node.transfers) {
    fetching += line.fetching ? 1 : 0;
    peers += line.peer_count;
  }
  out.family("shoal_transfers", "gauge", "Packs whose swarm this node is in, by what it does.");
  out.sample(label("direction", "fetch"), fetching);
  out.sample(label("direction", "serve"), node.transfers.size() - fetching);
  out.single("shoal_peers", "gauge", "Peer connections over all packs.", peers);
}

void write_index(exposition& out, const actors::index_status& index) {
  out.single("shoal_index_domains", "gauge", "Domains that this node is the index of.",
             index.domains.size());
  out.single("shoal_index_packs", "gauge", "Packs that its indexes know.", index.pack_count);
  out.single("shoal_index_table_bytes", "gauge", "Memory of their tables.", index.table_bytes);
  out.single("shoal_index_take_overs_total", "counter", "Roles this node has taken over.",
             index.take_overs);
  const auto labels = [](const auto& line) {
    return label("kind", line.kind) + "," + label("level", line.level);
  };
  out.family("shoal_index_messages_total", "counter",
             "Messages sent for the index, by kind and by the smallest domain around both ends.");
  for (const auto& line : index.traffic)
    out.sample(labels(line), line.messages);
  out.family("shoal_index_message_bytes_total", "counter", "Their bytes.");
  for (const auto& line : index.traffic)
    out.sample(labels(line), line.bytes);
}

} // namespace

std::string prometheus_text(const actors::node_status& node, std::string_view version) {
  exposition out;
  out.family("shoal_build_info", "gauge", "Always 1; the labels say what runs.");
  out.sample(label("version", version), 1);
  out.family("shoal_node_info", "gauge", "Always 1; the labels say which node this is.");
  out.sample(label("name", node.self.name) + "," + label("place", node.self.place), 1);
  out.single("shoal_node_joined", "gauge", "1 when the node is part of the swarm.",
             node.state == "joining" ? 0 : 1);
  out.single("shoal_uptime_seconds", "gauge", "Since the daemon started.", node.uptime_seconds);
  out.single("shoal_bytes_received_total", "counter", "Bytes of packs received from peers.",
             node.received_bytes);
  out.single("shoal_bytes_sent_total", "counter", "Bytes of packs sent to peers.", node.sent_bytes);
  out.single("shoal_store_held_bytes", "gauge", "Bytes of packs in the store.",
             node.self.held_bytes);
  out.single("shoal_store_quota_bytes", "gauge", "Most the store may hold; 0 is no limit.",
             node.self.quota_bytes);
  out.single("shoal_store_packs", "gauge", "Packs of which the store holds anything.",
             node.pack_count);
  out.single("shoal_warnings", "gauge", "Conditions an operator should look at.",
             node.warnings.size());
  write_jobs(out, node);
  write_transfers(out, node);
  write_index(out, node.index);
  return out.text();
}

} // namespace shoal::web
