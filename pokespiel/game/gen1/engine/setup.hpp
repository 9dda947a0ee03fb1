// A battle before its first turn: teams, and the condition in which a test or an endgame starts.
#pragma once

#include <cstdint>
#include <vector>

#include "state.hpp"

namespace gen1 {

struct PokemonSetup {
    // The order of ivs and evs: HP, Attack, Defense, Speed, Special. Showdown's terms: an IV is twice the DV (0-30), EVs
    // (0-255) stand for stat experience.
    std::uint8_t species = 0;
    int level = 100;
    std::vector<std::uint8_t> moves;  // 1 to 4
    int ivs[5] = {30, 30, 30, 30, 30};
    int evs[5] = {255, 255, 255, 255, 255};
    int hp = -1;  // -1: full; 0: fainted
    Status status = Status::None;
    int sleep = 0;           // turns of sleep left, with Status::Sleep
    std::vector<int> pp;     // one per move; empty: full
};

struct Setup {
    std::vector<PokemonSetup> teams[2];  // 1 to 6 each; the first leads
    int turn = 0;                        // the turn before the first
};

// The battle before the leads enter (Rules::start comes next). Throws std::invalid_argument if it is impossible.
Battle set_up(const Setup& setup, std::uint64_t seed);

// A stat, as battles compute it. index: 0 HP, 1 Attack, 2 Defense, 3 Speed, 4 Special.
int stat_of(const PokemonSetup& pokemon, int index);

// The four numbers of a Showdown seed, most significant first.
constexpr std::uint64_t make_seed(std::uint16_t a, std::uint16_t b, std::uint16_t c, std::uint16_t d) {
    return std::uint64_t{a} << 48 | std::uint64_t{b} << 32 | std::uint64_t{c} << 16 | d;
}

}  // namespace gen1
