// Completion scripts, generated from the tree of commands so that they cannot fall behind it. What
// completes a value is told by its type name: FILE, IMAGE, or words between bars.
#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace shoal::cli {

namespace {

/// How a script gets the images' names; silent when no daemon runs.
constexpr const char* list_images = "shoal images -q 2>/dev/null";

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option*) { return true; });
}

/// `-o` and `--output` of one option.
std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> out;
  for (const auto& name : option.get_snames())
    out.push_back("-" + name);
  for (const auto& name : option.get_lnames())
    out.push_back("--" + name);
  return out;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

/// `blocks fixed` of `blocks|fixed`; empty when the value is no choice.
std::string words_of(const CLI::Option& option) {
  auto words = option.get_type_name();
  if (words.find('|') == std::string::npos) return "";
  std::replace(words.begin(), words.end(), '|', ' ');
  // A word with a part to be filled in (`zstd:LEVEL`) is completed up to there.
  while (!words.empty() && words.back() >= 'A' && words.back() <= 'Z')
    words.pop_back();
  return words;
}

/// `text` in a single-quoted string of a shell.
std::string quoted_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string out;
  for (const auto& word : words)
    out += (out.empty() ? "" : separator) + word;
  return out;
}

std::string bash_values(const CLI::Option& option) {
  const auto type = option.get_type_name();
  if (type == "FILE") return "_shoal_files";
  if (type == "IMAGE") return std::string{"_shoal_words \"$("} + list_images + ")\"";
  const auto words = words_of(option);
  return words.empty() ? ":" : "_shoal_words \"" + words + "\"";
}

/// What bash does in one command: values after an option, then options, then the positional.
std::string bash_steps(const CLI::App& app) {
  std::string values;
  std::vector<std::string> flags;
  std::string positional;
  for (const auto* option : options_of(app)) {
    const auto names = names_of(*option);
    flags.insert(flags.end(), names.begin(), names.end());
    if (option->get_positional()) {
      positional = bash_values(*option);
    } else if (takes_value(*option)) {
      values += "        " + joined(names, "|") + ") " + bash_values(*option) + "; return ;;\n";
    }
  }
  std::string out;
  if (!values.empty()) out += "      case $previous in\n" + values + "      esac\n";
  out += "      flags=\"$flags " + joined(flags, " ") + "\"\n";
  if (!positional.empty()) out += "      positional=" + quoted_text(positional) + "\n";
  return out;
}

std::vector<std::string> names_below(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* command : commands_of(app))
    out.push_back(command->get_name());
  return out;
}

/// One case a command, commands of commands included; `paths` gets the patterns.
std::string bash_cases(const CLI::App& app, const std::string& prefix,
                       std::vector<std::string>& paths) {
  std::string out;
  for (const auto* command : commands_of(app)) {
    const auto path = prefix + command->get_name();
    paths.push_back(quoted_text(path));
    out += "    " + paths.back() + ")\n" + bash_steps(*command);
    if (const auto inner = names_below(*command); !inner.empty()) {
      out += "      positional='_shoal_words \"" + joined(inner, " ") + "\"'\n";
    }
    out += "      ;;\n" + bash_cases(*command, path + " ", paths);
  }
  return out;
}

std::string bash_script(const CLI::App& app) {
  const auto names = names_below(app);
  std::vector<std::string> paths;
  const auto cases = bash_cases(app, "", paths);
  return R"(# bash completion of shoal; made by: shoal completion bash
# shellcheck shell=bash disable=SC2016
_shoal_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_shoal_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
_shoal_complete() {
  local line="${COMP_LINE:0:COMP_POINT}" current previous word words
  local command='' flags='' positional=''
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=${words[-1]}
  previous=''
  (( ${#words[@]} > 1 )) && previous=${words[-2]}
  for word in "${words[@]:1:${#words[@]}-2}"; do
    word="${command:+$command }$word"
    case $word in )" +
         joined(paths, "|") + R"() command=$word ;; esac
  done
)" + bash_steps(app) +
         R"(  case $command in
)" + cases +
         R"(    '') positional='_shoal_words ")" + joined(names, " ") + R"("' ;;
  esac
  if [[ $current == -* ]]; then _shoal_words "$flags"; else eval "$positional"; fi
}
_shoal() {
  COMPREPLY=()
  _shoal_complete
  # Readline takes ':' as the end of a word, so it wants only what follows the last one.
  local line="${COMP_LINE:0:COMP_POINT}" i
  local current=${line##*[[:space:]]}
  if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
    local prefix=${current%"${current##*:}"}
    for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$prefix"}; done
  fi
}
complete -F _shoal shoal
)";
}

std::string zsh_values(const CLI::Option& option) {
  const auto type = option.get_type_name();
  if (type == "FILE") return ":file:_files";
  if (type == "IMAGE") return ":image:_shoal_images";
  if (const auto words = words_of(option); !words.empty()) return ":value:(" + words + ")";
  return ":" + type + ":";
}

