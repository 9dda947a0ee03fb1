// An ending as a zero-sum stochastic game: values of every situation and every HP, by backward induction.
//
// V(s) is the value of the matrix game whose entries are the expected values after both choices (Shapley 1953): the chance
// that the first side wins, a tie counting half. Situations that can recur are solved together by Gauss-Seidel sweeps from
// HP 1 upwards. They start at one half, as if a battle that never ends were a tie. If only one side's HP can rise again, the
// other side's HP order the states: each row of HP is swept until it converges, before the next row.
//
// Sweeps that start at 0 (at 1) everywhere never exceed (fall below) the true value, so they bound it wherever they stop.
#pragma once

#include <ctime>
#include <memory>

#include "endgame_row.hpp"

namespace gen1 {

struct SolveOptions {
    bool every_hp = false;  // for every HP of both sides up to the given ones, not only for these
    std::uint64_t most_bytes = std::uint64_t{4} << 30;
    double tolerance = 1e-9;       // of repeated sweeps; other values are accurate to 1e-13
    double from = 0.5;             // where sweeps start; 0 and 1 give bounds, even if the deadline stops them
    std::uint64_t most_sweeps = 100'000;
    std::clock_t deadline = 0;     // of processor time, 0: none; then sweeps stop, and the residual says how far they got
};

class Endgame {
  public:
    // Throws std::length_error, with the size, if that exceeds the options' limits.
    Endgame(const Battle& start, const EndgameOptions& graph_options, const SolveOptions& options);

    const EndgameGraph& graph() const { return graph_; }
    std::uint64_t states() const { return states_; }       // in which choices are due, HP included
    std::uint64_t parts() const { return parts_; }         // in which the second action is due
    std::uint64_t sweeps() const { return sweeps_; }       // the largest number of any states that can recur
    double residual() const { return residual_; }          // the largest change in the last sweep
    int hp(int side) const { return grid_.most[side]; }

    // The matrix of a situation in which choices are due.
    MatrixGame game(int situation, const int hp[2]) const;
    bool solved(int situation, const int hp[2]) const;

  private:
    void compile();
    void order();
    template <class Counts>
    std::vector<std::vector<int>> parted(const std::vector<int>& together, Counts counts);
    void choose_rows();
    void reach(const Battle& start);
    bool rises(const std::vector<int>& together, int side) const;
    void solve(const std::vector<int>& together);
    void solve_again_and_again(const std::vector<int>& together);
    void solve_by_row(const std::vector<int>& together);
    void check_time() const;
    [[noreturn]] void give_up() const;
    bool prepare(RowSolver& solver, int outer) const;
    void settle(RowSolver& solver, int outer, bool again);
    double total(const Compiled& kernel, const int hp[2]) const;
    double struck(const Strike& hit, const int hp[2]) const;
    double worth(const Landing& at) const { return at.to < 0 ? utility_of(at.to) : values_->at(at.to, at.hp); }
    bool late() const { return options_.deadline && std::clock() > options_.deadline; }
    bool bounding() const { return options_.from != 0.5; }

    EndgameGraph graph_;
    SolveOptions options_;
    std::vector<Compiled> kernels_;
    HpGrid grid_;
    std::vector<std::vector<int>> components_;  // in the order of backward induction
    std::vector<int> component_, local_;        // of a situation, and its index there
    int count_ = 0;                             // of components so far
    std::unique_ptr<Reached> reached_;
    std::unique_ptr<Values> values_;
    std::uint64_t states_ = 0, parts_ = 0, sweeps_ = 0;
    double residual_ = 0;
};

}  // namespace gen1
