// Who is kept out, and how both sides learn why.
#include "link_fixture.hpp"

#include "tls_client.hpp"

namespace shoal::web {
namespace {

class LinkIdentityTest : public ::testing::Test {
protected:
  link_cluster cluster;
  ears heard;
  std::unique_ptr<link_runtime> server;

  void serve(link_options options) {
    options.log = heard.log();
    server = start(std::move(options), heard.handler(true));
  }

  /// Dials, expecting to be refused. @returns why.
  error refusal(link_options options, node_role role = node_role::host) {
    const auto client = start(std::move(options));
    const auto opened = dial(*client, server->port(), {}, role);
    EXPECT_FALSE(opened.ok()) << "was let in";
    return opened.ok() ? error{} : opened.error();
  }

  /// After all that, the server takes an honest node and has told of no other.
  void TearDown() override {
    if (!server) return;
    EXPECT_EQ(heard.opened_count(), 0U) << "a stranger was let in";
    if (expect_service) {
      const auto honest = start(cluster.node("honest"));
      EXPECT_TRUE(echoes(*honest, server->port()));
    }
  }
  bool expect_service = true;
};

TEST_F(LinkIdentityTest, AClientOfAnotherAuthorityIsRefused) {
  serve(cluster.server());
  const link_cluster other;
  auto stranger = other.node("stranger");
  stranger.authority_file = cluster.node("any").authority_file;
  const auto why = refusal(stranger);
  EXPECT_EQ(why.code, errc::denied) << why.message;
  EXPECT_TRUE(heard.logged("certificate does not hold")) << heard.log_text();
}

TEST_F(LinkIdentityTest, AServerOfAnotherAuthorityIsRefused) {
  const link_cluster other;
  serve(other.server());
  const auto why = refusal(cluster.node("client"));
  EXPECT_EQ(why.code, errc::denied) << why.message;
  EXPECT_NE(why.message.find("certificate does not hold"), std::string::npos) << why.message;
  EXPECT_TRUE(heard.logged("link refused")) << heard.log_text();
  expect_service = false;
}

TEST_F(LinkIdentityTest, AnExpiredClientIsRefused) {
  serve(cluster.server());
  const auto why = refusal(cluster.node("client", {"host"}, -60s));
  EXPECT_EQ(why.code, errc::denied) << why.message;
  EXPECT_TRUE(heard.logged("expired")) << heard.log_text();
}

TEST_F(LinkIdentityTest, AnExpiredServerIsRefused) {
  auto options = cluster.node("server", {"host"}, -60s);
  options.listen_address = "127.0.0.1";
  serve(options);
  const auto why = refusal(cluster.node("client"));
  EXPECT_EQ(why.code, errc::denied) << why.message;
  EXPECT_NE(why.message.find("expired"), std::string::npos) << why.message;
  expect_service = false;
}

TEST_F(LinkIdentityTest, ALinkEndsWithTheCertificateOfItsPeer) {
  server = start(cluster.server());
  ears client_ears;
  const auto client = start(cluster.node("client", {"host"}, 4s));
  ASSERT_TRUE(dial(*client, server->port(), client_ears.handler()).ok());
  const auto why = client_ears.closed();
  EXPECT_NE(why.message.find("expired"), std::string::npos) << why.message;
  server.reset();
}

TEST_F(LinkIdentityTest, AServerWithoutTheExpectedRoleIsRefused) {
  serve(cluster.server("server", {"host"}));
  const auto why = refusal(cluster.node("client"), node_role::index);
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_NE(why.message.find("role index"), std::string::npos) << why.message;
}

TEST_F(LinkIdentityTest, AClientThatIsNotAdmittedLearnsWhy) {
  auto options = cluster.server();
  options.admit = [](const actors::peer_identity& peer) -> result<void> {
    if (peer.host == "honest") return {};
    return {errc::denied, "host " + peer.host + " is not of this\r\nrack"};
  };
  serve(options);
  const auto why = refusal(cluster.node("client"));
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_NE(why.message.find("host client is not of this  rack"), std::string::npos) << why.message;
  EXPECT_TRUE(heard.logged("not of this"));
}

TEST_F(LinkIdentityTest, AClientWithoutACertificateIsRefused) {
  serve(cluster.server());
  tls_client stranger{server->port(), nullptr};
  EXPECT_EQ(stranger.read_all(), "");
  EXPECT_TRUE(heard.logged("shows no certificate")) << heard.log_text();
}

TEST_F(LinkIdentityTest, AnOlderTlsIsRefused) {
  serve(cluster.server());
  const auto options = cluster.node("client");
  const tls_client old{server->port(), &options, TLS1_2_VERSION};
  EXPECT_FALSE(old.connected());
  EXPECT_TRUE(heard.logged("TLS 1.3")) << heard.log_text();
}

TEST_F(LinkIdentityTest, AnHonestCertificateDoesNotExcuseGarbage) {
  serve(cluster.server());
  const auto options = cluster.node("client");
  tls_client client{server->port(), &options};
  ASSERT_TRUE(client.connected());
  client.write(std::string("\x01\x02 not HTTP\r\n\r\n\0\xff", 17));
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(heard.logged("asks for no link")) << heard.log_text();
}

TEST_F(LinkIdentityTest, ARequestWithoutEndIsCutOff) {
  serve(cluster.server());
  const auto options = cluster.node("client");
  tls_client client{server->port(), &options};
  ASSERT_TRUE(client.connected());
  client.write("GET /link/1 HTTP/1.1\r\nX-Long: " + std::string(64 * 1024, 'x'));
  EXPECT_EQ(client.read_all(), "");
  EXPECT_TRUE(heard.logged("asks for no link")) << heard.log_text();
}

TEST_F(LinkIdentityTest, AnOrdinaryRequestIsToldThatHereIsOnlyTheLink) {
  serve(cluster.server());
  const auto options = cluster.node("client");
  tls_client client{server->port(), &options};
  ASSERT_TRUE(client.connected());
  client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = client.read_all();
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 404") << answer;
  EXPECT_NE(answer.find("Shoal-Refusal:"), std::string::npos) << answer;
}

constexpr auto upgrade = "GET /link/1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST_F(LinkIdentityTest, ANodeThatBreaksTheProtocolLosesItsLink) {
  serve(cluster.server());
  const auto options = cluster.node("client");
  // A masked text frame; an unmasked frame; a reserved opcode; a frame of 2^63 bytes.
  const std::vector<std::string> offences{
      std::string{"\x81\x81\0\0\0\0x", 7}, std::string{"\x82\x01x", 3},
      std::string{"\x8f\x80\0\0\0\0", 6}, std::string{"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0x", 15}};
  for (std::size_t i = 0; i < offences.size(); ++i) {
    tls_client client{server->port(), &options};
    ASSERT_TRUE(client.connected());
    client.write(upgrade);
    heard.opened(i + 1);
    client.write(offences[i]);
    EXPECT_EQ(client.read_all().substr(0, 12), "HTTP/1.1 101");
    const auto why = heard.closed(i + 1);
    EXPECT_EQ(why.code, errc::corrupt) << i << " " << why.message;
  }
  const auto honest = start(cluster.node("honest"));
  EXPECT_TRUE(echoes(*honest, server->port()));
  server.reset();
}

TEST_F(LinkIdentityTest, ANewCertificateIsUsedWithoutARestart) {
  auto options = cluster.server("server", {"host"});
  server = start(options, heard.handler(true));
  const auto client = start(cluster.node("client"));
  EXPECT_EQ(dial(*client, server->port(), {}, node_role::gis).error().code, errc::denied);
  static_cast<void>(cluster.server("server", {"host", "gis"}));
  ASSERT_TRUE(server->reload_certificates().ok());
  EXPECT_TRUE(dial(*client, server->port(), {}, node_role::gis).ok());
  std::filesystem::remove(options.key_file);
  EXPECT_EQ(server->reload_certificates().error().code, errc::not_found);
  EXPECT_TRUE(dial(*client, server->port(), {}, node_role::gis).ok());
  server.reset();
}

} // namespace
} // namespace shoal::web
