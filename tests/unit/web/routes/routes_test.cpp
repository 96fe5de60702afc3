#include "tests/unit/web/routes/fake_node.hpp"
#include "web/json.hpp"
#include "web/routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>
#include <thread>

namespace shoal::web {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class RoutesTest : public ::testing::Test {
protected:
  api_response ask(std::string method, std::string target, std::string body = "") {
    return api.handle({std::move(method), std::move(target), std::move(body)});
  }

  json content(const api_response& response) { return json::parse(response.body); }

  /// The problem's code and detail, having checked that it is one.
  std::pair<std::string, std::string> fault(const api_response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json") << response.body;
    const auto document = content(response);
    EXPECT_EQ(document["status"], response.status);
    EXPECT_TRUE(document.contains("type") && document.contains("title"));
    return {document["code"], document["detail"]};
  }

  tests::fake_node node;
  routes api{node, "9.8.7"};
};

TEST_F(RoutesTest, PublishTakesEveryFieldAndAnswersWithTheJob) {
  const auto response = ask("POST", "/api/v1/images",
                            R"({"file":"/a b.raw","name":"web","version":"2","parent":"web:1",
                                "chunker":"fixed","compress":"zstd:7"})");
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(content(response), json({{"job", 1}}));
  EXPECT_EQ(response.headers.at(0).second, "/api/v1/jobs/1");
  ASSERT_EQ(node.published.size(), 1u);
  const auto& order = node.published[0];
  EXPECT_EQ(order.file, "/a b.raw");
  EXPECT_EQ(order.name + ":" + order.version, "web:2");
  EXPECT_EQ(order.parent, "web:1");
  EXPECT_EQ(order.cut, swarm::chunking::fixed);
  EXPECT_EQ(order.compression_level, 7);
}

TEST_F(RoutesTest, PublishWithoutCompressionStoresPlain) {
  ask("POST", "/api/v1/images", R"({"file":"/a","name":"a","version":"1","compress":"none"})");
  ASSERT_EQ(node.published.size(), 1u);
  EXPECT_EQ(node.published[0].how, swarm::compression::none);
}

TEST_F(RoutesTest, BadBodiesNameTheField) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"file":"/a","name":"a","version":"1","colour":"red"})", "'colour'"},
      {R"({"file":"/a","name":"a","version":1})", "'version' must be a string"},
      {R"({"file":"a","name":"a","version":"1"})", "'file': 'a' is not an absolute path"},
      {R"({"name":"a","version":"1"})", "'file'"},
      {R"({"file":"/a","version":"1"})", "'name' is missing"},
      {R"({"file":"/a","name":"a/b","version":"1"})", "'name': 'a/b'"},
      {R"({"file":"/a","name":"..","version":"1"})", "'name'"},
      {R"({"file":"/a","name":"a\u0007b","version":"1"})", "'a?b'"},
      {R"({"file":"/a\u0000b","name":"a","version":"1"})", "zero byte"},
      {R"({"file":"/a","name":"a","version":"1","parent":"b"})", "'parent'"},
      {R"({"file":"/a","name":"a","version":"1","chunker":"rabin"})", "'chunker'"},
      {R"({"file":"/a","name":"a","version":"1","compress":"zstd:20"})", "'compress'"},
      {R"({"file":"/a","name":"a","version":"1","compress":"zstd:1x"})", "'compress'"},
      {R"(["file"])", "not a JSON object"},
      {R"({"file")", "not JSON"},
      {"", "not JSON"},
  };
  for (const auto& [body, expected] : cases) {
    const auto response = ask("POST", "/api/v1/images", body);
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(fault(response).first, "invalid_argument");
    EXPECT_THAT(fault(response).second, HasSubstr(expected)) << body;
  }
  const json long_name = {{"file", "/a"}, {"name", std::string(300, 'n')}, {"version", "1"}};
  const auto response = ask("POST", "/api/v1/images", long_name.dump());
  EXPECT_EQ(response.status, 400);
  EXPECT_LT(response.body.size(), 500u) << "the sentence repeats too much of the input";
  EXPECT_TRUE(node.published.empty());
}

TEST_F(RoutesTest, GetAndVerifyAreJobsToo) {
  EXPECT_EQ(
      ask("POST", "/api/v1/gets", R"({"image":"web:2","to_file":"/x.qcow2","format":"qcow2"})")
          .status,
      202);
  ASSERT_EQ(node.got.size(), 1u);
  EXPECT_EQ(node.got[0].format, actors::export_format::qcow2);
  EXPECT_EQ(ask("POST", "/api/v1/gets", R"({"image":"web"})").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/gets", R"({"image":"web:2","to_file":"x"})").status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/gets", R"({"image":"web:2","format":"vmdk"})").status, 400);
  EXPECT_EQ(content(ask("POST", "/api/v1/verifications"))["job"], 2);
  EXPECT_EQ(content(ask("POST", "/api/v1/verifications", R"({"image":"web:2"})"))["job"], 3);
  EXPECT_EQ(node.verified[1].image, "web:2");
}

