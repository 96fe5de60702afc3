#include "swarm/crypto/certificate.hpp"

#include "swarm/crypto/openssl_error.hpp"
#include "swarm/crypto/pem_file.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace shoal::swarm {

namespace {

constexpr std::string_view place_prefix = "shoal:place:";
constexpr std::string_view role_prefix = "shoal:role:";

std::optional<std::chrono::sys_seconds> from_asn1(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&parts)}};
}

std::optional<std::string> common_name(const X509& held) {
  const auto* name = X509_get_subject_name(&held);
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return std::nullopt;
  const auto* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
  return std::string{reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
                     static_cast<std::size_t>(ASN1_STRING_length(data))};
}

std::vector<std::string> alternative_uris(const X509& held) {
  std::vector<std::string> uris;
  const general_names_pointer names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&held, NID_subject_alt_name, nullptr, nullptr))};
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const auto* text = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                      static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return uris;
}

result<certificate_subject> subject_of(const X509& held) {
  certificate_subject subject;
  const auto host = common_name(held);
  if (!host || !topology::valid_name(*host)) {
    return {errc::denied, "the certificate names no host; issue one with `shoal ca issue`"};
  }
  subject.host = *host;
  bool placed = false;
  for (const auto& uri : alternative_uris(held)) {
    const std::string_view text = uri;
    if (text.starts_with(place_prefix)) {
      auto where = topology::place::parse(text.substr(place_prefix.size()));
      if (!where || placed) {
        return {errc::denied, "the certificate of host " + subject.host + " names no single place"};
      }
      subject.where = std::move(*where);
      placed = true;
    } else if (text.starts_with(role_prefix)) {
      const auto role = text.substr(role_prefix.size());
      if (topology::valid_name(role)) subject.roles.emplace_back(role);
    }
  }
  if (!placed || subject.roles.empty()) {
    return {errc::denied, "the certificate of host " + subject.host +
                              " names no place or no role; issue one with `shoal ca issue`"};
  }
  return subject;
}

result<x509_pointer> read_first(const std::filesystem::path& file) {
  const auto text = read_small_file(file);
  if (!text) return text.error();
  const bio_pointer source{BIO_new_mem_buf(text->data(), static_cast<int>(text->size()))};
  x509_pointer held{PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)};
  if (!held) {
    return {errc::corrupt, file.string() + " holds no PEM certificate: " + openssl_error()};
  }
  return held;
}

} // namespace

certificate_validity certificate_validity::lasting(std::chrono::system_clock::time_point now,
                                                   std::chrono::seconds length) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  return {.not_before = seconds - std::chrono::hours{1}, .not_after = seconds + length};
}

result<certificate> read_certificate(const x509_st& held) {
  auto subject = subject_of(held);
  if (!subject) return subject.error();
  const auto not_before = from_asn1(X509_get0_notBefore(&held));
  const auto not_after = from_asn1(X509_get0_notAfter(&held));
  if (!not_before || !not_after) {
    return {errc::corrupt, "the certificate of host " + subject->host + " has no readable dates"};
  }
  return certificate{std::move(*subject), {*not_before, *not_after}};
}

result<certificate> read_certificate(const std::filesystem::path& file) {
  const auto held = read_first(file);
  if (!held) return held.error();
  auto read = read_certificate(**held);
  if (!read) return {read.error().code, file.string() + ": " + read.error().message};
  return read;
}

result<void> check_key(const certificate_files& files) {
  const auto held = read_first(files.certificate);
  if (!held) return held.error();
  const auto text = read_small_file(files.key);
  if (!text) return text.error();
  const bio_pointer source{BIO_new_mem_buf(text->data(), static_cast<int>(text->size()))};
  const key_pointer key{PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr)};
  if (!key) return {errc::corrupt, files.key.string() + " holds no PEM key: " + openssl_error()};
  if (X509_check_private_key(held->get(), key.get()) != 1) {
    return {errc::conflict, files.key.string() + " is not the key to " + files.certificate.string()};
  }
  return {};
}

result<std::string> read_certificate_text(const std::filesystem::path& file) {
  const auto held = read_first(file);
  if (!held) return held.error();
  const bio_pointer out{BIO_new(BIO_s_mem())};
  if (!out || PEM_write_bio_X509(out.get(), held->get()) != 1) {
    return {errc::failed, "cannot write the certificate of " + file.string() + ": " + openssl_error()};
  }
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return std::string(text, static_cast<std::size_t>(length));
}

} // namespace shoal::swarm
