#include "matrix_game.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace gen1 {
namespace {

constexpr double kAlike = 1e-12;  // closer than this is rounding
constexpr double kSound = 1e-11;  // more than this should not be gained against a solution

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
        const Real sum = cell(rows_, width_ - 1);
        found.value = static_cast<double>(1 / sum - shift_);
        found.mixed = true;
        for (int i = 0; i < rows_; ++i) {
            found.row[i] = static_cast<double>(std::max(Real{0}, cell(rows_, columns_ + i)) / sum);
            if (basis_[i] < columns_) found.column[basis_[i]] = static_cast<double>(cell(i, width_ - 1) / sum);
        }
        return found;
    }

  private:
    using Real = long double;  // rounding stays far below kTiny
    static constexpr Real kTiny = 1e-14L;

    Real& cell(int i, int j) { return table_[i * width_ + j]; }

    int next() {
        for (int j = 0; j < width_ - 1; ++j)
            if (cell(rows_, j) < -kTiny) return j;
        return -1;
    }

    int leaving(int entering) {
        int best = -1;
        Real least = HUGE_VAL;
        for (int i = 0; i < rows_; ++i) {
            if (cell(i, entering) <= kTiny) continue;
            const Real ratio = cell(i, width_ - 1) / cell(i, entering);
            if (ratio < least || (ratio == least && basis_[i] < basis_[best])) least = ratio, best = i;
        }
        if (best < 0) throw std::logic_error("a matrix game without a bound");
        return best;
    }

    void pivot(int row, int column) {
        const Real scale = 1 / cell(row, column);
        for (int j = 0; j < width_; ++j) cell(row, j) *= scale;
        for (int i = 0; i <= rows_; ++i) {
            const Real factor = cell(i, column);
            if (i == row || factor == 0) continue;
            for (int j = 0; j < width_; ++j) cell(i, j) -= factor * cell(row, j);
        }
        basis_[row] = column;
    }

    int rows_, columns_, width_, basis_[kMaxChoices];
    Real shift_, table_[(kMaxChoices + 1) * (2 * kMaxChoices + 1)] = {};
};

// The rows and columns that are left where what another one is as good as (to rounding) has gone. Choices that are nearly
// the same otherwise leave the simplex method differences that are nothing but rounding.
class Reduced {
  public:
    explicit Reduced(const MatrixGame& game) : game_(game), sides_{game.rows, game.columns} {
        for (int side = 0; side < 2; ++side) std::iota(kept_[side], kept_[side] + sides_[side], 0);
        while (drop(0) || drop(1)) {}
    }

    MatrixGame game() const {
        MatrixGame made{sides_[0], sides_[1], {}};
        for (int i = 0; i < sides_[0]; ++i)
            for (int j = 0; j < sides_[1]; ++j) made.payoffs[i * sides_[1] + j] = game_.at(kept_[0][i], kept_[1][j]);
        return made;
    }

    MatrixSolution widened(const MatrixSolution& solution) const {
        MatrixSolution made = solution;
        std::fill(made.row, made.row + kMaxChoices, 0.0);
        std::fill(made.column, made.column + kMaxChoices, 0.0);
        for (int i = 0; i < sides_[0]; ++i) made.row[kept_[0][i]] = solution.row[i];
        for (int j = 0; j < sides_[1]; ++j) made.column[kept_[1][j]] = solution.column[j];
        return made;
    }

  private:
    double worth(int side, int own, int other) const { return side ? -game_.at(kept_[0][other], kept_[1][own]) : game_.at(kept_[0][own], kept_[1][other]); }

    bool as_good(int side, int one, int other) const {
        for (int k = 0; k < sides_[1 - side]; ++k)
            if (worth(side, one, k) < worth(side, other, k) - kAlike) return false;
        return true;
    }

    bool drop(int side) {
        for (int i = 0; i < sides_[side]; ++i)
            for (int j = 0; j < sides_[side]; ++j)
                if (i != j && as_good(side, j, i)) {
                    std::copy(kept_[side] + i + 1, kept_[side] + sides_[side], kept_[side] + i);
                    --sides_[side];
                    return true;
                }
        return false;
    }

    const MatrixGame& game_;
    int sides_[2], kept_[2][kMaxChoices];
};

// By how much a better answer beats a solution's mixtures.
double gap(const MatrixGame& game, const MatrixSolution& solution) {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int j = 0; j < game.columns; ++j) {
        double sum = 0;
        for (int i = 0; i < game.rows; ++i) sum += solution.row[i] * game.at(i, j);
        low = std::min(low, sum);
    }
    for (int i = 0; i < game.rows; ++i) {
        double sum = 0;
        for (int j = 0; j < game.columns; ++j) sum += solution.column[j] * game.at(i, j);
        high = std::max(high, sum);
    }
    return std::max(high - solution.value, solution.value - low);
}

MatrixSolution from_the_other_side(const MatrixGame& game) {
    MatrixGame turned{game.columns, game.rows, {}};
    for (int i = 0; i < game.rows; ++i)
        for (int j = 0; j < game.columns; ++j) turned.payoffs[j * game.rows + i] = -game.at(i, j);
    MatrixSolution found = Simplex(turned).solve();
    std::swap(found.row, found.column);
    found.value = -found.value;
    return found;
}

// Where rounding leads the method astray, its way from the other side is another one.
MatrixSolution solve_mixed(const MatrixGame& game) {
    if (game.rows == 2 && game.columns == 2) return two_by_two(game);
    const MatrixSolution found = Simplex(game).solve();
    if (gap(game, found) <= kSound) return found;
    const MatrixSolution other = from_the_other_side(game);
    return gap(game, other) < gap(game, found) ? other : found;
}

}  // namespace

bool saddle_point(const MatrixGame& game, int& row, int& column) {
    double low = -HUGE_VAL, high = HUGE_VAL, most[kMaxChoices];  // what a row guarantees, and what a column limits it to
    std::fill(most, most + game.columns, -HUGE_VAL);
    for (int i = 0; i < game.rows; ++i) {
        double least = HUGE_VAL;
        for (int j = 0; j < game.columns; ++j) {
            least = std::min(least, game.at(i, j));
            most[j] = std::max(most[j], game.at(i, j));
        }
        if (least > low) low = least, row = i;
    }
    for (int j = 0; j < game.columns; ++j)
        if (most[j] < high) high = most[j], column = j;
    return low >= high - kAlike;
}

MatrixSolution solve_matrix(const MatrixGame& game) {
    int row, column;
    if (saddle_point(game, row, column)) {
        MatrixSolution found;
        found.value = game.at(row, column);
        found.row[row] = found.column[column] = 1;
        return found;
    }
    if (game.rows == 2 && game.columns == 2) return two_by_two(game);
    const Reduced reduced(game);
    return reduced.widened(solve_mixed(reduced.game()));
}

}  // namespace gen1
