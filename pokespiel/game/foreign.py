"""Calls into code that is not ours: OpenSpiel's games, in C++ or Python, and users' own."""

from __future__ import annotations

import functools
import logging
import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pokespiel.core.registry import BadOption, UnknownName

Method = TypeVar("Method", bound=Callable[..., Any])

PACKAGE = str(Path(__file__).parents[1]) + os.sep
ELSEWHERE = (PACKAGE, sysconfig.get_path("stdlib") + os.sep, "<")
"""Where code is not a game's own: here, in Python's library, nowhere."""
COMPARISON = re.compile(r"(\S+?)_? (>=|<=|==|!=|>|<) (\S+) \1_? = (\S+), \3 = (\S+)")
"""How OpenSpiel says that two values do not compare as they should."""
LIBRARY = re.compile(r"(std::|basic_string|vector::|deque|map::at|unordered_map|bad_alloc|bad_cast|stoi|stod)")
"""Of C++'s own library, whose errors say nothing about the game."""


class GameRefusal(ValueError):
    """What this package refuses while a game's code runs."""


class GameFailed(ValueError):
    """A game's own code ended a call with an error."""


OURS = (GameRefusal, GameFailed, BadOption, UnknownName)
"""Errors that say all already."""


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn any error of a game's code into a `GameFailed` that fits on one line and ends with the place."""
    try:
        yield
    except OURS:
        raise
    except (Exception, SystemExit) as error:
        raise GameFailed(f"{what}: {said(error)}{place_of_error(error)}") from _shortened(error)


def called(method: Method) -> Method:
    """A method of a game, or of matches of a `game`, in which its code runs: `calling` around the whole."""

    @functools.wraps(method)
    def wrapper(self: Any, *arguments: Any, **options: Any) -> Any:
        with calling(f"{getattr(self, 'game', self).name} fails in its own code"):
            return method(self, *arguments, **options)

    return wrapper  # type: ignore[return-value]


def said(error: BaseException) -> str:
    """What an error says, on one line, with its kind where the text alone says little."""
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


def place_of_error(error: BaseException) -> str:
    """Where in a game's own Python code an error arose: `, in Auction.step, line 12 of auction.py`, or nothing."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [frame.f_code for frame in frames if _is_own(frame.f_code.co_filename)]
    if not own:
        return ""
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is own[-1]]
    return f", in {own[-1].co_qualname}, line {lines[-1]} of {Path(own[-1].co_filename).name}"


def _is_own(path: str) -> bool:
    return not path.startswith(ELSEWHERE) and "site-packages" not in path


def _shortened(error: BaseException) -> BaseException:
    """The error with its traceback from where this package's code ends."""
    rest = error.__traceback__
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(PACKAGE):
        rest = rest.tb_next
    return error.with_traceback(rest or error.__traceback__)


class Once(logging.Filter):
    """Lets each message pass once: a game in Python may warn whenever it is copied, thousands of times."""

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
    """Keep what C++ writes to standard error to itself: OpenSpiel prints each error before it raises it."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is none
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
