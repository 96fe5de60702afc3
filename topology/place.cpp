#include "topology/place.hpp"

#include <algorithm>
#include <vector>

namespace shoal::topology {

std::string place::path() const { return site + "/" + cluster + "/" + rack; }

result<place> place::parse(std::string_view text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (true) {
    const auto end = text.find('/', begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  if (parts.size() != 3 || !std::all_of(parts.begin(), parts.end(), valid_name)) {
    return {errc::invalid_argument, "\"" + std::string{text.substr(0, 200)} +
                                        "\" is not a place; expected site/cluster/rack, such as "
                                        "lyon/nova/rack1"};
  }
  return place{parts[0], parts[1], parts[2]};
}

distance distance_between(const place& a, const place& b) {
  if (a.site != b.site) return distance::other_site;
  if (a.cluster != b.cluster) return distance::same_site;
  if (a.rack != b.rack) return distance::same_cluster;
  return distance::same_rack;
}

bool valid_name(std::string_view text) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || text.size() > 128 || !letter_or_digit(text.front())) return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '+';
  });
}

} // namespace shoal::topology
