"""Calls into external code: OpenSpiel's games, in C++ or Python, and users' own games."""

from __future__ import annotations

import functools
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pokespiel.core.registry import PACKAGE, BadOption, UnknownName, place_of_error

Method = TypeVar("Method", bound=Callable[..., Any])

COMPARISON = re.compile(r"(\S+?)_? (>=|<=|==|!=|>|<) (\S+) \1_? = (\S+), \3 = (\S+)")
"""OpenSpiel's message about a failed comparison of two values."""
LIBRARY = re.compile(r"(std::|basic_string|vector::|deque|map::at|unordered_map|bad_alloc|bad_cast|stoi|stod)")
"""Names from the C++ library, whose errors say nothing about the game."""


class GameRefusal(ValueError):
    """A refusal by this package while a game's code runs."""


class GameFailed(ValueError):
    """A game's own code ended a call with an error."""


OURS = (GameRefusal, GameFailed, BadOption, UnknownName)
"""Errors whose message is already complete."""


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn any error of a game's code into a `GameFailed` of one line that ends with the error's location."""
    try:
        yield
    except OURS:
        raise
    except (Exception, SystemExit) as error:
        raise GameFailed(f"{what}: {said(error)}{place_of_error(error)}") from _shortened(error)


def called(method: Method) -> Method:
    """Decorate a method that runs a game's code, of a game or of matches with a `game`: the whole call is in
    `calling`."""

    @functools.wraps(method)
    def wrapper(self: Any, *arguments: Any, **options: Any) -> Any:
        with calling(f"{getattr(self, 'game', self).name} fails in its own code"):
            return method(self, *arguments, **options)

    return wrapper  # type: ignore[return-value]


def said(error: BaseException) -> str:
    """An error's message on one line, with the error's type if the text alone says little."""
    text = re.sub(r"^\S+\.(cc|h):\d+ ", "", " ".join(str(error).split()))
    if LIBRARY.match(text):
        return "its C++ code fails"
    if unknown := re.match(r"Unknown game '(.*?)'\. Available games are:", text):
        return f"OpenSpiel has no game {unknown[1]!r} (`pokespiel list --games` names them all)"
    if compared := COMPARISON.fullmatch(text):
        name, sign, _, value, other = compared.groups()
        return f"expected {name} {sign} {other}, got {value}"
    plain = type(error).__name__ in ("SpielError", "RuntimeError", "ValueError", "TypeError")
    return text if plain and text else f"{type(error).__name__}: {text}" if text else type(error).__name__


def _shortened(error: BaseException) -> BaseException:
    """The error with the part of its traceback after this package's code."""
    rest = error.__traceback__
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(PACKAGE):
        rest = rest.tb_next
    return error.with_traceback(rest or error.__traceback__)


class Once(logging.Filter):
    """Lets each message pass once: a game in Python may warn thousands of times, whenever it is copied."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        new = message not in self._seen
        self._seen.add(message)
        return new


@contextmanager
def quiet() -> Iterator[None]:
    """Suppress what C++ writes to standard error: OpenSpiel prints each error before it raises it."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
