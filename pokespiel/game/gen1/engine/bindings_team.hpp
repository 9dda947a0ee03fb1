// A Pokemon of a team as Python passes it (battle.py).
#pragma once

#include <pybind11/stl.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "setup.hpp"

namespace gen1 {

// (name, species, level, moves, ivs, evs, hp or -1, status, sleep, pp or []); ivs and evs: hp atk def spe spc.
using Member = std::tuple<std::string, int, int, std::vector<std::uint8_t>, std::array<int, 5>, std::array<int, 5>, int, int, int, std::vector<int>>;

inline PokemonSetup read_member(const Member& member) {
    const auto& [name, species, level, moves, ivs, evs, hp, status, sleep, pp] = member;
    if (species < 1 || species > kSpeciesCount) throw std::invalid_argument("there is no species " + std::to_string(species));
    PokemonSetup setup;
    setup.species = static_cast<std::uint8_t>(species);
    setup.level = level;
    setup.moves = moves;
    for (int i = 0; i < 5; i++) {
        setup.ivs[i] = ivs[i];
        setup.evs[i] = evs[i];
    }
    setup.hp = std::min(hp, stat_of(setup, 0));
    setup.status = static_cast<Status>(status);
    setup.sleep = sleep;
    setup.pp = pp;
    return setup;
}

}  // namespace gen1
