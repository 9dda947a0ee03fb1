"""Games on their way to worker processes."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from pokespiel.game.loading import load_game
from pokespiel.game.own import is_own, place_of
from pokespiel.game.protocols import Game


@dataclasses.dataclass(frozen=True)
class Portable:
    """A game that can be pickled: one of a user's own file is loaded from there again, by its absolute path."""

    game: Game

    def __reduce__(self) -> tuple[Any, ...]:
        name = self.game.name
        if not is_own(name):
            return Portable, (self.game,)
        place = place_of(name)
        if not place.is_file:
            return _loaded, (name,)
        return _loaded, (name.replace(place.source, str(Path(place.source).resolve()), 1),)


def _loaded(name: str) -> Portable:
    return Portable(load_game(name))
