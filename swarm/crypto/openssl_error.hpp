// Owners for OpenSSL's objects, and its error queue as a sentence. For sources of swarm/crypto
// only.
//
// Threads: the queue is the calling thread's.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace shoal::swarm {

/// Frees with the given OpenSSL function.
template <auto Free>
struct openssl_deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using bio_pointer = std::unique_ptr<BIO, openssl_deleter<BIO_free_all>>;
using key_pointer = std::unique_ptr<EVP_PKEY, openssl_deleter<EVP_PKEY_free>>;
using x509_pointer = std::unique_ptr<X509, openssl_deleter<X509_free>>;
using extension_pointer = std::unique_ptr<X509_EXTENSION, openssl_deleter<X509_EXTENSION_free>>;
using general_names_pointer = std::unique_ptr<GENERAL_NAMES, openssl_deleter<GENERAL_NAMES_free>>;

/// The first error in this thread's queue, which is its cause; empties the queue.
inline std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

} // namespace shoal::swarm
