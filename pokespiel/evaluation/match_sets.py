"""Sets of seat-swapped pairs: one policy's score against another, with intervals from pair means.

A pair is one seed played twice, with the policies in swapped seats: the same teams, the same generator. Pairs are
independent; the two matches of a pair are not, so the unit of every interval is the pair's mean score (win 1, tie 1/2,
loss 0). Sets that must not share a match are drawn with `generator` under different names.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pokespiel.core.intervals import mean_interval, share
from pokespiel.core.policy import Policy
from pokespiel.game.matches import play_matches
from pokespiel.game.protocols import Game

CHUNK = 500
"""Pairs played between two reports."""


class Score(NamedTuple):
    """A policy's mean score against another, 0 (lost all) to 1 (won all)."""

    score: float
    low: float
    """Two-sided 95 % interval, from pair means."""
    high: float
    lower: float
    """One-sided 95 % limits; each holds by itself with 95 %."""
    upper: float
    matches: int
    wins: int
    losses: int
    ties: int


@dataclass(frozen=True)
class PairTally:
    """The sums behind a `Score`; tallies of different matches add up."""

    pairs: int = 0
    total: float = 0.0
    squares: float = 0.0
    wins: int = 0
    losses: int = 0
    ties: int = 0

    def __add__(self, other: PairTally) -> PairTally:
        sums = {name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        return PairTally(**sums)

    @classmethod
    def of(cls, scores: np.ndarray) -> PairTally:
        """The sums of scores [n, 2], one row per pair."""
        means = scores.mean(axis=1)
        counts = [int((scores == value).sum()) for value in (1.0, 0.0, 0.5)]
        return cls(len(scores), float(means.sum()), float((means**2).sum()), *counts)

    def score(self) -> Score:
        if not self.pairs:
            raise ValueError("a score needs at least one pair of matches")

        def interval(confidence: float) -> tuple[float, float]:
            low, high = mean_interval(self.pairs, self.total, self.squares, (0.0, 1.0), confidence)
            return float(low), float(high)

        mean = self.total / self.pairs
        return Score(mean, *interval(0.95), *interval(0.9), 2 * self.pairs, self.wins, self.losses, self.ties)


def play_pairs(
    game: Game, first: Policy, second: Policy, pairs: int, rng: np.random.Generator, *, width: int = 2048
) -> Iterator[PairTally]:
    """Yield the tally so far of `first` against `second`, every 500 pairs and at the end."""
    if not is_fair(game):
        raise ValueError(f"seat-swapped pairs need a symmetric two-player zero-sum game, which {game.name} is not")
    tally = PairTally()
    while tally.pairs < pairs:
        count = min(CHUNK, pairs - tally.pairs)
        seeds = np.repeat(rng.integers(2**63, size=count), 2)
        rows = np.tile([[0, 1], [1, 0]], (count, 1))
        utilities = play_matches(game, [[first, second]], rows, seeds, rng, width=width).utilities
        own = utilities[np.arange(2 * count), rows.argmin(axis=1)]
        tally += PairTally.of(share(np.sign(own)).reshape(count, 2))
        yield tally


def head_to_head(game: Game, first: Policy, second: Policy, pairs: int, rng: np.random.Generator) -> Score:
    """The score of `first` against `second` over `pairs` fresh pairs."""
    *_, tally = play_pairs(game, first, second, pairs, rng)
    return tally.score()


def is_fair(game: Game) -> bool:
    """Whether a policy scores one half against itself by symmetry, which win rates assume."""
    return game.num_players == 2 and game.symmetric and game.zero_sum


def generator(seed: int, name: str) -> np.random.Generator:
    """The random numbers for one purpose of a measurement, independent of all other names and seeds."""
    return np.random.default_rng([seed, *name.encode()])
