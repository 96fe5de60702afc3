// The half of certificate.hpp that signs.
#include "swarm/crypto/certificate.hpp"

#include "swarm/crypto/openssl_error.hpp"
#include "swarm/crypto/pem_file.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace shoal::swarm {

namespace {

constexpr std::size_t common_name_length_max = 64;

error signing_error(const std::filesystem::path& file) {
  return {errc::failed, "cannot make the certificate " + file.string() + ": " + openssl_error()};
}

// A random serial (RFC 5280 §4.1.2.2) needs no counter that two authorities' copies could repeat.
bool set_serial(X509* made) {
  std::array<unsigned char, 16> bytes;
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, openssl_deleter<BN_free>> number{
      BN_bin2bn(bytes.data(), bytes.size(), nullptr)};
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made)) != nullptr;
}

bool set_times(X509* made, const certificate_validity& validity) {
  const auto set = [](ASN1_TIME* time, std::chrono::sys_seconds at) {
    return ASN1_TIME_set(time, at.time_since_epoch().count()) != nullptr;
  };
  return set(X509_getm_notBefore(made), validity.not_before) &&
         set(X509_getm_notAfter(made), validity.not_after);
}

bool set_subject(X509* made, const std::string& name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()),
                                    static_cast<int>(name.size()), -1, 0) == 1;
}

bool add_extension(X509* made, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
  const extension_pointer extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  return extension && X509_add_ext(made, extension.get(), -1) == 1;
}

x509_pointer unsigned_certificate(const std::string& name, EVP_PKEY* key,
                                  const certificate_validity& validity) {
  x509_pointer made{X509_new()};
  const bool done = made && X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                    set_serial(made.get()) && set_times(made.get(), validity) &&
                    set_subject(made.get(), name) && X509_set_pubkey(made.get(), key) == 1;
  return done ? std::move(made) : nullptr;
}

std::string text_of(const bio_pointer& memory) {
  char* data = nullptr;
  const auto length = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

result<void> write_both(const certificate_files& files, X509* made, EVP_PKEY* key) {
  const bio_pointer key_text{BIO_new(BIO_s_mem())};
  const bio_pointer certificate_text{BIO_new(BIO_s_mem())};
  if (PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(certificate_text.get(), made) != 1) {
    return signing_error(files.certificate);
  }
  auto written = write_whole_file(files.key, text_of(key_text), 0600);
  if (!written) return written;
  return write_whole_file(files.certificate, text_of(certificate_text), 0644);
}

struct authority {
  x509_pointer certificate;
  key_pointer key;
};

result<authority> read_authority(const certificate_files& files) {
  const auto certificate_text = read_small_file(files.certificate);
  if (!certificate_text) return certificate_text.error();
  const auto key_text = read_small_file(files.key);
  if (!key_text) return key_text.error();
  const auto source = [](const std::string& text) {
    return bio_pointer{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  };
  // Without a callback OpenSSL would ask the terminal for the passphrase of an encrypted key.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  authority read;
  read.certificate.reset(
      PEM_read_bio_X509(source(*certificate_text).get(), nullptr, nullptr, nullptr));
  if (!read.certificate) {
    return {errc::corrupt,
            files.certificate.string() + " holds no PEM certificate: " + openssl_error()};
  }
  read.key.reset(PEM_read_bio_PrivateKey(source(*key_text).get(), nullptr, no_passphrase, nullptr));
  if (!read.key) {
    return {errc::corrupt, files.key.string() + " holds no PEM private key: " + openssl_error()};
  }
  if (X509_check_ca(read.certificate.get()) != 1) {
    return {errc::invalid_argument, files.certificate.string() + " is not an authority's"};
  }
  if (X509_check_private_key(read.certificate.get(), read.key.get()) != 1) {
    return {errc::invalid_argument, files.key.string() + " is not the key to " +
                                        files.certificate.string() + ": " + openssl_error()};
  }
  return read;
}

result<void> check(const certificate_subject& subject) {
  if (!topology::valid_name(subject.host) || subject.host.size() > common_name_length_max) {
    return {errc::invalid_argument,
            "\"" + subject.host.substr(0, 200) +
                "\" cannot be a certificate's host name; expected at most " +
                "64 letters, digits, '.', '_', '-' and '+'"};
  }
  const auto where = topology::place::parse(subject.where.path());
  if (!where) return where.error();
  if (subject.roles.empty()) {
    return {errc::invalid_argument, "host " + subject.host + " needs at least one role"};
  }
  for (const auto& role : subject.roles) {
    if (!topology::valid_name(role)) {
      return {errc::invalid_argument, "\"" + role.substr(0, 200) + "\" is not a role's name"};
    }
  }
  return {};
}

std::string alternative_names(const certificate_subject& subject) {
  auto names = "DNS:" + subject.host + ",DNS:*,URI:shoal:place:" + subject.where.path();
  for (const auto& role : subject.roles)
    names += ",URI:shoal:role:" + role;
  return names;
}

} // namespace

result<void> create_authority(const std::string& name, const certificate_files& files,
                              const certificate_validity& validity) {
  if (!topology::valid_name(name) || name.size() > common_name_length_max) {
    return {errc::invalid_argument, "\"" + name.substr(0, 200) + "\" cannot name an authority"};
  }
  for (const auto& file : {files.certificate, files.key}) {
    std::error_code unreadable;
    if (std::filesystem::exists(file, unreadable)) {
      return {errc::conflict, file.string() +
                                  " exists already; a second authority would lock out " +
                                  "every node of the first"};
    }
  }
  const key_pointer key{EVP_EC_gen("P-256")};
  const auto made = key ? unsigned_certificate(name, key.get(), validity) : nullptr;
  const bool signed_now =
      made && X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) == 1 &&
      add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") &&
      X509_sign(made.get(), key.get(), EVP_sha256()) > 0;
  if (!signed_now) return signing_error(files.certificate);
  return write_both(files, made.get(), key.get());
}

result<void> issue_certificate(const certificate_files& authority_files,
                               const certificate_files& files, const certificate_subject& subject,
                               const certificate_validity& validity) {
  auto valid = check(subject);
  if (!valid) return valid;
  const auto issuer = read_authority(authority_files);
  if (!issuer) return issuer.error();
  auto* const authority = issuer->certificate.get();
  const key_pointer key{EVP_EC_gen("P-256")};
  const auto made = key ? unsigned_certificate(subject.host, key.get(), validity) : nullptr;
  const bool signed_now =
      made && X509_set_issuer_name(made.get(), X509_get_subject_name(authority)) == 1 &&
      add_extension(made.get(), authority, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(made.get(), authority, NID_key_usage, "critical,digitalSignature") &&
      add_extension(made.get(), authority, NID_ext_key_usage, "serverAuth,clientAuth") &&
      add_extension(made.get(), authority, NID_subject_key_identifier, "hash") &&
      add_extension(made.get(), authority, NID_authority_key_identifier, "keyid") &&
      add_extension(made.get(), authority, NID_subject_alt_name, alternative_names(subject)) &&
      X509_sign(made.get(), issuer->key.get(), EVP_sha256()) > 0;
  if (!signed_now) return signing_error(files.certificate);
  return write_both(files, made.get(), key.get());
}

} // namespace shoal::swarm
