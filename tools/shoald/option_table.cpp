#include "tools/shoald/option_table.hpp"

#include "tools/shoald/quantity.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <limits>

namespace shoal::daemon {

namespace {

error expected(std::string what) { return {errc::invalid_argument, "expected " + std::move(what)}; }

/// `text` as a TOML basic string.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04X", byte);
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

result<std::string> text_of(const raw_value& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return expected("a string in quotes");
  if (text->find('\0') != std::string::npos) return expected("a string without a zero byte");
  return *text;
}

/// What an option of each kind needs: how to reach its field.
template <class T>
using field = T& (*)(daemon_config&);

/// The field of a constant configuration.
template <class T>
const T& look(field<T> where, const daemon_config& config) {
  return where(const_cast<daemon_config&>(config));
}

option text_option(std::string_view key, std::string_view value_name, std::string_view help,
                   field<std::string> where) {
  return {key, value_name, help,
          [where](daemon_config& config, const raw_value& value) -> result<void> {
            auto text = text_of(value);
            if (!text) return text.error();
            where(config) = *std::move(text);
            return {};
          },
          [where](const daemon_config& config) { return toml_string(look(where, config)); }};
}

template <class T>
option number_option(std::string_view key, std::string_view help, field<T> where,
                     std::int64_t most) {
  return {key, "NUMBER", help,
          [where, most](daemon_config& config, const raw_value& value) -> result<void> {
            std::int64_t number = -1;
            if (const auto* direct = std::get_if<std::int64_t>(&value)) {
              number = *direct;
            } else if (const auto* text = std::get_if<std::string>(&value)) {
              const auto* end = text->data() + text->size();
              const auto [stop, fault] = std::from_chars(text->data(), end, number);
              if (fault != std::errc{} || stop != end) number = -1;
            }
            if (number < 0 || number > most) {
              return expected("a number from 0 to " + std::to_string(most));
            }
            where(config) = static_cast<T>(number);
            return {};
          },
          [where](const daemon_config& config) { return std::to_string(look(where, config)); }};
}

option flag_option(std::string_view key, std::string_view help, field<bool> where) {
  return {key, "true|false", help,
          [where](daemon_config& config, const raw_value& value) -> result<void> {
            const auto* text = std::get_if<std::string>(&value);
            if (const auto* direct = std::get_if<bool>(&value)) {
              where(config) = *direct;
            } else if (text != nullptr && (*text == "true" || *text == "false")) {
              where(config) = *text == "true";
            } else {
              return expected("true or false");
            }
            return {};
          },
          [where](const daemon_config& config) {
            return std::string{look(where, config) ? "true" : "false"};
          }};
}

using quantity_parser = result<std::uint64_t> (*)(std::string_view);

option quantity_option(std::string_view key, std::string_view value_name, std::string_view help,
                       field<std::uint64_t> where, quantity_parser parse, std::string_view unit) {
  return {key, value_name, help,
          [where, parse](daemon_config& config, const raw_value& value) -> result<void> {
            std::string text;
            if (const auto* number = std::get_if<std::int64_t>(&value)) {
              // A bare number is only plain where it needs no unit.
              text = std::to_string(*number);
            } else if (const auto* given = std::get_if<std::string>(&value)) {
              text = *given;
            } else {
              return expected("a string with a unit, as in \"50GiB\"");
            }
            const auto parsed = parse(text);
            if (!parsed) return parsed.error();
            where(config) = *parsed;
            return {};
          },
          [where, unit](const daemon_config& config) {
            const auto number = look(where, config);
            return number == 0 ? std::string{"0"}
                               : toml_string(std::to_string(number) + std::string{unit});
          }};
}

template <class T, std::size_t N>
option choice_option(std::string_view key, std::string_view value_name, std::string_view help,
                     field<T> where, std::array<T, N> choices) {
  return {
      key, value_name, help,
      [where, choices, value_name](daemon_config& config, const raw_value& value) -> result<void> {
        const auto* text = std::get_if<std::string>(&value);
        for (const auto choice : choices) {
          if (text == nullptr || *text != to_string(choice)) continue;
          where(config) = choice;
          return {};
        }
        return expected("one of " + std::string{value_name});
      },
      [where](const daemon_config& config) { return toml_string(to_string(look(where, config))); }};
}

option place_option() {
  return {"place", "SITE/CLUSTER/RACK", "where this host stands in the network",
          [](daemon_config& config, const raw_value& value) -> result<void> {
            const auto text = text_of(value);
            if (!text) return text.error();
            auto parsed = topology::place::parse(*text);
            if (!parsed) return parsed.error();
            config.where = *std::move(parsed);
            return {};
          },
          [](const daemon_config& config) { return toml_string(config.where.path()); }};
}

option gis_addresses_option() {
  option out{"gis.addresses", "HOST:PORT", "a general index server to join; repeat for several",
             [](daemon_config& config, const raw_value& value) -> result<void> {
               const auto* texts = std::get_if<std::vector<std::string>>(&value);
               if (texts == nullptr) return expected("a list of strings, as in [\"gis1:7440\"]");
               std::vector<host_port> parsed;
               for (const auto& text : *texts) {
                 auto one = host_port::parse(text);
                 if (!one) return one.error();
                 parsed.push_back(*std::move(one));
               }
               config.gis.addresses = std::move(parsed);
               return {};
             },
             [](const daemon_config& config) {
               std::string list = "[";
               for (const auto& one : config.gis.addresses) {
                 list += (list.size() > 1 ? ", " : "") + toml_string(one.text());
               }
               return list + "]";
             }};
  out.list = true;
  return out;
}

constexpr std::int64_t port_max = 65535;
constexpr std::int64_t threads_max = 1024;
constexpr std::int64_t copies_floor_max = 1000;

void add_own(std::vector<option>& out) {
  out.push_back(text_option("name", "NAME", "this host's name; default: the machine's",
                            [](daemon_config& c) -> std::string& { return c.name; }));
  out.push_back(place_option());
}

void add_store(std::vector<option>& out) {
  out.push_back(text_option("store.directory", "PATH", "where packs are kept",
                            [](daemon_config& c) -> std::string& { return c.store.directory; }));
  out.push_back(quantity_option(
      "store.quota", "SIZE", "most bytes of packs to keep, as 50GiB; 0: as the disk allows",
      [](daemon_config& c) -> std::uint64_t& { return c.store.quota_bytes; }, parse_size, "B"));
  out.push_back(choice_option<swarm::cache_policy_kind, 6>(
      "store.policy", "live|fifo|lru|gdsf|s3-fifo|rarity", "what goes first when room is needed",
      [](daemon_config& c) -> swarm::cache_policy_kind& { return c.store.policy; },
      {swarm::cache_policy_kind::live, swarm::cache_policy_kind::fifo,
       swarm::cache_policy_kind::lru, swarm::cache_policy_kind::gdsf,
       swarm::cache_policy_kind::s3_fifo, swarm::cache_policy_kind::rarity}));
  out.push_back(number_option<std::uint32_t>(
      "store.copies_floor", "never evict a site's last copies, so many of each; 0: may be evicted",
      [](daemon_config& c) -> std::uint32_t& { return c.store.copies_floor; }, copies_floor_max));
  out.push_back(quantity_option(
      "store.reserve", "SIZE", "free bytes of the file system never to touch",
      [](daemon_config& c) -> std::uint64_t& { return c.store.reserve_bytes; }, parse_size, "B"));
}

void add_network(std::vector<option>& out) {
  out.push_back(text_option("link.address", "ADDRESS", "numeric address for control links",
                            [](daemon_config& c) -> std::string& { return c.link.address; }));
  out.push_back(number_option<std::uint16_t>(
      "link.port", "port for control links; 0: any",
      [](daemon_config& c) -> std::uint16_t& { return c.link.port; }, port_max));
  out.push_back(text_option("bulk.address", "ADDRESS",
                            "numeric address for bulk transfers; default: link.address",
                            [](daemon_config& c) -> std::string& { return c.bulk.address; }));
  out.push_back(number_option<std::uint16_t>(
      "bulk.port", "port for bulk transfers; 0: any",
      [](daemon_config& c) -> std::uint16_t& { return c.bulk.port; }, port_max));
  out.push_back(number_option<std::uint16_t>(
      "bulk.tls_port", "port for encrypted bulk transfers; 0: any",
      [](daemon_config& c) -> std::uint16_t& { return c.bulk.tls_port; }, port_max));
  out.push_back(choice_option<bulk_tls, 3>("bulk.tls", "off|sites|all",
                                           "which bulk transfers are encrypted",
                                           [](daemon_config& c) -> bulk_tls& { return c.bulk.tls; },
                                           {bulk_tls::off, bulk_tls::sites, bulk_tls::all}));
  out.push_back(quantity_option(
      "bulk.upload_limit", "RATE", "most to send, as 100MB/s; 0: no limit",
      [](daemon_config& c) -> std::uint64_t& { return c.bulk.upload_limit_bytes_per_second; },
      parse_rate, "B/s"));
  out.push_back(quantity_option(
      "bulk.download_limit", "RATE", "most to receive; 0: no limit",
      [](daemon_config& c) -> std::uint64_t& { return c.bulk.download_limit_bytes_per_second; },
      parse_rate, "B/s"));
  using topology::source_policy;
  out.push_back(choice_option<source_policy, 2>(
      "bulk.sources", "earliest_finish|nearest_first",
      "whether slow near holders are helped by farther ones",
      [](daemon_config& c) -> source_policy& { return c.bulk.sources; },
      {source_policy::earliest_finish, source_policy::nearest_first}));
}

void add_gis(std::vector<option>& out) {
  out.push_back(gis_addresses_option());
  out.push_back(flag_option("gis.enabled", "be a general index server",
                            [](daemon_config& c) -> bool& { return c.gis.enabled; }));
  out.push_back(text_option("gis.database", "PATH", "the catalogue's file",
                            [](daemon_config& c) -> std::string& { return c.gis.database; }));
  using topology::index_scheme;
  out.push_back(choice_option<index_scheme, 3>(
      "index.scheme", "naive|flat|topo", "how the swarm of this GIS locates pieces",
      [](daemon_config& c) -> index_scheme& { return c.index.scheme; },
      {index_scheme::naive, index_scheme::flat, index_scheme::topo}));
}

void add_rest(std::vector<option>& out) {
  out.push_back(text_option("tls.certificate", "PATH", "this host's certificate (PEM)",
                            [](daemon_config& c) -> std::string& { return c.tls.certificate; }));
  out.push_back(text_option("tls.key", "PATH", "its private key (PEM)",
                            [](daemon_config& c) -> std::string& { return c.tls.key; }));
  out.push_back(text_option("tls.authority", "PATH", "the cluster's certificate authority (PEM)",
                            [](daemon_config& c) -> std::string& { return c.tls.authority; }));
  out.push_back(text_option("api.socket", "PATH", "Unix socket for the command shoal",
                            [](daemon_config& c) -> std::string& { return c.api.socket; }));
  out.push_back(choice_option<log_level, 6>(
      "log.level", "trace|debug|info|warn|error|off", "least important message to log",
      [](daemon_config& c) -> log_level& { return c.log.level; },
      {log_level::trace, log_level::debug, log_level::info, log_level::warn, log_level::error,
       log_level::off}));
  out.push_back(
      choice_option<log_format, 2>("log.format", "text|json", "form of a message",
                                   [](daemon_config& c) -> log_format& { return c.log.format; },
                                   {log_format::text, log_format::json}));
  out.push_back(number_option<std::uint32_t>(
      "publish.threads", "threads that hash and compress; 0: one a core",
      [](daemon_config& c) -> std::uint32_t& { return c.publish.threads; }, threads_max));
}

std::vector<option> build_table() {
  std::vector<option> out;
  add_own(out);
  add_store(out);
  add_network(out);
  add_gis(out);
  add_rest(out);
  return out;
}

} // namespace

std::string option::flag() const {
  std::string out = "--" + std::string{key};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  return out;
}

std::span<const option> options() {
  static const std::vector<option> table = build_table();
  return table;
}

} // namespace shoal::daemon
