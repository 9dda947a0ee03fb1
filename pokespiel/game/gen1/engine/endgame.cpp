#include "endgame.hpp"

#include <algorithm>
#include <cmath>
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
    measure();
    reach(start);
    values_.assign(graph_.situations().size() * grid_.width(0) * grid_.width(1), options_.from);
    place_in_before_.assign(graph_.situations().size(), 0);
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

// Refuse what is too large before allocating memory.
void Endgame::measure() const {
    const double rows = static_cast<double>(graph_.situations().size() * grid_.width(grid_.outer));
    const double bytes = rows * (static_cast<double>(grid_.width(grid_.inner())) * sizeof(double) + static_cast<double>(grid_.width(grid_.inner()) / 64 + 1) * 16);
    if (bytes <= static_cast<double>(options_.most_bytes)) return;
    throw std::length_error("the ending has " + std::to_string(graph_.situations().size()) + " situations at up to " +
                            std::to_string(grid_.width(0)) + " x " + std::to_string(grid_.width(1)) + " HP, which take " +
                            std::to_string(static_cast<std::uint64_t>(bytes / 1e6)) + " MB; the limit is " +
                            std::to_string(options_.most_bytes / 1'000'000) + " MB");
}

void Endgame::reach(const Battle& start) {
    const int first = grid_.none ? 0 : start.sides[0].pokemon().hp, second = grid_.none ? 0 : start.sides[1].pokemon().hp;
    std::vector<Landing> starts{{0, {first, second}}};
    if (options_.every_hp && !grid_.none)
        for (int i = grid_.least[0]; i <= first; ++i)
            for (int j = grid_.least[1]; j <= second; ++j) starts.push_back({0, {i, j}});
    reached_ = std::make_unique<Reached>(graph_, kernels_, components_, grid_, starts, bounding() ? 0 : options_.deadline);
    for (std::size_t i = 0; i < graph_.situations().size(); ++i)
        (graph_.situations()[i].chance ? parts_ : states_) += reached_->count(static_cast<int>(i));
}

void Endgame::order() {
    std::vector<std::vector<int>> edges(graph_.situations().size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
        each_kernel(graph_.situations()[i], grid_.full, [&](int kernel) {
            for (const Branch& branch : graph_.kernels()[kernel])
                if (branch.to >= 0) edges[i].push_back(branch.to);
        });
        std::sort(edges[i].begin(), edges[i].end());
        edges[i].erase(std::unique(edges[i].begin(), edges[i].end()), edges[i].end());
    }
    components_ = Components(edges).found;
    component_.assign(edges.size(), 0);
    for (std::size_t c = 0; c < components_.size(); ++c)
        for (const int member : components_[c]) component_[member] = static_cast<int>(c);
    for (std::vector<int>& component : components_)  // second actions first: the values of choices depend on them
        std::sort(component.begin(), component.end(), [&](int a, int b) {
            const bool first = graph_.situations()[a].chance, second = graph_.situations()[b].chance;
            return first != second ? first : a < b;
        });
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
    const bool outer = rises(together, grid_.outer), inner = rises(together, grid_.inner());
    if (!outer) {
        for (int hp = grid_.least[grid_.outer]; hp <= grid_.most[grid_.outer]; ++hp) solve_row(together, hp, inner);
        return;
    }
    double change = 1;
    std::uint64_t sweeps = 0;
    while (change > options_.tolerance && sweeps < options_.most_sweeps && !(sweeps && late())) {
        change = sweep(together, true);
        ++sweeps;
    }
    sweeps_ = std::max(sweeps_, sweeps);
    residual_ = std::max(residual_, change);
}

double Endgame::sweep(const std::vector<int>& together, bool again) {
    double change = 0;
    for (int hp = grid_.least[grid_.outer]; hp <= grid_.most[grid_.outer]; ++hp)
        if (prepare(together, hp)) change = std::max(change, settle(together, hp, again));
    return change;
}

// Sweep a row until it converges; the rows below are final.
void Endgame::solve_row(const std::vector<int>& together, int outer, bool again) {
    if (!prepare(together, outer)) return;
    double change = 0;
    std::uint64_t sweeps = 0;
    do {
        change = settle(together, outer, again);
        ++sweeps;
    } while (again && change > options_.tolerance && sweeps < options_.most_sweeps && !late());
    sweeps_ = std::max(sweeps_, sweeps);
    residual_ = std::max(residual_, change);
}

