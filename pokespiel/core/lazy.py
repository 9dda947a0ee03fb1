"""Import a package's names when they are first used, so that importing the package itself costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazily(package: str, modules: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of `package`; `modules` maps each module to the names from it, or to none for the module
    itself.

    __getattr__ = lazily(__name__, {"pokespiel.game.loading": ("load_game",), "pokespiel.psro": ()})
    """
    places = {name: module for module, names in modules.items() for name in names or (module.rpartition(".")[2],)}

    def attribute(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(places[name])
        return getattr(module, name) if modules[places[name]] else module

    return attribute
