#include "tests/unit/swarm/catalogue/publications.hpp"

namespace shoal::swarm {
namespace {

host_record host(const std::string& name) {
  return {.name = name,
          .place = "lyon/nova/r1",
          .address = "192.0.2.7",
          .link_port = 7401,
          .bulk_port = 65535,
          .last_seen = "2026-01-02T03:04:05Z"};
}

TEST_F(CatalogueTest, RemembersHostsByName) {
  ASSERT_TRUE(known().upsert_hosts(std::vector{host("nova-2"), host("nova-1")}).ok());
  reopen();
  EXPECT_EQ(known().hosts().value(), (std::vector{host("nova-1"), host("nova-2")}));
}

TEST_F(CatalogueTest, AHostThatComesBackReplacesWhatWasKnown) {
  auto moved = host("nova-1");
  moved.place = "lyon/nova/r2";
  moved.link_port = 1;
  moved.last_seen = "2026-02-02T03:04:05Z";
  ASSERT_TRUE(known().upsert_hosts(std::vector{host("nova-1")}).ok());
  ASSERT_TRUE(known().upsert_hosts(std::vector{moved}).ok());
  EXPECT_EQ(known().hosts().value(), std::vector{moved});
  EXPECT_EQ(known().statistics().value().host_count, 1u);
}

TEST_F(CatalogueTest, OneBadHostKeepsAllOut) {
  auto nameless = host("../x");
  EXPECT_EQ(known().upsert_hosts(std::vector{host("good"), nameless}).error().code,
            errc::invalid_argument);
  auto placeless = host("nova-1");
  placeless.place = "lyon";
  EXPECT_EQ(known().upsert_hosts(std::vector{placeless}).error().code, errc::invalid_argument);
  EXPECT_TRUE(known().hosts().value().empty());
}

} // namespace
} // namespace shoal::swarm
