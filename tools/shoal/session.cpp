#include "tools/shoal/session.hpp"

#include <nlohmann/json.hpp>

namespace shoal::cli {

void session::print_json(const nlohmann::json& document) const {
  print(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

} // namespace shoal::cli
