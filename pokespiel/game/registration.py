"""Register this package's games with OpenSpiel, so that `pyspiel.load_game` knows them once pokespiel is imported."""

from __future__ import annotations

from typing import Any

import pyspiel

from pokespiel.core.registry import Registry

TYPES = Registry("OpenSpiel game", {"gen1ou": "pokespiel.game.gen1.openspiel_type:game_type"})
"""By short name, the function that returns the `pyspiel.GameType`; imported at once, so it must not need an engine."""
OPENSPIEL = Registry("OpenSpiel game", {"gen1ou": "pokespiel.game.gen1.openspiel:Gen1OUGame"})
"""By short name, the `pyspiel.Game`, called with its parameters; imported when the first game is made."""


def register() -> None:
    """Register the games that OpenSpiel does not know yet; it would silently accept a second registration."""
    for name in OPENSPIEL.keys() - set(pyspiel.registered_names()):
        pyspiel.register_game(TYPES[name](), _maker(name))


def _maker(name: str) -> type:
    """A class that makes games of that name. OpenSpiel releases it after Python has ended, which is harmless for a
    class but would free a function, and crash."""

    def made(_: type, params: dict[str, Any] | None = None) -> pyspiel.Game:
        return OPENSPIEL[name](params)

    return type(name, (), {"__new__": made})
