// A turn as a chance node: every distinct outcome with its exact probability, or one named roll at a time.
//
// Probabilities are those of ideal uniform rolls. The generator's state is not involved: battles keep their seed, and
// outcomes that differ only in it are one.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rules.hpp"

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

// Advance to the next leaf of the decision tree that Replay walks: the last roll with an outcome left takes it. False after
// the last leaf.
bool advance(std::vector<Outcome>& path);

// Every distinct battle after the turn. The choices must be legal.
std::vector<Distinct> outcomes(const Battle& battle, Choice first, Choice second);

// Play the turn with any kind of chance; events go to the sink.
template <class Chance, class Sink>
Battle play_with(const Battle& battle, Choice first, Choice second, Chance& chance, Sink& sink) {
    Battle next = battle;
    Rules<Chance, Sink>(next, chance, sink).step(first, second);
    return next;
}

// The result of a turn, given the outcomes of its first rolls.
struct Partial {
    bool complete;                       // no roll is open: battle is the result
    Battle battle;
    Roll roll;                           // else the first open roll
    std::vector<std::uint32_t> weights;  // and the weights of its outcomes
    std::uint32_t denominator;
};

// prefix: the index of the outcome of each roll, in order. A chance has the outcomes yes, no; a range its numbers; a
// sample its different numbers; damage its 39 rolls. Throws std::invalid_argument on an outcome that a roll does not
// have and on a prefix longer than the turn. The sink's events are meaningful only if the result is complete.
template <class Sink>
Partial follow(const Battle& battle, Choice first, Choice second, const std::vector<std::uint32_t>& prefix, Sink& sink) {
    std::vector<Outcome> path;
    for (const std::uint32_t index : prefix) path.push_back({Roll::Hit, 0, 0, 0, index, false});
    Replay replay(path, false);
    const Battle next = play_with(battle, first, second, replay, sink);
    if (replay.unused())
        throw std::invalid_argument("the turn has only " + std::to_string(prefix.size() - replay.unused()) + " rolls, " +
                                    std::to_string(prefix.size()) + " outcomes were given");
    if (path.size() == prefix.size()) return {true, next, Roll::Hit, {}, 0};
    const Outcome& open = path[prefix.size()];
    return {false, battle, open.roll, replay.open_weights(), open.denominator};
}

// The turn with the given rolls; throws std::invalid_argument if they are not exactly those that the turn asks for.
template <class Sink>
Battle scripted(const Battle& battle, Choice first, Choice second, std::vector<Script::Entry> rolls, Sink& sink) {
    Script script(std::move(rolls));
    const Battle next = play_with(battle, first, second, script, sink);
    script.finish();
    return next;
}

}  // namespace gen1