// Sum a row's terms outside the component and in lower rows. False: no state of the row can be reached.
bool Endgame::prepare(const std::vector<int>& together, int outer) {
    if (late() && !bounding())
        throw std::length_error("the ending has " + std::to_string(states_) + " states, more than there is time to look at once");
    const int component = component_[together[0]], low = grid_.least[grid_.inner()], high = grid_.most[grid_.inner()];
    const std::size_t width = grid_.width(grid_.inner());
    std::size_t size = 0;
    for (const int member : together) {
        place_in_before_[member] = size;
        if (reached_->row(member, outer)) size += graph_.situations()[member].cells.size() * width;
    }
    before_.assign(size, 0);
    for (const int member : together) {
        if (!reached_->row(member, outer)) continue;
        double* sums = before_.data() + place_in_before_[member];
        for (const std::vector<Part>& cell : graph_.situations()[member].cells) {
            for (const Part& part : cell) {
                if (part.by != grid_.inner()) add_before(kernels_[part.by < 0 ? part.kernel : part.kernel + outer], part.weight, outer, component, low, high, sums);
                else
                    for (int hp = low; hp <= high; ++hp) add_before(kernels_[part.kernel + hp], part.weight, outer, component, hp, hp, sums);
            }
            sums += width;
        }
    }
    return size > 0;
}

double Endgame::settle(const std::vector<int>& together, int outer, bool again) {
    double change = 0;
    std::vector<int> present;
    for (int inner = grid_.least[grid_.inner()]; inner <= grid_.most[grid_.inner()]; ++inner) {
        int hp[2];
        hp[grid_.outer] = outer;
        hp[grid_.inner()] = inner;
        present.clear();
        for (const int member : together)
            if (reached_->at(member, hp)) present.push_back(member);
        if (!present.empty()) change = std::max(change, solve_here(present, hp, again));
    }
    return change;
}

// Solve the situations at one pair of HP: terms that lead elsewhere are summed once, the rest are repeated until values
// converge. Returns the first pass's largest change of a value if sweeps are repeated, else the last pass's.
double Endgame::solve_here(const std::vector<int>& present, const int hp[2], bool again) {
    constexpr int kMostRepeated = 8, kMost = 10'000;
    constexpr double kStands = 1e-13;
    const std::size_t width = grid_.width(grid_.inner()), column = static_cast<std::size_t>(hp[grid_.inner()] - grid_.least[grid_.inner()]);
    const int component = component_[present[0]];
    scratch_.clear();
    staying_.clear();
    for (const int member : present) {
        const double* before = before_.data() + place_in_before_[member] + column;
        for (const std::vector<Part>& cell : graph_.situations()[member].cells) {
            scratch_.push_back(*before);
            for (const Part& part : cell) {
                const Compiled& kernel = kernels_[part.at(hp)];
                scratch_.back() += part.weight * here(kernel, hp, component);
                for (const Stay& stay : kernel.stays)
                    if (component_[stay.to] == component) staying_.push_back({scratch_.size() - 1, part.weight * stay.probability, &values_[grid_.place(stay.to, hp)]});
            }
            before += width;
        }
    }
    const double first = round(present, hp);
    double change = staying_.empty() ? 0 : first;
    for (int rounds = 1; change > kStands && rounds < (again ? kMostRepeated : kMost); ++rounds) change = round(present, hp);
    return again ? first : change;
}

double Endgame::round(const std::vector<int>& present, const int hp[2]) {
    double change = 0;
    std::size_t first = 0;
    auto stay = staying_.begin();
    for (const int member : present) {
        const Situation& here = graph_.situations()[member];
        MatrixGame matrix{here.counts[0], here.counts[1], {}};
        const std::size_t last = first + here.cells.size();
        std::copy(scratch_.begin() + static_cast<std::ptrdiff_t>(first), scratch_.begin() + static_cast<std::ptrdiff_t>(last), matrix.payoffs);
        for (; stay != staying_.end() && stay->cell < last; ++stay) matrix.payoffs[stay->cell - first] += stay->probability * *stay->value;
        first = last;
        double& value = values_[grid_.place(member, hp)];
        const double found = here.chance ? matrix.payoffs[0] : solve_matrix(matrix).value;
        change = std::max(change, std::fabs(found - value));
        value = found;
    }
    return change;
}

