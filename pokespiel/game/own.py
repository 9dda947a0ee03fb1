"""A user's own games, named by their location.

    package.module:Name             an attribute of a module that can be imported, also from the current folder
    python:path/to/file.py:Name     an attribute of a file
    python:path/to/file.py          the only game that the file defines, or registers with OpenSpiel

`Name` may be a game that implements the protocol (`pokespiel.game.Game`), a `pyspiel.Game`, a class of either, a
function that returns either, a dataclass of parameters with `load(form)`, or a name that the module registers with
OpenSpiel. Parameters are passed to the class or function: `mygames:Auction(bids=5)`. A registered OpenSpiel game gets
them as `params`.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
import functools
import inspect
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from pokespiel.core.registry import BadOption, Location, is_own, location_of, own_module
from pokespiel.game.foreign import calling, quiet
from pokespiel.game.guarded import GuardedGame
from pokespiel.game.names import checked_limit, texts, value_of
from pokespiel.game.parameters import for_function, for_openspiel
from pokespiel.game.protocols import Form, Game

NEEDED = ("name", "num_players", "num_actions", "num_features", "symmetric", "zero_sum", "utility_range", "start")
"""Attributes of a game that implements the protocol."""


def is_own_game(name: str) -> bool:
    """Whether a game's name is the location of a user's game."""
    return is_own(name.partition("(")[0])


@functools.lru_cache(maxsize=16)
def load_own(name: str, form: Form | None) -> tuple[Any, int | None]:
    """The object at the location `name`, as a game of this package or a `pyspiel.Game`, and the `limit` that the name
    gives."""
    import pyspiel

    head, bracket, inside = name.partition("(")
    place, parameters = location_of(head, "game"), texts(name, head, bracket + inside)
    module = _module(place)
    found = _attribute(module, place) if place.attribute else _only(module, place)
    said_limit = parameters.pop("limit", None)
    allowed = checked_limit(None if said_limit is None else value_of(said_limit))
    with calling(f"{name} cannot be loaded"):
        game = _made(found, parameters, name, form)
        return (game if isinstance(game, pyspiel.Game) else _ours(game, name)), allowed


_REGISTERED: dict[str, tuple[str, ...]] = {}
"""By module, the games that it registered with OpenSpiel when it was imported."""


def _module(place: Location) -> ModuleType:
    """The module, imported once per process."""
    import pyspiel

    before = set(pyspiel.registered_names())
    module = own_module(place, "game")
    _REGISTERED.setdefault(module.__name__, tuple(sorted(set(pyspiel.registered_names()) - before)))
    return module


def _attribute(module: ModuleType, place: Location) -> Any:
    """The module's attribute of that name, or the game that it registered with OpenSpiel under that name."""
    import pyspiel

    found: Any = module
    for part in place.attribute.split("."):
        found = getattr(found, part, None)
    if found is not None:
        return found
    if place.attribute in pyspiel.registered_names():
        return _Registered(place.attribute)
    names = [*_REGISTERED[module.__name__], *_games_in(module), *_functions_in(module)]
    nearest = difflib.get_close_matches(place.attribute, names, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]!r}? " if nearest else ""
    raise BadOption(f"{place.source} has no {place.attribute!r}; {hint}Games and functions in it: {_listed(names)}")


def _only(module: ModuleType, place: Location) -> Any:
    """The only game that the module registers with OpenSpiel or, if it registers none, defines."""
    registered, defined = _REGISTERED[module.__name__], tuple(_games_in(module))
    names = registered or defined
    if len(names) != 1:
        makers = tuple(_functions_in(module))
        none = f"it defines none and registers none with OpenSpiel; functions that may make one: {_listed(makers)}"
        games = f"games in it: {', '.join(names)}" if names else none
        named = f"{'python:' * place.is_file}{place.source}:{(*names, *makers, 'Name')[0]}"
        raise BadOption(f"which game of {place.source}? Name it, as in {named}; {games}")
    return _Registered(names[0]) if registered else getattr(module, names[0])


class _Registered(NamedTuple):
    """A game by its registered OpenSpiel name."""

    name: str

    def load(self, parameters: Mapping[str, str]) -> Any:
        import pyspiel

        values = for_openspiel(self.name, parameters, pyspiel.registered_names())
        with quiet():
            return pyspiel.load_game(self.name, values)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _functions_in(module: ModuleType) -> Iterator[str]:
    """The public functions that a module itself defines; any of them may make a game."""
    for name, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            yield name


def _games_in(module: ModuleType) -> Iterator[str]:
    """The names of the games, and classes of games, that a module itself defines."""
    import pyspiel

    for name, value in vars(module).items():
        kind = value if isinstance(value, type) else type(value)
        imported = isinstance(value, type) and value.__module__ != module.__name__
        is_game = issubclass(kind, pyspiel.Game) or all(hasattr(value, needed) for needed in NEEDED)
        if is_game and not imported and not name.startswith("_"):
            yield name


def _made(found: Any, parameters: Mapping[str, str], name: str, form: Form | None) -> Any:
    """The game at the location, or the game that a class or function there makes."""
    import pyspiel

    short = name.partition("(")[0]
    if isinstance(found, _Registered):
        return found.load(parameters)
    if isinstance(found, type) and issubclass(found, pyspiel.Game):
        return found({key: value_of(text) for key, text in parameters.items()})
    if isinstance(found, type) and dataclasses.is_dataclass(found) and hasattr(found, "load"):
        plugin: Any = found(**for_function(found, parameters, short))
        return plugin.load(form)
    if callable(found):
        return found(**for_function(found, parameters, short))
    if parameters:
        raise BadOption(f"{name} is a game as it stands and takes no parameters")
    return found


def _ours(game: Any, name: str) -> Game:
    """The game with its full loading name; a `BadOption` if it is not a game."""
    lacking = [needed for needed in NEEDED if not hasattr(game, needed)]
    if lacking:
        raise BadOption(f"{name} is a {type(game).__name__}, not a game: it lacks {', '.join(lacking)}")
    if not type(game).__module__.startswith("pokespiel."):
        return GuardedGame(game, name)
    if game.name != name:
        game = copy.copy(game)
        object.__setattr__(game, "name", name)
    return game
