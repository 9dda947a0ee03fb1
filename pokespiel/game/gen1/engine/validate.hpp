// Whether bytes are a battle that the rules can play. What passes is safe: no field can send the rules out of bounds or
// into an endless loop. It need not be reachable by play.
#pragma once

#include <string>

#include "knowledge.hpp"
#include "state.hpp"

namespace gen1 {

// The first thing that is impossible about the battle, in words; empty if there is none.
std::string impossibility(const Battle& battle);

// The same of what a player knows: the writers of views and logs are safe with it.
std::string impossibility(const Knowledge& knowledge);

}  // namespace gen1
