"""Load games by name: OpenSpiel's, this package's own, and a user's."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Mapping
from typing import Any

from pokespiel.core.registry import BadOption
from pokespiel.game import own
from pokespiel.game.conversion import from_openspiel, in_form
from pokespiel.game.declared import Declared, declared
from pokespiel.game.foreign import Once, quiet, said
from pokespiel.game.gambit import check_file, not_read
from pokespiel.game.names import GAMES, checked_limit, parsed, unknown_game, value_of, written
from pokespiel.game.parameters import for_openspiel
from pokespiel.game.protocols import Form, Game, checked_form


def load_game(name: str, form: Form | None = None, *, limit: int | None = None) -> Game:
    """The game with the given name string. The most recent ones are cached.

    - OpenSpiel's games, with parameters: `kuhn_poker`, `leduc_poker(players=3)`, `python_liars_poker`
    - this package's games, GAMES: `gen1ou(preset=small)`, `matrix(path=rps.csv)`
    - your own, see `own.py`: `package.module:Name`, `python:file.py:Name(size=3)`

    Args:
        form: None = the sequence form if the game is small enough and has perfect recall, else stepped.
        limit: maximum histories of the sequence form, which the string can also give: `leduc_poker(limit=9999)`;
            None = as in the string, else `flatten.HISTORIES`.

    Raises:
        UnknownName, BadOption: the game does not exist, or a parameter or its value is invalid.
        TreeRefused: form is "tree" and the game is too large or has no sequence form.
        BadOption: form is "step" and the game has only a sequence form.
    """
    form = checked_form(form)
    if own.is_own_game(name):
        return _users(name, form, limit)
    parameters = parsed(name)
    short = parameters.pop("name")
    if short in GAMES:
        return _ours(GAMES.build(short, parameters), form)
    return _openspiel(name, form, limit)


def declaration(name: str) -> Declared:
    """The facts about a named game before its tree is built; errors are those of `load_game`."""
    if own.is_own_game(name):
        return declared(own.load_own(name, None)[0])
    short, given = written(name)
    if short in GAMES:
        return declared(load_game(name))
    given.pop("limit", None)
    return declared(_openspiel_game(name, short, given))


@functools.lru_cache(maxsize=16)
def _ours(plugin: Any, form: Form | None) -> Game:
    return in_form(plugin.load(form), form)


@functools.lru_cache(maxsize=16)
def _users(name: str, form: Form | None, limit: int | None) -> Game:
    import pyspiel

    game, said_limit = own.load_own(name, form)
    if not isinstance(game, pyspiel.Game):
        return in_form(game, form)
    return from_openspiel(game, name, form, limit=said_limit if limit is None else checked_limit(limit))


@functools.lru_cache(maxsize=16)
def _openspiel(name: str, form: Form | None, limit: int | None) -> Game:
    short, given = written(name)
    said_limit = given.pop("limit", None)
    allowed = checked_limit(limit if limit is not None or said_limit is None else value_of(said_limit))
    return from_openspiel(_openspiel_game(name, short, given), name, form, limit=allowed)


@functools.cache
def openspiel_names() -> tuple[str, ...]:
    """OpenSpiel's registered games, including those written in Python."""
    import pyspiel

    importlib.import_module("open_spiel.python.games")
    logging.getLogger("absl").addFilter(Once())  # some of them log when imported
    return tuple(pyspiel.registered_names())


def _openspiel_game(name: str, short: str, given: Mapping[str, str]) -> Any:
    """The `pyspiel.Game`, after a check that it has an initial state."""
    import pyspiel

    known = pyspiel.registered_names()
    if "python_" in name or short not in known:
        known = openspiel_names()  # this registers the games written in Python, some under other names
    if short not in known:
        raise unknown_game(short, known)
    parameters = for_openspiel(short, given, known)
    if short == "efg_game":  # before OpenSpiel's reader, which some syntax errors crash
        check_file(parameters.get("filename", ""), short)
    try:
        with quiet():
            game = pyspiel.load_game(short, parameters)
            mean_field = game.get_type().dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD
            over = not mean_field and game.new_initial_state().is_terminal()
    except Exception as error:
        if short in ("efg_game", "nfg_game"):
            check_file(parameters.get("filename", ""), short)
            raise not_read(parameters["filename"], short, error) from None
        raise BadOption(f"OpenSpiel cannot load {name}: {said(error)}{_defaults(short)}") from None
    if over:
        raise BadOption(f"{name} ends before anybody moves{_defaults(short)}")
    return game


def _defaults(short: str) -> str:
    """A game's parameters, if it has any, for the end of an error message."""
    import pyspiel

    known = next(kind.parameter_specification for kind in pyspiel.registered_games() if kind.short_name == short)
    defaults = ", ".join(f"{key}={value}" for key, value in sorted(known.items()) if not isinstance(value, Mapping))
    return f"; the defaults of {short} are {defaults}" if defaults else ""
