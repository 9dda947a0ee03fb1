// The rules with Showdown's generator, as most of the engine uses them. Compiled once, in engine.cpp.
#pragma once

#include "choices.hpp"
#include "events.hpp"
#include "log.hpp"
#include "setup.hpp"

namespace gen1 {

// Send in the leads of a battle that was set up; then both sides choose.
void start(Battle& battle);
void start(Battle& battle, LogWriter& log);

// Play both sides' choices, which must be legal (is_legal); kPass for a side that waits.
void step(Battle& battle, Choice first, Choice second);
void step(Battle& battle, Choice first, Choice second, LogWriter& log);

}  // namespace gen1
