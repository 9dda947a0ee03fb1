#include "endgame.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace gen1 {
namespace {

template <class Visit>
void each_kernel(const EndgameGraph& graph, const Situation& from, const int full[2], Visit visit) {
    for (const std::vector<Part>& cell : from.cells)
        for (const Part& part : cell) {
            const int last = part.by < 0 ? 0 : full[part.by];
            for (int h = part.by < 0 ? 0 : 1; h <= last; ++h) visit(part.kernel + h);
        }
}

// Tarjan's strongly connected components without recursion, in the order of backward induction.
class Components {
  public:
    Components(const std::vector<std::vector<int>>& edges) : edges_(edges), number_(edges.size(), -1), low_(edges.size()), held_(edges.size()) {
        for (int root = 0; root < static_cast<int>(edges.size()); ++root)
            if (number_[root] < 0) visit(root);
    }
    std::vector<std::vector<int>> found;

  private:
    void visit(int root) {
        std::vector<std::pair<int, std::size_t>> path;
        enter(root, path);
        while (!path.empty()) {
            const int at = path.back().first;
            if (path.back().second < edges_[at].size()) {
                const int to = edges_[at][path.back().second++];
                if (number_[to] < 0) enter(to, path);
                else if (held_[to]) low_[at] = std::min(low_[at], number_[to]);
                continue;
            }
            path.pop_back();
            if (!path.empty()) low_[path.back().first] = std::min(low_[path.back().first], low_[at]);
            if (low_[at] == number_[at]) close(at);
        }
    }

    void enter(int at, std::vector<std::pair<int, std::size_t>>& path) {
        number_[at] = low_[at] = count_++;
        held_[at] = 1;
        stack_.push_back(at);
        path.push_back({at, 0});
    }

    void close(int at) {
        found.emplace_back();
        int top;
        do {
            top = stack_.back();
            stack_.pop_back();
            held_[top] = 0;
            found.back().push_back(top);
        } while (top != at);
    }

    const std::vector<std::vector<int>>& edges_;
    std::vector<int> number_, low_;
    std::vector<char> held_;
    std::vector<int> stack_;
    int count_ = 0;
};

}  // namespace

Endgame::Endgame(const Battle& start, const EndgameOptions& graph_options, const SolveOptions& options)
    : graph_(start, graph_options), options_(options) {
    for (int side = 0; side < 2; ++side) {
        full_[side] = start.sides[side].pokemon().max_hp;
        least_[side] = most_[side] = graph_.by_hp() ? 0 : start.sides[side].pokemon().hp;
    }
    deadline_ = std::clock() + static_cast<std::clock_t>(std::min(options.most_seconds, 1e9) * CLOCKS_PER_SEC);
    compile();
    measure();
    reach(start);
    order();
    for (const std::vector<int>& together : components_) solve(together);
}

void Endgame::compile() {
    for (const Kernel& kernel : graph_.kernels()) {
        Compiled made;
        std::map<std::pair<int, int>, std::vector<Jump>> losses;
        for (const Branch& branch : kernel) {
            if (branch.ops.empty() && branch.to < 0) made.constant += branch.probability * utility_of(branch.to);
            else if (branch.ops.empty()) made.stays.push_back({branch.probability, branch.to});
            else if (branch.ops.size() == 1 && branch.ops[0].kind == Op::Lose && branch.to >= 0)
                losses[{branch.to, branch.ops[0].side}].push_back({branch.probability, branch.ops[0].amount});
            else made.others.push_back(branch);
            for (const Op& op : branch.ops) {
                if (graph_.by_hp()) continue;
                if (op.kind == Op::Gain) most_[op.side] = full_[op.side];
                else least_[op.side] = 1;
            }
        }
        for (auto& [where, jumps] : losses) made.losses.push_back({where.first, where.second, std::move(jumps)});
        kernels_.push_back(std::move(made));
    }
}

// Refuse what is too large before allocating memory.
void Endgame::measure() {
    const double cells = static_cast<double>(graph_.situations().size() * width(0) * width(1));
    const double bytes = cells * (sizeof(double) + 1);
    if (bytes <= static_cast<double>(options_.most_bytes)) return;
    throw std::length_error("the ending has " + std::to_string(graph_.situations().size()) + " situations at up to " +
                            std::to_string(width(0)) + " x " + std::to_string(width(1)) + " HP, which take " +
                            std::to_string(static_cast<std::uint64_t>(bytes / 1e6)) + " MB; the limit is " +
                            std::to_string(options_.most_bytes / 1'000'000) + " MB");
}