// Add a kernel's terms for the columns low to high of a row, except those in this row of the component itself.
void Endgame::add_before(const Compiled& kernel, double weight, int outer, int component, int low, int high, double* sums) const {
    const int least = grid_.least[grid_.inner()];
    for (int hp = low; hp <= high; ++hp) sums[hp - least] += weight * kernel.constant;
    for (const Stay& stay : kernel.stays) {
        if (component_[stay.to] == component) continue;
        const double* from = values_.data() + grid_.row(stay.to, outer) * grid_.width(grid_.inner());
        for (int hp = low; hp <= high; ++hp) sums[hp - least] += weight * stay.probability * from[hp - least];
    }
    for (const Strike& hit : kernel.hits)
        if (hit.to < 0 || hit.side == grid_.outer || component_[hit.to] != component) add_hit(hit, weight, outer, low, high, sums);
    for (const Branch& branch : kernel.others) {
        if (branch.to >= 0 && component_[branch.to] == component) continue;
        int hp[2];
        hp[grid_.outer] = outer;
        for (hp[grid_.inner()] = low; hp[grid_.inner()] <= high; ++hp[grid_.inner()])
            sums[hp[grid_.inner()] - least] += weight * branch.probability * worth(land(grid_, branch, hp));
    }
}

void Endgame::add_hit(const Strike& hit, double weight, int outer, int low, int high, double* sums) const {
    const int least = grid_.least[grid_.inner()];
    const std::size_t width = grid_.width(grid_.inner());
    const double over = hit.over();
    for (int loss = hit.least; loss <= hit.most(); ++loss) {
        const double chance = weight * hit.chances[static_cast<std::size_t>(loss - hit.least)];
        if (chance == 0) continue;
        const bool rows = hit.side == grid_.outer;
        const int shift = rows ? 0 : loss;
        int hp = low;
        for (const int down = rows ? (loss < outer ? low : high + 1) : std::min(high, loss) + 1; hp < down; ++hp) sums[hp - least] += chance * over;
        if (hit.to < 0)
            for (; hp <= high; ++hp) sums[hp - least] += chance * utility_of(hit.to);
        if (hp > high) continue;
        const double* from = values_.data() + grid_.row(hit.to, rows ? outer - loss : outer) * width;
        double* to = sums + (hp - least);
        from += hp - least - shift;
        for (int i = 0; i <= high - hp; ++i) to[i] += chance * from[i];
    }
}

// The terms within the component in lower columns, and those with an unusual effect on HP.
double Endgame::here(const Compiled& kernel, const int hp[2], int component) const {
    double sum = 0;
    for (const Strike& hit : kernel.hits)
        if (hit.to >= 0 && hit.side != grid_.outer && component_[hit.to] == component) sum += struck(hit, hp);
    for (const Branch& branch : kernel.others)
        if (branch.to >= 0 && component_[branch.to] == component) sum += branch.probability * worth(land(grid_, branch, hp));
    return sum;
}

double Endgame::struck(const Strike& hit, const int hp[2]) const {
    const int left = hp[hit.side], survived = std::min(hit.most(), left - 1);
    const double* chance = hit.chances.data();
    double sums[4] = {};
    if (survived >= hit.least && hit.to < 0) {
        for (int loss = hit.least; loss <= survived; ++loss) sums[0] += chance[loss - hit.least] * utility_of(hit.to);
    } else if (survived >= hit.least) {
        const double* at = values_.data() + grid_.place(hit.to, hp);
        const std::ptrdiff_t step = hit.side == grid_.outer ? static_cast<std::ptrdiff_t>(grid_.width(grid_.inner())) : 1;
        int loss = hit.least;
        for (; loss + 3 <= survived; loss += 4)
            for (int k = 0; k < 4; ++k) sums[k] += chance[loss - hit.least + k] * at[-(loss + k) * step];
        for (; loss <= survived; ++loss) sums[0] += chance[loss - hit.least] * at[-loss * step];
    }
    double down = 0;
    for (int loss = std::max(hit.least, left); loss <= hit.most(); ++loss) down += chance[loss - hit.least];
    return sums[0] + sums[1] + sums[2] + sums[3] + down * hit.over();
}

double Endgame::total(const Compiled& kernel, const int hp[2]) const {
    double sum = kernel.constant;
    for (const Stay& stay : kernel.stays) sum += stay.probability * values_[grid_.place(stay.to, hp)];
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
