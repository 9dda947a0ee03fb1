// Actions as sums over HP: what a kernel of the graph is once HP have a grid.
#pragma once

#include "endgame_graph.hpp"

namespace gen1 {

// The HP that can come, [least, most] of each side. Rows run over those of the side `outer`, columns over the other's.
struct HpGrid {
    int least[2] = {0, 0}, most[2] = {0, 0}, full[2] = {0, 0}, outer = 0;
    bool none = false;  // HP are part of the situations

    int inner() const { return 1 - outer; }
    std::size_t width(int side) const { return static_cast<std::size_t>(most[side] - least[side] + 1); }
    std::size_t row(int situation, int hp) const {
        return (static_cast<std::size_t>(situation) * width(outer) + static_cast<std::size_t>(hp - least[outer]));
    }
};

struct Landing {
    int to, hp[2];
};
Landing land(const HpGrid& grid, const Branch& branch, const int hp[2]);

// One side loses least + i HP with chances[i], and then the other faints (to: a result) or nothing else happens to HP.
struct Strike {
    int to, side, least;
    std::vector<double> chances, tails = {};  // tails[i]: that it loses least + i or more
    double at_least(int loss) const { return loss <= least ? tails[0] : loss > most() ? 0 : tails[static_cast<std::size_t>(loss - least)]; }
    double over() const { return to < 0 ? 0.5 : side ? 1 : 0; }  // what the side's faint is worth to the first side
    int most() const { return least + static_cast<int>(chances.size()) - 1; }
};

struct Stay {
    double probability;
    int to;
};

struct Compiled {
    double constant = 0;
    std::vector<Strike> hits;
    std::vector<Stay> stays;
    Kernel others;
};

Compiled compiled(const Kernel& kernel);

// Every HP at which the kernels of a part differ: one, or 1 to the full HP of the side that the action asks.
template <class Visit>
void each_kernel(const Situation& from, const int full[2], Visit visit) {
    for (const std::vector<Part>& cell : from.cells)
        for (const Part& part : cell)
            for (int h = part.by < 0 ? 0 : 1; h <= (part.by < 0 ? 0 : full[part.by]); ++h) visit(part.kernel + h);
}

}  // namespace gen1
