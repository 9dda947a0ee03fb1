#include "matrix_game.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gen1 {
namespace {

constexpr double kAlike = 1e-12;  // closer than this is rounding

struct Pure {
    int row, column;
    double low, high;  // what the row guarantees, and what the column limits it to
};

Pure pure_guarantees(const MatrixGame& game) {
    Pure found{0, 0, -HUGE_VAL, HUGE_VAL};
    for (int i = 0; i < game.rows; ++i) {
        double least = HUGE_VAL;
        for (int j = 0; j < game.columns; ++j) least = std::min(least, game.at(i, j));
        if (least > found.low) found.low = least, found.row = i;
    }
    for (int j = 0; j < game.columns; ++j) {
        double most = -HUGE_VAL;
        for (int i = 0; i < game.rows; ++i) most = std::max(most, game.at(i, j));
        if (most < found.high) found.high = most, found.column = j;
    }
    return found;
}

// Without a saddle point both players mix both choices.
MatrixSolution two_by_two(const MatrixGame& game) {
    const double a = game.at(0, 0), b = game.at(0, 1), c = game.at(1, 0), d = game.at(1, 1), sum = a - b - c + d;
    MatrixSolution found;
    found.mixed = true;
    found.row[0] = (d - c) / sum;
    found.column[0] = (d - b) / sum;
    found.row[1] = 1 - found.row[0];
    found.column[1] = 1 - found.column[0];
    found.value = (a * d - b * c) / sum;
    return found;
}

// The simplex method: maximise sum(y) with A y <= 1, y >= 0, all of A positive. Then the game's value is 1 / sum(y),
// the column's mixture is y times that, and the slacks' reduced costs are the row's (Dantzig 1951). Bland's rule ends it.
class Simplex {
  public:
    explicit Simplex(const MatrixGame& game) : rows_(game.rows), columns_(game.columns), width_(game.rows + game.columns + 1) {
        shift_ = 1 - *std::min_element(game.payoffs, game.payoffs + rows_ * columns_);
        for (int i = 0; i < rows_; ++i) {
            for (int j = 0; j < columns_; ++j) cell(i, j) = game.at(i, j) + shift_;
            cell(i, columns_ + i) = cell(i, width_ - 1) = 1;
            basis_[i] = columns_ + i;
        }
        for (int j = 0; j < columns_; ++j) cell(rows_, j) = -1;
    }

    MatrixSolution solve() {
        for (int entering = next(); entering >= 0; entering = next()) pivot(leaving(entering), entering);
        MatrixSolution found;
        const double sum = cell(rows_, width_ - 1);
        found.value = 1 / sum - shift_;
        found.mixed = true;
        for (int i = 0; i < rows_; ++i) {
            found.row[i] = std::max(0.0, cell(rows_, columns_ + i)) / sum;
            if (basis_[i] < columns_) found.column[basis_[i]] = cell(i, width_ - 1) / sum;
        }
        return found;
    }

  private:
    static constexpr double kTiny = 1e-13;

    double& cell(int i, int j) { return table_[i * width_ + j]; }

    int next() {
        for (int j = 0; j < width_ - 1; ++j)
            if (cell(rows_, j) < -kTiny) return j;
        return -1;
    }

    int leaving(int entering) {
        int best = -1;
        double least = HUGE_VAL;
        for (int i = 0; i < rows_; ++i) {
            if (cell(i, entering) <= kTiny) continue;
            const double ratio = cell(i, width_ - 1) / cell(i, entering);
            if (ratio < least || (ratio == least && basis_[i] < basis_[best])) least = ratio, best = i;
        }
        if (best < 0) throw std::logic_error("a matrix game without a bound");
        return best;
    }

    void pivot(int row, int column) {
        const double scale = 1 / cell(row, column);
        for (int j = 0; j < width_; ++j) cell(row, j) *= scale;
        for (int i = 0; i <= rows_; ++i) {
            const double factor = cell(i, column);
            if (i == row || factor == 0) continue;
            for (int j = 0; j < width_; ++j) cell(i, j) -= factor * cell(row, j);
        }
        basis_[row] = column;
    }

    int rows_, columns_, width_, basis_[kMaxChoices];
    double shift_, table_[(kMaxChoices + 1) * (2 * kMaxChoices + 1)] = {};
};

}  // namespace

MatrixSolution solve_matrix(const MatrixGame& game) {
    const Pure pure = pure_guarantees(game);
    if (pure.low >= pure.high - kAlike) {
        MatrixSolution found;
        found.value = pure.low;
        found.row[pure.row] = found.column[pure.column] = 1;
        return found;
    }
    return game.rows == 2 && game.columns == 2 ? two_by_two(game) : Simplex(game).solve();
}


}  // namespace gen1
