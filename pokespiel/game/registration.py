"""This package's games in OpenSpiel's list: `pyspiel.load_game` knows them once pokespiel is imported."""

from __future__ import annotations

from typing import Any

import pyspiel

from pokespiel.core.registry import Registry

TYPES = Registry("OpenSpiel game", {"gen1ou": "pokespiel.game.gen1.openspiel_type:game_type"})
"""By short name, what gives the `pyspiel.GameType`: imported at once, so it needs no engine."""
OPENSPIEL = Registry("OpenSpiel game", {"gen1ou": "pokespiel.game.gen1.openspiel:Gen1OUGame"})
"""By short name, the `pyspiel.Game`, called with its parameters; imported when the first game is made."""


def register() -> None:
    """Tell OpenSpiel of those that it does not know; it would take a second registration without a word."""
    for name in OPENSPIEL.keys() - set(pyspiel.registered_names()):
        pyspiel.register_game(TYPES[name](), _maker(name))


def _maker(name: str) -> type:
    """What makes games of that name: a class, since OpenSpiel lets go of it when Python has ended, which frees no class
    but would free a function, and crash."""

    def made(_: type, params: dict[str, Any] | None = None) -> pyspiel.Game:
        return OPENSPIEL[name](params)

    return type(name, (), {"__new__": made})
