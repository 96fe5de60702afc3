// Encrypted bulk transfers: who meets whom in which channel, and who is kept out.
#include "swarm/crypto/certificate.hpp"
#include "tests/unit/swarm/torrent/swarm_fixture.hpp"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <filesystem>

// Libtorrent 2.0.8 never frees the names it reads from a peer's certificate (torrent::verify_peer_cert):
// some 270 bytes a handshake.
extern "C" const char* __lsan_default_suppressions() { return "leak:libcrypto.so"; }

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using swarm::bulk_tls;
using swarm::default_piece_bytes;

constexpr std::uint64_t one_mib = 1024 * 1024;
const topology::place paris1{"paris", "c1", "r1"}, paris2{"paris", "c1", "r2"};
const topology::place lyon1{"lyon", "c1", "r1"};

swarm::certificate_validity lasting(std::chrono::seconds length) {
  return swarm::certificate_validity::lasting(std::chrono::system_clock::now(), length);
}

class BulkTlsTest : public SwarmFixture {
protected:
  void SetUp() override {
    std::filesystem::create_directories(directory_);
    make_authority("ca");
  }
  void TearDown() override {
    hosts_.clear();
    std::filesystem::remove_all(directory_);
  }

  std::string file(const std::string& name) const { return (directory_ / name).string(); }
  void make_authority(const std::string& name) {
    ASSERT_TRUE(swarm::create_authority(name, {file(name + ".crt"), file(name + ".key")},
                                        lasting(swarm::authority_lifetime))
                    .ok());
  }
  /// A configuration with a certificate of its own.
  swarm::swarm_session_config config(bulk_tls mode, const std::string& authority = "ca",
                                     std::chrono::seconds lifetime = 1h) {
    swarm::swarm_session_config made;
    const auto name = "node" + std::to_string(++node_count_);
    made.tls = mode;
    made.certificate_file = file(name + ".crt");
    made.key_file = file(name + ".key");
    made.authority_file = file(authority + ".crt");
    EXPECT_TRUE(swarm::issue_certificate({file(authority + ".crt"), file(authority + ".key")},
                                         {made.certificate_file, made.key_file},
                                         {name, paris1, {"host"}}, lasting(lifetime))
                    .ok());
    return made;
  }
  swarm::pack_descriptor hold(test_host& holder) {
    bytes = random_bytes(8 * one_mib, 31);
    auto pack = holder.store.hold(bytes, default_piece_bytes);
    EXPECT_TRUE(holder.session->serve(pack.id).ok());
    return pack;
  }
  static std::uint64_t received_from(const test_host& who, const test_host& from) {
    std::uint64_t sum = 0;
    for (const auto& transfer : who.session->transfers()) {
      for (const auto& [host, bytes] : transfer.received_from)
        sum += host == from.name ? bytes : 0;
    }
    return sum;
  }

  std::vector<std::byte> bytes;

private:
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("shoal-bulk-tls-" + std::to_string(::getpid()));
  int node_count_ = 0;
};

TEST_F(BulkTlsTest, WithAllEveryTransferIsEncryptedAndNoPlainPortIsOpen) {
  auto& holder = host(paris1, config(bulk_tls::all));
  auto& near = host(paris1, config(bulk_tls::all));
  auto& far = host(paris2, config(bulk_tls::all));
  const auto pack = hold(holder);
  const auto from = view({&holder}, {&near, &far});
  fetch_all(near, pack, from);
  fetch_all(far, pack, from);
  for (auto* one : {&near, &far}) {
    ASSERT_TRUE(one->events.wait_fetched());
    EXPECT_EQ(one->store.bytes(pack.id), bytes);
    EXPECT_EQ(one->session->port(), 0u);
    EXPECT_NE(one->session->tls_port(), 0u);
  }
  EXPECT_LE(holder.sent_bytes(), 8 * one_mib * 115 / 100);
}

TEST_F(BulkTlsTest, WithSitesOnlyWhatCrossesASiteBorderIsEncrypted) {
  auto& holder = host(paris1, config(bulk_tls::sites));
  auto& neighbour = host(paris2, config(bulk_tls::sites));
  auto& first = host(lyon1, config(bulk_tls::sites));
  auto& second = host(lyon1, config(bulk_tls::sites));
  const auto pack = hold(holder);
  const auto from = view({&holder}, {&neighbour, &first, &second});
  for (auto* one : {&neighbour, &first, &second})
    fetch_all(*one, pack, from);
  for (auto* one : {&neighbour, &first, &second}) {
    ASSERT_TRUE(one->events.wait_fetched()) << one->name;
    EXPECT_EQ(one->store.bytes(pack.id), bytes);
  }
  std::uint64_t crossed = 0;
  for (const auto* one : {&first, &second})
    crossed += received_from(*one, holder) + received_from(*one, neighbour);
  EXPECT_GE(crossed, 8 * one_mib);
  EXPECT_LE(crossed, 8 * one_mib * 115 / 100);
}

