"""The content of a file of payoffs, and how its numbers are read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Names = tuple[str, ...]

MINUS = str.maketrans(dict.fromkeys("\u2212\u2012\u2013\ufe63\uff0d", "-"))
"""Characters that are used as a minus sign."""
SPACES = "\u00a0\u2007\u2009\u202f\ufeff"
"""Blanks that `str.strip` keeps or that occur inside numbers."""
MISSING = {"", "-", "--", "\u2014", ".", "?", "na", "n/a", "#n/a", "nan", "null", "none"}
"""Texts that mean a missing number, in lower case."""
INFINITE = {"inf", "infinity", "\u221e"}
COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?%?")
"""A number with a decimal comma."""
DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class Content:
    """A table as written in a file."""

    values: np.ndarray
    """[n, m] payoffs to the row player, or [P, n_1, ..., n_P] payoffs to every player."""
    whole: bool
    """Whether it has every player's payoffs."""
    names: tuple[Names | None, ...]
    """Names of each player's policies; None = they have none."""
    players: Names | None = None


def read_number(text: str) -> float:
    """The number in a cell's text: decimal, a fraction such as -1/3, or a percentage.

    Raises a `ValueError` that describes any other text.
    """
    plain = text.strip(SPACES + " \t").translate(MINUS)
    if plain.lower() in MISSING:
        raise ValueError("the payoff is missing" + (f" ({plain})" if plain else ""))
    if plain.lstrip("+-").lower() in INFINITE:
        raise ValueError(f"payoffs must be finite, found {text.strip()!r}")
    above, slash, below = (part.strip() for part in plain.partition("/"))
    percent = not slash and above.endswith("%")
    above = above.rstrip("% ") if percent else above
    if not DECIMAL.fullmatch(above) or (slash and not DECIMAL.fullmatch(below)):
        raise ValueError(f"expected a number, found {shortened(text)}")
    if slash and float(below) == 0:
        raise ValueError(f"{shortened(text)} divides by zero")
    result = float(above) / (float(below) if slash else 100 if percent else 1)
    if not math.isfinite(result):
        raise ValueError(f"{shortened(text)} is too large for a floating-point number")
    return result


def is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def is_value(text: str) -> bool:
    """Whether a cell holds a number or a mark for a missing one; any other cell may be a name."""
    plain = text.translate(MINUS)
    return is_number(text) or bool(COMMA.fullmatch(plain)) or plain.lstrip("+-").lower() in MISSING | INFINITE


def shortened(text: str, most: int = 40) -> str:
    """A quotation of at most `most` characters."""
    text = text.strip()
    return repr(text if len(text) <= most else text[: most - 3] + "...")


def repeated(names: Sequence[str]) -> tuple[int, int] | None:
    """Two positions of the first name that occurs twice; None = no name does."""
    for place, name in enumerate(names):
        if names.index(name) < place:
            return names.index(name), place
    return None


def counts(labels: Sequence[str]) -> bool:
    """Whether labels are 0, 1, 2, ... or 1, 2, 3, ..., as programs number rows and columns."""
    return list(labels) in ([str(first + index) for index in range(len(labels))] for first in (0, 1))


def of_array(values: np.ndarray, names: Sequence[Names | None] | None = None) -> Content:
    """The content of an array: [n, m] the row player's payoffs, [P, n_1, ..., n_P] every player's.

    Raises `ValueError` for any other shape or type, and for missing numbers.
    """
    kinds = {"c": "complex numbers", "U": "text", "S": "text", "O": "Python objects", "M": "dates", "m": "times"}
    if values.dtype.kind == "V":
        raise ValueError(
            f"holds records with the fields {', '.join(values.dtype.names or ('?',))}, not an array of numbers"
        )
    if values.dtype.kind in kinds:
        raise ValueError(f"holds {kinds[values.dtype.kind]}, not real numbers")
    whole = values.ndim > 2 and len(values) == values.ndim - 1
    if values.ndim == 2 and len(values) == 1:
        raise ValueError(
            f"shape {values.shape} is a table of one row or the payoffs of one player: save payoffs [2, 1, n], or"
            " name the payoffs of one player 'payoffs' in an .npz or .json file"
        )
    if values.ndim != 2 and not whole:
        raise ValueError(_misshapen(values.shape))
    return checked_content(values, whole, names)


def of_payoffs(values: np.ndarray, names: Sequence[Names | None] | None = None) -> Content:
    """The content of an array called payoffs: [P, n_1, ..., n_P] every player's, [n, m] the row player's if n > 1.

    [1, n] are the payoffs of a single player.
    """
    if values.ndim == 2 and len(values) > 1:
        return of_array(values, names)
    if values.ndim < 2 or len(values) != values.ndim - 1:
        raise ValueError(_misshapen(values.shape))
    return checked_content(values, True, names)


def _misshapen(shape: tuple[int, ...]) -> str:
    last = len(shape) > 2 and shape[-1] == len(shape) - 1
    return f"expected a table [n, m] or payoffs [P, n_1, ..., n_P], found shape {shape}" + (
        "; move the last axis to the front if it counts the players (np.moveaxis(payoffs, -1, 0))" if last else ""
    )


def checked_content(
    values: np.ndarray, whole: bool, names: Sequence[Names | None] | None, players: Names | None = None
) -> Content:
    """Finite float64 content with distinct names for the policies, or none; names 0, 1, 2, ... count as none."""
    values = np.asarray(values, np.float64)
    sizes = values.shape[1:] if whole else values.shape
    if 0 in sizes:
        raise ValueError(f"a player has no policy: shape {values.shape}")
    if not np.isfinite(values).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(values))[0]))
        what = "the payoff is missing" if np.isnan(values[place]) else "payoffs must be finite"
        raise ValueError(f"index {place}: {what} ({values[place]})")
    names = tuple(names) if names is not None else (None,) * len(sizes)
    names = tuple(None if own == tuple(map(str, range(len(own or ())))) else own for own in names)
    for player, (own, size) in enumerate(zip(names, sizes, strict=True)):
        if own is not None and len(own) != size:
            raise ValueError(f"{len(own)} names for the {size} policies of player {player}")
        if own is not None and (again := repeated(own)):
            raise ValueError(f"policies {again[0]} and {again[1]} of player {player} are both named {own[again[0]]!r}")
    return Content(values, whole, names, players)
