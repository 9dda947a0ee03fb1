// An ending as a zero-sum stochastic game: values of every situation and every HP, by backward induction.
//
// V(s) is the value of the matrix game whose entries are the expected values after both choices (Shapley 1953): the chance
// that the first side wins, a tie counting half. Situations that can recur are solved together by Gauss-Seidel sweeps from
// HP 1 upwards. They start at one half, as if a battle that never ends were a tie.
#pragma once

#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include "endgame_graph.hpp"
#include "matrix_game.hpp"

namespace gen1 {

struct SolveOptions {
    bool every_hp = false;  // for every HP of both sides up to the given ones, not only for these
    std::uint64_t most_bytes = std::uint64_t{4} << 30;
    double tolerance = 1e-9;       // of repeated sweeps; other values are accurate to 1e-13
    std::uint64_t most_sweeps = 100'000;
    double most_seconds = 1e9;     // of processor time; then sweeps stop, and the residual says how far they got
};

class Endgame {
  public:
    // Throws std::length_error, with the size, if that exceeds the options' limits.
    Endgame(const Battle& start, const EndgameOptions& graph_options, const SolveOptions& options);

    const EndgameGraph& graph() const { return graph_; }
    std::uint64_t states() const { return states_; }       // in which choices are due, HP included
    std::uint64_t parts() const { return parts_; }         // in which the second action is due
    std::uint64_t sweeps() const { return sweeps_; }       // the largest number of any situations that can recur
    double residual() const { return residual_; }          // the largest change in the last sweep
    int hp(int side) const { return most_[side]; }

    // The matrix of a situation in which choices are due.
    MatrixGame game(int situation, const int hp[2]) const;
    double value(int situation, const int hp[2]) const { return values_[place(situation, hp[0], hp[1])]; }
    bool solved(int situation, const int hp[2]) const;

  private:
    struct Jump {
        double probability;
        int loss;
    };
    struct Losses {  // one side loses HP, nothing else happens to HP
        int to, side;
        std::vector<Jump> jumps;
    };
    struct Stay {
        double probability;
        int to;
    };
    struct Compiled {
        double constant = 0;
        std::vector<Losses> losses;
        std::vector<Stay> stays;
        Kernel others;
    };
    struct Landing {
        int to, hp[2];
    };

    void compile();
    void measure();
    void reach(const Battle& start);
    void order();
    void solve(const std::vector<int>& together);
    bool comes_back(const std::vector<int>& together) const;
    bool late() const { return std::clock() > deadline_; }
    double sweep(const std::vector<int>& together, bool again);
    double solve_here(const std::vector<int>& together, const int hp[2], bool again);
    double outside(const Compiled& kernel, const int hp[2], int component) const;
    double inside(const Compiled& kernel, const int hp[2], int component) const;
    double total(const Compiled& kernel, const int hp[2]) const { return outside(kernel, hp, -1) + inside(kernel, hp, -1); }
    double worth(const Landing& at) const { return at.to < 0 ? utility_of(at.to) : values_[place(at.to, at.hp[0], at.hp[1])]; }
    Landing land(const Branch& branch, const int hp[2]) const;
    std::size_t width(int side) const { return static_cast<std::size_t>(most_[side] - least_[side] + 1); }
    std::size_t place(int situation, int first, int second) const {
        return (static_cast<std::size_t>(situation) * width(0) + (first - least_[0])) * width(1) + (second - least_[1]);
    }

    EndgameGraph graph_;
    SolveOptions options_;
    std::vector<Compiled> kernels_;
    int least_[2] = {0, 0}, most_[2] = {0, 0}, full_[2] = {0, 0};  // HP
    std::vector<double> values_;
    std::vector<std::uint8_t> reached_;
    std::vector<std::vector<int>> components_;  // in the order of backward induction
    std::vector<int> component_;
    std::vector<double> scratch_;
    std::uint64_t states_ = 0, parts_ = 0, sweeps_ = 0;
    double residual_ = 0;
    std::clock_t deadline_ = 0;
};

}  // namespace gen1
