#include "tools/shoald/config.hpp"
#include "tools/shoald/option_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace shoal::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A configuration that is valid.
daemon_config good() {
  daemon_config config;
  config.name = "h1";
  config.gis.enabled = true;
  complete(config);
  return config;
}

/// The sentence that TOML is refused with; empty when it is not.
std::string fault_of(const std::string& toml) {
  daemon_config config;
  const auto read = read_toml(toml, "f.toml", config);
  return read ? "" : read.error().message;
}

TEST(ConfigTest, ReadsEveryKey) {
  daemon_config config;
  const auto read = read_toml(R"(
name = "h7"
place = "paris/c1/r7"
[store]
directory = "/srv/shoal"
quota = "50GiB"
reserve = "2GiB"
[link]
address = "10.0.0.7"
port = 8000
[bulk]
address = "10.1.0.7"
port = 8001
tls = "all"
upload_limit = "100MB/s"
download_limit = 0
[gis]
addresses = ["gis1:7440", "[2001:db8::1]:7440"]
enabled = true
database = "/srv/catalogue.sqlite"
[tls]
certificate = "/c.crt"
key = "/c.key"
authority = "/ca.crt"
[api]
socket = "/run/s.sock"
[log]
level = "debug"
format = "json"
[publish]
threads = 3
)",
                              "f.toml", config);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(config.name, "h7");
  EXPECT_EQ(config.where.rack, "r7");
  EXPECT_EQ(config.store.quota_bytes, 50ull << 30);
  EXPECT_EQ(config.link.port, 8000);
  EXPECT_EQ(config.bulk.address, "10.1.0.7");
  EXPECT_EQ(config.bulk.tls, bulk_tls::all);
  EXPECT_EQ(config.bulk.upload_limit_bytes_per_second, 100'000'000u);
  EXPECT_EQ(config.gis.addresses.at(1), (host_port{"2001:db8::1", 7440}));
  EXPECT_TRUE(config.gis.enabled);
  EXPECT_EQ(config.log.format, log_format::json);
  EXPECT_EQ(config.publish.threads, 3u);
  EXPECT_TRUE(validate(config));
}

