// Which states can come from a start, as rows of bits: a hit moves a whole row at once.
#pragma once

#include "endgame_kernels.hpp"

namespace gen1 {

class Reached {
  public:
    static double bytes(std::size_t situations, const HpGrid& grid) {
        return 2.0 * sizeof(std::uint64_t) * static_cast<double>(situations * grid.width(grid.outer) * ((grid.width(grid.inner()) + 63) / 64));
    }

    // Throws std::length_error past the deadline (of processor time; 0: none).
    Reached(const EndgameGraph& graph, const std::vector<Compiled>& kernels, const std::vector<std::vector<int>>& components,
            const HpGrid& grid, const std::vector<Landing>& starts, std::clock_t deadline);

    // The first and the last column of a row that can be reached; low > high: none.
    void extent(int situation, int outer, int& low, int& high) const;
    bool at(int situation, const int hp[2]) const {
        const std::size_t bit = static_cast<std::size_t>(hp[grid_.inner()] - grid_.least[grid_.inner()]);
        return known_[grid_.row(situation, hp[grid_.outer]) * words_ + bit / 64] >> bit % 64 & 1;
    }
    std::uint64_t count(int situation) const;

  private:
    bool spread(int situation, int outer);
    void through(const Compiled& kernel, int outer, const std::vector<std::uint64_t>& bits);
    void mark(int to, int outer, const std::vector<std::uint64_t>& bits);
    void mark_lower(int to, int outer, const std::vector<std::uint64_t>& bits, int loss);
    void mark(const Landing& at);

    const EndgameGraph& graph_;
    const std::vector<Compiled>& kernels_;
    HpGrid grid_;
    std::size_t words_;
    std::vector<std::uint64_t> known_, fresh_;
};

}  // namespace gen1
