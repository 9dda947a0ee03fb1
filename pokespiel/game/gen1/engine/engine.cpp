#include "engine.hpp"

#include "rules.hpp"

namespace gen1 {
namespace {

template <class Sink>
void start_with(Battle& battle, Sink& sink) {
    Generator generator(battle.seed);
    Rules<Generator, Sink>(battle, generator, sink).start();
}

template <class Sink>
void step_with(Battle& battle, Choice first, Choice second, Sink& sink) {
    Generator generator(battle.seed);
    Rules<Generator, Sink>(battle, generator, sink).step(first, second);
}

NullSink nobody;

}  // namespace

void start(Battle& battle) { start_with(battle, nobody); }
void start(Battle& battle, LogWriter& log) { start_with(battle, log); }

void step(Battle& battle, Choice first, Choice second) { step_with(battle, first, second, nobody); }
void step(Battle& battle, Choice first, Choice second, LogWriter& log) { step_with(battle, first, second, log); }

}  // namespace gen1
