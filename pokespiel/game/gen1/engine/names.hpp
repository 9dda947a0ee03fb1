// The names of players and Pokemon. The rules never need them; logs and requests do.
#pragma once

#include <string>

#include "state.hpp"

namespace gen1 {

struct Names {
    std::string players[2];             // "P1"
    std::string pokemon[2][kTeamSize];  // by index in Side::team: the nickname, else the species' name
};

}  // namespace gen1
