// The real command against a real HTTP server whose node does what the test says.
//
// Threads: the test's; the server has its own.
#pragma once

#include "tests/unit/tools/shoal/child.hpp"
#include "tests/unit/web/routes/fake_node.hpp"
#include "web/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>

namespace shoal::tests {

class CommandTest : public ::testing::Test {
protected:
  CommandTest() {
    char folder[] = "/tmp/shoal-cli-XXXXXX";
    folder_ = ::mkdtemp(folder);
    socket_ = folder_ / "s";
    auto started =
        web::http_server::start({.socket = socket_}, [this](const web::api_request& request) {
          return api.handle(request);
        });
    EXPECT_TRUE(started);
    server_ = std::move(started).value();
  }
  ~CommandTest() override {
    api.stop();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// The command, started, its errors on a terminal or a pipe.
  std::unique_ptr<child> start(std::vector<std::string> arguments,
                               child::errors where = child::errors::to_pipe,
                               std::map<std::string, std::string> environment = {}) {
    arguments.insert(arguments.begin(), SHOAL_COMMAND);
    environment.emplace("SHOAL_SOCKET", socket_);
    return std::make_unique<child>(arguments, environment, where);
  }

  /// The command, run to its end.
  outcome run(std::vector<std::string> arguments) { return start(std::move(arguments))->finish(); }

  /// A command that must succeed, its standard output as JSON.
  nlohmann::json json_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", "json"});
    const auto done = run(std::move(arguments));
    EXPECT_EQ(done.code, 0) << done.err;
    return nlohmann::json::parse(done.out, nullptr, false);
  }

  /// The names of a JSON object's fields.
  static std::vector<std::string> keys_of(const nlohmann::json& object) {
    std::vector<std::string> out;
    for (const auto& [key, value] : object.items())
      out.push_back(key);
    return out;
  }

  void stop_daemon() { server_->stop(); }

  fake_node node;
  web::routes api{node, "9.8.7"};
  std::filesystem::path folder_;
  std::string socket_;

private:
  std::unique_ptr<web::http_server> server_;
};

} // namespace shoal::tests
