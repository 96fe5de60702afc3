#include "web/json.hpp"

#include "topology/place.hpp"
#include "web/order_body.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace shoal::web {

using nlohmann::json;

namespace {

constexpr int zstd_level_max = 19;

error invalid(std::string sentence) { return {errc::invalid_argument, std::move(sentence)}; }

template <class T>
json array_of(const std::vector<T>& values) {
  auto out = json::array();
  for (const auto& value : values)
    out.push_back(to_json(value));
  return out;
}

result<void> check_name(const char* field, const std::string& text) {
  if (text.empty()) return invalid(std::string{"field '"} + field + "' is missing");
  if (topology::valid_name(text)) return {};
  return invalid(std::string{"field '"} + field + "': " + cited(text) +
                 " is not a name: 1 to 128 letters, digits, '.', '_', '-' or '+', beginning with "
                 "a letter or digit, without '..'");
}

result<void> check_absolute(const char* field, const std::string& path) {
  if (!path.empty() && path.front() == '/') return {};
  return invalid(std::string{"field '"} + field + "': " + cited(path) + " is not an absolute path");
}

swarm::chunking chunker_in(order_body& body) {
  const auto text = body.text("chunker");
  if (text == "fixed") return swarm::chunking::fixed;
  if (body.has("chunker") && text != "blocks") {
    body.fail("field 'chunker': " + cited(text) + " is neither 'blocks' nor 'fixed'");
  }
  return swarm::chunking::blocks;
}

void read_compression(order_body& body, actors::publish_order& order) {
  if (!body.has("compress")) return;
  const auto text = body.text("compress");
  if (text == "none") {
    order.how = swarm::compression::none;
    return;
  }
  constexpr std::string_view prefix = "zstd:";
  int level = 0;
  const auto* end = text.data() + text.size();
  if (text.starts_with(prefix)) {
    const auto [stop, fault] = std::from_chars(text.data() + prefix.size(), end, level);
    if (fault == std::errc{} && stop == end && level >= 1 && level <= zstd_level_max) {
      order.how = swarm::compression::zstd;
      order.compression_level = level;
      return;
    }
  }
  body.fail("field 'compress': " + cited(text) +
            " is neither 'none' nor 'zstd:LEVEL' with a level from 1 to 19");
}

} // namespace

std::string_view name_of(actors::job_state state) noexcept {
  switch (state) {
  case actors::job_state::running: return "running";
  case actors::job_state::done: return "done";
  case actors::job_state::failed: return "failed";
  case actors::job_state::cancelled: return "cancelled";
  }
  return "failed";
}

json to_json(const actors::source_bytes& sources) {
  return {{"own_store", sources.own_store},
          {"own_rack", sources.own_rack},
          {"own_site", sources.own_site},
          {"other_sites", sources.other_sites},
          {"nowhere", sources.nowhere}};
}

namespace {

json error_json(const std::optional<error>& fault) {
  if (!fault) return nullptr;
  return {{"code", to_string(fault->code)}, {"message", fault->message}};
}

json to_json(const actors::prestaged_host& host) {
  return {{"host", host.host},
          {"state", host.state},
          {"done_bytes", host.done_bytes},
          {"total_bytes", host.total_bytes},
          {"error", error_json(host.fault)}};
}

} // namespace

json to_json(const actors::job_status& job) {
  auto received = json::object();
  for (const auto& [host, bytes] : job.received_from)
    received[host] = bytes;
  auto hosts = json::array();
  for (const auto& host : job.hosts) hosts.push_back(to_json(host));
  json out = {{"id", job.id},
              {"kind", job.kind},
              {"image", job.image},
              {"state", name_of(job.state)},
              {"phase", job.phase},
              {"done_bytes", job.done_bytes},
              {"total_bytes", job.total_bytes},
              {"seconds", job.seconds},
              {"needed_bytes", job.needed_bytes},
              {"sources", to_json(job.sources)},
              {"received_from", std::move(received)},
              {"verified", job.verified},
              {"data_bytes", job.data_bytes},
              {"new_bytes", job.new_bytes},
              {"pack_bytes", job.pack_bytes},
              {"waste", job.waste},
              {"hosts", std::move(hosts)},
              {"warnings", job.warnings},
              {"error", error_json(job.fault)}};
  return out;
}

json to_json(const actors::image_status& image) {
  return {{"image", image.name + ":" + image.version},
          {"name", image.name},
          {"version", image.version},
          {"parent", image.parent},
          {"virtual_bytes", image.virtual_bytes},
          {"data_bytes", image.data_bytes},
          {"referred_bytes", image.referred_bytes},
          {"fetch_bytes", image.fetch_bytes},
          {"pack_bytes", image.pack_bytes},
          {"chunk_count", image.chunk_count},
          {"recipe", image.recipe},
          {"publisher", image.publisher},
          {"published_at", image.published_at},
          {"holder_count", image.holder_count}};
}

