// Random battles for the tools: any species, any moves, any condition; and what must hold in every battle.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "../canonical.hpp"
#include "../session.hpp"
#include "../validate.hpp"
#include "../view.hpp"

namespace gen1::tools {

using Random = std::mt19937_64;

inline int between(Random& random, int low, int high) { return low + static_cast<int>(random() % (high - low + 1)); }

inline PokemonSetup random_pokemon(Random& random) {
    PokemonSetup setup;
    setup.species = static_cast<std::uint8_t>(between(random, 1, kSpeciesCount));
    setup.level = random() % 2 ? 100 : between(random, 1, 100);
    for (int i = between(random, 1, kMoveSlots); i > 0; i--) setup.moves.push_back(static_cast<std::uint8_t>(between(random, 1, kMoveCount)));
    for (int i = 0; i < 5; i++) {
        setup.ivs[i] = between(random, 0, 31);
        setup.evs[i] = between(random, 0, 255);
    }
    if (random() % 4 == 0) setup.hp = between(random, 1, stat_of(setup, 0));
    if (random() % 4 == 0) setup.status = static_cast<Status>(between(random, 1, 5));
    if (setup.status == Status::Sleep) setup.sleep = between(random, 1, 7);
    if (random() % 4 == 0)
        for (std::size_t i = 0; i < setup.moves.size(); i++) setup.pp.push_back(between(random, 0, 3));
    return setup;
}

inline Session random_session(Random& random) {
    Setup setup;
    Names names{{"P1", "P2"}, {}};
    setup.turn = random() % 50 ? 0 : between(random, 490, 999);
    for (int side = 0; side < 2; side++) {
        for (int i = between(random, 1, kTeamSize); i > 0; i--) setup.teams[side].push_back(random_pokemon(random));
        for (std::size_t i = 0; i < setup.teams[side].size(); i++) names.pokemon[side][i] = kSpeciesNames[setup.teams[side][i].species].name;
    }
    return Session(setup, std::move(names), random());
}

inline void must(bool holds, const std::string& what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what.c_str());
    std::abort();
}

// Whatever can be asked of a battle works, and its bytes are accepted and give it back.
inline void check(const Session& session) {
    const Battle& battle = session.battle();
    must(impossibility(battle).empty(), impossibility(battle));
    for (int side = 0; side < 2; side++) {
        must(impossibility(session.knowledge(side)).empty(), impossibility(session.knowledge(side)));
        std::int16_t compact[kCompactSize];
        float features[kFeatures];
        write_compact(session.knowledge(side), compact);
        expand(compact, features);
        must(session.request(side).empty() == battle.ended(), "a request exactly while the battle runs");
    }
    must(battle.ended() || !session.choices(0).empty() || !session.choices(1).empty(), "somebody can choose while the battle runs");
    const std::string bytes = session.to_bytes();
    must(Session::from_bytes(bytes).to_bytes() == bytes, "bytes give back the battle");
    must(canonical(battle)[4] == static_cast<int>(battle.result), "the canonical state can be written");
}

inline std::string random_choice(const Session& session, int side, Random& random) {
    const auto choices = session.choices(side);
    return choices.empty() ? "" : choices[random() % choices.size()];
}

// Plays on with random choices, at most so many turns.
inline void play(Session& session, int turns, Random& random) {
    for (; turns > 0 && !session.battle().ended(); turns--) {
        const std::string first = random_choice(session, 0, random);
        session.choose(first, random_choice(session, 1, random));
    }
}

}  // namespace gen1::tools
