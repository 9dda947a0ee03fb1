// Showdown's request: what a player is told when a choice is due (sim/side.ts getRequestData, sim/pokemon.ts
// getMoveRequestData), as exactly the JSON text that Showdown sends.
#pragma once

#include <string>

#include "names.hpp"

namespace gen1 {

// The request of a side that chooses or waits; empty once the battle has ended.
std::string request_json(const Battle& battle, int side, const Names& names);

}  // namespace gen1
