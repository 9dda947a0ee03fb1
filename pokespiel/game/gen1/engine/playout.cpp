#include "playout.hpp"

#include <cstring>
#include <string>
#include <unordered_map>

#include "engine.hpp"

namespace gen1 {
namespace {

// SplitMix64 (Steele, Lea and Flood 2014).
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15u;
        std::uint64_t mixed = (state_ ^ state_ >> 30) * 0xBF58476D1CE4E5B9u;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
        return mixed ^ mixed >> 31;
    }
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>((next() >> 32) * n >> 32); }

  private:
    std::uint64_t state_;
};

Choice random_choice(const Battle& battle, int side, Random& random) {
    Choice choices[kMaxChoices];
    const int count = list_choices(battle, side, choices);
    return count ? choices[random.below(static_cast<std::uint32_t>(count))] : kPass;
}

}  // namespace

Playouts play_out(const Battle& battle, std::uint64_t count, std::uint64_t seed) {
    Playouts total{};
    Random random(seed);
    for (std::uint64_t i = 0; i < count; ++i) {
        Battle current = battle;
        current.seed = random.next();
        while (!current.ended()) {
            const Choice first = random_choice(current, 0, random);
            step(current, first, random_choice(current, 1, random));
            ++total.requests;
        }
        ++total.results[static_cast<int>(current.result)];
        total.turns += static_cast<std::uint64_t>(current.turn - battle.turn);
    }
    return total;
}

std::vector<Sampled> sample_turn(const Battle& battle, Choice first, Choice second, std::uint64_t count, std::uint64_t seed) {
    std::unordered_map<std::string, std::uint64_t> counts;
    Random random(seed);
    for (std::uint64_t i = 0; i < count; ++i) {
        Battle next = battle;
        next.seed = random.next();
        step(next, first, second);
        next.seed = battle.seed;
        ++counts[std::string(reinterpret_cast<const char*>(&next), sizeof next)];
    }
    std::vector<Sampled> sampled;
    for (const auto& [bytes, times] : counts) {
        sampled.push_back({{}, times});
        std::memcpy(static_cast<void*>(&sampled.back().battle), bytes.data(), sizeof(Battle));
    }
    return sampled;
}

}  // namespace gen1