json to_json(const actors::host_status& host) {
  return {{"name", host.name},
          {"place", host.place},
          {"address", host.address},
          {"link_port", host.link_port},
          {"bulk_port", host.bulk_port},
          {"bulk_tls_port", host.bulk_tls_port},
          {"online", host.online},
          {"roles", host.roles},
          {"held_bytes", host.held_bytes},
          {"quota_bytes", host.quota_bytes},
          {"room_bytes", host.room_bytes ? json(*host.room_bytes) : json(nullptr)},
          {"running_jobs", host.running_jobs},
          {"version", host.version}};
}

namespace {

json to_json(const actors::transfer_line& line) {
  return {{"pack", line.pack},
          {"fetching", line.fetching},
          {"pieces_wanted", line.pieces_wanted},
          {"pieces_done", line.pieces_done},
          {"received_bytes", line.received_bytes},
          {"sent_bytes", line.sent_bytes},
          {"peer_count", line.peer_count}};
}

json to_json(const actors::plan_status::pack_line& line) {
  return {{"pack", line.pack},
          {"pieces_needed", line.pieces_needed},
          {"pieces_missing", line.pieces_missing},
          {"sources", web::to_json(line.sources)}};
}

json to_json(const actors::index_status& index) {
  auto traffic = json::array();
  for (const auto& line : index.traffic) {
    traffic.push_back({{"kind", line.kind},
                       {"level", line.level},
                       {"messages", line.messages},
                       {"bytes", line.bytes}});
  }
  return {{"scheme", index.scheme},           {"domains", index.domains},
          {"take_overs", index.take_overs},   {"pack_count", index.pack_count},
          {"holding_count", index.holding_count}, {"table_bytes", index.table_bytes},
          {"traffic", std::move(traffic)}};
}

} // namespace

json to_json(const actors::node_status& node) {
  auto transfers = json::array();
  for (const auto& line : node.transfers)
    transfers.push_back(to_json(line));
  return {{"self", to_json(node.self)},
          {"state", node.state},
          {"gis", node.gis},
          {"rack_index", node.rack_index},
          {"pack_count", node.pack_count},
          {"received_bytes", node.received_bytes},
          {"sent_bytes", node.sent_bytes},
          {"uptime_seconds", node.uptime_seconds},
          {"transfers", std::move(transfers)},
          {"jobs", array_of(node.jobs)},
          {"warnings", node.warnings},
          {"index", to_json(node.index)}};
}

json to_json(const actors::plan_status& plan) {
  auto packs = json::array();
  for (const auto& line : plan.packs)
    packs.push_back(to_json(line));
  return {{"image", plan.image},
          {"needed_bytes", plan.needed_bytes},
          {"sources", to_json(plan.sources)},
          {"packs", std::move(packs)}};
}

json to_json(const actors::removal_status& removal) {
  return {{"image", removal.image},
          {"freed_bytes", removal.freed_bytes},
          {"freed_pack_count", removal.freed_pack_count}};
}

std::string text_of(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

result<void> check_image_reference(std::string_view text) {
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && topology::valid_name(text.substr(0, colon)) &&
      topology::valid_name(text.substr(colon + 1))) {
    return {};
  }
  return invalid(cited(text) + " is not an image: expected NAME:VERSION, each 1 to 128 letters, "
                               "digits, '.', '_', '-' or '+', beginning with a letter or digit, "
                               "without '..'");
}

result<actors::publish_order> publish_order_from(std::string_view body) {
  order_body given{body, {"file", "name", "version", "parent", "chunker", "compress"}};
  actors::publish_order order;
  order.file = given.text("file");
  order.name = given.text("name");
  order.version = given.text("version");
  order.parent = given.image_if_any("parent");
  given.require(check_absolute("file", order.file));
  given.require(check_name("name", order.name));
  given.require(check_name("version", order.version));
  order.cut = chunker_in(given);
  read_compression(given, order);
  return given.unless_faulty(std::move(order));
}

result<actors::get_order> get_order_from(std::string_view body) {
  order_body given{body, {"image", "to_file", "format"}};
  actors::get_order order;
  order.image = given.image("image");
  order.to_file = given.text("to_file");
  if (!order.to_file.empty()) given.require(check_absolute("to_file", order.to_file));
  const auto format = given.text("format");
  if (format == "qcow2") {
    order.format = actors::export_format::qcow2;
  } else if (given.has("format") && format != "raw") {
    given.fail("field 'format': " + cited(format) + " is neither 'raw' nor 'qcow2'");
  }
  return given.unless_faulty(std::move(order));
}

result<actors::verify_order> verify_order_from(std::string_view body) {
  order_body given{body, {"image"}, order_body::empty::is_an_object};
  actors::verify_order order{.image = given.image_if_any("image")};
  return given.unless_faulty(std::move(order));
}

} // namespace shoal::web
