#include "swarm/catalogue/schema.hpp"

#include "swarm/catalogue/dialect.hpp"
#include "tests/unit/swarm/catalogue/publications.hpp"

#include <gmock/gmock.h>

namespace shoal::swarm {
namespace {

using ::testing::HasSubstr;

class SchemaTest : public ::testing::Test {
protected:
  std::unique_ptr<soci::session> open() {
    auto opened = dialect::open(path_);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return std::move(*opened);
  }

  result<void> migrate(const std::vector<schema_step>& steps) {
    const auto sql = open();
    return bring_up_to_date(*sql, steps, path_);
  }

  long long number(const std::string& query) {
    long long value = -1;
    *open() << query, soci::into(value);
    return value;
  }

  scratch_directory directory_;
  const std::string path_ = directory_ / "catalogue.db";
  const schema_step first_{"create table fish (name text)", "insert into fish values ('cod')"};
  const schema_step second_{"alter table fish add weight integer default 3"};
};

TEST_F(SchemaTest, MigratesStepByStepAndKeepsTheRows) {
  ASSERT_TRUE(migrate({first_}).ok());
  EXPECT_EQ(number("select version from schema_version"), 1);
  ASSERT_TRUE(migrate({first_, second_}).ok());
  ASSERT_TRUE(migrate({first_, second_}).ok());
  EXPECT_EQ(number("select version from schema_version"), 2);
  EXPECT_EQ(number("select sum(weight) from fish"), 3);
}

TEST_F(SchemaTest, AFailedStepLeavesTheOlderSchemaWhole) {
  const schema_step broken{"alter table fish add weight integer", "no such statement"};
  ASSERT_TRUE(migrate({first_}).ok());
  EXPECT_THROW(static_cast<void>(migrate({first_, broken})), soci::soci_error);
  EXPECT_EQ(number("select version from schema_version"), 1);
  EXPECT_TRUE(migrate({first_, second_}).ok());
}

TEST_F(SchemaTest, ACatalogueOfTheFirstSchemaIsBroughtUpToDateWithAllItKnows) {
  ASSERT_TRUE(migrate({schema_steps()[0]}).ok());
  *open() << "insert into host values ('h1', 'here/c1/r1', '127.0.0.1', 1, 2, 'yesterday')";
  const auto opened = catalogue::open(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ((*opened)->hosts().value().size(), 1u);
  const auto order = fresh_image("web", "1", chunks("web", 10));
  ASSERT_TRUE((*opened)->publish(order).ok());
  EXPECT_EQ((*opened)->image("web", "1").value().recipe, order.recipe);
  ASSERT_TRUE((*opened)->remove_image("web", "1").ok());
  EXPECT_EQ((*opened)->fates_of({&order.new_pack->id, 1}).value().removed.size(), 1u);
}

TEST_F(SchemaTest, ANewerSchemaIsRefusedAndUntouched) {
  ASSERT_TRUE(catalogue::open(path_).ok());
  const auto newer = static_cast<long long>(schema_steps().size()) + 1;
  *open() << "update schema_version set version = :version", soci::use(newer);
  const auto refused = catalogue::open(path_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr(path_));
  EXPECT_THAT(refused.error().message, HasSubstr("newer Shoal"));
  EXPECT_EQ(number("select version from schema_version"), newer);
}

TEST_F(SchemaTest, SomebodyElsesDatabaseIsRefused) {
  *open() << "create table recipes (cake text)";
  const auto refused = catalogue::open(path_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::corrupt);
  EXPECT_THAT(refused.error().message, HasSubstr("not a Shoal catalogue"));
}

} // namespace
} // namespace shoal::swarm