TEST_F(BulkTlsTest, WithSitesAHostWithoutEncryptionIsMetOnlyInItsOwnSite) {
  auto& holder = host(paris1, config(bulk_tls::sites));
  auto& plain_near = host(paris2, swarm::swarm_session_config{});
  auto& plain_far = host(lyon1, swarm::swarm_session_config{});
  const auto pack = hold(holder);
  fetch_all(plain_near, pack, view({&holder}, {&plain_near}));
  ASSERT_TRUE(plain_near.events.wait_fetched());
  auto& fetcher = host(paris1, config(bulk_tls::sites));
  plain_far.store.hold(bytes, default_piece_bytes);
  ASSERT_TRUE(plain_far.session->serve(pack.id).ok());
  fetch_all(fetcher, pack, view({&plain_far}, {&fetcher}));
  EXPECT_FALSE(fetcher.events.wait_fetched(1, 2s));
  EXPECT_EQ(received_from(fetcher, plain_far), 0u);
}

TEST_F(BulkTlsTest, AHostWithAllAndOneWithSitesMeetAcrossSites) {
  auto& holder = host(paris1, config(bulk_tls::all));
  auto& fetcher = host(lyon1, config(bulk_tls::sites));
  const auto pack = hold(holder);
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_EQ(fetcher.store.bytes(pack.id), bytes);
}

TEST_F(BulkTlsTest, ACertificateOfAnotherAuthorityGetsNothing) {
  make_authority("other");
  auto& holder = host(paris1, config(bulk_tls::all));
  // It knows the swarm, which needs the right authority's certificate, and has a wrong one itself.
  auto wrong = config(bulk_tls::all, "other");
  wrong.authority_file = file("ca.crt");
  auto& fetcher = host(paris1, wrong);
  const auto pack = hold(holder);
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  EXPECT_FALSE(fetcher.events.wait_fetched(1, 2s));
  EXPECT_EQ(holder.sent_bytes(), 0u);
}

TEST_F(BulkTlsTest, AnExpiredCertificateGetsNothing) {
  auto& holder = host(paris1, config(bulk_tls::all));
  auto& fetcher = host(paris1, config(bulk_tls::all, "ca", -60s));
  const auto pack = hold(holder);
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  EXPECT_FALSE(fetcher.events.wait_fetched(1, 2s));
  EXPECT_EQ(holder.sent_bytes(), 0u);
}

TEST_F(BulkTlsTest, AMemberThatSpeaksPlainOrGarbageToTheTlsPortIsCutOffAndHarmsNobody) {
  auto& holder = host(paris1, config(bulk_tls::all));
  const auto pack = hold(holder);
  boost::asio::io_context context;
  for (const std::string& said : {std::string{"\x13" "BitTorrent protocol"} + std::string(48, '\0'),
                                 std::string(500, '\xff')}) {
    boost::asio::ip::tcp::socket stranger{context};
    stranger.connect({boost::asio::ip::make_address(holder.address), holder.session->tls_port()});
    boost::asio::write(stranger, boost::asio::buffer(said));
    stranger.shutdown(boost::asio::ip::tcp::socket::shutdown_send);
    boost::system::error_code ended;
    std::string answer(1000, ' ');
    const auto got = boost::asio::read(stranger, boost::asio::buffer(answer), ended);
    // At most a TLS alert.
    EXPECT_LE(got, 16u);
    EXPECT_TRUE(ended);
  }
  auto& fetcher = host(paris1, config(bulk_tls::all));
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  EXPECT_TRUE(fetcher.events.wait_fetched());
}

TEST_F(BulkTlsTest, MissingOrWrongFilesAreErrorsThatNameThem) {
  memory_pack_store store;
  recorded_events events;
  for (const auto spoil : {&swarm::swarm_session_config::certificate_file,
                           &swarm::swarm_session_config::key_file,
                           &swarm::swarm_session_config::authority_file}) {
    auto spoilt = config(bulk_tls::sites);
    spoilt.listen_address = "127.0.0.1";
    spoilt.*spoil = file("nowhere.pem");
    const auto started = swarm::swarm_session::start(spoilt, store, events);
    ASSERT_FALSE(started.ok());
    EXPECT_NE(started.error().message.find("nowhere.pem"), std::string::npos)
        << started.error().message;
  }
}

} // namespace
} // namespace shoal::test
