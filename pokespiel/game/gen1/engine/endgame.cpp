#include "endgame.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "components.hpp"

namespace gen1 {

Endgame::Endgame(const Battle& start, const EndgameOptions& graph_options, const SolveOptions& options)
    : graph_(start, graph_options), options_(options) {
    grid_.none = graph_.by_hp();
    for (int side = 0; side < 2; ++side) {
        grid_.full[side] = start.sides[side].pokemon().max_hp;
        grid_.least[side] = grid_.most[side] = grid_.none ? 0 : start.sides[side].pokemon().hp;
    }
    compile();
    order();
    choose_rows();
    reach(start);
    for (const std::vector<int>& together : components_) {
        if (bounding() && late()) break;
        solve(together);
    }
}

void Endgame::compile() {
    for (const Kernel& kernel : graph_.kernels()) {
        kernels_.push_back(compiled(kernel));
        for (const Branch& branch : kernel)
            for (const Op& op : branch.ops) {
                if (grid_.none) continue;
                if (op.kind == Op::Gain) grid_.most[op.side] = grid_.full[op.side];
                else grid_.least[op.side] = 1;
            }
    }
}

void Endgame::reach(const Battle& start) {
    const int first = grid_.none ? 0 : start.sides[0].pokemon().hp, second = grid_.none ? 0 : start.sides[1].pokemon().hp;
    std::vector<Landing> starts{{0, {first, second}}};
    if (options_.every_hp && !grid_.none)
        for (int i = grid_.least[0]; i <= first; ++i)
            for (int j = grid_.least[1]; j <= second; ++j) starts.push_back({0, {i, j}});
    const std::size_t count = graph_.situations().size();
    check_size(count, grid_, Reached::bytes(count, grid_), options_.most_bytes);
    reached_ = std::make_unique<Reached>(graph_, kernels_, components_, grid_, starts, bounding() ? 0 : options_.deadline);
    for (std::size_t i = 0; i < count; ++i)
        (graph_.situations()[i].chance ? parts_ : states_) += reached_->count(static_cast<int>(i));
    if (!bounding()) check_time();
    values_ = std::make_unique<Values>(count, grid_, *reached_, options_.from, options_.most_bytes);
}

void Endgame::order() {
    std::vector<int> all(graph_.situations().size());
    std::iota(all.begin(), all.end(), 0);
    component_.assign(all.size(), 0);
    local_ = all;
    components_ = parted(all, [](const Branch&) { return true; });
}

// Strongly connected components of one of these, in the order of backward induction, by the branches that count.
template <class Counts>
std::vector<std::vector<int>> Endgame::parted(const std::vector<int>& together, Counts counts) {
    std::vector<std::vector<int>> edges(together.size());
    for (std::size_t i = 0; i < together.size(); ++i) {
        each_kernel(graph_.situations()[together[i]], grid_.full, [&](int kernel) {
            for (const Branch& branch : graph_.kernels()[kernel])
                if (branch.to >= 0 && component_[branch.to] == component_[together[i]] && counts(branch)) edges[i].push_back(local_[branch.to]);
        });
        std::sort(edges[i].begin(), edges[i].end());
        edges[i].erase(std::unique(edges[i].begin(), edges[i].end()), edges[i].end());
    }
    std::vector<std::vector<int>> found = Components(edges).found;
    for (std::vector<int>& component : found) {
        ++count_;
        for (std::size_t i = 0; i < component.size(); ++i) {
            component[i] = together[static_cast<std::size_t>(component[i])];
            component_[component[i]] = count_;
            local_[component[i]] = static_cast<int>(i);
        }
    }
    return found;
}

// Rows run over the HP of the side that gains HP in fewer situations. Components in which it gains none are solved row by
// row.
void Endgame::choose_rows() {
    std::size_t gaining[2] = {0, 0};
    for (const std::vector<int>& together : components_)
        for (int side = 0; side < 2; ++side) gaining[side] += rises(together, side) ? together.size() : 0;
    grid_.outer = gaining[1] < gaining[0];
}

bool Endgame::rises(const std::vector<int>& together, int side) const {
    bool found = false;
    for (const int member : together)
        each_kernel(graph_.situations()[member], grid_.full, [&](int kernel) {
            for (const Branch& branch : kernels_[kernel].others)
                for (const Op& op : branch.ops)
                    found |= op.kind == Op::Gain && op.side == side && branch.to >= 0 && component_[branch.to] == component_[member];
        });
    return found && !grid_.none;
}

void Endgame::solve(const std::vector<int>& together) {
    if (rises(together, grid_.outer)) solve_again_and_again(together);
    else solve_by_row(together);
}

void Endgame::solve_again_and_again(const std::vector<int>& together) {
    RowSolver solver({graph_, kernels_, grid_, *reached_, component_, local_, *values_}, together);
    double change = 0;
    std::uint64_t sweeps = 0;
    do {
        change = 0;
        for (int hp = grid_.least[grid_.outer]; hp <= grid_.most[grid_.outer]; ++hp)
            if (prepare(solver, hp)) change = std::max(change, solver.settle(true));
        ++sweeps;
    } while (change > options_.tolerance && sweeps < options_.most_sweeps && !late());
    sweeps_ = std::max(sweeps_, sweeps);
    residual_ = std::max(residual_, change);
}

// Lower rows are final. In a row, what leads back to itself without the loss of a row is solved together.
void Endgame::solve_by_row(const std::vector<int>& together) {
    const auto stays = [&](const Branch& branch) {
        return std::none_of(branch.ops.begin(), branch.ops.end(), [&](const Op& op) { return op.side == grid_.outer && !grid_.none; });
    };
    std::vector<RowSolver> solvers;
    std::vector<bool> recurs;
    for (const std::vector<int>& part : parted(together, stays)) {
        solvers.emplace_back(EndgameTables{graph_, kernels_, grid_, *reached_, component_, local_, *values_}, part);
        recurs.push_back(rises(part, grid_.inner()));
    }
    for (int hp = grid_.least[grid_.outer]; hp <= grid_.most[grid_.outer]; ++hp)
        for (std::size_t i = 0; i < solvers.size(); ++i) settle(solvers[i], hp, recurs[i]);
}

// Gives up where even a fast machine could not look at every state before the deadline.
void Endgame::check_time() const {
    constexpr double kSecondsPerState = 4e-8;
    const double needed = kSecondsPerState * static_cast<double>(states_ + parts_) * CLOCKS_PER_SEC;
    if (options_.deadline && static_cast<double>(std::clock()) + needed > static_cast<double>(options_.deadline)) give_up();
}

void Endgame::give_up() const {
    throw std::length_error("the ending has " + std::to_string(states_) + " states, more than there is time to look at once");
}

bool Endgame::prepare(RowSolver& solver, int outer) const {
    if (late() && !bounding()) give_up();
    return solver.prepare(outer);
}

// Sweep a row until it converges.
void Endgame::settle(RowSolver& solver, int outer, bool again) {
    if (!prepare(solver, outer)) return;
    double change = 0;
    std::uint64_t sweeps = 0;
    do {
        change = solver.settle(again);
        ++sweeps;
    } while (again && change > options_.tolerance && sweeps < options_.most_sweeps && !late());
    sweeps_ = std::max(sweeps_, sweeps);
    residual_ = std::max(residual_, change);
}

double Endgame::struck(const Strike& hit, const int hp[2]) const {
    const double down = hit.at_least(hp[hit.side]);
    double sum = down * hit.over();
    if (hit.to < 0) return sum + (hit.at_least(0) - down) * utility_of(hit.to);
    int left[2] = {hp[0], hp[1]};
    for (int loss = hit.least; loss <= hit.most() && loss < hp[hit.side]; ++loss) {
        const double chance = hit.chances[static_cast<std::size_t>(loss - hit.least)];
        left[hit.side] = hp[hit.side] - loss;
        if (chance > 0) sum += chance * values_->at(hit.to, left);
    }
    return sum;
}

double Endgame::total(const Compiled& kernel, const int hp[2]) const {
    double sum = kernel.constant;
    for (const Stay& stay : kernel.stays) sum += stay.probability * values_->at(stay.to, hp);
    for (const Strike& hit : kernel.hits) sum += struck(hit, hp);
    for (const Branch& branch : kernel.others) sum += branch.probability * worth(land(grid_, branch, hp));
    return sum;
}

bool Endgame::solved(int situation, const int hp[2]) const {
    const int none[2] = {0, 0};
    const int* at = grid_.none ? none : hp;
    for (int side = 0; side < 2; ++side)
        if (at[side] < grid_.least[side] || at[side] > grid_.most[side]) return false;
    return reached_->at(situation, at);
}

MatrixGame Endgame::game(int situation, const int hp[2]) const {
    const int none[2] = {0, 0};
    const int* at = grid_.none ? none : hp;
    const Situation& here = graph_.situations()[situation];
    MatrixGame matrix;
    matrix.rows = here.counts[0];
    matrix.columns = here.counts[1];
    for (std::size_t c = 0; c < here.cells.size(); ++c)
        for (const Part& part : here.cells[c]) matrix.payoffs[c] += part.weight * total(kernels_[part.at(at)], at);
    return matrix;
}

}  // namespace gen1
