"""Seating: which learners and frozen opponents play at which seats, drawn once per match.

Participants are numbered: learners first (0 .. L - 1), then the frozen policies. A seating is a distribution over rows
of participants, one per seat: self-play has learner 0 at every seat, a response has it at one seat against the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game


@dataclass(frozen=True)
class Seating:
    """Rows of participants and their weights, for `learners` learners followed by the frozen `policies`."""

    learners: int
    policies: tuple[Policy, ...]
    rows: np.ndarray
    """[m, P] participants."""
    weights: np.ndarray
    """[m], sum to 1."""

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """[n, P] participants of n matches."""
        return self.rows[np.searchsorted(self.weights.cumsum()[:-1], rng.random(n), side="right")]

    @property
    def participants(self) -> int:
        return self.learners + len(self.policies)


def seat(rows: Sequence[Sequence[int]], weights: Sequence[float], learners: int, policies: Sequence[Policy]) -> Seating:
    """A seating with these rows [m, P] of participants; weights are scaled to sum to 1."""
    table, scale = np.asarray(rows, np.int64), np.asarray(weights, float)
    if table.ndim != 2 or scale.shape != (len(table),) or (scale < 0).any() or scale.sum() <= 0:
        raise ValueError(f"a seating needs one weight (>= 0) a row: rows {table.shape}, weights {scale.shape}")
    if table.min() < 0 or table.max() >= learners + len(policies):
        raise ValueError(
            f"participants are 0 .. {learners + len(policies) - 1}, rows name {table.min()}..{table.max()}"
        )
    return Seating(learners, tuple(policies), table[scale > 0], scale[scale > 0] / scale.sum())


def self_play(game: Game, learners: int = 1) -> Seating:
    """Learner 0 at every seat."""
    return seat([[0] * game.num_players], [1.0], learners, ())
