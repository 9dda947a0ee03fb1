#include "endgame_values.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

// The sums below are compiled twice, and the machine chooses. Both give the same values to the last bit.
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__)
#define GEN1_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define GEN1_WIDE
#endif

namespace gen1 {
namespace {

typedef double Lanes __attribute__((vector_size(32)));
constexpr int kLanes = 4;

// The columns tile to tile + kLanes * Count - 1, of terms that have all of them.
template <int Count>
[[gnu::always_inline]] inline void add_tile(std::span<const Term> terms, double* to, int tile) {
    Lanes sums[Count];
    std::memcpy(sums, to, sizeof sums);
    for (const Term& term : terms) {
        if (term.low > tile || term.high < tile + kLanes * Count - 1) continue;
        const double* from = term.from + (tile - term.low);
        const Lanes chance = {term.chance, term.chance, term.chance, term.chance};
        for (int i = 0; i < Count; ++i) {
            Lanes values;
            std::memcpy(&values, from + kLanes * i, sizeof values);
            sums[i] += chance * values;
        }
    }
    std::memcpy(to, sums, sizeof sums);
    for (const Term& term : terms) {
        if (term.low <= tile && term.high >= tile + kLanes * Count - 1) continue;
        const int first = std::max(tile, term.low), last = std::min(tile + kLanes * Count - 1, term.high);
        for (int hp = first; hp <= last; ++hp) to[hp - tile] += term.chance * term.from[hp - term.low];
    }
}

}  // namespace

GEN1_WIDE void add_terms(std::span<const Term> terms, double* to, int low, int high) {
    int tile = low;
    for (; tile + 31 <= high; tile += 32) add_tile<8>(terms, to + (tile - low), tile);
    for (; tile + 7 <= high; tile += 8) add_tile<2>(terms, to + (tile - low), tile);
    if (tile > high) return;
    for (const Term& term : terms)
        for (int hp = std::max(tile, term.low); hp <= std::min(high, term.high); ++hp) to[hp - low] += term.chance * term.from[hp - term.low];
}

Values::Values(std::size_t situations, const HpGrid& grid, const Reached& reached, double from, std::uint64_t most_bytes)
    : grid_(grid), rows_(situations * grid.width(grid.outer)) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < situations; ++i)
        for (int outer = grid.least[grid.outer]; outer <= grid.most[grid.outer]; ++outer) {
            Row& row = rows_[grid.row(static_cast<int>(i), outer)];
            row.first = size;
            reached.extent(static_cast<int>(i), outer, row.low, row.high);
            size += row.empty() ? 0 : static_cast<std::size_t>(row.high - row.low + 1);
        }
    check_size(situations, grid, static_cast<double>(size * sizeof(double) + rows_.size() * sizeof(Row)), most_bytes);
    values_.assign(size, from);
}

void check_size(std::size_t situations, const HpGrid& grid, double bytes, std::uint64_t most_bytes) {
    if (bytes <= static_cast<double>(most_bytes)) return;
    throw std::length_error("the ending has " + std::to_string(situations) + " situations at up to " + std::to_string(grid.width(0)) + " x " +
                            std::to_string(grid.width(1)) + " HP, which take " + std::to_string(static_cast<std::uint64_t>(bytes / 1e6)) +
                            " MB; the limit is " + std::to_string(most_bytes / 1'000'000) + " MB");
}

}  // namespace gen1
