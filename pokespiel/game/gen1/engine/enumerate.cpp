#include "enumerate.hpp"

namespace gen1 {
namespace {

std::uint64_t hash(const Battle& battle) {
    constexpr std::size_t kWords = (sizeof(Battle) - sizeof battle.seed) / sizeof(std::uint64_t);
    std::uint64_t words[kWords], mixed = 0;
    std::memcpy(words, &battle.last_damage, sizeof words);
    for (const std::uint64_t word : words) {
        mixed = (mixed ^ word) * 0x9E3779B97F4A7C15u;
        mixed ^= mixed >> 32;
    }
    return mixed;
}

// The distinct battles found so far, in order, with an open-addressing index over them.
class Merger {
  public:
    Merger() : index_(1024, kEmpty) {}

    void add(const Battle& battle, const Share& share) {
        std::size_t slot = hash(battle) & (index_.size() - 1);
        while (index_[slot] != kEmpty && !same_situation(found_[index_[slot]].battle, battle)) slot = (slot + 1) & (index_.size() - 1);
        if (index_[slot] == kEmpty) {
            index_[slot] = static_cast<std::uint32_t>(found_.size());
            found_.push_back({battle, {share}});
            if (2 * found_.size() > index_.size()) grow();
            return;
        }
        std::vector<Share>& shares = found_[index_[slot]].shares;
        for (Share& present : shares)
            if (present.denominator == share.denominator) return present.numerator.add(share.numerator);
        shares.push_back(share);
    }

    std::vector<Distinct> take() { return std::move(found_); }

  private:
    static constexpr std::uint32_t kEmpty = UINT32_MAX;

    void grow() {
        std::vector<std::uint32_t> larger(2 * index_.size(), kEmpty);
        for (const std::uint32_t entry : index_) {
            if (entry == kEmpty) continue;
            std::size_t slot = hash(found_[entry].battle) & (larger.size() - 1);
            while (larger[slot] != kEmpty) slot = (slot + 1) & (larger.size() - 1);
            larger[slot] = entry;
        }
        index_ = std::move(larger);
    }

    std::vector<Distinct> found_;
    std::vector<std::uint32_t> index_;
};

Share share_of(const std::vector<Outcome>& path) {
    Share share;
    share.numerator.words[0] = share.denominator.words[0] = 1;
    for (const Outcome& outcome : path) {
        share.numerator.multiply(outcome.weight);
        share.denominator.multiply(outcome.denominator);
    }
    return share;
}

}  // namespace

bool advance(std::vector<Outcome>& path) {
    while (!path.empty() && path.back().last) path.pop_back();
    if (path.empty()) return false;
    ++path.back().index;
    path.back().denominator = 0;
    return true;
}

void Wide::multiply(std::uint32_t factor) {
    unsigned __int128 carry = 0;
    for (std::uint64_t& word : words) {
        carry += static_cast<unsigned __int128>(word) * factor;
        word = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
    if (carry) throw std::overflow_error("a probability has a denominator of more than 256 bits");
}

void Wide::add(const Wide& other) {
    unsigned __int128 carry = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        carry += static_cast<unsigned __int128>(words[i]) + other.words[i];
        words[i] = static_cast<std::uint64_t>(carry);
        carry >>= 64;
    }
}

std::vector<Distinct> outcomes(const Battle& battle, Choice first, Choice second) {
    Merger merger;
    NullSink nobody;
    std::vector<Outcome> path;
    do {
        Replay replay(path, true);
        const Battle next = play_with(battle, first, second, replay, nobody);
        merger.add(next, share_of(path));
    } while (advance(path));
    return merger.take();
}

}  // namespace gen1
