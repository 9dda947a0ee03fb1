"""Convert a `pyspiel.Game` to a game of this package: in sequence form if it is small enough, else stepped."""

from __future__ import annotations

from typing import Any

from pokespiel.game.protocols import Form, Game, checked_form


def from_openspiel(game: Any, name: str | None = None, form: Form | None = None, *, limit: int | None = None) -> Game:
    """Convert a `pyspiel.Game`; the arguments are those of `load_game`."""
    from pokespiel.game.flatten import HISTORIES, flatten
    from pokespiel.game.spiel import SpielGame
    from pokespiel.game.tree import TreeGame
    from pokespiel.game.tree_size import TreeRefused

    name = name or str(game)
    refusal = f"{name} was asked for in its stepped form"
    if checked_form(form) != "step":
        try:
            flat = flatten(game, HISTORIES if limit is None else limit, name)
            return TreeGame(name, flat, game.num_distinct_actions(), game)
        except TreeRefused as refused:
            if form == "tree":
                raise
            refusal = str(refused)
    return SpielGame(name, game, refusal)
