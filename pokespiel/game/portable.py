"""Games that are sent to worker processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pokespiel.core.registry import with_full_path
from pokespiel.game.own import is_own_game
from pokespiel.game.protocols import Game


@dataclass(frozen=True)
class Portable:
    """A game that can be pickled; a game from a user's module or file is loaded again in the worker, by the file's full
    path."""

    game: Game
    load: Callable[[str], Game]
    """Loads games by name, as `load_game` does."""

    def __reduce__(self) -> tuple[Any, ...]:
        name = self.game.name
        if not is_own_game(name):
            return Portable, (self.game, self.load)
        return _loaded, (with_full_path(name, "game"), self.load)


def _loaded(name: str, load: Callable[[str], Game]) -> Portable:
    return Portable(load(name), load)