Endgame::Landing Endgame::land(const Branch& branch, const int hp[2]) const {
    if (graph_.by_hp()) return {branch.to, {0, 0}};
    int left[2] = {hp[0], hp[1]}, last_hit = 0;
    bool down[2] = {false, false};
    for (const Op& op : branch.ops) {
        const int other = 1 - op.side;
        const bool over = down[0] || down[1];
        if (over && (down[op.side] || (op.kind != Op::Recoil && op.kind != Op::Faint))) continue;
        int amount = op.amount;
        if (op.kind == Op::Recoil && down[other]) amount = std::max(1, last_hit / op.divisor);
        if (op.kind == Op::Gain) {
            left[op.side] = std::min(full_[op.side], left[op.side] + amount);
        } else if (op.kind == Op::Faint || amount >= left[op.side]) {
            last_hit = left[op.side];
            left[op.side] = 0;
            down[op.side] = true;
        } else {
            last_hit = amount;
            left[op.side] -= amount;
        }
    }
    if (down[0] || down[1]) return {down[0] && down[1] ? kTied : down[0] ? kSecondWins : kFirstWins, {0, 0}};
    return {branch.to, {left[0], left[1]}};
}

// Mark what can be reached from the start.
void Endgame::reach(const Battle& start) {
    const std::size_t size = graph_.situations().size() * width(0) * width(1);
    values_.assign(size, 0.5);
    reached_.assign(size, 0);
    std::vector<Landing> todo;
    const auto mark = [&](const Landing& at) {
        if (at.to < 0) return;
        std::uint8_t& flag = reached_[place(at.to, at.hp[0], at.hp[1])];
        if (flag) return;
        flag = 1;
        todo.push_back(at);
    };
    const int first = graph_.by_hp() ? 0 : start.sides[0].pokemon().hp, second = graph_.by_hp() ? 0 : start.sides[1].pokemon().hp;
    mark({0, {first, second}});
    if (options_.every_hp && !graph_.by_hp())
        for (int i = least_[0]; i <= first; ++i)
            for (int j = least_[1]; j <= second; ++j) mark({0, {i, j}});
    while (!todo.empty()) {
        const Landing at = todo.back();
        todo.pop_back();
        const Situation& here = graph_.situations()[at.to];
        (here.chance ? parts_ : states_)++;
        for (const std::vector<Part>& cell : here.cells)
            for (const Part& part : cell) {
                const Compiled& kernel = kernels_[part.at(at.hp)];
                for (const Stay& stay : kernel.stays) mark({stay.to, {at.hp[0], at.hp[1]}});
                for (const Losses& losses : kernel.losses)
                    for (const Jump& jump : losses.jumps) {
                        Landing to{losses.to, {at.hp[0], at.hp[1]}};
                        to.hp[losses.side] -= jump.loss;
                        if (to.hp[losses.side] > 0) mark(to);
                    }
                for (const Branch& branch : kernel.others) mark(land(branch, at.hp));
            }
    }
}

