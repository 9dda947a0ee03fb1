"""Parameters of games: names and types are checked before the game is made, and errors name the parameter."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from pokespiel.core.registry import BadOption, checked_value, unknown
from pokespiel.game.names import unknown_game, value_of, written

KINDS = {bool: "True or False", int: "a whole number", float: "a number"}
INTEGERS = 2**31
"""OpenSpiel's integers are smaller."""
ANY_SIGN = ("seed", "bonus", "points", "threshold")
"""Endings of the names of integers that may be negative although their default is not."""
SIZES = ("rows", "columns", "cols", "size", "cards", "ranks", "suits", "rounds", "players")
"""Endings of the names of integers that must not be 0 either."""


def for_openspiel(short: str, given: Mapping[str, str], games: typing.Collection[str]) -> dict[str, Any]:
    """The parameters of one of OpenSpiel's registered `games`, converted from text to the types of `pyspiel.load_game`.

    Raises `BadOption` for a parameter that the game does not have or a value of the wrong type, `UnknownName` for an
    unknown nested game.
    """
    import pyspiel

    kind = next(each for each in pyspiel.registered_games() if each.short_name == short)
    specified = kind.parameter_specification
    for key in given:
        if key not in specified:
            raise BadOption(str(unknown(f"parameter of {short}:", key, specified or ["(it has none)"])))
    values = {key: _fitting(key, text, specified[key], short, games) for key, text in given.items()}
    players = values.get("players", kind.min_num_players)
    if not kind.min_num_players <= players <= kind.max_num_players:
        raise _refused("players", short, f"from {kind.min_num_players} to {kind.max_num_players}", players)
    return values


def _fitting(key: str, text: str, default: Any, short: str, games: typing.Collection[str]) -> Any:
    """A parameter's value, of the type of its default."""
    if isinstance(default, Mapping):
        return _inner(text, games)
    if isinstance(default, str):
        return text
    value, wanted = value_of(text), type(default)
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is int and type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not wanted:
        raise _refused(key, short, f"{KINDS[wanted]} (default {default})", text)
    if wanted is int and not abs(value) < INTEGERS:
        raise _refused(key, short, f"a whole number below {INTEGERS:,}", text)
    if wanted is int and value < (least := _least(key, default)):
        raise _refused(key, short, f"a whole number from {least} (default {default})", text)
    return value


def _least(key: str, default: int) -> int:
    """The smallest sensible number by a parameter's name and default; OpenSpiel accepts any, and may crash."""
    if default < 0 or key.lower().endswith(ANY_SIGN):
        return -INTEGERS
    return int(default > 0 and key.lower().endswith(SIZES))


def _refused(key: str, short: str, expected: str, found: Any) -> BadOption:
    return BadOption(f"{key} of {short}: expected {expected}, got {found}")


def _inner(text: str, games: typing.Collection[str]) -> dict[str, Any]:
    short, given = written(text)
    if short not in games:
        raise unknown_game(short, games)
    return {"name": short, **for_openspiel(short, given, games)}


def for_function(function: Callable[..., Any], given: Mapping[str, str], what: str) -> dict[str, Any]:
    """Parameters, converted from text, for a function or class that makes the game `what`.

    Names must be those of its parameters. Types are checked if annotations or defaults show them: a default number
    requires a number, a default boolean requires True or False.
    """
    try:
        parameters = [*inspect.signature(function).parameters.values()]
    except (TypeError, ValueError):  # implemented in C++
        parameters = [inspect.Parameter("anything", inspect.Parameter.VAR_KEYWORD)]
    named = {each.name: each for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)}
    if len(named) == len(parameters):
        for key in given:
            if key not in named:
                raise BadOption(str(unknown(f"parameter of {what}:", key, named or ["(it has none)"])))
    missing = [key for key, each in named.items() if each.default is each.empty and key not in given]
    if missing:
        raise BadOption(f"{what} needs {', '.join(missing)}, as in {what}({missing[0]}=...)")
    hints = _hints(function)
    return {
        key: _typed(text, hints[key], f"{key} of {what}")
        if key in hints
        else _like(text, named[key].default if key in named else None, f"{key} of {what}")
        for key, text in given.items()
    }


def _hints(function: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(
            vars(function).get("__init__", function) if isinstance(function, type) else function
        )
    except (NameError, TypeError, AttributeError):  # an annotation that only a type checker can resolve
        return {}


def _typed(text: str, hint: Any, what: str) -> Any:
    """The value of an annotated parameter."""
    value = text if hint is str else value_of(text)
    if hint is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return checked_value(value, hint, what)
    except BadOption:
        if hint not in KINDS:
            raise
        raise BadOption(f"{what}: expected {KINDS[hint]}, got {text}") from None


def _like(text: str, default: Any, what: str) -> Any:
    """The value of a parameter without annotation, of the type of its default."""
    value = value_of(text)
    if isinstance(default, bool | int | float):
        kind = bool if isinstance(default, bool) else float
        if not isinstance(value, bool | int | float) or isinstance(value, bool) is not isinstance(default, bool):
            raise BadOption(f"{what}: expected {KINDS[kind]} (default {default}), got {text}")
    return value
