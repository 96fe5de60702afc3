// Putting answers about one pack together, and cutting them to size.
//
// Threads: pure functions over values. Errors: none; what does not fit is left out.
#pragma once

#include "topology/index_message.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::topology {

/// Adds to `answer` what `more` says of the same pack; hosts are named once.
void merge(pack_answer& answer, const pack_answer& more);

/// What of `wanted` no holder in `answer` has.
piece_words lacking(const pack_pieces& wanted, const pack_answer& answer);

/// Keeps the first holders that together have every piece wanted that any has, and then the first
/// others, up to `holders_max` in all.
void limit_holders(pack_answer& answer, const pack_pieces& wanted, std::uint32_t holders_max);

/// The answer about that pack; nullptr: there is none.
pack_answer* find_answer(std::vector<pack_answer>& answers, const pack_key& pack);

} // namespace shoal::topology