/// Descriptions stand between brackets, with colons special.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_arguments(const CLI::App& app, bool with_positionals = true) {
  std::string out;
  for (const auto* option : options_of(app)) {
    const auto tail = takes_value(*option) ? zsh_values(*option) : "";
    if (option->get_positional()) {
      if (!with_positionals) continue;
      out += " \\\n        " + quoted_text("1" + tail);
      continue;
    }
    for (const auto& name : names_of(*option)) {
      out += " \\\n        " +
             quoted_text(name + "[" + zsh_text(option->get_description()) + "]" + tail);
    }
  }
  return out;
}

std::string zsh_script(const CLI::App& app) {
  std::string commands;
  std::string cases;
  for (const auto* command : commands_of(app)) {
    commands += "    " +
                quoted_text(command->get_name() + ":" + zsh_text(command->get_description())) +
                "\n";
    cases += "    " + command->get_name() + ")\n      _arguments" + zsh_arguments(*command);
    for (const auto* inner : commands_of(*command))
      cases += zsh_arguments(*inner, false);
    if (const auto inner = names_below(*command); !inner.empty()) {
      cases += " \\\n        " + quoted_text("1:command:(" + joined(inner, " ") + ")");
    }
    cases += zsh_arguments(app) + "\n      ;;\n";
  }
  return std::string{"#compdef shoal\n# zsh completion of shoal; made by: shoal completion zsh\n"} +
         "_shoal_images() {\n  local -a images\n  images=(${(f)\"$(" + list_images +
         ")\"})\n  compadd -a images\n}\n" +
         "_shoal() {\n  local -a commands\n  local context state state_descr line\n"
         "  typeset -A opt_args\n  commands=(\n" +
         commands + "  )\n  _arguments -C" + zsh_arguments(app) +
         " \\\n        '1:command:->command' '*::argument:->argument'\n"
         "  case $state in\n  command) _describe command commands ;;\n  argument)\n"
         "    case $words[1] in\n" +
         cases + "    esac\n    ;;\n  esac\n}\n" +
         "if [ \"$funcstack[1]\" = _shoal ]; then _shoal \"$@\"; else compdef _shoal shoal; fi\n";
}

std::string fish_line(const CLI::Option& option, const std::string& condition) {
  std::string out = "complete -c shoal" + condition;
  for (const auto& name : option.get_snames())
    out += " -s " + name;
  for (const auto& name : option.get_lnames())
    out += " -l " + name;
  const auto type = option.get_type_name();
  if (takes_value(option) || option.get_positional()) {
    if (type == "FILE") {
      out += option.get_positional() ? " -F" : " -r -F";
    } else if (type == "IMAGE") {
      out += std::string{" -x -a "} + quoted_text(std::string{"("} + list_images + ")");
    } else if (const auto words = words_of(option); !words.empty()) {
      out += " -x -a " + quoted_text(words);
    } else {
      out += " -x";
    }
  }
  return out + " -d " + quoted_text(option.get_description()) + "\n";
}

std::string fish_script(const CLI::App& app) {
  std::string out = "# fish completion of shoal; made by: shoal completion fish\n"
                    "complete -c shoal -f\n";
  for (const auto* option : options_of(app))
    out += fish_line(*option, "");
  for (const auto* command : commands_of(app)) {
    const auto name = command->get_name();
    out += "complete -c shoal -n __fish_use_subcommand -a " + name + " -d " +
           quoted_text(command->get_description()) + "\n";
    const auto seen = "__fish_seen_subcommand_from " + name;
    for (const auto* option : options_of(*command)) {
      out += fish_line(*option, " -n " + quoted_text(seen));
    }
    for (const auto* inner : commands_of(*command)) {
      out += "complete -c shoal -n " + quoted_text(seen) + " -a " + inner->get_name() + " -d " +
             quoted_text(inner->get_description()) + "\n";
      const auto both = seen + "; and __fish_seen_subcommand_from " + inner->get_name();
      for (const auto* option : options_of(*inner)) {
        out += fish_line(*option, " -n " + quoted_text(both));
      }
    }
  }
  return out;
}

} // namespace

std::string completion_script(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash_script(app);
  if (shell == "zsh") return zsh_script(app);
  return fish_script(app);
}

void add_completion(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("completion", "Print a shell's completion script");
  const auto shell = std::make_shared<std::string>();
  takes_one_of(command->add_option("shell", *shell, "which shell"), {"bash", "zsh", "fish"})
      ->required();
  command->footer("Examples:\n"
                  "  source <(shoal completion bash)\n"
                  "  shoal completion zsh > \"${fpath[1]}/_shoal\"\n"
                  "  shoal completion fish > ~/.config/fish/completions/shoal.fish");
  command->callback([&app, &to, shell] {
    to.action = [&app, &to, shell]() -> result<void> {
      to.print(completion_script(app, *shell));
      return {};
    };
  });
}

} // namespace shoal::cli
