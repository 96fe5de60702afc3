#include "tests/unit/tools/shoal/command_fixture.hpp"

#include <fstream>

namespace shoal::tests {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* all_commands[] = {"publish", "images",     "get",    "plan", "verify",
                                        "rm",      "hosts",      "status", "jobs", "torrent",
                                        "place",   "prestage",   "cache",  "ca",   "completion",
                                        "version"};

TEST_F(CommandTest, HelpOfEveryCommandHasExamplesOnStandardOutput) {
  for (const auto* command : all_commands) {
    const auto done = run({command, "--help"});
    EXPECT_EQ(done.code, 0) << command;
    EXPECT_THAT(done.out, HasSubstr(std::string{"Examples:\n  "})) << command;
    EXPECT_THAT(done.out, HasSubstr("shoal " + std::string{command})) << command;
    EXPECT_EQ(done.err, "") << command;
  }
  const auto whole = run({"--help"});
  for (const auto* command : all_commands)
    EXPECT_THAT(whole.out, HasSubstr(command));
  EXPECT_THAT(whole.out, HasSubstr("Exit codes:"));
}

TEST_F(CommandTest, WrongUsageIsTwoAndSilentOnStandardOutput) {
  const std::vector<std::vector<std::string>> cases = {
      {},
      {"frobnicate"},
      {"images", "--nonsense"},
      {"images", "-o", "yaml"},
      {"get"},
      {"get", "web"},
      {"get", "a/b:1"},
      {"get", "..:1"},
      {"get", "a:b:c"},
      {"get", "a\nb:1"},
      {"get", std::string(300, 'x') + ":1"},
      {"get", "web:1", "--format", "vmdk", "--to", "x"},
      {"get", "web:1", "--format", "qcow2"},
      {"publish", "x"},
      {"publish", "x", "--name", "a/b", "--version", "1"},
      {"publish", "x", "--name", "a", "--version", "\x1b[31m"},
      {"publish", "x", "--name", "a", "--version", "1", "--compress", "zstd:20"},
      {"publish", "x", "--name", "a", "--version", "1", "--chunker", "rabin"},
      {"publish", "x", "--name", "a", "--version", "1", "--parent", "b"},
      {"torrent", "abc"},
      {"rm", "web:1"},
      {"jobs", "x"},
      {"jobs", "--cancel"},
      {"images", "--timeout", "soon"},
      {"completion", "tcsh"},
  };
  for (const auto& arguments : cases) {
    const auto done = run(arguments);
    EXPECT_EQ(done.code, 2) << testing::PrintToString(arguments) << done.err;
    EXPECT_EQ(done.out, "");
    EXPECT_THAT(done.err, HasSubstr("shoal: "));
    EXPECT_THAT(done.err, Not(HasSubstr("\x1b"))) << "steers the terminal";
    EXPECT_LT(done.err.size(), 600u);
  }
  EXPECT_TRUE(node.published.empty() && node.got.empty() && node.removed.empty());
}

TEST_F(CommandTest, NoDaemonIsSevenAndSaysHowToStartIt) {
  stop_daemon();
  for (const auto* command : {"images", "hosts", "status", "jobs"}) {
    const auto done = run({command});
    EXPECT_EQ(done.code, 7);
    EXPECT_THAT(done.err, HasSubstr("systemctl start shoald"));
    EXPECT_EQ(done.out, "");
  }
}

TEST_F(CommandTest, EveryFaultOfTheDaemonIsItsExitCode) {
  for (const auto code :
       {errc::failed, errc::invalid_argument, errc::partial, errc::not_found, errc::corrupt,
        errc::denied, errc::unreachable, errc::no_space, errc::permission, errc::conflict}) {
    node.fault = error{code, "because of \x1b[31mthis"};
    const auto done = run({"images"});
    EXPECT_EQ(done.code, exit_code(code));
    EXPECT_EQ(done.err, "shoal: because of ?[31mthis\n");
  }
}

TEST_F(CommandTest, PublishMakesTheFileAbsoluteAndPrintsItsResult) {
  node.next_job = {.state = actors::job_state::done,
                   .seconds = 2,
                   .data_bytes = 1000,
                   .new_bytes = 100,
                   .pack_bytes = 50,
                   .waste = 0.02};
  const auto done = json_of({"publish", "some/../x.raw", "--name", "web", "--version", "2",
                             "--parent", "web:1", "--chunker", "fixed", "--compress", "zstd:3"});
  EXPECT_THAT(keys_of(done), ElementsAre("data_bytes", "image", "job", "new_bytes", "pack_bytes",
                                         "seconds", "waste"));
  EXPECT_EQ(done["image"], "web:2");
  ASSERT_EQ(node.published.size(), 1u);
  EXPECT_EQ(node.published[0].file, std::filesystem::current_path() / "x.raw");
  EXPECT_EQ(node.published[0].compression_level, 3);
  EXPECT_THAT(run({"publish", "x", "--name", "web", "--version", "2"}).out,
              HasSubstr("new       100 B (10 % of the data)\n"));
}

TEST_F(CommandTest, GetSaysWhereTheBytesCameFrom) {
  node.next_job = {.state = actors::job_state::done,
                   .seconds = 1.5,
                   .sources = {.own_store = 10, .own_rack = 20, .own_site = 30, .other_sites = 40},
                   .needed_bytes = 100,
                   .received_from = {{"h2", 60}, {"h3", 30}},
                   .verified = true};
  const auto done = json_of({"get", "web:2", "--to", "out.qcow2", "--format", "qcow2"});
  const std::string file = std::filesystem::current_path() / "out.qcow2";
  EXPECT_EQ(done, json({{"image", "web:2"},
                        {"job", 1},
                        {"needed_bytes", 100},
                        {"own_store", 10},
                        {"own_rack", 20},
                        {"own_site", 30},
                        {"other_sites", 40},
                        {"seconds", 1.5},
                        {"verified", true},
                        {"received_from", {{"h2", 60}, {"h3", 30}}},
                        {"file", file}}));
  EXPECT_EQ(node.got[0].format, actors::export_format::qcow2);
  EXPECT_TRUE(json_of({"get", "web:2"})["file"].is_null());
  const auto shown = run({"get", "web:2"}).out;
  EXPECT_THAT(shown, HasSubstr("own rack       20 B (20 %)\n"));
  EXPECT_THAT(shown, HasSubstr("verified       yes\n"));
  EXPECT_EQ(run({"get", "web:2", "-q"}).out, "");
}

TEST_F(CommandTest, AFailedJobIsItsFaultsExitCode) {
  node.next_job = {.state = actors::job_state::failed,
                   .fault = error{errc::no_space, "the store's quota is too small"}};
  const auto done = run({"get", "web:2"});
  EXPECT_EQ(done.code, 8);
  EXPECT_EQ(done.err, "shoal: the store's quota is too small\n");
  node.next_job = {.state = actors::job_state::done, .verified = false};
  EXPECT_EQ(run({"verify", "web:2"}).code, 5);
  node.next_job = {.state = actors::job_state::cancelled};
  EXPECT_EQ(run({"get", "web:2"}).code, 130);
}

TEST_F(CommandTest, WarningsGoToStandardErrorUnlessQuiet) {
  node.next_job = {.state = actors::job_state::done, .warnings = {"banned h3"}};
  EXPECT_THAT(run({"get", "web:2"}).err, HasSubstr("warning: banned h3\n"));
  EXPECT_EQ(run({"get", "web:2", "-q"}).err, "");
}

TEST_F(CommandTest, VerifyWithoutAnImageIsTheWholeStore) {
  node.next_job = {.state = actors::job_state::done, .done_bytes = 77, .verified = true};
  const auto done = json_of({"verify"});
  EXPECT_TRUE(done["image"].is_null());
  EXPECT_EQ(done["checked_bytes"], 77);
  EXPECT_EQ(node.verified[0].image, "");
}

TEST_F(CommandTest, ListsAreAlignedTablesOrArrays) {
  EXPECT_EQ(json_of({"images"}), json::array());
  EXPECT_EQ(run({"images"}).out, "");
  node.image_list = {
      {.name = "web", .version = "2", .parent = "web:1", .virtual_bytes = 3ull << 30},
      {.name = "longer-name", .version = "1", .holder_count = 12}};
  node.host_list = {{.name = "h1", .place = "s/c/r", .online = true, .roles = {"host", "index"}}};
  const auto table = run({"images"}).out;
  EXPECT_THAT(table, HasSubstr("IMAGE          PARENT     DISK"));
  EXPECT_THAT(table, HasSubstr("web:2          web:1   3.0 GiB"));
  EXPECT_THAT(table, HasSubstr("longer-name:1  -           0 B"));
  EXPECT_EQ(run({"images", "-q"}).out, "web:2\nlonger-name:1\n");
  EXPECT_EQ(json_of({"images"})[1]["holder_count"], 12);
  EXPECT_THAT(run({"hosts"}).out, HasSubstr("host,index"));
  EXPECT_EQ(json_of({"hosts"})[0]["online"], true);
}

TEST_F(CommandTest, StatusShowsTransfersAndWarnings) {
  node.node.self.name = "h7";
  node.node.transfers = {{.pack = std::string(64, 'a'), .fetching = true, .pieces_wanted = 9}};
  node.node.warnings = {"the disk is nearly full"};
  const auto done = run({"status"});
  EXPECT_THAT(done.out, HasSubstr("host        h7\n"));
  EXPECT_THAT(done.out, HasSubstr("aaaaaaaaaaaaaaaa  fetch  0 of 9"));
  EXPECT_THAT(done.err, HasSubstr("nearly full"));
  EXPECT_EQ(json_of({"status"})["self"]["name"], "h7");
}

TEST_F(CommandTest, PlanIsFlat) {
  node.planned = {.needed_bytes = 100, .sources = {.own_rack = 60, .nowhere = 40}};
  node.planned.packs = {{.pack = "ab", .pieces_needed = 4, .pieces_missing = 2}};
  const auto plan = json_of({"plan", "web:2"});
  EXPECT_EQ(plan["own_rack"], 60);
  EXPECT_EQ(plan["packs"][0]["own_store"], 0);
  EXPECT_FALSE(plan.contains("sources") || plan["packs"][0].contains("sources"));
  const auto shown = run({"plan", "web:2"});
  EXPECT_THAT(shown.out, HasSubstr("2 of 4"));
  EXPECT_THAT(shown.err, HasSubstr("on no host"));
}

TEST_F(CommandTest, RemovalWantsToBeSure) {
  EXPECT_THAT(run({"rm", "web:1"}).err, HasSubstr("give -y"));
  EXPECT_EQ(json_of({"rm", "web:1", "-y"})["freed_bytes"], 4096);
  EXPECT_EQ(node.removed, std::vector<std::string>{"web:1"});
}

TEST_F(CommandTest, TorrentIsWrittenAsItIs) {
  const std::string pack(64, 'b');
  const auto piped = run({"torrent", pack});
  EXPECT_EQ(piped.out, std::string{"d4:name"} + '\0' + pack + "e");
  const auto file = folder_ / "x.torrent";
  EXPECT_EQ(run({"torrent", pack, "--to", file}).code, 0);
  EXPECT_EQ(std::filesystem::file_size(file), piped.out.size());
  EXPECT_NE(run({"torrent", pack, "--to", "/nowhere/x"}).code, 0);
}

TEST_F(CommandTest, AResultThatCannotBeWrittenIsAFault) {
  node.image_list.assign(200, {.name = "web", .version = "2"});
  const auto done =
      child{{"/bin/sh", "-c", SHOAL_COMMAND " images > /dev/full"}, {{"SHOAL_SOCKET", socket_}}}
          .finish();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("cannot write the result"));
}

TEST_F(CommandTest, VersionIsBothTextAndJson) {
  EXPECT_EQ(run({"version"}).out, "shoal " SHOAL_VERSION "\n");
  EXPECT_EQ(json_of({"version"})["version"], SHOAL_VERSION);
}

} // namespace
} // namespace shoal::tests
