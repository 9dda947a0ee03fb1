"""Convert a `pyspiel.Game` to a game of this package: in sequence form if it is small enough, else stepped."""

from __future__ import annotations

from typing import Any

from pokespiel.core.registry import BadOption
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


def in_form(game: Game, form: Form | None) -> Game:
    """The game, which is in the form asked for; a `TreeRefused` or a `BadOption` if it has only the other one."""
    from pokespiel.game.tree import TreeGame
    from pokespiel.game.tree_size import TreeRefused

    is_tree = isinstance(game, TreeGame)
    if form == "tree" and not is_tree:
        raise TreeRefused(f"{game.name} is stepped by its own code and has no sequence form")
    if form == "step" and is_tree:
        raise BadOption(f"{game.name} is always in sequence form; leave out form='step'")
    return game
