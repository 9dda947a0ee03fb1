// A turn as a chance node: every distinct outcome with its exact probability, or one named roll at a time.
//
// Probabilities are those of ideal uniform rolls. The generator's state takes no part: battles come back with the seed
// they had, and outcomes that differ in nothing else are one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "chance.hpp"
#include "choices.hpp"
#include "state.hpp"

namespace gen1 {

// A natural number below 2^256, least significant word first.
struct Wide {
    std::array<std::uint64_t, 4> words{};

    void multiply(std::uint32_t factor);
    void add(const Wide& other);
    bool operator==(const Wide&) const = default;
};

// Part of a probability; an outcome's probability is the sum of its shares.
struct Share {
    Wide numerator, denominator;
};

struct Distinct {
    Battle battle;
    std::vector<Share> shares;  // of different denominators
};

// Every distinct battle after the turn. The choices must be legal.
std::vector<Distinct> outcomes(const Battle& battle, Choice first, Choice second);

// What a turn comes to when the first rolls' outcomes are given.
struct Partial {
    bool complete;                       // no roll is open: battle is the result
    Battle battle;
    Roll roll;                           // else the first open roll
    std::vector<std::uint32_t> weights;  // and the weights of its outcomes
    std::uint32_t denominator;
};

// prefix: the index of the outcome of each roll, in order. A chance has the outcomes yes, no; a range its numbers; a
// sample its different numbers; damage its 39 rolls. Throws std::invalid_argument on an outcome that a roll does not
// have and on a prefix longer than the turn.
Partial follow(const Battle& battle, Choice first, Choice second, const std::vector<std::uint32_t>& prefix);

// The turn with the given rolls; throws std::invalid_argument if they are not exactly those that the turn asks for.
Battle scripted(const Battle& battle, Choice first, Choice second, std::vector<Script::Entry> rolls);

}  // namespace gen1
