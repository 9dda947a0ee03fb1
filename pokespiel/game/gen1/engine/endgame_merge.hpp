// Which situations of an ending no play can tell apart.
#pragma once

#include "endgame_graph.hpp"

namespace gen1 {

// Class of each situation, numbered by first appearance: those of one class offer the same choices and lead, with the same
// chances and the same effects on HP, to the same classes. The coarsest such partition, by refinement (Moore 1956) of
// signatures: the sum of chance * hash(effects, class) over a kernel's branches in the field of integers modulo 2^61 - 1,
// where chances are exact. full: HP up to which a kernel for each HP goes.
std::vector<int> merged_situations(const std::vector<Situation>& situations, const std::vector<Kernel>& kernels, const int full[2]);

// numerator / denominator in that field.
std::uint64_t field_share(std::uint32_t numerator, std::uint32_t denominator);
std::uint64_t field_product(std::uint64_t a, std::uint64_t b);
std::uint64_t field_sum(std::uint64_t a, std::uint64_t b);

}  // namespace gen1
