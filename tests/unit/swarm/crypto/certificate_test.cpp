#include "swarm/crypto/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>

namespace shoal::swarm {
namespace {

using namespace std::chrono_literals;

const certificate_subject node{
    .host = "n17", .where = {"lyon", "nova", "rack1"}, .roles = {"host", "index"}};

struct x509_closer {
  void operator()(X509* held) const { X509_free(held); }
};
using x509_owner = std::unique_ptr<X509, x509_closer>;

x509_owner load(const std::filesystem::path& file) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> opened{std::fopen(file.c_str(), "r"),
                                                         &std::fclose};
  return x509_owner{PEM_read_X509(opened.get(), nullptr, nullptr, nullptr)};
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status {};
  EXPECT_EQ(::stat(file.c_str(), &status), 0);
  return status.st_mode & 07777U;
}

class CertificateTest : public ::testing::Test {
protected:
  void SetUp() override {
    auto name = (std::filesystem::temp_directory_path() / "certificate_test.XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    authority = {folder / "ca.crt", folder / "ca.key"};
    files = {folder / "node.crt", folder / "node.key"};
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] certificate_validity lasting(std::chrono::seconds length) const {
    return certificate_validity::lasting(now, length);
  }
  [[nodiscard]] result<void> create() const {
    return create_authority("shoal-test", authority, lasting(authority_lifetime));
  }

  const std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
  std::filesystem::path folder;
  certificate_files authority;
  certificate_files files;
};

TEST_F(CertificateTest, SaysWhatItWasIssuedFor) {
  ASSERT_TRUE(create().ok());
  const auto validity = lasting(24h);
  ASSERT_TRUE(issue_certificate(authority, files, node, validity).ok());
  const auto read = read_certificate(files.certificate);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->subject, node);
  EXPECT_EQ(read->validity, validity);
}

TEST_F(CertificateTest, IsSignedByTheAuthorityForClientsAndServersOfAnyBulkName) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(24h)).ok());
  const auto root = load(authority.certificate);
  const auto held = load(files.certificate);
  ASSERT_TRUE(root && held);
  EXPECT_EQ(X509_verify(held.get(), X509_get0_pubkey(root.get())), 1);
  EXPECT_EQ(X509_check_issued(root.get(), held.get()), X509_V_OK);
  EXPECT_EQ(X509_check_purpose(held.get(), X509_PURPOSE_SSL_CLIENT, 0), 1);
  EXPECT_EQ(X509_check_purpose(held.get(), X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_check_ca(held.get()), 0);
  EXPECT_EQ(X509_check_host(held.get(), "n17", 0, 0, nullptr), 1);
  auto nine_years_on = std::chrono::system_clock::to_time_t(now + 9 * 8760h);
  EXPECT_EQ(X509_cmp_time(X509_get0_notAfter(root.get()), &nine_years_on), 1);
}

TEST_F(CertificateTest, KeepsKeysFromOtherEyes) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(24h)).ok());
  EXPECT_EQ(mode_of(authority.key), 0600U);
  EXPECT_EQ(mode_of(files.key), 0600U);
  EXPECT_EQ(mode_of(files.certificate), 0644U);
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{folder})
    ++count;
  EXPECT_EQ(count, 4U) << "a temporary file was left";
}

TEST_F(CertificateTest, MayBeIssuedExpiredAlready) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(-60s)).ok());
  const auto read = read_certificate(files.certificate);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_LT(read->validity.not_after, now);
}

TEST_F(CertificateTest, IsRenewedInPlaceButAnAuthorityIsNeverReplaced) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(1h)).ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(48h)).ok());
  EXPECT_EQ(read_certificate(files.certificate)->validity, lasting(48h));
  const auto again = create();
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, errc::conflict);
  EXPECT_NE(again.error().message.find(authority.certificate.string()), std::string::npos);
}

TEST_F(CertificateTest, RefusesNamesThatCouldSmuggleAnotherRole) {
  ASSERT_TRUE(create().ok());
  for (const auto& bad : {"", "a,URI:shoal:role:gis", "a/b", "..", "a\nb"}) {
    auto subject = node;
    subject.host = bad;
    EXPECT_EQ(issue_certificate(authority, files, subject, lasting(1h)).error().code,
              errc::invalid_argument);
    subject = node;
    subject.where.rack = bad;
    EXPECT_EQ(issue_certificate(authority, files, subject, lasting(1h)).error().code,
              errc::invalid_argument);
    subject = node;
    subject.roles = {bad};
    EXPECT_EQ(issue_certificate(authority, files, subject, lasting(1h)).error().code,
              errc::invalid_argument);
  }
  auto subject = node;
  subject.roles.clear();
  EXPECT_FALSE(issue_certificate(authority, files, subject, lasting(1h)).ok());
  subject = node;
  subject.host = std::string(65, 'a');
  EXPECT_FALSE(issue_certificate(authority, files, subject, lasting(1h)).ok());
  EXPECT_FALSE(std::filesystem::exists(files.key));
}

TEST_F(CertificateTest, NamesTheFileThatIsWrong) {
  const auto missing = read_certificate(files.certificate);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, errc::not_found);
  EXPECT_NE(missing.error().message.find(files.certificate.string()), std::string::npos);

  std::ofstream{files.certificate} << "not a certificate";
  const auto garbage = read_certificate(files.certificate);
  ASSERT_FALSE(garbage.ok());
  EXPECT_EQ(garbage.error().code, errc::corrupt);
  EXPECT_NE(garbage.error().message.find(files.certificate.string()), std::string::npos);

  ASSERT_TRUE(create().ok());
  const auto unwritable = issue_certificate(
      authority, {folder / "absent" / "a.crt", folder / "absent" / "a.key"}, node, lasting(1h));
  ASSERT_FALSE(unwritable.ok());
  EXPECT_EQ(unwritable.error().code, errc::not_found);
  EXPECT_NE(unwritable.error().message.find("absent"), std::string::npos);
}

TEST_F(CertificateTest, IsIssuedByAnAuthorityWithItsOwnKeyOnly) {
  ASSERT_TRUE(create().ok());
  ASSERT_TRUE(issue_certificate(authority, files, node, lasting(1h)).ok());
  const certificate_files other{folder / "other.crt", folder / "other.key"};
  const auto by_a_node = issue_certificate(files, other, node, lasting(1h));
  ASSERT_FALSE(by_a_node.ok());
  EXPECT_EQ(by_a_node.error().code, errc::invalid_argument);
  const auto wrong_key =
      issue_certificate({authority.certificate, files.key}, other, node, lasting(1h));
  ASSERT_FALSE(wrong_key.ok());
  EXPECT_EQ(wrong_key.error().code, errc::invalid_argument);
}

TEST_F(CertificateTest, OfTheAuthorityIsNoNodes) {
  ASSERT_TRUE(create().ok());
  const auto read = read_certificate(authority.certificate);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, errc::denied);
}

} // namespace
} // namespace shoal::swarm
