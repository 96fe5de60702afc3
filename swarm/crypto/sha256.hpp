// SHA-256 through OpenSSL.
//
// Threads: any; each has its own context. Errors: none (a library that cannot hash is our bug).
#pragma once

#include "swarm/id.hpp"

#include <memory>
#include <span>

namespace shoal::swarm {

/// SHA-256 of `bytes` (FIPS 180-4); about 2 GB/s a core where the processor has SHA instructions.
digest sha256(std::span<const std::byte> bytes);

/// SHA-256 of bytes that come in parts.
class sha256_stream {
public:
  sha256_stream();
  ~sha256_stream();
  sha256_stream(sha256_stream&&) noexcept;
  sha256_stream& operator=(sha256_stream&&) noexcept;

  void update(std::span<const std::byte> bytes);
  /// The digest of all bytes so far; the stream begins anew.
  digest finish();

private:
  struct context;
  std::unique_ptr<context> context_;
};

} // namespace shoal::swarm
