// The Python module pokespiel.game.gen1._engine: one file a theme, each with one function that adds its classes.
#pragma once

#include <pybind11/pybind11.h>

namespace gen1 {

void bind_battle(pybind11::module_& module);  // bindings_battle.cpp: one battle
void bind_view(pybind11::module_& module);    // bindings_view.cpp: features and the tracker of protocol lines
void bind_batch(pybind11::module_& module);   // bindings_batch.cpp: many battles side by side
void bind_playout(pybind11::module_& module);  // bindings_playout.cpp: random playouts

}  // namespace gen1
