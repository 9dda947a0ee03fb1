// The rules with Showdown's generator: what most of the engine calls. Compiled once, in engine.cpp.
#pragma once

#include "choices.hpp"
#include "events.hpp"
#include "log.hpp"
#include "setup.hpp"

namespace gen1 {

// The leads of a battle that was set up enter; then both sides choose.
void start(Battle& battle);
void start(Battle& battle, LogWriter& log);

// Both sides' choices are played; they must be legal (is_legal), kPass for a side that waits.
void step(Battle& battle, Choice first, Choice second);
void step(Battle& battle, Choice first, Choice second, LogWriter& log);

}  // namespace gen1
