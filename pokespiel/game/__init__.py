"""Games: many matches side by side behind one protocol.

`load_game("leduc_poker")` takes every OpenSpiel game string, parameters included; a game small enough becomes its
sequence form (`tree.py`), any other is stepped through its states (`spiel.py`). Names in GAMES are this package's own:
a frozen dataclass of parameters whose `load(form)` gives the game.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from typing import Any, Literal, Protocol

import numpy as np

from pokespiel.config import BadOption, Registry, unknown
from pokespiel.policy import Observations

log = logging.getLogger(__name__)

GAMES = Registry("game", {"gen1ou": "pokespiel.game.gen1.game:Gen1OU", "matrix": "pokespiel.game.matrix:Matrix"})

Form = Literal["tree", "step"]
"""The sequence form, or stepped through its states (in batches by its own engine, where the game has one)."""


class Matches(Protocol):
    """B matches side by side, simultaneous or turn-based."""

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        """Indices [b] of the unfinished matches that await `player`, and what it knows in them.

        `out` offers arrays of at least B rows to write into; the result may be views of them, valid until the next
        call.
        """
        ...

    def step(self, actions: np.ndarray) -> np.ndarray:
        """Play actions [P, B] (ignored where a player is not to act); utilities [B, P] gained since the last step.

        An illegal action raises a `ValueError` that names the match and leaves all matches as they were.
        """
        ...

    def finished(self) -> np.ndarray:
        """[B] bool."""
        ...

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        ...


class Game(Protocol):
    """An immutable game; `start(seeds)` gives one match a seed. Equal seeds and actions give equal matches."""

    name: str
    """The string that `load_game` takes."""
    num_players: int
    num_actions: int
    num_features: int
    symmetric: bool
    """One population serves every seat."""
    zero_sum: bool
    utility_range: tuple[float, float]

    def start(self, seeds: Sequence[int] | np.ndarray) -> Matches: ...


def load_game(name: str, form: Form | None = None, *, limit: int | None = None) -> Game:
    """The game that a string names: `kuhn_poker`, `leduc_poker(players=3)`, one of GAMES. The last few are kept.

    Args:
        form: None = the sequence form if the game is small enough and has perfect recall, else stepped.
        limit: how many histories the sequence form may have; None = `flatten.HISTORIES`.

    Raises:
        UnknownName, BadOption: no such game, or a parameter that it does not have or take.
        TreeRefused: form is "tree" and the game is too large or has no sequence form.
    """
    if form not in (None, "tree", "step"):
        raise ValueError(f"unknown form {form!r} of a game; Available: tree, step (None = the best)")
    parameters = _parameters(name)
    short = parameters.pop("name")
    if short in GAMES:
        return _own(GAMES.build(short, parameters), form)
    return _openspiel(name, short, form, limit)


@functools.lru_cache(maxsize=16)
def _own(plugin: Any, form: Form | None) -> Game:
    return plugin.load(form)


@functools.lru_cache(maxsize=16)
def _openspiel(name: str, short: str, form: Form | None, limit: int | None) -> Game:
    return from_openspiel(_openspiel_game(name, short), name, form, limit=limit)


def from_openspiel(game: Any, name: str | None = None, form: Form | None = None, *, limit: int | None = None) -> Game:
    """A `pyspiel.Game` as a game of ours; the arguments are those of `load_game`."""
    from pokespiel.game.flatten import HISTORIES, TreeRefused, flatten
    from pokespiel.game.spiel import SpielGame
    from pokespiel.game.tree import TreeGame

    name = name or str(game)
    if form != "step":
        try:
            flat = flatten(game, HISTORIES if limit is None else limit)
            return TreeGame(name, flat, game.num_distinct_actions(), game)
        except TreeRefused as refusal:
            if form == "tree":
                raise
            log.info("%s; it is stepped through its states", refusal)
    return SpielGame(name, game)


def _parameters(name: str) -> dict[str, Any]:
    import pyspiel

    try:
        parameters = dict(pyspiel.game_parameters_from_string(name))
    except (pyspiel.SpielError, RuntimeError) as error:
        raise BadOption(f"{name!r} is no game string like leduc_poker(players=2): {error}") from None
    if "name" not in parameters:
        raise BadOption(f"{name!r} is no game string like leduc_poker(players=2)")
    return parameters


def _openspiel_game(name: str, short: str) -> Any:
    import pyspiel

    if short not in pyspiel.registered_names():
        raise unknown("game", short, [*GAMES, *pyspiel.registered_names()])
    try:
        return pyspiel.load_game(name)
    except (pyspiel.SpielError, RuntimeError, ValueError, TypeError) as error:
        raise BadOption(f"game {name!r}: {error}") from None
