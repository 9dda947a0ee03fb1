#include "endgame_reach.hpp"

#include <algorithm>
#include <bit>

namespace gen1 {
namespace {

template <class Visit>
void each_bit(const std::vector<std::uint64_t>& bits, Visit visit) {
    for (std::size_t w = 0; w < bits.size(); ++w)
        for (std::uint64_t word = bits[w]; word; word &= word - 1) visit(static_cast<int>(64 * w) + std::countr_zero(word));
}

}  // namespace

Reached::Reached(const EndgameGraph& graph, const std::vector<Compiled>& kernels, const std::vector<std::vector<int>>& components,
                 const HpGrid& grid, const std::vector<Landing>& starts, std::clock_t deadline)
    : graph_(graph), kernels_(kernels), grid_(grid), words_((grid.width(grid.inner()) + 63) / 64) {
    known_.assign(graph.situations().size() * grid.width(grid.outer) * words_, 0);
    fresh_ = known_;
    for (const Landing& start : starts) mark(start);
    for (auto together = components.rbegin(); together != components.rend(); ++together) {
        bool any = true;
        while (any) {  // once, unless HP of the rows' side rise
            any = false;
            for (int outer = grid.most[grid.outer]; outer >= grid.least[grid.outer]; --outer) {
                if (deadline && std::clock() > deadline) throw std::length_error("the ending has more states than there is time to find");
                bool moved = true;
                while (moved) {
                    moved = false;
                    for (const int member : *together) moved |= spread(member, outer);
                    any |= moved;
                }
            }
        }
    }
}

void Reached::extent(int situation, int outer, int& low, int& high) const {
    const auto first = known_.begin() + static_cast<std::ptrdiff_t>(grid_.row(situation, outer) * words_);
    low = grid_.most[grid_.inner()] + 1;
    high = grid_.least[grid_.inner()] - 1;
    for (std::size_t w = 0; w < words_; ++w) {
        const std::uint64_t word = first[static_cast<std::ptrdiff_t>(w)];
        if (!word) continue;
        const int column = grid_.least[grid_.inner()] + static_cast<int>(64 * w);
        low = std::min(low, column + std::countr_zero(word));
        high = column + 63 - std::countl_zero(word);
    }
}

std::uint64_t Reached::count(int situation) const {
    const std::size_t size = grid_.width(grid_.outer) * words_, first = static_cast<std::size_t>(situation) * size;
    std::uint64_t sum = 0;
    for (std::size_t i = first; i < first + size; ++i) sum += static_cast<std::uint64_t>(std::popcount(known_[i]));
    return sum;
}

// Passes on what is new in a row; whether anything was.
bool Reached::spread(int situation, int outer) {
    const auto first = fresh_.begin() + static_cast<std::ptrdiff_t>(grid_.row(situation, outer) * words_);
    std::vector<std::uint64_t> bits(first, first + static_cast<std::ptrdiff_t>(words_));
    if (std::all_of(bits.begin(), bits.end(), [](std::uint64_t word) { return word == 0; })) return false;
    std::fill(first, first + static_cast<std::ptrdiff_t>(words_), 0);
    for (const std::vector<Part>& cell : graph_.situations()[situation].cells)
        for (const Part& part : cell) {
            if (part.by != grid_.inner()) {
                through(kernels_[part.by < 0 ? part.kernel : part.kernel + outer], outer, bits);
                continue;
            }
            each_bit(bits, [&](int bit) {
                std::vector<std::uint64_t> one(words_);
                one[static_cast<std::size_t>(bit) / 64] = std::uint64_t{1} << bit % 64;
                through(kernels_[part.kernel + grid_.least[grid_.inner()] + bit], outer, one);
            });
        }
    return true;
}

void Reached::through(const Compiled& kernel, int outer, const std::vector<std::uint64_t>& bits) {
    for (const Stay& stay : kernel.stays) mark(stay.to, outer, bits);
    for (const Strike& hit : kernel.hits)
        for (int loss = hit.least; hit.to >= 0 && loss <= hit.most(); ++loss) {
            if (hit.chances[static_cast<std::size_t>(loss - hit.least)] == 0) continue;
            if (hit.side != grid_.outer) mark_lower(hit.to, outer, bits, loss);
            else if (loss < outer) mark(hit.to, outer - loss, bits);
        }
    for (const Branch& branch : kernel.others)
        each_bit(bits, [&](int bit) {
            int hp[2];
            hp[grid_.outer] = outer;
            hp[grid_.inner()] = grid_.least[grid_.inner()] + bit;
            mark(land(grid_, branch, hp));
        });
}

void Reached::mark(int to, int outer, const std::vector<std::uint64_t>& bits) {
    const std::size_t first = grid_.row(to, outer) * words_;
    for (std::size_t w = 0; w < words_; ++w) {
        fresh_[first + w] |= bits[w] & ~known_[first + w];
        known_[first + w] |= bits[w];
    }
}

void Reached::mark_lower(int to, int outer, const std::vector<std::uint64_t>& bits, int loss) {
    std::vector<std::uint64_t> lower(words_);
    const std::size_t skip = static_cast<std::size_t>(loss) / 64;
    const int shift = loss % 64;
    for (std::size_t w = skip; w < words_; ++w) {
        lower[w - skip] = bits[w] >> shift;
        if (shift && w + 1 < words_) lower[w - skip] |= bits[w + 1] << (64 - shift);
    }
    mark(to, outer, lower);
}

void Reached::mark(const Landing& at) {
    if (at.to < 0) return;
    const std::size_t bit = static_cast<std::size_t>(at.hp[grid_.inner()] - grid_.least[grid_.inner()]);
    const std::size_t word = grid_.row(at.to, at.hp[grid_.outer]) * words_ + bit / 64;
    const std::uint64_t flag = std::uint64_t{1} << bit % 64;
    if (known_[word] & flag) return;
    known_[word] |= flag;
    fresh_[word] |= flag;
}

}  // namespace gen1
