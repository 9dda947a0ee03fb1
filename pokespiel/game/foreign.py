"""Calls into code that is not ours: OpenSpiel's games, in C++ or Python, and users' own."""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


class GameFailed(ValueError):
    """A game's own code ended a call with an error."""


@contextmanager
def calling(what: str) -> Iterator[None]:
    """Turn any error of a game's code but a `ValueError` into a `GameFailed` that fits on one line."""
    try:
        yield
    except ValueError:
        raise
    except Exception as error:
        raise GameFailed(f"{what}: {said(error)}") from error


def called(method: Method) -> Method:
    """A method of a game, or of matches of a `game`, in which its code runs: `calling` around the whole."""

    @functools.wraps(method)
    def wrapper(self: Any, *arguments: Any, **options: Any) -> Any:
        with calling(f"{getattr(self, 'game', self).name} fails in its own code"):
            return method(self, *arguments, **options)

    return wrapper  # type: ignore[return-value]


def said(error: BaseException) -> str:
    """What an error says, on one line, with its kind where the text alone says little."""
    text = " ".join(str(error).split())
    plain = type(error).__name__ in ("SpielError", "RuntimeError", "ValueError", "TypeError")
    return text if plain and text else f"{type(error).__name__}: {text}" if text else type(error).__name__


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
