// Which connections have no identity yet, and which of them goes when there are too many.
//
// Threads: one owner. Pure: standard library only.
#pragma once

#include "topology/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace shoal::web {

/// Half-open connections by age and address. Strangers cost a connection each; what keeps them from
/// costing more than the limits allow is that the oldest goes first: an honest node needs
/// milliseconds, so it is gone from here long before its turn comes.
class link_half_open {
public:
  using ticket = std::uint64_t;

  link_half_open(std::size_t total_max, std::size_t per_address_max)
      : total_max_{total_max}, per_address_max_{per_address_max} {
    SHOAL_ASSERT(total_max > 0 && per_address_max > 0);
  }

  /// Notes a new one. Ask `surplus` next.
  ticket add(const std::string& address) {
    const auto added = next_++;
    address_of_.emplace(added, address);
    by_address_[address].insert(added);
    return added;
  }

  /// Forgets one: it has an identity now, or is gone. Forgetting twice is not an error.
  void remove(ticket gone) {
    const auto found = address_of_.find(gone);
    if (found == address_of_.end()) return;
    const auto same = by_address_.find(found->second);
    same->second.erase(gone);
    if (same->second.empty()) by_address_.erase(same);
    address_of_.erase(found);
  }

  /// The one to drop, if the last `add` was one too many: the oldest of its address, or else the
  /// oldest of the address that has the most.
  [[nodiscard]] std::optional<ticket> surplus(const std::string& address) const {
    const auto same = by_address_.find(address);
    if (same != by_address_.end() && same->second.size() > per_address_max_) {
      return *same->second.begin();
    }
    if (address_of_.size() > total_max_) return oldest();
    return std::nullopt;
  }

  /// The oldest of the address that has the most; empty when there is none.
  [[nodiscard]] std::optional<ticket> oldest() const {
    const std::set<ticket>* most = nullptr;
    for (const auto& [address, tickets] : by_address_) {
      if (most == nullptr || tickets.size() > most->size()) most = &tickets;
    }
    if (most == nullptr) return std::nullopt;
    return *most->begin();
  }

  [[nodiscard]] std::size_t size() const { return address_of_.size(); }

private:
  std::size_t total_max_;
  std::size_t per_address_max_;
  ticket next_ = 1;
  std::map<ticket, std::string> address_of_;
  std::unordered_map<std::string, std::set<ticket>> by_address_;
};

} // namespace shoal::web
