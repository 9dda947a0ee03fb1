// Whether bytes are a battle that the rules can play. Battles that pass are safe: no field can send the rules out of
// bounds or into an endless loop. They need not be reachable by play.
#pragma once

#include <string>

#include "knowledge.hpp"
#include "state.hpp"

namespace gen1 {

// A description of the first impossible fact about the battle; empty if there is none.
std::string impossibility(const Battle& battle);

// The same for a player's knowledge: the writers of views and logs are safe with it.
std::string impossibility(const Knowledge& knowledge);

}  // namespace gen1
