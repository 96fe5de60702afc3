#include "swarm/image/image_chain.hpp"

#include "swarm/image/child_process.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace shoal::swarm {

namespace {

/// What `qemu-img check` exits with.
constexpr int check_found_nothing = 0;
constexpr int check_found_leaks = 3;
constexpr int check_unsupported = 63;

/// The last line of what a tool said, without its own name.
std::string reason_of(std::string said) {
  while (!said.empty() && said.back() == '\n')
    said.pop_back();
  if (const auto line = said.rfind('\n'); line != std::string::npos) said.erase(0, line + 1);
  if (said.starts_with("qemu-img: ")) said.erase(0, std::string_view{"qemu-img: "}.size());
  return said.empty() ? "qemu-img gives no reason" : said;
}

error refused_to_open(const std::filesystem::path& file, const std::string& complaint) {
  const auto reason = reason_of(complaint);
  if (reason.find("Could not open backing") != std::string::npos ||
      reason.find("No such file") != std::string::npos) {
    return {errc::not_found, "the backing file of " + file.string() +
                                 " cannot be opened; put it back or flatten the image: " + reason};
  }
  if (reason.find("Permission denied") != std::string::npos) {
    return {errc::permission, "cannot open " + file.string() + ": " + reason};
  }
  return {errc::corrupt, file.string() + " is not a readable qcow2 image: " + reason};
}

/// A backing file that is a network address or a JSON description could be made to name anything
/// that this machine can reach.
bool is_local_path(const std::string& name) {
  const auto colon = name.find(':');
  return colon == std::string::npos || name.find('/') < colon;
}

result<void> check_tables(const std::string& file) {
  auto ran = run_tool({"qemu-img", "check", "-q", "-f", "qcow2", "--", file});
  if (!ran) return ran.error();
  switch (ran->exit_code) {
  case check_found_nothing:
  case check_found_leaks:
  case check_unsupported: return {};
  default:
    return {errc::corrupt, file + " is truncated or corrupt (qemu-img check): " +
                               reason_of(ran->complaint + ran->output)};
  }
}

result<void> check_link(const nlohmann::json& link) {
  const auto file = link.value("filename", std::string{});
  if (!is_local_path(file)) {
    return {errc::invalid_argument,
            "the image is built on " + file + "; only backing files on this machine are read"};
  }
  if (link.value("encrypted", false)) {
    return {errc::invalid_argument,
            file + " is encrypted; publish a decrypted copy (qemu-img convert)"};
  }
  if (link.value("format", std::string{}) == "qcow2") return check_tables(file);
  return {};
}

} // namespace

result<void> check_qcow2_chain(const std::filesystem::path& file) {
  auto ran = run_tool(
      {"qemu-img", "info", "--output=json", "-f", "qcow2", "--backing-chain", "--", file.string()});
  if (!ran) return ran.error();
  if (ran->exit_code != 0) return refused_to_open(file, ran->complaint);
  const auto chain = nlohmann::json::parse(ran->output, nullptr, false);
  if (!chain.is_array() || chain.empty()) {
    return {errc::failed,
            "qemu-img describes " + file.string() + " in a way that is not understood"};
  }
  for (const auto& link : chain) {
    if (auto fine = check_link(link); !fine) return fine;
  }
  return {};
}

} // namespace shoal::swarm
