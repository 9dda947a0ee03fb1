// Zero-sum matrix games of up to 9 x 9, by the simplest method that works: a saddle point, a formula, or the simplex method.
#pragma once

#include "choices.hpp"

namespace gen1 {

// What the row player wins, row by row.
struct MatrixGame {
    int rows = 0, columns = 0;
    double payoffs[kMaxChoices * kMaxChoices] = {};

    double at(int row, int column) const { return payoffs[row * columns + column]; }
};

struct MatrixSolution {
    double value = 0;
    double row[kMaxChoices] = {}, column[kMaxChoices] = {};  // an equilibrium
    bool mixed = false;                                      // no pure equilibrium
};

MatrixSolution solve_matrix(const MatrixGame& game);

// A pure equilibrium, to rounding, if there is one.
bool saddle_point(const MatrixGame& game, int& row, int& column);

}  // namespace gen1
