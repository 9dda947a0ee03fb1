"""Games: many matches side by side behind one protocol.

`load_game("leduc_poker")` takes every OpenSpiel game string, parameters included; a game small enough becomes its
sequence form (`tree.py`), any other is stepped through its states (`spiel.py`). Names in GAMES are this package's own:
a frozen dataclass of parameters whose `load(form)` gives the game. A user's game is named by its place (`own.py`).
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from pokespiel.core.registry import BadOption, Registry, unknown
from pokespiel.game import own
from pokespiel.game.foreign import Once, quiet, said
from pokespiel.core.policy import Observations

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
    """The game that a string names. The last few are kept.

    - OpenSpiel's games, with parameters: `kuhn_poker`, `leduc_poker(players=3)`, `python_liars_poker`
    - those of this package, GAMES: `gen1ou(preset=small)`, `matrix(path=rps.csv)`
    - your own, see `own.py`: `package.module:Name`, `python:file.py:Name(size=3)`

    Args:
        form: None = the sequence form if the game is small enough and has perfect recall, else stepped.
        limit: how many histories the sequence form may have, which the string can say too: `leduc_poker(limit=9999)`;
            None = as the string says, or `flatten.HISTORIES`.

    Raises:
        UnknownName, BadOption: no such game, or a parameter that it does not have or take.
        TreeRefused: form is "tree" and the game is too large or has no sequence form.
    """
    if form not in (None, "tree", "step"):
        raise ValueError(f"unknown form {form!r} of a game; Available: tree, step (None = the best)")
    if own.is_own(name):
        return _users(name, form, limit)
    parameters = parsed(name)
    short = parameters.pop("name")
    if short in GAMES:
        return _ours(GAMES.build(short, parameters), form)
    return _openspiel(name, form, limit)


def with_limit(name: str, limit: int | None) -> str:
    """The game's string with another limit on the sequence form's histories; None = as it is."""
    if limit is None:
        return name
    head, _, inside = name.partition("(")
    kept = [part for part in _split(inside.removesuffix(")")) if not part.startswith("limit=")]
    return f"{head}({','.join([*kept, f'limit={limit}'])})"


@functools.lru_cache(maxsize=16)
def _ours(plugin: Any, form: Form | None) -> Game:
    return plugin.load(form)


@functools.lru_cache(maxsize=16)
def _users(name: str, form: Form | None, limit: int | None) -> Game:
    return own.load(name, form, limit)


@functools.lru_cache(maxsize=16)
def _openspiel(name: str, form: Form | None, limit: int | None) -> Game:
    parameters = parsed(name)
    short, said_limit = parameters.pop("name"), parameters.pop("limit", None)
    allowed = checked_limit(said_limit if limit is None else limit)
    return from_openspiel(_openspiel_game(name, short, parameters), name, form, limit=allowed)


def from_openspiel(game: Any, name: str | None = None, form: Form | None = None, *, limit: int | None = None) -> Game:
    """A `pyspiel.Game` as a game of ours; the arguments are those of `load_game`."""
    from pokespiel.game.flatten import HISTORIES, TreeRefused, flatten
    from pokespiel.game.spiel import SpielGame
    from pokespiel.game.tree import TreeGame

    name = name or str(game)
    refusal = f"{name} was asked for in its stepped form"
    if form != "step":
        try:
            flat = flatten(game, HISTORIES if limit is None else limit, name)
            return TreeGame(name, flat, game.num_distinct_actions(), game)
        except TreeRefused as refused:
            if form == "tree":
                raise
            refusal = str(refused)
    return SpielGame(name, game, refusal)


def parsed(name: str) -> dict[str, Any]:
    """The parameters in a game's string, its `name` among them."""
    import pyspiel

    rest, paths = _without_paths(name)
    try:
        with quiet():
            parameters = dict(pyspiel.game_parameters_from_string(rest))
    except Exception as error:
        raise BadOption(f"{name!r} is not a game string like leduc_poker(players=2): {said(error)}") from None
    if "name" not in parameters:
        raise BadOption(f"{name!r} is not a game string like leduc_poker(players=2)")
    return parameters | paths


def _without_paths(name: str) -> tuple[str, dict[str, str]]:
    """The game's string without its parameters that are paths, and those as they are written: paths may hold commas."""
    match = re.fullmatch(r"(\w+)\((.*)\)", name, re.DOTALL)
    paths = getattr(GAMES[match[1]], "PATHS", ()) if match and match[1] in GAMES else ()
    if not match or not paths:
        return name, {}
    known = "|".join(field.name for field in dataclasses.fields(GAMES[match[1]]) if field.init)
    first, *parts = re.split(rf"(?:^|,)\s*({known})\s*=", match[2])
    values = dict(zip(parts[::2], parts[1::2], strict=True))
    found = {path: values.pop(path).strip() for path in paths if path in values}
    rest = [first] * bool(first) + [f"{key}={value}" for key, value in values.items()]
    return f"{match[1]}({','.join(rest)})", found


def checked_limit(limit: Any) -> int | None:
    """A limit on a game's histories; a `BadOption` if it is no number of them."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise BadOption(f"limit, how many histories the sequence form may have, must be a number from 1, not {limit!r}")
    return limit


@functools.cache
def openspiel_names() -> tuple[str, ...]:
    """OpenSpiel's registered games, those written in Python included."""
    import pyspiel

    importlib.import_module("open_spiel.python.games")
    logging.getLogger("absl").addFilter(Once())  # where they log
    return tuple(pyspiel.registered_names())


def _openspiel_game(name: str, short: str, parameters: dict[str, Any]) -> Any:
    import pyspiel

    if short not in pyspiel.registered_names() and short not in (names := openspiel_names()):
        raise unknown("game", short, [*GAMES, *names])
    try:
        with quiet():
            return pyspiel.load_game(short, parameters)
    except Exception as error:
        raise BadOption(f"OpenSpiel cannot load {name}: {said(error)}{_hint(short, parameters, error)}") from None


def _hint(short: str, parameters: dict[str, Any], error: Exception) -> str:
    """What to look at when OpenSpiel says too little about a game that it cannot load."""
    import pyspiel

    if short in ("efg_game", "nfg_game"):
        path = parameters.get("filename", "")
        if Path(path).is_file():
            return f"; {path} does not follow Gambit's format for .{short[:3]} files"
        return f"; there is no file {path!r}, name one as in {short}(filename=game.{short[:3]})"
    known = next(kind.parameter_specification for kind in pyspiel.registered_games() if kind.short_name == short)
    return f"; parameters of {short}: {', '.join(sorted(known))}" if known and "vailable" not in str(error) else ""


def _split(inside: str) -> list[str]:
    """The parameters between a game's parentheses, those of games within games in one piece."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part]
