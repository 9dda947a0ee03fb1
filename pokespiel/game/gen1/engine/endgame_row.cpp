#include "endgame_row.hpp"

#include <algorithm>
#include <cmath>

#include "components.hpp"

namespace gen1 {
namespace {

constexpr double kStands = 1e-13;
constexpr int kMostColumns = 64;  // of a block

// The payoffs A + P V of a choice that recurs.
struct Recurring {
    MatrixGame matrix;
    double sums[kMaxChoices * kMaxChoices], shares[kMaxChoices * kMaxChoices];

    double at(double value, double& slope) {
        const int count = matrix.rows * matrix.columns;
        for (int c = 0; c < count; ++c) matrix.payoffs[c] = sums[c] + shares[c] * value;
        int row, column;
        if (saddle_point(matrix, row, column)) {
            slope = shares[row * matrix.columns + column];
            return matrix.at(row, column);
        }
        const MatrixSolution found = solve_matrix(matrix);
        slope = 0;
        for (int i = 0; i < matrix.rows; ++i)
            for (int j = 0; j < matrix.columns; ++j) slope += found.row[i] * found.column[j] * shares[i * matrix.columns + j];
        return found.value;
    }

    double most_shares() const { return *std::max_element(shares, shares + matrix.rows * matrix.columns); }
};

// Where repeating V := value(A + P V) from a start leads, one step at a time.
double repeated(Recurring& game, double start) {
    constexpr int kMost = 10'000;
    double slope, change = 1;
    for (int i = 0; i < kMost && change > kStands; ++i) {
        const double next = game.at(start, slope);
        change = std::fabs(next - start);
        start = next;
    }
    return start;
}

// The same by Newton's method, kept between values known to be below and above. If all of P is below 1 there is one fixed
// point. Else they are an interval, of which the end nearest to the start is right: there the value still moves beside it.
double fixed_point(Recurring& game, double start) {
    constexpr double kSolved = 1e-15, kContracts = 1 - 1e-6, kBeside = 1e-6;
    double value = start, low = 0, high = 1, slope, error = 1;
    for (int i = 0; i < 60; ++i) {
        const double moved = game.at(value, slope) - value;
        error = std::fabs(moved);
        if (error <= kSolved) break;
        (moved > 0 ? low : high) = value;
        value += slope < kContracts ? moved / (1 - slope) : moved;
        if (value < low || value > high) value = (low + high) / 2;
    }
    if (error > kStands) return repeated(game, start);
    const double beside = value + std::clamp(start - value, -kBeside, kBeside);
    if (beside == value || game.most_shares() < kContracts || std::fabs(game.at(beside, slope) - beside) > kStands) return value;
    return repeated(game, start);
}

}  // namespace

RowSolver::RowSolver(EndgameTables tables, const std::vector<int>& together)
    : tables_(tables), component_(tables.component[together[0]]), where_(together.size()) {
    find_groups(together);
    find_block();
}

void RowSolver::find_groups(const std::vector<int>& together) {
    std::vector<std::vector<int>> edges(together.size());
    for (std::size_t i = 0; i < together.size(); ++i) {
        each_kernel(tables_.graph.situations()[together[i]], tables_.grid.full, [&](int kernel) {
            for (const Stay& stay : tables_.kernels[kernel].stays)
                if (within(stay.to)) edges[i].push_back(tables_.local[stay.to]);
        });
        std::sort(edges[i].begin(), edges[i].end());
        edges[i].erase(std::unique(edges[i].begin(), edges[i].end()), edges[i].end());
    }
    group_.resize(together.size());
    const std::vector<std::vector<int>> groups = Components(edges).found;
    for (std::size_t g = 0; g < groups.size(); ++g)
        for (const bool chance : {true, false})  // second actions first
            for (const int member : groups[g]) {
                if (tables_.graph.situations()[together[static_cast<std::size_t>(member)]].chance != chance) continue;
                group_[static_cast<std::size_t>(member)] = static_cast<int>(g);
                members_.push_back(together[static_cast<std::size_t>(member)]);
            }
}

// No hit in the component may land within its own block.
void RowSolver::find_block() {
    const int inner = tables_.grid.inner();
    block_ = std::min(kMostColumns, static_cast<int>(tables_.grid.width(inner)));
    const auto lands = [&](const Compiled& kernel) {
        for (const Strike& hit : kernel.hits)
            if (within(hit.to) && hit.side == inner) block_ = std::min(block_, hit.least);
        for (const Branch& branch : kernel.others)
            for (const Op& op : branch.ops) {
                if (!within(branch.to) || op.side != inner) continue;
                if (op.kind == Op::Recoil) block_ = 1;
                if (op.kind == Op::Lose) block_ = std::min(block_, op.amount);
            }
    };
    for (const int member : members_)
        each_kernel(tables_.graph.situations()[member], tables_.grid.full, [&](int kernel) { lands(tables_.kernels[kernel]); });
    if (block_ > 8) block_ -= block_ % 8;
}

bool RowSolver::prepare(int outer) {
    outer_ = outer;
    present_.clear();
    std::size_t cells = 0;
    for (const int member : members_) {
        const Values::Row& row = tables_.values.row(member, outer);
        if (row.empty()) continue;
        const Situation& here = tables_.graph.situations()[member];
        where_[static_cast<std::size_t>(tables_.local[member])] = present_.size();
        present_.push_back({member, group_[static_cast<std::size_t>(tables_.local[member])], here.chance, row, cells, cells + here.cells.size()});
        cells += here.cells.size();
    }
    if (cells_.size() < cells) cells_.resize(cells);
    for (const Present& here : present_) prepare(here);
    for (const Present& here : present_)
        if (!here.chance) through_second_actions(here);
    return !present_.empty();
}

void RowSolver::prepare(const Present& here) {
    const Block whole{here.row.low, here.row.high};
    for (std::size_t c = here.first; c < here.last; ++c) {
        Cell& cell = cells_[c];
        cell.hits.clear();
        cell.landed.clear();
        cell.returns.clear();
        cell.before.assign(static_cast<std::size_t>(whole.high - whole.low + 1), 0);
        terms_.clear();
        for (const Part& part : tables_.graph.situations()[here.situation].cells[c - here.first]) {
            if (part.by != tables_.grid.inner()) add(tables_.kernels[part.by < 0 ? part.kernel : part.kernel + outer_], part.weight, whole, here, cell);
            else
                for (int hp = whole.low; hp <= whole.high; ++hp) add(tables_.kernels[part.kernel + hp], part.weight, {hp, hp}, here, cell);
        }
        add_terms(terms_, cell.before.data(), whole.low, whole.high);
        const auto earlier = [](const Landed& a, const Landed& b) { return a.column < b.column; };
        if (!std::is_sorted(cell.landed.begin(), cell.landed.end(), earlier)) std::sort(cell.landed.begin(), cell.landed.end(), earlier);
    }
}

void RowSolver::through_second_actions(const Present& choice) {
    for (std::size_t c = choice.first; c < choice.last; ++c) {
        std::vector<Return>& chosen = cells_[c].chosen;
        chosen.clear();
        const auto add = [&](double chance, std::size_t to, int low, int high) {
            if (low > high) return;
            if (chosen.empty() || chosen.back().to != to || chosen.back().chance != chance || chosen.back().high + 1 != low) chosen.push_back({chance, to, low, high});
            chosen.back().high = high;
        };
        for (const Return& one : cells_[c].returns) {
            if (!present_[one.to].chance) add(one.chance, one.to, one.low, one.high);
            else
                for (const Return& next : cells_[present_[one.to].first].returns)
                    add(one.chance * next.chance, next.to, std::max(one.low, next.low), std::min(one.high, next.high));
        }
    }
}

void RowSolver::add(const Compiled& kernel, double weight, Block columns, const Present& here, Cell& cell) {
    double* before = cell.before.data() - here.row.low;
    for (int hp = columns.low; hp <= columns.high; ++hp) before[hp] += weight * kernel.constant;
    for (const Stay& stay : kernel.stays) {
        const std::size_t local = static_cast<std::size_t>(tables_.local[stay.to]);
        const Values::Row& row = tables_.values.row(stay.to, outer_);
        const int low = std::max(columns.low, row.low), high = std::min(columns.high, row.high);
        if (low > high) continue;
        const double chance = weight * stay.probability;
        if (within(stay.to) && group_[local] == here.group) cell.returns.push_back({chance, where_[local], low, high});
        else (within(stay.to) ? cell.hits : terms_).push_back({chance, tables_.values.begin(row) + (low - row.low), low, high});
    }
    for (const Strike& hit : kernel.hits) add_hit(hit, weight, columns, here, cell);
    for (const Branch& branch : kernel.others) add_branch(branch, weight, columns, here, cell);
}

void RowSolver::add_hit(const Strike& hit, double weight, Block columns, const Present& here, Cell& cell) {
    double* before = cell.before.data() - here.row.low;
    const bool rows = hit.side == tables_.grid.outer;
    const auto ended = [&](double down) { return weight * (down * hit.over() + (hit.to < 0 ? (hit.at_least(0) - down) * utility_of(hit.to) : 0)); };
    const int last = hit.to < 0 || rows ? columns.high : std::min(columns.high, hit.most());
    const double same = rows ? ended(hit.at_least(outer_)) : 0;
    for (int hp = columns.low; hp <= last; ++hp) before[hp] += rows ? same : ended(hit.at_least(hp));
    if (hit.to < 0) return;
    for (int loss = hit.least; loss <= hit.most() && (!rows || loss < outer_); ++loss) {
        const double chance = weight * hit.chances[static_cast<std::size_t>(loss - hit.least)];
        const Values::Row& row = tables_.values.row(hit.to, rows ? outer_ - loss : outer_);
        const int shift = rows ? 0 : loss, low = std::max(columns.low, row.low + shift), high = std::min(columns.high, row.high + shift);
        if (chance == 0 || low > high) continue;
        (rows || !within(hit.to) ? terms_ : cell.hits).push_back({chance, tables_.values.begin(row) + (low - shift - row.low), low, high});
    }
}

void RowSolver::add_branch(const Branch& branch, double weight, Block columns, const Present& here, Cell& cell) {
    const double chance = weight * branch.probability;
    int hp[2];
    hp[tables_.grid.outer] = outer_;
    for (int column = columns.low; column <= columns.high; ++column) {
        if (!reached(here, column)) continue;
        hp[tables_.grid.inner()] = column;
        const Landing at = land(tables_.grid, branch, hp);
        if (within(at.to)) cell.landed.push_back({chance, &tables_.values.at(at.to, at.hp), column});
        else cell.before[static_cast<std::size_t>(column - here.row.low)] += chance * (at.to < 0 ? utility_of(at.to) : tables_.values.at(at.to, at.hp));
    }
}

double RowSolver::settle(bool again) {
    int low = present_[0].row.low, high = present_[0].row.high;
    for (const Present& here : present_) low = std::min(low, here.row.low), high = std::max(high, here.row.high);
    double change = 0;
    for (int column = low; column <= high; column += block_)
        for (std::size_t first = 0, last = 0; first < present_.size(); first = last) {
            while (last < present_.size() && present_[last].group == present_[first].group) ++last;
            change = std::max(change, settle_group(first, last, {column, std::min(high, column + block_ - 1)}, again));
        }
    return change;
}

double RowSolver::settle_group(std::size_t first, std::size_t last, Block columns, bool again) {
    scratch_.resize(std::max(scratch_.size(), 3 * present_[last - 1].last * static_cast<std::size_t>(block_)));
    bool recurs = false;
    for (std::size_t i = first; i < last; ++i) {
        sum_cells(present_[i], columns);
        for (std::size_t c = present_[i].first; c < present_[i].last; ++c) recurs |= !cells_[c].returns.empty();
    }
    if (recurs) return settle_together(first, last, columns, again);
    double change = 0;
    for (std::size_t i = first; i < last; ++i) change = std::max(change, settle_alone(present_[i], columns));
    return again ? change : 0;
}

// All but what stays in the group; sums begin at the block's first column.
void RowSolver::sum_cells(const Present& here, Block columns) {
    const Block own = common(here, columns);
    if (own.low > own.high) return;
    for (std::size_t c = here.first; c < here.last; ++c) {
        const Cell& cell = cells_[c];
        double* to = sums(c) - columns.low;
        std::copy(cell.before.begin() + (own.low - here.row.low), cell.before.begin() + (own.high + 1 - here.row.low), to + own.low);
        add_terms(cell.hits, to + own.low, own.low, own.high);
        auto one = std::partition_point(cell.landed.begin(), cell.landed.end(), [&](const Landed& at) { return at.column < own.low; });
        for (; one != cell.landed.end() && one->column <= own.high; ++one) to[one->column] += one->chance * *one->value;
    }
}

double RowSolver::settle_alone(const Present& here, Block columns) {
    const Block own = common(here, columns);
    const Situation& situation = tables_.graph.situations()[here.situation];
    double change = 0;
    double* values = tables_.values.begin(here.row) - here.row.low;
    const auto set = [&](int column, double value) {
        change = std::max(change, std::fabs(value - values[column]));
        values[column] = value;
    };
    MatrixGame matrix{situation.counts[0], situation.counts[1]};
    for (int column = own.low; column <= own.high; ++column) {
        const double* at = sums(here.first) + (column - columns.low);
        if (here.chance) set(column, *at);
        if (here.chance || !reached(here, column)) continue;
        for (std::size_t c = 0; c < situation.cells.size(); ++c) matrix.payoffs[c] = at[3 * c * static_cast<std::size_t>(block_)];
        set(column, solve_matrix(matrix).value);
    }
    return change;
}

// Choices by themselves, until none changes, and then the second actions between them.
double RowSolver::settle_together(std::size_t first, std::size_t last, Block columns, bool again) {
    constexpr int kMostRepeated = 8, kMost = 10'000;
    std::size_t choice = first;
    while (choice < last && present_[choice].chance) ++choice;
    for (std::size_t i = choice; i < last; ++i) eliminate(i, columns);
    double change = 1, moved = 0;
    for (int rounds = 0; change > kStands && rounds < (again ? kMostRepeated : kMost); ++rounds) {
        change = 0;
        for (std::size_t i = choice; i < last; ++i) change = std::max(change, settle_choice(i, columns));
        if (!rounds) moved = change;
        if (last - choice == 1) change = 0;
    }
    for (std::size_t i = first; i < choice; ++i) moved = std::max(moved, settle_second(present_[i], columns));
    return again ? moved : change;
}

// Add to a choice's sums what its second actions have, and set its shares.
void RowSolver::eliminate(std::size_t choice, Block columns) {
    for (std::size_t c = present_[choice].first; c < present_[choice].last; ++c) {
        double *to = sums(c) - columns.low, *share = shares(c) - columns.low;
        for (const Return& one : cells_[c].returns) {
            if (!present_[one.to].chance) continue;
            const double* second = sums(present_[one.to].first) - columns.low;
            for (int column = std::max(one.low, columns.low); column <= std::min(one.high, columns.high); ++column) to[column] += one.chance * second[column];
        }
        std::fill(share + columns.low, share + columns.high + 1, 0.0);
        for (const Return& one : cells_[c].chosen)
            for (int column = std::max(one.low, columns.low); one.to == choice && column <= std::min(one.high, columns.high); ++column) share[column] += one.chance;
    }
}

double RowSolver::settle_choice(std::size_t choice, Block columns) {
    const Present& here = present_[choice];
    const Block own = common(here, columns);
    const Situation& situation = tables_.graph.situations()[here.situation];
    double* values = tables_.values.begin(here.row) - here.row.low;
    double change = 0;
    Recurring game;
    game.matrix.rows = situation.counts[0];
    game.matrix.columns = situation.counts[1];
    add_others(choice, columns);
    for (int column = own.low; column <= own.high; ++column) {
        if (!reached(here, column)) continue;
        const double *total = totals(here.first) + (column - columns.low), *share = shares(here.first) + (column - columns.low);
        for (std::size_t c = 0; c < situation.cells.size(); ++c) {
            game.sums[c] = total[3 * c * static_cast<std::size_t>(block_)];
            game.shares[c] = share[3 * c * static_cast<std::size_t>(block_)];
        }
        const double found = fixed_point(game, values[column]);
        change = std::max(change, std::fabs(found - values[column]));
        values[column] = found;
    }
    return change;
}

void RowSolver::add_others(std::size_t choice, Block columns) {
    for (std::size_t c = present_[choice].first; c < present_[choice].last; ++c) {
        double* total = totals(c) - columns.low;
        std::copy(sums(c), sums(c) + block_, totals(c));
        for (const Return& one : cells_[c].chosen) {
            if (one.to == choice) continue;
            const Values::Row& row = present_[one.to].row;
            const double* from = tables_.values.begin(row) - row.low;
            for (int column = std::max(one.low, columns.low); column <= std::min(one.high, columns.high); ++column) total[column] += one.chance * from[column];
        }
    }
}

double RowSolver::settle_second(const Present& here, Block columns) {
    double* sum = sums(here.first) - columns.low;
    for (const Return& one : cells_[here.first].returns) {
        const Values::Row& row = present_[one.to].row;
        const double* from = tables_.values.begin(row) - row.low;
        for (int column = std::max(one.low, columns.low); column <= std::min(one.high, columns.high); ++column) sum[column] += one.chance * from[column];
    }
    return settle_alone(here, columns);
}

RowSolver::Block RowSolver::common(const Present& here, Block columns) {
    return {std::max(columns.low, here.row.low), std::min(columns.high, here.row.high)};
}

bool RowSolver::reached(const Present& here, int column) const {
    int hp[2];
    hp[tables_.grid.outer] = outer_;
    hp[tables_.grid.inner()] = column;
    return tables_.reached.at(here.situation, hp);
}

}  // namespace gen1
