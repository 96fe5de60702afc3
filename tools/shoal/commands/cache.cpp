#include "swarm/cache_policy.hpp"
#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"
#include "web/http_client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <memory>
#include <optional>

namespace shoal::cli {

using nlohmann::json;

namespace {

constexpr const char* resource = "/api/v1/cache";
constexpr std::size_t shown_digits = 16;
/// Says that the configuration counts again.
constexpr const char* as_configured = "default";

std::string joined(const json& list) {
  std::string text;
  for (const auto& one : list) {
    if (one.is_string()) text += (text.empty() ? "" : ", ") + one.get<std::string>();
  }
  return text;
}

std::string limit_text(std::uint64_t bytes) { return bytes == 0 ? "none" : format_size(bytes); }

/// `2x`: how many; nothing for anything else.
std::optional<double> multiple_in(const std::string& text) {
  if (text.size() < 2 || text.back() != 'x') return std::nullopt;
  double count = 0;
  const auto* end = text.data() + text.size() - 1;
  const auto [stop, fault] = std::from_chars(text.data(), end, count);
  if (fault != std::errc{} || stop != end || !(count > 0 && count <= 1e6)) return std::nullopt;
  return count;
}

void show(const session& to, const json& status) {
  const auto quota = number_in(status, "quota_bytes");
  const auto policy = text_in(status, "policy");
  const auto configured = text_in(status, "configured_policy");
  const auto floor = number_in(status, "copies_floor");
  std::vector<std::pair<std::string, std::string>> sums{
      {"policy", policy + (policy == configured ? "" : " (configured: " + configured + ")")},
      {"limit", limit_text(quota)},
      {"held", format_size(number_in(status, "held_bytes"))},
      {"may go", format_size(number_in(status, "evictable_bytes"))}};
  if (floor > 0) sums.emplace_back("kept in the site", std::to_string(floor) + " copies");
  table out{{{"NEXT", alignment::right},
             {"PACK"},
             {"HELD", alignment::right},
             {"PIECES", alignment::right},
             {"LAST USE", alignment::right},
             {"IMAGES"},
             {"WHY"}}};
  std::size_t place = 0;
  for (const auto& line : list_in(status, "packs")) {
    const bool goes = number_in(line, "goes") > 0;
    out.add({goes ? std::to_string(++place) : "-", text_in(line, "pack").substr(0, shown_digits),
             format_size(number_in(line, "held_bytes")),
             std::to_string(number_in(line, "pieces_held")) + " of " +
                 std::to_string(number_in(line, "piece_count")),
             format_duration(real_in(line, "idle_seconds")), joined(list_in(line, "images")),
             text_in(line, "why")});
  }
  to.print(sheet(sums));
  if (!out.empty()) to.print("\n" + out.text());
}

result<void> list(const session& to) {
  const auto status = daemon{to}.get(resource);
  if (!status) return status.error();
  if (to.wants_json()) {
    to.print_json(*status);
  } else if (to.quiet) {
    for (const auto& line : list_in(*status, "packs")) {
      to.print(printable(text_in(line, "pack")) + "\n");
    }
  } else {
    show(to, *status);
  }
  return {};
}

void add_list(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("ls", "Show what is cached, and what goes next and why");
  command->footer("NEXT is the order in which packs (the first of their pieces) would go; - does\n"
                  "not go.\n\n"
                  "Examples:\n"
                  "  shoal cache ls\n"
                  "  shoal cache ls -o json | jq -r '.packs[0].why'");
  command->callback([&to] { to.action = [&to] { return list(to); }; });
}

struct gc_flags {
  std::string what;
  bool dry_run = false;
};

/// An image is named NAME:VERSION; no size has a colon.
result<json> gc_order(const gc_flags& given) {
  json order{{"dry_run", given.dry_run}};
  if (given.what.find(':') != std::string::npos) {
    order["image"] = given.what;
  } else if (!given.what.empty()) {
    const auto bytes = parse_size(given.what);
    if (!bytes) return bytes.error();
    if (*bytes == 0) return {errc::invalid_argument, "nothing to evict: 0 bytes"};
    order["bytes"] = *bytes;
  }
  return order;
}

result<void> gc(const session& to, const gc_flags& given) {
  const auto order = gc_order(given);
  if (!order) return order.error();
  const auto done = daemon{to}.post(std::string{resource} + "/collections", *order);
  if (!done) return done.error();
  const auto freed = number_in(*done, "freed_bytes");
  if (to.wants_json()) {
    to.print_json(*done);
  } else if (!to.quiet) {
    table out{{{"PACK"}, {"PIECES", alignment::right}, {"BYTES", alignment::right}}};
    for (const auto& line : list_in(*done, "packs")) {
      out.add({text_in(line, "pack").substr(0, shown_digits),
               std::to_string(number_in(line, "pieces")), format_size(number_in(line, "bytes"))});
    }
    to.print((given.dry_run ? "would free " : "freed ") + format_size(freed) + "\n");
    if (!out.empty()) to.print("\n" + out.text());
  }
  for (const auto& kept : list_in(*done, "kept")) {
    if (kept.is_string()) to.remark("kept: " + printable(kept.get<std::string>()));
  }
  if (given.dry_run) return {};
  if (!list_in(*done, "kept").empty()) {
    return error{errc::partial, "some of " + printable(given.what) + " is pinned and stays"};
  }
  if (order->contains("bytes") && freed < number_in(*order, "bytes")) {
    return error{errc::partial, "only " + format_size(freed) + " could go; the rest is pinned, in "
                                "use, or among the last copies in the site"};
  }
  if (const auto over = number_in(*done, "over_bytes"); over > 0) {
    return error{errc::partial, format_size(over) + " over the limit may not go: pinned, in use, "
                                "or among the last copies in the site"};
  }
  return {};
}

void add_gc(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("gc", "Evict down to the limit, or so much, or an image");
  const auto given = std::make_shared<gc_flags>();
  command
      ->add_option("what", given->what,
                   "an image's pieces (web:1), or how much (10GiB); default: what is over the limit")
      ->type_name("IMAGE")
      ->check([](const std::string& text) -> std::string {
        if (text.find(':') != std::string::npos) return is_image()(text);
        const auto bytes = parse_size(text);
        return bytes ? "" : bytes.error().message;
      });
  command->add_flag("-n,--dry-run", given->dry_run, "only say what would go");
  command->footer("Never evicts what is pinned or what a transfer needs. Pieces that an image\n"
                  "shares with others go too; the next get fetches them again.\n\n"
                  "Examples:\n"
                  "  shoal cache gc\n"
                  "  shoal cache gc 10GiB --dry-run\n"
                  "  shoal cache gc web:1");
  command->callback([&to, given] { to.action = [&to, given] { return gc(to, *given); }; });
}

result<json> limit_order(const std::string& text) {
  if (text == as_configured) return json::object();
  if (text == "none") return json{{"bytes", 0}};
  if (const auto count = multiple_in(text)) return json{{"images", *count}};
  const auto bytes = parse_size(text);
  if (!bytes) {
    return {errc::invalid_argument, bytes.error().message + "; or 2x (two of the largest image), "
                                                            "none, or default"};
  }
  return json{{"bytes", *bytes}};
}

result<void> show_limit(const session& to) {
  const auto status = daemon{to}.get(resource);
  if (!status) return status.error();
  const auto now = number_in(*status, "quota_bytes");
  const auto configured = number_in(*status, "configured_quota_bytes");
  if (to.wants_json()) {
    to.print_json({{"quota_bytes", now}, {"configured_quota_bytes", configured}});
  } else {
    const auto note = now == configured ? "" : " (configured: " + limit_text(configured) + ")";
    to.print(limit_text(now) + note + "\n");
  }
  return {};
}

result<void> limit(const session& to, const std::string& text) {
  if (text.empty()) return show_limit(to);
  const auto order = limit_order(text);
  if (!order) return order.error();
  const auto done = daemon{to}.post(std::string{resource} + "/limit", *order);
  if (!done) return done.error();
  if (to.wants_json()) {
    to.print_json(*done);
  } else if (!to.quiet) {
    std::vector<std::pair<std::string, std::string>> lines{
        {"limit", limit_text(number_in(*done, "quota_bytes"))}};
    if (const auto image = text_in(*done, "image"); !image.empty()) {
      lines.emplace_back("of", image + ", " + format_size(number_in(*done, "image_bytes")));
    }
    lines.emplace_back("freed", format_size(number_in(*done, "freed_bytes")));
    to.print(sheet(lines));
  }
  if (const auto over = number_in(*done, "over_bytes"); over > 0) {
    return error{errc::partial, "the limit is set, but " + format_size(over) +
                                    " over it may not go: pinned, in use, or among the last "
                                    "copies in the site"};
  }
  return {};
}

void add_limit(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("limit", "Show or set how much is cached at most");
  const auto given = std::make_shared<std::string>();
  command
      ->add_option("limit", *given,
                   "200GiB; 2x: twice the largest image there is now; none; default: as configured")
      ->type_name("2x|none|default|SIZE")
      ->check([](const std::string& text) -> std::string {
        const auto order = limit_order(text);
        return order ? "" : order.error().message;
      });
  command->footer("A limit set here goes before store.quota of the configuration, also after a\n"
                  "restart, until it is set to default. What is over it is evicted at once.\n\n"
                  "Examples:\n"
                  "  shoal cache limit\n"
                  "  shoal cache limit 200GiB\n"
                  "  shoal cache limit 2x\n"
                  "  shoal cache limit default");
  command->callback([&to, given] { to.action = [&to, given] { return limit(to, *given); }; });
}

result<void> pin(const session& to, const std::string& image, bool remove) {
  const auto target = std::string{resource} + "/pins";
  const auto done = remove ? daemon{to}.remove(target + "/" + web::percent_encoded(image))
                           : daemon{to}.post(target, {{"image", image}});
  if (!done) return done.error();
  if (to.wants_json()) {
    to.print_json(*done);
    return {};
  }
  const auto held = number_in(*done, "held_bytes");
  const auto needed = number_in(*done, "needed_bytes");
  if (!to.quiet) {
    to.print(sheet({{remove ? "unpinned" : "pinned", text_in(*done, "image")},
                    {"packs", std::to_string(number_in(*done, "pack_count"))},
                    {"held", format_size(held)}}));
  }
  if (!remove && held < needed) {
    to.remark(format_size(needed - held) + " of " + image + " are not here; 'shoal get " + image +
              "' fetches them");
  }
  return {};
}

void add_pin(CLI::App& app, session& to) {
  struct pin_flags {
    std::string image;
    bool remove = false;
  };
  auto* command = app.add_subcommand("pin", "Keep what is here of an image");
  const auto given = std::make_shared<pin_flags>();
  add_image_argument(*command, given->image);
  command->add_flag("--remove", given->remove, "keep it no longer");
  command->footer("Pins last until they are removed, also over restarts. Whole packs are pinned,\n"
                  "with what other images have in them.\n\n"
                  "Examples:\n"
                  "  shoal cache pin web:1\n"
                  "  shoal cache pin web:1 --remove");
  command->callback([&to, given] {
    to.action = [&to, given] { return pin(to, given->image, given->remove); };
  });
  auto* undo = app.add_subcommand("unpin", "Keep an image no longer");
  add_image_argument(*undo, given->image);
  undo->footer("Examples:\n  shoal cache unpin web:1");
  undo->callback([&to, given] {
    to.action = [&to, given] { return pin(to, given->image, true); };
  });
}

const char* meaning(swarm::cache_policy_kind kind) {
  switch (kind) {
  case swarm::cache_policy_kind::live: return "keeps what is in use, and nothing else";
  case swarm::cache_policy_kind::fifo: return "what came first goes first";
  case swarm::cache_policy_kind::lru: return "what was used longest ago goes first";
  case swarm::cache_policy_kind::gdsf: return "what was used least goes first";
  case swarm::cache_policy_kind::s3_fifo: return "what was used only once goes first";
  case swarm::cache_policy_kind::rarity: return "what is near elsewhere goes first, last copies last";
  }
  return "";
}

result<void> policy(const session& to, const std::string& name) {
  const auto status =
      name.empty() ? daemon{to}.get(resource)
                   : daemon{to}.post(std::string{resource} + "/policy",
                                     {{"policy", name == as_configured ? "" : name}});
  if (!status) return status.error();
  const auto chosen = text_in(*status, "policy");
  if (to.wants_json()) {
    auto names = json::array();
    for (const auto kind : swarm::cache_policy_kinds()) names.push_back(to_string(kind));
    to.print_json({{"policy", chosen},
                   {"configured_policy", text_in(*status, "configured_policy")},
                   {"policies", names}});
    return {};
  }
  if (to.quiet) {
    to.print(printable(chosen) + "\n");
    return {};
  }
  table out{{{""}, {"POLICY"}, {"MEANS"}}};
  for (const auto kind : swarm::cache_policy_kinds()) {
    const std::string one{to_string(kind)};
    out.add({one == chosen ? "*" : "", one, meaning(kind)});
  }
  to.print(out.text());
  return {};
}

void add_policy(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("policy", "Show or choose what goes first");
  const auto given = std::make_shared<std::string>();
  std::vector<std::string> choices;
  for (const auto kind : swarm::cache_policy_kinds()) choices.emplace_back(to_string(kind));
  choices.emplace_back(as_configured);
  takes_one_of(command->add_option("policy", *given, "which one; default: as configured"), choices);
  command->footer("A policy chosen here goes before store.policy of the configuration, also after\n"
                  "a restart, until it is set to default.\n\n"
                  "Examples:\n"
                  "  shoal cache policy\n"
                  "  shoal cache policy lru\n"
                  "  shoal cache policy default");
  command->callback([&to, given] { to.action = [&to, given] { return policy(to, *given); }; });
}

} // namespace

void add_cache(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("cache", "What this host keeps, how much, and what goes next");
  command->require_subcommand(1);
  command->footer("Examples:\n"
                  "  shoal cache ls\n"
                  "  shoal cache limit 200GiB");
  add_list(*command, to);
  add_gc(*command, to);
  add_limit(*command, to);
  add_pin(*command, to);
  add_policy(*command, to);
  for (auto* sub : command->get_subcommands([](CLI::App*) { return true; })) sub->fallthrough();
}

} // namespace shoal::cli
