#include "bindings.hpp"

PYBIND11_MODULE(_engine, module) {
    module.doc() = "The Gen 1 engine; use it through pokespiel.game.gen1.";
    gen1::bind_battle(module);
    gen1::bind_view(module);
    gen1::bind_batch(module);
    gen1::bind_playout(module);
}
