// The daemon's API as this command uses it: JSON in, JSON out, problems as errors.
//
// Threads: the main one; blocks at most until the session's deadline. Errors: returned, with the
//          daemon's own errc and sentence.
#pragma once

#include "tools/shoal/session.hpp"
#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>

namespace shoal::cli {

/// Asks one daemon. Busy answers (errc::overloaded) are asked again for a few seconds.
class daemon {
public:
  explicit daemon(const session& of) : session_{of} {}

  result<nlohmann::json> get(const std::string& target) const;
  result<nlohmann::json> post(const std::string& target, const nlohmann::json& body) const;
  result<nlohmann::json> remove(const std::string& target) const;
  /// The body as it is, whatever its type.
  result<std::string> download(const std::string& target) const;

private:
  result<std::string> ask(const char* method, const std::string& target,
                          const std::string& body) const;

  const session& session_;
};

/// Fields of documents, with what stands for a field that an older daemon does not send.
std::string text_in(const nlohmann::json& document, const char* key);
std::uint64_t number_in(const nlohmann::json& document, const char* key);
double real_in(const nlohmann::json& document, const char* key);
bool flag_in(const nlohmann::json& document, const char* key);
/// An absent or other-typed object is an empty one.
nlohmann::json object_in(const nlohmann::json& document, const char* key);
/// An absent or other-typed list is an empty one.
nlohmann::json list_in(const nlohmann::json& document, const char* key);

/// The errc of that name; errc::failed for names of a newer daemon.
errc errc_named(const std::string& name);

} // namespace shoal::cli