void Endgame::order() {
    std::vector<std::vector<int>> edges(graph_.situations().size());
    for (std::size_t i = 0; i < edges.size(); ++i) {
        each_kernel(graph_, graph_.situations()[i], full_, [&](int kernel) {
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

// Whether HP can rise within these situations, so that one sweep from low to high HP does not suffice.
bool Endgame::comes_back(const std::vector<int>& together) const {
    if (graph_.by_hp()) return false;
    bool rises = false;
    for (const int member : together)
        each_kernel(graph_, graph_.situations()[member], full_, [&](int kernel) {
            for (const Branch& branch : kernels_[kernel].others)
                for (const Op& op : branch.ops)
                    rises |= op.kind == Op::Gain && branch.to >= 0 && component_[branch.to] == component_[member];
        });
    return rises;
}

void Endgame::solve(const std::vector<int>& together) {
    const bool again = comes_back(together);
    double change = 0;
    std::uint64_t sweeps = 0;
    do {
        change = sweep(together, again);
        if (++sweeps == options_.most_sweeps || late()) break;
    } while (again && change > options_.tolerance);
    sweeps_ = std::max(sweeps_, sweeps);
    residual_ = std::max(residual_, change);
}

double Endgame::sweep(const std::vector<int>& together, bool again) {
    double change = 0;
    for (int first = least_[0]; first <= most_[0]; ++first) {
        if (late()) throw std::length_error("the ending has " + std::to_string(states_) + " states, which take more than " +
                                            std::to_string(static_cast<int>(options_.most_seconds)) + " s to look at once");
        for (int second = least_[1]; second <= most_[1]; ++second) {
            const int hp[2] = {first, second};
            change = std::max(change, solve_here(together, hp, again));
        }
    }
    return change;
}

// Solve the situations at one pair of HP: terms that lead elsewhere are summed once, the rest are repeated until values
// converge. Returns the first pass's largest change of a value if sweeps are repeated, else the last pass's.
double Endgame::solve_here(const std::vector<int>& together, const int hp[2], bool again) {
    constexpr int kMostRepeated = 8;
    constexpr double kStands = 1e-13;
    scratch_.clear();
    const int component = component_[together[0]];
    bool any = false;
    for (const int member : together) {
        if (!reached_[place(member, hp[0], hp[1])]) continue;
        any = true;
        for (const std::vector<Part>& cell : graph_.situations()[member].cells)
            for (const Part& part : cell) scratch_.push_back(outside(kernels_[part.at(hp)], hp, component));
    }
    if (!any) return 0;
    double first_change = 0, change = 0;
    for (int round = 0;; ++round) {
        change = 0;
        std::size_t next = 0;
        for (const int member : together) {
            const std::size_t at = place(member, hp[0], hp[1]);
            if (!reached_[at]) continue;
            const Situation& here = graph_.situations()[member];
            MatrixGame matrix;
            matrix.rows = here.counts[0];
            matrix.columns = here.counts[1];
            double only = 0;
            for (std::size_t c = 0; c < here.cells.size(); ++c) {
                double sum = 0;
                for (const Part& part : here.cells[c])
                    sum += part.weight * (scratch_[next++] + inside(kernels_[part.at(hp)], hp, component));
                (here.chance ? only : matrix.payoffs[c]) = sum;
            }
            const double value = here.chance ? only : solve_matrix(matrix).value;
            change = std::max(change, std::fabs(value - values_[at]));
            values_[at] = value;
        }
        if (round == 0) first_change = change;
        if (change <= kStands || (again && round == kMostRepeated) || round == 1'000'000) break;
    }
    return again ? first_change : change;
}

double Endgame::outside(const Compiled& kernel, const int hp[2], int component) const {
    double sum = kernel.constant;
    for (const Stay& stay : kernel.stays)
        if (component_[stay.to] != component) sum += stay.probability * values_[place(stay.to, hp[0], hp[1])];
    for (const Losses& losses : kernel.losses) {
        const double over = losses.side ? 1 : 0;
        const std::size_t here = place(losses.to, hp[0], hp[1]), step = losses.side ? 1 : width(1);
        for (const Jump& jump : losses.jumps)
            sum += jump.probability * (jump.loss >= hp[losses.side] ? over : values_[here - jump.loss * step]);
    }
    for (const Branch& branch : kernel.others) sum += branch.probability * worth(land(branch, hp));
    return sum;
}

double Endgame::inside(const Compiled& kernel, const int hp[2], int component) const {
    double sum = 0;
    for (const Stay& stay : kernel.stays)
        if (component_[stay.to] == component) sum += stay.probability * values_[place(stay.to, hp[0], hp[1])];
    return sum;
}

bool Endgame::solved(int situation, const int hp[2]) const {
    const int first = graph_.by_hp() ? 0 : hp[0], second = graph_.by_hp() ? 0 : hp[1];
    return first >= least_[0] && first <= most_[0] && second >= least_[1] && second <= most_[1] && reached_[place(situation, first, second)];
}

MatrixGame Endgame::game(int situation, const int hp[2]) const {
    const int none[2] = {0, 0};
    const int* at = graph_.by_hp() ? none : hp;
    const Situation& here = graph_.situations()[situation];
    MatrixGame matrix;
    matrix.rows = here.counts[0];
    matrix.columns = here.counts[1];
    for (std::size_t c = 0; c < here.cells.size(); ++c)
        for (const Part& part : here.cells[c]) matrix.payoffs[c] += part.weight * total(kernels_[part.at(at)], at);
    return matrix;
}

}  // namespace gen1
