#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"
#include "web/placement_json.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

namespace shoal::cli {

using nlohmann::json;

namespace {

struct place_flags {
  std::string image;
  std::uint32_t count = 1;
  std::string strategy = "weighted";
  std::string spread = "none";
  std::string weights;
  std::uint32_t per_host_max = 0;
  std::uint32_t slots = 0;
  std::vector<std::string> hosts;
  std::vector<std::string> beside;
  std::vector<std::string> vms;
  std::string within;
  std::optional<std::uint64_t> seed;
  bool ranking = false;
};

/// `h1=3` as an object's field.
result<void> add_vms(json& vms, const std::string& text) {
  const auto equals = text.find('=');
  std::uint32_t count = 0;
  const auto* end = text.data() + text.size();
  if (equals != std::string::npos && equals > 0) {
    const auto [stop, fault] = std::from_chars(text.data() + equals + 1, end, count);
    if (fault == std::errc{} && stop == end) {
      vms[text.substr(0, equals)] = count;
      return {};
    }
  }
  return {errc::invalid_argument,
          "--vms " + printable(text.substr(0, 64)) + ": expected HOST=NUMBER, such as h1=3"};
}

result<json> order_of(const place_flags& given) {
  json order = {{"image", given.image},       {"count", given.count},
                {"strategy", given.strategy}, {"spread", given.spread},
                {"slots", given.slots},       {"per_host_max", given.per_host_max},
                {"within", given.within},     {"hosts", given.hosts},
                {"beside", given.beside}};
  if (given.seed) order["seed"] = *given.seed;
  if (!given.weights.empty()) {
    const auto weights = web::placement_weights_from(given.weights);
    if (!weights) return weights.error();
    order["weights"] = {{"bytes", weights->bytes},
                        {"load", weights->load},
                        {"room", weights->room},
                        {"rack", weights->rack},
                        {"cluster", weights->cluster}};
  }
  auto vms = json::object();
  for (const auto& text : given.vms) {
    if (auto added = add_vms(vms, text); !added) return added.error();
  }
  order["vms"] = std::move(vms);
  return order;
}

std::string percent_of(const json& line) {
  return std::to_string(static_cast<int>(std::floor(real_in(line, "held_share") * 100))) + " %";
}

std::string room_of(const json& line) {
  return line.value("room_bytes", json{}).is_null() ? "any"
                                                    : format_size(number_in(line, "room_bytes"));
}

std::string cost_of(const json& line) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", real_in(line, "cost"));
  return text;
}

std::string choices_text(const json& choices) {
  table out{{{"VM", alignment::right},
             {"HOST"},
             {"PLACE"},
             {"HOLDS", alignment::right},
             {"TO FETCH", alignment::right},
             {"LOAD", alignment::right},
             {"COST", alignment::right},
             {"WHY"}}};
  std::size_t number = 0;
  for (const auto& line : choices) {
    out.add({std::to_string(++number), text_in(line, "host"), text_in(line, "place"),
             percent_of(line), format_size(number_in(line, "lacking_bytes")),
             std::to_string(number_in(line, "load")), cost_of(line), text_in(line, "reason")});
  }
  return out.empty() ? std::string{} : out.text();
}

std::string ranking_text(const json& ranking) {
  table out{{{"RANK", alignment::right},
             {"HOST"},
             {"PLACE"},
             {"HOLDS", alignment::right},
             {"TO FETCH", alignment::right},
             {"LOAD", alignment::right},
             {"ROOM", alignment::right},
             {"COST", alignment::right},
             {"REFUSED"}}};
  std::size_t rank = 0;
  for (const auto& line : ranking) {
    const auto refusal = text_in(line, "refusal");
    const bool can = refusal.empty();
    out.add({can ? std::to_string(++rank) : "-", text_in(line, "host"), text_in(line, "place"),
             can ? percent_of(line) : "", format_size(number_in(line, "lacking_bytes")),
             std::to_string(number_in(line, "load")), room_of(line), can ? cost_of(line) : "",
             refusal});
  }
  return out.empty() ? std::string{} : out.text();
}

result<void> place(const session& to, const place_flags& given) {
  const auto order = order_of(given);
  if (!order) return order.error();
  const auto answer = daemon{to}.post("/api/v1/placements", *order);
  if (!answer) return answer.error();
  const auto choices = list_in(*answer, "choices");
  if (to.wants_json()) {
    to.print_json(*answer);
  } else if (to.quiet) {
    for (const auto& line : choices) to.print(printable(text_in(line, "host")) + "\n");
  } else {
    to.print(choices_text(choices));
    if (given.ranking) to.print("\n" + ranking_text(list_in(*answer, "ranking")));
  }
  if (number_in(*answer, "missing") == 0) return {};
  return {choices.empty() ? errc::no_space : errc::partial, text_in(*answer, "why_missing")};
}

void add_options(CLI::App& command, place_flags& given) {
  add_image_argument(command, given.image);
  command.add_option("-n,--count", given.count, "how many VMs")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 5000));
  add_placement_options(command, given.strategy, given.spread, "");
  command.add_option("--weights", given.weights,
                     "what weighted adds up: bytes=1,load=0.1,room=0.1,rack=0.05,cluster=0.01")
      ->type_name("NAME=NUMBER,...")
      ->check([](const std::string& text) -> std::string {
        const auto read = web::placement_weights_from(text);
        return read ? "" : printable(read.error().message);
      });
  command.add_option("--per-host", given.per_host_max, "VMs of this request on one host at most")
      ->type_name("N");
  command.add_option("--slots", given.slots, "VMs of all kinds on one host at most")
      ->type_name("N");
  command.add_option("--vms", given.vms, "VMs that run on a host now; may be repeated")
      ->type_name("HOST=N");
  command.add_option("--beside", given.beside,
                     "hosts that run VMs of the same group already; they count for spreading")
      ->type_name("HOST,...")
      ->delimiter(',');
  command.add_option("--hosts", given.hosts, "choose among these only")
      ->type_name("HOST,...")
      ->delimiter(',');
  command.add_option("--within", given.within, "choose in this rack, cluster or site only")
      ->type_name("PLACE");
  command.add_option_function<std::uint64_t>(
             "--seed", [&given](std::uint64_t seed) { given.seed = seed; },
             "decides between equal hosts; without it, another one each time")
      ->type_name("N");
  command.add_flag("--ranking", given.ranking, "show every host, those that are full too");
}

} // namespace

void add_place(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("place", "Choose hosts for VMs of an image");
  const auto given = std::make_shared<place_flags>();
  add_options(*command, *given);
  command->footer(
      "Nothing is started or moved. HOLDS: of the bytes the image needs. LOAD: VMs and jobs.\n"
      "Lacking the image costs weight bytes, each VM or job load, a full store room, each VM of\n"
      "this request in the same rack or cluster rack or cluster. Exits with 3 if some VMs find no\n"
      "host.\n\n"
      "Examples:\n"
      "  shoal place web:1\n"
      "  shoal place web:1 --count 20 --spread rack --slots 8 --vms h1=3 --vms h2=7\n"
      "  shoal place web:1 --count 4 --strategy shoal_friendly --ranking\n"
      "  shoal place web:1 --count 20 -q | sort | uniq -c");
  command->callback([&to, given] { to.action = [&to, given] { return place(to, *given); }; });
}

} // namespace shoal::cli
