// The Python module pokespiel.game.gen1._engine: one file a theme, each with one function that adds its classes.
#pragma once

#include <pybind11/pybind11.h>

namespace gen1 {

void bind_battle(pybind11::module_& module);  // bindings_battle.cpp: one battle

}  // namespace gen1
