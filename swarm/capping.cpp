#include "swarm/capping.hpp"

#include <algorithm>
#include <numeric>
#include <queue>

namespace shoal::swarm {

namespace {

/// One piece the image uses, and the chunks that touch it.
struct used_piece {
  std::uint64_t length_bytes = 0;
  /// Stored bytes of chunks touching it that are not rewritten yet; all of each chunk, because all
  /// of it must be written again to avoid this piece.
  std::uint64_t cost_bytes = 0;
  /// Range of `order` whose chunks touch this piece.
  std::size_t first = 0;
  std::size_t end = 0;
  bool avoided = false;
};

/// A piece and what avoiding it was worth when it was put in line.
struct candidate {
  std::uint32_t piece = 0;
  std::uint64_t saved_bytes = 0;
  std::uint64_t cost_bytes = 0;

  /// Less saved per byte written again; ties by piece, so that equal input gives equal packs.
  friend bool operator<(const candidate& a, const candidate& b) {
    const auto left = static_cast<double>(a.saved_bytes) * static_cast<double>(b.cost_bytes);
    const auto right = static_cast<double>(b.saved_bytes) * static_cast<double>(a.cost_bytes);
    return left != right ? left < right : a.piece > b.piece;
  }
};

class planner {
public:
  planner(std::span<const pack_reference> packs, std::span<const known_chunk> known,
          std::uint64_t new_bytes, const capping_config& config)
      : packs_{packs}, known_{known}, config_{config} {
    find_pieces();
    plan_.referred_bytes = new_bytes;
    plan_.fetch_bytes = new_bytes;
    for (const auto& chunk : known)
      plan_.referred_bytes += chunk.stored_bytes;
    for (const auto& piece : pieces_)
      plan_.fetch_bytes += piece.length_bytes;
    plan_.fetch_bytes_before = plan_.fetch_bytes;
  }

  capping_plan run() {
    for (std::uint32_t i = 0; i < pieces_.size(); ++i)
      put_in_line(i);
    while (!line_.empty() && plan_.waste() > config_.waste_target) {
      const auto best = line_.top();
      line_.pop();
      auto& piece = pieces_[best.piece];
      // Avoiding a neighbour made this one cheaper since: it stands in line again, further ahead.
      if (piece.avoided || piece.cost_bytes != best.cost_bytes) continue;
      avoid(best.piece);
    }
    std::sort(plan_.rewrite.begin(), plan_.rewrite.end());
    return std::move(plan_);
  }

private:
  void find_pieces() {
    order_.resize(known_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [&](auto a, auto b) {
      return std::pair{known_[a].pack, known_[a].offset_bytes} <
             std::pair{known_[b].pack, known_[b].offset_bytes};
    });
    pieces_of_.resize(known_.size());
    std::pair<std::uint32_t, std::uint64_t> open{};
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const auto& chunk = known_[order_[i]];
      const auto& pack = packs_[chunk.pack];
      SHOAL_ASSERT(chunk.stored_bytes > 0 && chunk.stored_bytes <= pack.length_bytes &&
                   chunk.offset_bytes <= pack.length_bytes - chunk.stored_bytes);
      const auto first = chunk.offset_bytes / pack.piece_bytes;
      const auto last = (chunk.offset_bytes + chunk.stored_bytes - 1) / pack.piece_bytes;
      for (auto number = first; number <= last; ++number) {
        const std::pair key{chunk.pack, number};
        if (pieces_.empty() || key != open) add_piece(pack, number, i);
        open = key;
        pieces_.back().cost_bytes += chunk.stored_bytes;
        pieces_.back().end = i + 1;
        if (number == first) pieces_of_[i].first = static_cast<std::uint32_t>(pieces_.size() - 1);
        pieces_of_[i].last = static_cast<std::uint32_t>(pieces_.size() - 1);
      }
    }
    rewritten_.resize(known_.size());
  }

  void add_piece(const pack_reference& pack, std::uint64_t number, std::size_t first_chunk) {
    const auto begin = number * pack.piece_bytes;
    pieces_.push_back(
        {.length_bytes = std::min<std::uint64_t>(pack.piece_bytes, pack.length_bytes - begin),
         .first = first_chunk,
         .end = first_chunk});
  }

  void put_in_line(std::uint32_t number) {
    const auto& piece = pieces_[number];
    if (piece.cost_bytes >= piece.length_bytes) return;
    line_.push({.piece = number,
                .saved_bytes = piece.length_bytes - piece.cost_bytes,
                .cost_bytes = piece.cost_bytes});
  }

  void avoid(std::uint32_t number) {
    pieces_[number].avoided = true;
    plan_.fetch_bytes -= pieces_[number].length_bytes;
    for (auto i = pieces_[number].first; i < pieces_[number].end; ++i) {
      if (rewritten_[i]) continue;
      rewritten_[i] = true;
      const auto bytes = known_[order_[i]].stored_bytes;
      plan_.rewrite.push_back(order_[i]);
      plan_.rewritten_bytes += bytes;
      plan_.fetch_bytes += bytes;
      for (auto touched = pieces_of_[i].first; touched <= pieces_of_[i].last; ++touched) {
        release(touched, bytes);
      }
    }
  }

  void release(std::uint32_t number, std::uint64_t bytes) {
    auto& piece = pieces_[number];
    piece.cost_bytes -= bytes;
    if (piece.avoided) return;
    if (piece.cost_bytes > 0) {
      put_in_line(number);
      return;
    }
    // Nothing of the image is left in it.
    piece.avoided = true;
    plan_.fetch_bytes -= piece.length_bytes;
  }

  struct touched_pieces {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
  };

  std::span<const pack_reference> packs_;
  std::span<const known_chunk> known_;
  const capping_config& config_;
  /// Known chunks by pack and offset; `rewritten_` and `pieces_of_` run parallel to it.
  std::vector<std::uint32_t> order_;
  std::vector<bool> rewritten_;
  std::vector<touched_pieces> pieces_of_;
  std::vector<used_piece> pieces_;
  std::priority_queue<candidate> line_;
  capping_plan plan_;
};

} // namespace

capping_plan plan_capping(std::span<const pack_reference> packs, std::span<const known_chunk> known,
                          std::uint64_t new_bytes, const capping_config& config) {
  return planner{packs, known, new_bytes, config}.run();
}

} // namespace shoal::swarm
