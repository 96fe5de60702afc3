#include "swarm/crypto/sha256.hpp"

#include "topology/assert.hpp"

#include <openssl/evp.h>

namespace shoal::swarm {

namespace {

struct context_deleter {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using context_pointer = std::unique_ptr<EVP_MD_CTX, context_deleter>;

// Fetching the algorithm anew for every hash costs more than hashing a small chunk.
const EVP_MD* algorithm() {
  static const EVP_MD* fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

void begin(EVP_MD_CTX* context) {
  SHOAL_ASSERT(EVP_DigestInit_ex(context, algorithm(), nullptr) == 1);
}

digest end(EVP_MD_CTX* context) {
  digest out;
  unsigned length = 0;
  SHOAL_ASSERT(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(out.data()), &length) ==
               1);
  SHOAL_ASSERT(length == out.size());
  return out;
}

} // namespace

digest sha256(std::span<const std::byte> bytes) {
  thread_local const context_pointer context{EVP_MD_CTX_new()};
  begin(context.get());
  SHOAL_ASSERT(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1);
  return end(context.get());
}

struct sha256_stream::context {
  context_pointer handle{EVP_MD_CTX_new()};
};

sha256_stream::sha256_stream() : context_{std::make_unique<context>()} {
  begin(context_->handle.get());
}
sha256_stream::~sha256_stream() = default;
sha256_stream::sha256_stream(sha256_stream&&) noexcept = default;
sha256_stream& sha256_stream::operator=(sha256_stream&&) noexcept = default;

void sha256_stream::update(std::span<const std::byte> bytes) {
  SHOAL_ASSERT(EVP_DigestUpdate(context_->handle.get(), bytes.data(), bytes.size()) == 1);
}

digest sha256_stream::finish() {
  const auto out = end(context_->handle.get());
  begin(context_->handle.get());
  return out;
}

} // namespace shoal::swarm
