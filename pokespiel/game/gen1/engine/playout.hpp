// Battles played out with uniformly random choices, to measure the engine's speed and to estimate a situation.
#pragma once

#include <cstdint>
#include <vector>

#include "choices.hpp"
#include "state.hpp"

namespace gen1 {

struct Playouts {
    std::uint64_t results[4];  // by Result: P1Wins, P2Wins, Tie; Playing stays 0
    std::uint64_t turns;       // the sum of what the turn counters advanced
    std::uint64_t requests;    // points at which at least one side chose
};

// Play the battle to its end `count` times, generators and choices drawn from `seed`. The battle must be possible
// (validate.hpp).
Playouts play_out(const Battle& battle, std::uint64_t count, std::uint64_t seed);

struct Sampled {
    Battle battle;  // its generator is meaningless
    std::uint64_t count;
};

// Play one turn `count` times with generators drawn from `seed`: the distinct situations and how often each occurred.
std::vector<Sampled> sample_turn(const Battle& battle, Choice first, Choice second, std::uint64_t count, std::uint64_t seed);

}  // namespace gen1
