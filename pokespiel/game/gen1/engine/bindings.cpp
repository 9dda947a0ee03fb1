// The module's single translation unit: pybind11's headers take longer to compile than the bindings themselves.
#include "bindings_batch.cpp"
#include "bindings_battle.cpp"
#include "bindings_playout.cpp"
#include "bindings_view.cpp"
#include "bindings_endgame.cpp"

PYBIND11_MODULE(_engine, module) {
    module.doc() = "The Gen 1 engine; use it through pokespiel.game.gen1.";
    gen1::bind_battle(module);
    gen1::bind_view(module);
    gen1::bind_batch(module);
    gen1::bind_playout(module);
    gen1::bind_endgame(module);
}
