// The situations of one component, which lead to each other, along a row: one side's HP fixed, the other's all columns.
//
// What leads elsewhere or to lower rows is summed over the whole row. What stays in the row is summed over blocks of columns
// that even the smallest hit leaves, so that hits meet only columns that are settled. What changes no HP at all (a miss, a
// turn asleep) connects situations at the same HP, which fall into groups that recur together. Second actions are linear in
// the values of choices, so a group's equations are V_s = value(A_s + sum of P_st V_t) over its choices s and t. These are
// repeated, each solved for its own V_s by Newton's method (as Pollatschek and Avi-Itzhak 1969 do for all states at once).
#pragma once

#include "endgame_values.hpp"
#include "matrix_game.hpp"

namespace gen1 {

struct EndgameTables {
    const EndgameGraph& graph;
    const std::vector<Compiled>& kernels;
    const HpGrid& grid;
    const Reached& reached;
    const std::vector<int>&component, &local;  // of each situation, and its index there
    Values& values;
};

class RowSolver {
  public:
    RowSolver(EndgameTables tables, const std::vector<int>& together);

    // Sums what does not depend on this row of the component. False: no state of the row can be reached.
    bool prepare(int outer);

    // Solves the prepared row from low columns to high ones. Returns the largest change of a value; or, if the row will not
    // be swept again, that of the last round at the same HP.
    double settle(bool again);

  private:
    struct Return {  // a landing at the same HP, in the same group
        double chance;
        std::size_t to;  // in present_
        int low, high;
    };
    struct Landed {  // in the component, neither by a hit nor at the same HP
        double chance;
        const double* value;
        int column;
    };
    struct Cell {
        std::vector<Term> hits;
        std::vector<Landed> landed;          // by column
        std::vector<Return> returns, chosen; // as they are; those of choices, second actions passed
        std::vector<double> before;          // all that is outside the component or in lower rows, by column
    };
    struct Present {  // a situation of the row
        int situation, group;
        bool chance;
        Values::Row row;
        std::size_t first, last;  // in cells_
        bool has(int column) const { return row.low <= column && column <= row.high; }
    };
    struct Block {
        int low, high;
    };

    void find_groups(const std::vector<int>& together);
    void find_block();
    void prepare(const Present& here);
    void through_second_actions(const Present& choice);
    void add(const Compiled& kernel, double weight, Block columns, const Present& here, Cell& cell);
    void add_hit(const Strike& hit, double weight, Block columns, const Present& here, Cell& cell);
    void add_branch(const Branch& branch, double weight, Block columns, const Present& here, Cell& cell);
    double settle_group(std::size_t first, std::size_t last, Block columns, bool again);
    void sum_cells(const Present& here, Block columns);
    double settle_alone(const Present& here, Block columns);
    double settle_together(std::size_t first, std::size_t last, Block columns, bool again);
    void eliminate(std::size_t choice, Block columns);
    double settle_choice(std::size_t choice, Block columns);
    void add_others(std::size_t choice, Block columns);
    double settle_second(const Present& here, Block columns);

    static Block common(const Present& here, Block columns);
    bool reached(const Present& here, int column) const;
    // Of a block, by column: what a cell is worth but for returns; returns to its own situation; all but those.
    double* sums(std::size_t cell) { return scratch_.data() + 3 * cell * static_cast<std::size_t>(block_); }
    double* shares(std::size_t cell) { return sums(cell) + block_; }
    double* totals(std::size_t cell) { return sums(cell) + 2 * block_; }
    bool within(int to) const { return to >= 0 && tables_.component[to] == component_; }

    EndgameTables tables_;
    int component_, block_ = 1, outer_ = 0;
    std::vector<int> members_, group_;  // members in the order of groups; group of each, by its index in the component
    std::vector<std::size_t> where_;    // in present_, by its index in the component
    std::vector<Present> present_;
    std::vector<Cell> cells_;
    std::vector<Term> terms_;
    std::vector<double> scratch_;
};

}  // namespace gen1
