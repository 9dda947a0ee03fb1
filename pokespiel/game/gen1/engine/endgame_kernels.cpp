#include "endgame_kernels.hpp"

#include <algorithm>
#include <map>

namespace gen1 {
namespace {

constexpr int kGap = 3;  // damages further apart begin a new hit

// The loss where one side loses HP, perhaps twice, and nothing else happens to HP but the other's faint; else 0.
int plain_loss(const Branch& branch) {
    int loss = 0, side = branch.ops[0].side;
    const std::size_t count = branch.ops.size() - (branch.to < 0);
    for (std::size_t i = 0; i < count; ++i) {
        if (branch.ops[i].kind != Op::Lose || branch.ops[i].side != side) return 0;
        loss += branch.ops[i].amount;
    }
    const Op& last = branch.ops.back();
    return branch.to < 0 && (last.kind != Op::Faint || last.side == side) ? 0 : loss;
}

void add_hits(std::vector<Strike>& hits, int to, int side, const std::map<int, double>& losses) {
    for (const auto& [loss, chance] : losses) {
        if (hits.empty() || hits.back().to != to || hits.back().side != side || loss - hits.back().most() > kGap) hits.push_back({to, side, loss, {}});
        hits.back().chances.resize(static_cast<std::size_t>(loss - hits.back().least + 1));
        hits.back().chances.back() = chance;
    }
}

}  // namespace

Compiled compiled(const Kernel& kernel) {
    Compiled made;
    std::map<std::pair<int, int>, std::map<int, double>> losses;
    for (const Branch& branch : kernel) {
        if (branch.ops.empty() && branch.to < 0) made.constant += branch.probability * utility_of(branch.to);
        else if (branch.ops.empty()) made.stays.push_back({branch.probability, branch.to});
        else if (const int loss = plain_loss(branch)) losses[{branch.to, branch.ops[0].side}][loss] += branch.probability;
        else made.others.push_back(branch);
    }
    for (const auto& [where, chances] : losses) add_hits(made.hits, where.first, where.second, chances);
    for (Strike& hit : made.hits) {
        hit.tails = hit.chances;
        for (std::size_t i = hit.tails.size() - 1; i; --i) hit.tails[i - 1] += hit.tails[i];
    }
    return made;
}

Landing land(const HpGrid& grid, const Branch& branch, const int hp[2]) {
    if (grid.none) return {branch.to, {0, 0}};
    int left[2] = {hp[0], hp[1]}, last_hit = 0;
    bool down[2] = {false, false};
    for (const Op& op : branch.ops) {
        const int other = 1 - op.side;
        const bool over = down[0] || down[1];
        if (over && (down[op.side] || (op.kind != Op::Recoil && op.kind != Op::Faint))) continue;
        int amount = op.amount;
        if (op.kind == Op::Recoil && down[other]) amount = std::max(1, last_hit / op.divisor);
        if (op.kind == Op::Gain) {
            left[op.side] = std::min(grid.full[op.side], left[op.side] + amount);
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

}  // namespace gen1
