// Values of states, kept for the HP that can be reached only, and sums over them.
#pragma once

#include <span>

#include "endgame_reach.hpp"

namespace gen1 {

// A row has the columns from the first to the last that can be reached.
class Values {
  public:
    struct Row {
        std::size_t first = 0;
        int low = 0, high = -1;
        bool empty() const { return high < low; }
    };

    // Throws std::length_error, with the size, beyond most_bytes.
    Values(std::size_t situations, const HpGrid& grid, const Reached& reached, double from, std::uint64_t most_bytes);

    const Row& row(int situation, int outer) const { return rows_[grid_.row(situation, outer)]; }
    double* begin(const Row& row) { return values_.data() + row.first; }  // at the column row.low
    double& at(int situation, const int hp[2]) { return values_[place(situation, hp)]; }
    double at(int situation, const int hp[2]) const { return values_[place(situation, hp)]; }

  private:
    std::size_t place(int situation, const int hp[2]) const {
        const Row& here = row(situation, hp[grid_.outer]);
        return here.first + static_cast<std::size_t>(hp[grid_.inner()] - here.low);
    }

    HpGrid grid_;
    std::vector<Row> rows_;
    std::vector<double> values_;
};

// What a landing adds to the columns low to high of a row; from points to its value for the column low.
struct Term {
    double chance;
    const double* from;
    int low, high;
};

// Adds to the columns low to high; to points to the column low.
void add_terms(std::span<const Term> terms, double* to, int low, int high);

// Refuses what is too large.
void check_size(std::size_t situations, const HpGrid& grid, double bytes, std::uint64_t most_bytes);

}  // namespace gen1
