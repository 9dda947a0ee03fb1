#include "endgame_merge.hpp"

#include <algorithm>
#include <array>

namespace gen1 {
namespace {

constexpr std::uint64_t kPrime = (std::uint64_t{1} << 61) - 1;

constexpr std::uint32_t kMostDenominator = 256;  // that rolls commonly have

std::uint64_t inverse_of(std::uint64_t power) {  // Fermat: x^(p - 2) = 1 / x
    std::uint64_t inverse = 1;
    for (std::uint64_t exponent = kPrime - 2; exponent; exponent >>= 1) {
        if (exponent & 1) inverse = field_product(inverse, power);
        power = field_product(power, power);
    }
    return inverse;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) {
    constexpr std::uint64_t kA = 0x9E3779B97F4A7C15u, kB = 0xBF58476D1CE4E5B9u, kC = 0x94D049BB133111EBu;
    hash = hash * kB + word + kA;  // then splitmix64's finish (Steele, Lea and Flood 2014)
    hash = (hash ^ hash >> 30) * kB;
    hash = (hash ^ hash >> 27) * kC;
    return hash ^ hash >> 31;
}

std::uint64_t hash_of(const std::vector<Op>& ops) {
    std::uint64_t hash = ops.size();
    for (const Op& op : ops)
        hash = mixed(hash, std::uint64_t{op.kind} << 56 | std::uint64_t{op.side} << 48 | std::uint64_t{op.divisor} << 32 | static_cast<std::uint32_t>(op.amount));
    return hash;
}

// The branches of all kernels as what a round reads: kernel k has those from starts[k] to starts[k + 1].
struct Flat {
    explicit Flat(const std::vector<Kernel>& kernels) {
        for (const Kernel& kernel : kernels) {
            for (const Branch& branch : kernel) branches.push_back({branch.share, hash_of(branch.ops), branch.to});
            starts.push_back(branches.size());
        }
    }

    struct One {
        std::uint64_t share, effect;
        int to;
    };
    std::vector<One> branches;
    std::vector<std::size_t> starts{0};
};

std::vector<std::uint64_t> signatures(const Flat& flat, const std::vector<int>& classes) {
    std::vector<std::uint64_t> found(flat.starts.size() - 1);
    for (std::size_t k = 0; k < found.size(); ++k)
        for (std::size_t i = flat.starts[k]; i < flat.starts[k + 1]; ++i) {
            const Flat::One& one = flat.branches[i];
            const std::uint64_t to = static_cast<std::uint64_t>(one.to < 0 ? one.to : classes[one.to]);
            found[k] = field_sum(found[k], field_product(one.share, mixed(one.effect, to) % kPrime));
        }
    return found;
}

// Both orders of a speed tie are the same cell, so the parts of a cell are summed.
std::uint64_t hash_of(const std::vector<Part>& cell, const std::vector<std::uint64_t>& signatures, const int full[2]) {
    std::uint64_t sum = 0;
    for (const Part& part : cell) {
        std::uint64_t hash = mixed(static_cast<std::uint64_t>(2 * part.weight), static_cast<std::uint64_t>(part.by + 1));
        const int first = part.by < 0 ? 0 : 1, last = part.by < 0 ? 0 : full[part.by];
        for (int h = first; h <= last; ++h) hash = mixed(hash, signatures[part.kernel + h]);
        sum += mixed(hash, 1);
    }
    return sum;
}

std::uint64_t offer(const Situation& situation) {
    std::uint64_t hash = situation.chance;
    for (int side = 0; side < 2; ++side) {
        hash = mixed(hash, situation.counts[side]);
        for (int i = 0; i < situation.counts[side]; ++i) hash = mixed(hash, situation.choices[side][i]);
    }
    return hash;
}

// Numbers by first appearance; returns how many.
int number(const std::vector<std::uint64_t>& hashes, std::vector<int>& classes) {
    std::unordered_map<std::uint64_t, int> seen;
    for (std::size_t i = 0; i < hashes.size(); ++i) classes[i] = seen.try_emplace(hashes[i], static_cast<int>(seen.size())).first->second;
    return static_cast<int>(seen.size());
}

}  // namespace

std::uint64_t field_product(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>(static_cast<unsigned __int128>(a) * b % kPrime);
}

std::uint64_t field_sum(std::uint64_t a, std::uint64_t b) { return (a + b) % kPrime; }

std::uint64_t field_share(std::uint32_t numerator, std::uint32_t denominator) {
    static const std::array<std::uint64_t, kMostDenominator + 1> inverses = [] {
        std::array<std::uint64_t, kMostDenominator + 1> made{};
        for (std::uint32_t i = 1; i <= kMostDenominator; ++i) made[i] = inverse_of(i);
        return made;
    }();
    return field_product(numerator, denominator <= kMostDenominator ? inverses[denominator] : inverse_of(denominator));
}

std::vector<int> merged_situations(const std::vector<Situation>& situations, const std::vector<Kernel>& kernels, const int full[2]) {
    const Flat flat(kernels);
    std::vector<std::uint64_t> hashes(situations.size());
    std::vector<int> classes(situations.size());
    std::transform(situations.begin(), situations.end(), hashes.begin(), offer);
    for (int before = 0, count = number(hashes, classes); count > before;) {
        const std::vector<std::uint64_t> found = signatures(flat, classes);
        for (std::size_t i = 0; i < situations.size(); ++i) {
            hashes[i] = static_cast<std::uint64_t>(classes[i]);
            for (const std::vector<Part>& cell : situations[i].cells) hashes[i] = mixed(hashes[i], hash_of(cell, found, full));
        }
        before = count;
        count = number(hashes, classes);
    }
    return classes;
}

}  // namespace gen1