TEST_F(RoutesTest, AJobIsShownWithItsFault) {
  node.next_job.received_from = {{"h1", 10}, {"h2", 20}};
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  auto job = content(ask("GET", "/api/v1/jobs/1"));
  EXPECT_EQ(job["state"], "running");
  EXPECT_EQ(job["received_from"]["h2"], 20);
  EXPECT_TRUE(job["error"].is_null());
  node.end_jobs(actors::job_state::failed, error{errc::no_space, "the disk is full"});
  job = content(ask("GET", "/api/v1/jobs/1?wait_ms=10000"));
  EXPECT_EQ(job["state"], "failed");
  EXPECT_EQ(job["error"]["code"], "no_space");
}

TEST_F(RoutesTest, WaitingEndsWithTheJob) {
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  auto waiting = std::async(std::launch::async,
                            [&] { return content(ask("GET", "/api/v1/jobs/1?wait_ms=10000")); });
  node.end_jobs(actors::job_state::done);
  EXPECT_EQ(waiting.get()["state"], "done");
}

TEST_F(RoutesTest, StopEndsWaitingWithoutTheJob) {
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  auto waiting = std::async(std::launch::async,
                            [&] { return content(ask("GET", "/api/v1/jobs/1?wait_ms=10000")); });
  const auto begin = std::chrono::steady_clock::now();
  api.stop();
  EXPECT_EQ(waiting.get()["state"], "running");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{5});
}

TEST_F(RoutesTest, TooManyWaitersAreAnsweredAtOnce) {
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  std::vector<std::future<api_response>> waiters;
  for (int i = 0; i < routes::waiting_max + 1; ++i) {
    waiters.push_back(
        std::async(std::launch::async, [&] { return ask("GET", "/api/v1/jobs/1?wait_ms=10000"); }));
  }
  // One of them finds no room and comes back although the job runs on.
  int answered = 0;
  while (answered == 0) {
    for (auto& waiter : waiters) {
      if (waiter.wait_for(std::chrono::milliseconds{5}) == std::future_status::ready) ++answered;
    }
  }
  EXPECT_EQ(answered, 1);
  EXPECT_EQ(node.jobs()[1].state, actors::job_state::running);
  node.end_jobs(actors::job_state::done);
}

TEST_F(RoutesTest, OddJobNamesAndWaitsAreRefused) {
  EXPECT_EQ(ask("GET", "/api/v1/jobs/7").status, 404);
  for (const auto* target :
       {"/api/v1/jobs/x", "/api/v1/jobs/-1", "/api/v1/jobs/1x", "/api/v1/jobs/",
        "/api/v1/jobs/99999999999999999999999", "/api/v1/jobs/1?wait_ms=10001",
        "/api/v1/jobs/1?wait_ms=x", "/api/v1/jobs/1?wait_ms=5&x=1", "/api/v1/jobs/1?x=1"}) {
    EXPECT_EQ(ask("GET", target).status, 400) << target;
  }
}

TEST_F(RoutesTest, CancelAnswersWithTheCancelledJob) {
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  EXPECT_EQ(content(ask("DELETE", "/api/v1/jobs/1"))["state"], "cancelled");
  EXPECT_EQ(ask("DELETE", "/api/v1/jobs/2").status, 404);
  EXPECT_EQ(content(ask("GET", "/api/v1/jobs")).size(), 1u);
}

TEST_F(RoutesTest, ListsAreArrays) {
  EXPECT_EQ(content(ask("GET", "/api/v1/images")), json::array());
  node.image_list.push_back({.name = "web", .version = "2", .holder_count = 3});
  node.host_list.push_back({.name = "h1", .place = "s/c/r", .online = true, .roles = {"host"}});
  EXPECT_EQ(content(ask("GET", "/api/v1/images"))[0]["image"], "web:2");
  EXPECT_EQ(content(ask("GET", "/api/v1/hosts"))[0]["roles"][0], "host");
}

TEST_F(RoutesTest, PlanTakesAnEncodedImage) {
  node.planned.sources.own_rack = 5;
  const auto plan = content(ask("GET", "/api/v1/plan?image=web%3A2"));
  EXPECT_EQ(plan["image"], "web:2");
  EXPECT_EQ(plan["sources"]["own_rack"], 5);
  for (const auto* target : {"/api/v1/plan", "/api/v1/plan?image=", "/api/v1/plan?image=%zz",
                             "/api/v1/plan?image=%00", "/api/v1/plan?img=web:2"}) {
    EXPECT_EQ(ask("GET", target).status, 400) << target;
  }
}

