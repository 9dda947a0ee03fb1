"""Gambit's .nfg files, in payoff and in outcome form.

    NFG 1 R "title" { "player" ... }  { 2 3 }  or  { { "strategy" ... } ... }   "comment"
    payoff form     1 1 0 2 ...                          every player's payoff, joint choice by joint choice
    outcome form    { { "outcome" 1, 1 } ... } 1 2 ...   outcomes, then their numbers (0 = all payoffs are 0)

The first player's strategy changes fastest. Payoffs are integers, decimals or fractions.

Reference: Savani and Turocy (2026), Gambit: The package for computation in game theory.
"""

from __future__ import annotations

import bisect
import math
import re
from typing import NamedTuple

import numpy as np

from pokespiel.core.tablefiles.content import Content, Names, checked_content, counts, read_number, shortened

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]|[^\s{},"]+')


class Token(NamedTuple):
    text: str
    line: int
    column: int

    @property
    def place(self) -> str:
        return f"line {self.line}, column {self.column}"


class Tokens:
    """The tokens of a file in order; errors give their position."""

    def __init__(self, text: str):
        starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.rest = []
        for match in TOKEN.finditer(text):
            line = bisect.bisect(starts, match.start())
            self.rest.append(Token(match[0], line, match.start() - starts[line - 1] + 1))
        self.rest.reverse()

    def peek(self) -> str:
        return self.rest[-1].text if self.rest else ""

    def take(self, expected: str = "") -> Token:
        """The next token, which must be `expected` if that is given."""
        if not self.rest or (expected and self.peek() != expected):
            raise self.unexpected(expected or "more")
        return self.rest.pop()

    def unexpected(self, expected: str) -> ValueError:
        """The error for the next token if it is not what was `expected`."""
        if not self.rest:
            return ValueError(f"ends where {expected} was expected")
        return ValueError(f"{self.rest[-1].place}: expected {expected}, found {shortened(self.rest[-1].text)}")

    def string(self, what: str) -> str:
        if not self.peek().startswith('"'):
            raise self.unexpected(f"{what} in quotes")
        return re.sub(r"\\(.)", r"\1", self.take().text[1:-1])

    def strings(self, what: str) -> Names:
        self.take("{")
        found = []
        while self.peek() != "}":
            found.append(self.string(what))
        self.take("}")
        return tuple(found)

    def payoff(self) -> float:
        if not self.rest:
            raise self.unexpected("a payoff")
        token = self.take()
        try:
            return read_number(token.text)
        except ValueError as error:
            raise ValueError(f"{token.place}: {error}") from None

    def integer(self, what: str, least: int, most: int | None = None) -> int:
        text = self.peek()
        if not text.isdecimal() or not least <= int(text) <= (int(text) if most is None else most):
            limits = f"of at least {least}" if most is None else f"from {least} to {most}"
            raise self.unexpected(f"{what} {limits}")
        return int(self.take().text)

    def opening(self, kind: str, version: str) -> Names:
        """Read the beginning of a Gambit file of this kind; returns the players' names."""
        self.take(kind)
        self.take(version)
        if self.peek() in ("R", "D"):
            self.take()
        self.string("the title")
        return self.strings("a player's name")


def read_nfg(text: str) -> Content:
    """The content of an .nfg file; a `ValueError` with line and column for any other."""
    tokens = Tokens(text)
    players = tokens.opening("NFG", "1")
    sizes, names = _strategies(tokens, len(players))
    if tokens.peek().startswith('"'):
        tokens.take()
    cells = math.prod(sizes)
    flat = _outcomes(tokens, len(players), cells) if tokens.peek() == "{" else _payoffs(tokens, len(players), cells)
    if tokens.rest:
        raise tokens.unexpected(f"the end after {cells} joint choices")
    payoffs = np.stack([own.reshape(sizes, order="F") for own in flat.T])
    return checked_content(payoffs, True, names, None if counts(players) else players)


def _strategies(tokens: Tokens, players: int) -> tuple[tuple[int, ...], tuple[Names | None, ...]]:
    """The number of each player's strategies, and their names if given."""
    opening = tokens.take("{")
    sizes: list[int] = []
    names: list[Names | None] = []
    while tokens.peek() != "}":
        own = tokens.strings("a strategy's name") if tokens.peek() == "{" else None
        names.append(own if own and any(own) else None)
        sizes.append(len(own) if own is not None else tokens.integer("a number of strategies", 1))
    tokens.take("}")
    if len(sizes) != players or 0 in sizes:
        raise ValueError(f"{opening.place}: expected strategies of {players} players, found {sizes}")
    return tuple(sizes), tuple(names)


def _payoffs(tokens: Tokens, players: int, cells: int) -> np.ndarray:
    """[cells, P], in the file's order."""
    if len(tokens.rest) < players * cells:
        raise ValueError(
            f"expected {players} payoffs for each of {cells} joint choices, found {len(tokens.rest)} in all"
        )
    return np.array([[tokens.payoff() for _ in range(players)] for _ in range(cells)])


def _outcomes(tokens: Tokens, players: int, cells: int) -> np.ndarray:
    """[cells, P], in the file's order."""
    outcomes = [[0.0] * players]
    tokens.take("{")
    while tokens.peek() == "{":
        tokens.take()
        tokens.string("an outcome's name")
        outcomes.append([tokens.payoff() for _ in range(players)])
        tokens.take("}")
    tokens.take("}")
    if len(tokens.rest) < cells:
        raise ValueError(f"expected an outcome's number for each of {cells} joint choices, found {len(tokens.rest)}")
    return np.array([outcomes[tokens.integer("an outcome's number", 0, len(outcomes) - 1)] for _ in range(cells)])