TEST(ConfigTest, FaultsNameTheFileTheLineAndTheKey) {
  EXPECT_THAT(fault_of("\n\nnam = \"x\""), StartsWith("f.toml:3: unknown key 'nam'"));
  EXPECT_THAT(fault_of("[store]\n\nquotas = 1"),
              StartsWith("f.toml:3: unknown key 'store.quotas'"));
  EXPECT_THAT(fault_of("quota = 1"), HasSubstr("did you mean 'store.quota'?"));
  EXPECT_THAT(fault_of("[shop]\nx = 1"), StartsWith("f.toml:1: unknown key 'shop'"));
  EXPECT_THAT(fault_of("store = 1"), StartsWith("f.toml:1: 'store' must be a table"));
  EXPECT_THAT(fault_of("[link]\nport = \"x\""),
              StartsWith("f.toml:2: link.port: expected a number"));
  EXPECT_THAT(fault_of("[link]\nport = 65536"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(fault_of("[link]\nport = -1"), HasSubstr("from 0 to 65535"));
  EXPECT_THAT(fault_of("[link]\nport = 1.5"), StartsWith("f.toml:2: link.port: expected"));
  EXPECT_THAT(fault_of("name = 5"), StartsWith("f.toml:1: name: expected a string"));
  EXPECT_THAT(fault_of("name = \"a\\u0000b\""), HasSubstr("zero byte"));
  EXPECT_THAT(fault_of("place = \"a/b\""), StartsWith("f.toml:1: place: "));
  EXPECT_THAT(fault_of("[store]\nquota = \"much\""), StartsWith("f.toml:2: store.quota: 'much'"));
  EXPECT_THAT(fault_of("[bulk]\nupload_limit = 100"), HasSubstr("bulk.upload_limit: '100'"));
  EXPECT_THAT(fault_of("[bulk]\ntls = \"on\""), HasSubstr("one of off|sites|all"));
  EXPECT_THAT(fault_of("[gis]\nenabled = \"yes\""), HasSubstr("true or false"));
  EXPECT_THAT(fault_of("[gis]\naddresses = \"gis1:1\""), HasSubstr("a list of strings"));
  EXPECT_THAT(fault_of("[gis]\naddresses = [1]"), HasSubstr("a list of strings"));
  EXPECT_THAT(fault_of("[gis]\naddresses = [\"gis1\"]"), HasSubstr("'gis1' is not an address"));
  EXPECT_THAT(fault_of("\nname = "), StartsWith("f.toml:2: "));
  EXPECT_THAT(fault_of("name = \"a\"\nname = \"b\""), StartsWith("f.toml:2: "));
  EXPECT_THAT(fault_of("\xff\xfe"), StartsWith("f.toml:1: "));
}

TEST(ConfigTest, NoPrefixOfAGoodFileCrashesTheReader) {
  const auto whole = effective_toml(good());
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    daemon_config config;
    static_cast<void>(read_toml(whole.substr(0, length), "f.toml", config));
  }
}

TEST(ConfigTest, WhatIsPrintedReadsBackTheSame) {
  auto config = good();
  config.store.quota_bytes = 123456789;
  config.bulk.upload_limit_bytes_per_second = 1'000'001;
  config.store.directory = "/a \"b\"\\\t";
  config.gis.addresses = {{"gis1", 1}, {"2001:db8::1", 2}};
  const auto printed = effective_toml(config);
  daemon_config again;
  const auto read = read_toml(printed, "f.toml", again);
  ASSERT_TRUE(read) << read.error().message << "\n" << printed;
  EXPECT_EQ(effective_toml(again), printed);
  EXPECT_EQ(again.store.directory, config.store.directory);
}

TEST(ConfigTest, TheTableHasEveryKeyOnce) {
  std::set<std::string_view> keys;
  for (const auto& one : options()) {
    EXPECT_TRUE(keys.insert(one.key).second) << one.key;
    EXPECT_FALSE(one.help.empty());
  }
  EXPECT_EQ(keys.size(), 27u);
}

TEST(ConfigTest, ValidationSaysWhatDoesNotFit) {
  EXPECT_TRUE(validate(good()));
  const auto fault_after = [](auto change) {
    auto config = good();
    change(config);
    const auto valid = validate(config);
    return valid ? std::string{} : valid.error().message;
  };
  EXPECT_THAT(fault_after([](auto& c) { c.name = "a/b"; }), StartsWith("name: 'a/b'"));
  EXPECT_THAT(fault_after([](auto& c) { c.name = std::string(300, 'x'); }), StartsWith("name: "));
  EXPECT_THAT(fault_after([](auto& c) { c.gis.enabled = false; }), StartsWith("gis.addresses: "));
  EXPECT_THAT(fault_after([](auto& c) { c.bulk.port = c.link.port; }), StartsWith("bulk.port: "));
  EXPECT_THAT(fault_after([](auto& c) { c.link.address = "eth0"; }), StartsWith("link.address: "));
  EXPECT_THAT(fault_after([](auto& c) { c.bulk.address = "1.2.3"; }), StartsWith("bulk.address: "));
  EXPECT_THAT(fault_after([](auto& c) { c.store.quota_bytes = 5; }), StartsWith("store.quota: "));
  EXPECT_THAT(fault_after([](auto& c) { c.store.directory = "s"; }), StartsWith("store.directory"));
  EXPECT_THAT(fault_after([](auto& c) { c.api.socket = "/" + std::string(107, 'x'); }),
              HasSubstr("107 bytes"));
  EXPECT_EQ(fault_after([](auto& c) { c.link.port = c.bulk.port = 0; }), "");
  EXPECT_EQ(fault_after([](auto& c) { c.bulk.tls_port = c.link.port; }), "") << "it is not used";
  EXPECT_THAT(fault_after([](auto& c) {
                c.bulk.tls = bulk_tls::all;
                c.bulk.tls_port = c.link.port;
              }),
              StartsWith("bulk.tls_port: "));
}

TEST(ConfigTest, AddressesAreHostAndPort) {
  EXPECT_EQ(*host_port::parse("gis-1.example.org:7440"), (host_port{"gis-1.example.org", 7440}));
  EXPECT_EQ(host_port::parse("[::1]:1")->text(), "[::1]:1");
  for (const auto* text : {"", ":", ":1", "a", "a:", "a:0", "a:65536", "a:1x", "::1:1", "[x]:1",
                           "a b:1", "a/b:1", "[::1]", "a:-1"}) {
    EXPECT_FALSE(host_port::parse(text)) << text;
  }
}

TEST(ConfigTest, CompletionTakesTheMachinesNameAndTheLinksAddress) {
  daemon_config config;
  config.link.address = "10.0.0.1";
  complete(config);
  EXPECT_FALSE(config.name.empty());
  EXPECT_EQ(config.name.find('.'), std::string::npos);
  EXPECT_EQ(config.bulk.address, "10.0.0.1");
}

TEST(ConfigTest, AFileThatCannotBeReadSaysWhy) {
  daemon_config config;
  EXPECT_EQ(read_toml_file("/nowhere/f.toml", config).error().code, errc::not_found);
  EXPECT_FALSE(read_toml_file("/", config));
  EXPECT_THAT(read_toml_file("/dev/zero", config).error().message, HasSubstr("1 MiB"));
}

} // namespace
} // namespace shoal::daemon
