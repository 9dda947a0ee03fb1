"""Games by the strings that name them: OpenSpiel's, this package's own, and a user's."""

from __future__ import annotations

import functools
import importlib
import logging
from pathlib import Path
from typing import Any

from pokespiel.core.registry import BadOption, unknown
from pokespiel.game import own
from pokespiel.game.conversion import from_openspiel
from pokespiel.game.foreign import Once, quiet, said
from pokespiel.game.names import GAMES, checked_limit, parsed
from pokespiel.game.protocols import Form, Game


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


@functools.lru_cache(maxsize=16)
def _ours(plugin: Any, form: Form | None) -> Game:
    return plugin.load(form)


@functools.lru_cache(maxsize=16)
def _users(name: str, form: Form | None, limit: int | None) -> Game:
    import pyspiel

    game, said_limit = own.load(name, form)
    allowed = checked_limit(said_limit if limit is None else limit)
    return from_openspiel(game, name, form, limit=allowed) if isinstance(game, pyspiel.Game) else game


@functools.lru_cache(maxsize=16)
def _openspiel(name: str, form: Form | None, limit: int | None) -> Game:
    parameters = parsed(name)
    short, said_limit = parameters.pop("name"), parameters.pop("limit", None)
    allowed = checked_limit(said_limit if limit is None else limit)
    return from_openspiel(_openspiel_game(name, short, parameters), name, form, limit=allowed)


@functools.cache
def openspiel_names() -> tuple[str, ...]:
    """OpenSpiel's registered games, those written in Python included."""
    import pyspiel

    importlib.import_module("open_spiel.python.games")
    logging.getLogger("absl").addFilter(Once())  # where they log
    return tuple(pyspiel.registered_names())


def _openspiel_game(name: str, short: str, parameters: dict[str, Any]) -> Any:
    import pyspiel

    known = pyspiel.registered_names()
    if short.startswith("python_") or short not in known:
        known = openspiel_names()  # which registers those written in Python, some under other names
    if short not in known:
        raise unknown("game", short, {*GAMES, *known})
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
