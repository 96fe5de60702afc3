#include "tools/simulator/vdn/paper_numbers.hpp"

#include <array>

namespace shoal::simulator {

namespace {

constexpr std::array<paper_cell, 36> table_ii{{
    {"II", "S1", 512, "baseline", 50, 8.2}, {"II", "S1", 512, "baseline", 90, 9.7},
    {"II", "S2", 512, "baseline", 50, 8.3}, {"II", "S2", 512, "baseline", 90, 9.3},
    {"II", "S3", 512, "baseline", 50, 8.4}, {"II", "S3", 512, "baseline", 90, 24.8},
    {"II", "S4", 512, "baseline", 50, 8.5}, {"II", "S4", 512, "baseline", 90, 62.9},
    {"II", "S5", 512, "baseline", 50, 8.3}, {"II", "S5", 512, "baseline", 90, 22.4},
    {"II", "S6", 512, "baseline", 50, 8.4}, {"II", "S6", 512, "baseline", 90, 46.6},
    {"II", "S1", 512, "local", 50, 4.8},    {"II", "S1", 512, "local", 90, 8.3},
    {"II", "S2", 512, "local", 50, 4.3},    {"II", "S2", 512, "local", 90, 8.3},
    {"II", "S3", 512, "local", 50, 5.1},    {"II", "S3", 512, "local", 90, 8.8},
    {"II", "S4", 512, "local", 50, 5.5},    {"II", "S4", 512, "local", 90, 8.9},
    {"II", "S5", 512, "local", 50, 5.5},    {"II", "S5", 512, "local", 90, 9.1},
    {"II", "S6", 512, "local", 50, 5.4},    {"II", "S6", 512, "local", 90, 8.9},
    {"II", "S1", 512, "topo", 50, 0.26},    {"II", "S1", 512, "topo", 90, 3.4},
    {"II", "S2", 512, "topo", 50, 0.25},    {"II", "S2", 512, "topo", 90, 3.3},
    {"II", "S3", 512, "topo", 50, 0.28},    {"II", "S3", 512, "topo", 90, 3.4},
    {"II", "S4", 512, "topo", 50, 0.33},    {"II", "S4", 512, "topo", 90, 4.1},
    {"II", "S5", 512, "topo", 50, 0.32},    {"II", "S5", 512, "topo", 90, 3.8},
    {"II", "S6", 512, "topo", 50, 0.28},    {"II", "S6", 512, "topo", 90, 3.5},
}};

constexpr std::array<paper_cell, 36> table_iii{{
    {"III", "S1", 4096, "baseline", 50, 66},  {"III", "S1", 4096, "baseline", 90, 185},
    {"III", "S2", 4096, "baseline", 50, 66},  {"III", "S2", 4096, "baseline", 90, 149},
    {"III", "S3", 4096, "baseline", 50, 174}, {"III", "S3", 4096, "baseline", 90, 1055},
    {"III", "S4", 4096, "baseline", 50, 213}, {"III", "S4", 4096, "baseline", 90, 1174},
    {"III", "S5", 4096, "baseline", 50, 187}, {"III", "S5", 4096, "baseline", 90, 1345},
    {"III", "S6", 4096, "baseline", 50, 206}, {"III", "S6", 4096, "baseline", 90, 3620},
    {"III", "S1", 4096, "local", 50, 46.4},   {"III", "S1", 4096, "local", 90, 68},
    {"III", "S2", 4096, "local", 50, 43.5},   {"III", "S2", 4096, "local", 90, 66.8},
    {"III", "S3", 4096, "local", 50, 49.5},   {"III", "S3", 4096, "local", 90, 148.2},
    {"III", "S4", 4096, "local", 50, 53.7},   {"III", "S4", 4096, "local", 90, 177.4},
    {"III", "S5", 4096, "local", 50, 55.6},   {"III", "S5", 4096, "local", 90, 160.9},
    {"III", "S6", 4096, "local", 50, 50.0},   {"III", "S6", 4096, "local", 90, 270.8},
    {"III", "S1", 4096, "topo", 50, 2.4},     {"III", "S1", 4096, "topo", 90, 33},
    {"III", "S2", 4096, "topo", 50, 2.4},     {"III", "S2", 4096, "topo", 90, 29},
    {"III", "S3", 4096, "topo", 50, 2.5},     {"III", "S3", 4096, "topo", 90, 118.6},
    {"III", "S4", 4096, "topo", 50, 2.8},     {"III", "S4", 4096, "topo", 90, 78.8},
    {"III", "S5", 4096, "topo", 50, 2.8},     {"III", "S5", 4096, "topo", 90, 94.9},
    {"III", "S6", 4096, "topo", 50, 2.5},     {"III", "S6", 4096, "topo", 90, 81},
}};

constexpr std::array<paper_cell, 10> table_iv{{
    {"IV", "S6", 128, "baseline", 90, 6.9},
    {"IV", "S6", 512, "baseline", 90, 46.6},
    {"IV", "S6", 2048, "baseline", 90, 522.4},
    {"IV", "S6", 4096, "baseline", 90, 3620},
    {"IV", "S6", 8192, "baseline", 90, 29489},
    {"IV", "S6", 128, "topo", 90, 0.6},
    {"IV", "S6", 512, "topo", 90, 3.5},
    {"IV", "S6", 2048, "topo", 90, 17.2},
    {"IV", "S6", 4096, "topo", 90, 80.1},
    {"IV", "S6", 8192, "topo", 90, 433},
}};

} // namespace

std::span<const paper_cell> paper_table(std::string_view name) {
  if (name == "II") return table_ii;
  if (name == "III") return table_iii;
  if (name == "IV") return table_iv;
  return {};
}

} // namespace shoal::simulator
