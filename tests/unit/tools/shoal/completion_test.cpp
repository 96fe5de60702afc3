#include "tests/unit/tools/shoal/command_fixture.hpp"
#include "tools/shoal/application.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <sstream>

namespace shoal::tests {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CompletionTest : public CommandTest {
protected:
  /// What bash would offer for this line, one a line.
  std::string offered(const std::string& line) {
    const auto script = folder_ / "shoal.bash";
    std::ofstream{script} << run({"completion", "bash"}).out;
    const std::string program =
        "PATH=" + std::filesystem::path{SHOAL_COMMAND}.parent_path().string() + ":$PATH; source " +
        script.string() + "; COMP_LINE='" + line +
        "'; COMP_POINT=${#COMP_LINE}; _shoal; printf '%s\\n' "
        "\"${COMPREPLY[@]}\"";
    const auto done =
        child{{"/bin/bash", "--norc", "-c", program}, {{"SHOAL_SOCKET", socket_}}}.finish();
    EXPECT_EQ(done.code, 0);
    EXPECT_EQ(done.err, "");
    return done.out;
  }
};

TEST_F(CompletionTest, EveryScriptHasEveryCommandAndOption) {
  cli::session ignored;
  CLI::App app;
  cli::build(app, ignored);
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto done = run({"completion", shell});
    EXPECT_EQ(done.code, 0);
    const bool fish = shell == std::string{"fish"};
    for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
      EXPECT_THAT(done.out, HasSubstr(command->get_name())) << shell;
      auto options = command->get_options();
      for (auto* inner : command->get_subcommands([](CLI::App*) { return true; })) {
        EXPECT_THAT(done.out, HasSubstr(inner->get_name())) << shell;
        for (auto* option : inner->get_options())
          options.push_back(option);
      }
      for (const auto* option : options) {
        for (const auto& name : option->get_lnames()) {
          EXPECT_THAT(done.out, HasSubstr((fish ? "-l " : "--") + name)) << shell;
        }
      }
    }
  }
}

TEST_F(CompletionTest, BashCompletesCommandsOptionsWordsAndImages) {
  node.image_list = {{.name = "web", .version = "1"},
                     {.name = "web", .version = "2"},
                     {.name = "db", .version = "1"}};
  EXPECT_EQ(offered("shoal im"), "images\n");
  EXPECT_THAT(offered("shoal "), HasSubstr("publish\n"));
  EXPECT_EQ(offered("shoal publish x --chunker f"), "fixed\n");
  EXPECT_EQ(offered("shoal publish x --compress z"), "zstd:\n");
  EXPECT_THAT(offered("shoal get --"), HasSubstr("--format\n"));
  EXPECT_THAT(offered("shoal get --"), Not(HasSubstr("--chunker\n")));
  EXPECT_EQ(offered("shoal images -o j"), "json\n");
  EXPECT_EQ(offered("shoal -o json ve"), "verify\nversion\n");
  EXPECT_EQ(offered("shoal get w"), "web:1\nweb:2\n");
  // After a colon bash replaces only what follows it.
  EXPECT_EQ(offered("shoal get web:"), "1\n2\n");
  EXPECT_EQ(offered("shoal get nothing"), "\n");
  EXPECT_EQ(offered("shoal ca i"), "init\nissue\n");
  EXPECT_EQ(offered("shoal ca issue h1 --pl"), "--place\n");
}

/// The command, its options and its own commands are all named.
void expect_in(const std::string& page, const CLI::App& command) {
  EXPECT_THAT(page, HasSubstr(command.get_name()));
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (name != "help" && name != "yes") {
        EXPECT_THAT(page, HasSubstr("--" + name)) << command.get_name();
      }
    }
  }
  for (const auto* inner : command.get_subcommands([](const CLI::App*) { return true; })) {
    expect_in(page, *inner);
  }
}

/// The manual names every command, option and JSON field there is.
TEST_F(CompletionTest, TheManualHasEveryCommandAndOption) {
  std::ifstream in{SHOAL_MAN_FOLDER "/shoal.1"};
  std::ostringstream text;
  text << in.rdbuf();
  auto page = text.str();
  for (std::size_t at = 0; (at = page.find("\\-", at)) != std::string::npos;)
    page.erase(at, 1);
  cli::session ignored;
  CLI::App app;
  cli::build(app, ignored);
  for (const auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
    expect_in(page, *command);
  }
  node.next_job.state = actors::job_state::done;
  node.next_job.verified = true;
  node.image_list.resize(1);
  node.host_list.resize(1);
  node.planned.packs.resize(1);
  node.node.transfers.resize(1);
  const auto every_field = [&](const auto& self, const nlohmann::json& document) -> void {
    for (const auto& [key, value] : document.items()) {
      if (document.is_object()) {
        EXPECT_THAT(page, HasSubstr(key));
      }
      if (value.is_structured()) self(self, value);
    }
  };
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"publish", "x", "--name", "a", "--version", "1"},
                                             {"get", "a:1"},
                                             {"verify"},
                                             {"images"},
                                             {"hosts"},
                                             {"status"},
                                             {"jobs"},
                                             {"plan", "a:1"},
                                             {"rm", "a:1", "-y"},
                                             {"version"}}) {
    every_field(every_field, json_of(arguments));
  }
}

} // namespace
} // namespace shoal::tests