TEST_F(RoutesTest, RemovalNeverLeavesTheNamesOfImages) {
  EXPECT_EQ(content(ask("DELETE", "/api/v1/images/web%3A1"))["image"], "web:1");
  for (const auto* target : {"/api/v1/images/..%2F..%2Fetc", "/api/v1/images/web",
                             "/api/v1/images/a:b:c", "/api/v1/images/a%0Ab:1"}) {
    EXPECT_EQ(ask("DELETE", target).status, 400) << target;
  }
  EXPECT_EQ(node.removed, std::vector<std::string>{"web:1"});
}

TEST_F(RoutesTest, ATorrentIsBytes) {
  const std::string pack(64, 'a');
  const auto response = ask("GET", "/api/v1/packs/" + pack + "/torrent");
  EXPECT_EQ(response.content_type, "application/x-bittorrent");
  EXPECT_THAT(response.body, HasSubstr(pack));
  EXPECT_EQ(ask("GET", "/api/v1/packs/..%2f/torrent").status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/packs//torrent").status, 404);
}

TEST_F(RoutesTest, EveryFaultHasItsStatusAndCode) {
  const std::pair<errc, unsigned> cases[] = {
      {errc::failed, 500},     {errc::invalid_argument, 400}, {errc::not_found, 404},
      {errc::corrupt, 422},    {errc::denied, 403},           {errc::unreachable, 502},
      {errc::no_space, 507},   {errc::permission, 403},       {errc::conflict, 409},
      {errc::overloaded, 503},
  };
  for (const auto& [code, status] : cases) {
    node.fault = error{code, "a sentence"};
    const auto response = ask("GET", "/api/v1/images");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(fault(response),
              std::make_pair(std::string{to_string(code)}, std::string{"a sentence"}));
  }
}

TEST_F(RoutesTest, WrongMethodsSayWhichAreAllowed) {
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v1/images", "GET, POST"},   {"/api/v1/gets", "POST"}, {"/api/v1/hosts", "GET"},
      {"/api/v1/status", "GET"},         {"/api/v1/plan", "GET"},  {"/api/v1/jobs", "GET"},
      {"/api/v1/jobs/1", "GET, DELETE"}, {"/metrics", "GET"},      {"/healthz", "GET"},
      {"/api/v1/verifications", "POST"}, {"/readyz", "GET"},       {"/api/v1/images/a:1", "DELETE"},
  };
  for (const auto& [target, allowed] : cases) {
    const auto response = ask("PUT", target);
    EXPECT_EQ(response.status, 405) << target;
    ASSERT_FALSE(response.headers.empty()) << target;
    EXPECT_EQ(response.headers[0], std::make_pair(std::string{"Allow"}, std::string{allowed}));
  }
}

TEST_F(RoutesTest, UnknownTargetsAreNotFound) {
  for (const auto* target : {"/", "/api", "/api/v1", "/api/v1/nothing", "/api/v2/images",
                             "/api/v1/packs/x", "/api/v1images"}) {
    EXPECT_EQ(ask("GET", target).status, 404) << target;
  }
  for (const auto* target : {"", "images", "*", "/%", "/%4"}) {
    EXPECT_EQ(ask("GET", target).status, 400) << target;
  }
}

TEST_F(RoutesTest, HealthIsNotReadiness) {
  node.node.state = "joining";
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  node.node.state = "joined";
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  node.fault = error{errc::failed, "broken"};
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
}

TEST_F(RoutesTest, MetricsAreSamplesWithHelpAndType) {
  node.node.self.name = "h\"1\\";
  node.node.received_bytes = 17;
  node.node.transfers = {{.pack = "a", .fetching = true, .peer_count = 3}, {.pack = "b"}};
  ask("POST", "/api/v1/gets", R"({"image":"web:2"})");
  const auto response = ask("GET", "/metrics");
  EXPECT_THAT(response.content_type, HasSubstr("version=0.0.4"));
  for (const auto* line :
       {"shoal_build_info{version=\"9.8.7\"} 1\n", "name=\"h\\\"1\\\\\"",
        "# TYPE shoal_bytes_received_total counter\nshoal_bytes_received_total 17\n",
        "shoal_jobs{kind=\"get\",state=\"running\"} 1\n",
        "shoal_jobs{kind=\"publish\",state=\"failed\"} 0\n",
        "shoal_transfers{direction=\"fetch\"} 1\n", "shoal_transfers{direction=\"serve\"} 1\n",
        "shoal_peers 3\n", "shoal_store_quota_bytes 0\n"}) {
    EXPECT_THAT(response.body, HasSubstr(line));
  }
}

TEST_F(RoutesTest, BytesThatAreNotUtf8DoNotBreakAnAnswer) {
  node.image_list.push_back({.name = "a", .version = "1", .publisher = "h\xff\xfe"});
  EXPECT_EQ(content(ask("GET", "/api/v1/images")).size(), 1u);
}

} // namespace
} // namespace shoal::web
