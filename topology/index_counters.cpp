#include "topology/index_counters.hpp"

namespace shoal::topology {

namespace {

template <class Enum>
constexpr std::size_t index_of(Enum value) {
  return static_cast<std::size_t>(value);
}

} // namespace

void index_counters::count(const index_message& message, network_level crossed) {
  auto& counted =
      counts_[index_of(message.kind)][index_of(crossed)][index_of(message.to.level)];
  counted += {.messages = 1, .bytes = message.bytes()};
}

const index_traffic& index_counters::of(index_kind kind, network_level crossed,
                                        network_level receiver) const {
  return counts_[index_of(kind)][index_of(crossed)][index_of(receiver)];
}

index_traffic index_counters::of(std::span<const index_kind> kinds) const {
  index_traffic sum;
  for (std::size_t level = 0; level < network_level_count; ++level)
    sum += of(kinds, static_cast<network_level>(level));
  return sum;
}

index_traffic index_counters::of(std::span<const index_kind> kinds, network_level crossed) const {
  index_traffic sum;
  for (const auto kind : kinds) {
    for (const auto& counted : counts_[index_of(kind)][index_of(crossed)])
      sum += counted;
  }
  return sum;
}

index_traffic index_counters::received_by(network_level receiver) const {
  index_traffic sum;
  for (const auto& kind : counts_) {
    for (const auto& crossed : kind)
      sum += crossed[index_of(receiver)];
  }
  return sum;
}

index_traffic index_counters::total() const {
  index_traffic sum;
  for (std::size_t level = 0; level < network_level_count; ++level)
    sum += received_by(static_cast<network_level>(level));
  return sum;
}

double index_counters::paper_cost(std::span<const index_kind> kinds) const {
  constexpr std::array<double, network_level_count> costs{0, 1, 4, 10, 10};
  double sum = 0;
  for (std::size_t level = 0; level < network_level_count; ++level) {
    sum += costs[level] *
           static_cast<double>(of(kinds, static_cast<network_level>(level)).messages);
  }
  return sum;
}

index_counters& index_counters::operator+=(const index_counters& other) {
  for (std::size_t kind = 0; kind < index_kind_count; ++kind) {
    for (std::size_t crossed = 0; crossed < network_level_count; ++crossed) {
      for (std::size_t receiver = 0; receiver < network_level_count; ++receiver)
        counts_[kind][crossed][receiver] += other.counts_[kind][crossed][receiver];
    }
  }
  return *this;
}

} // namespace shoal::topology
