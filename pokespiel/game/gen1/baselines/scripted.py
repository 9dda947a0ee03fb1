"""The base class of scripted policies: each gives every action a score, and the highest is played."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np

from pokespiel.core.policy import Memoryless, Observations
from pokespiel.core.registry import build, options_of
from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines.board import Board

_TIE = 1e-9


class Scripted(Memoryless):
    """Plays the legal action with the highest score; ties are split evenly. Subclasses are frozen dataclasses that
    define `scores`, and `kind`, their name in POLICIES."""

    kind: str
    scripted = True

    def scores(self, board: Board) -> np.ndarray:
        """[b, 9]; scores of illegal actions do not matter."""
        raise NotImplementedError

    def probabilities(self, observations: Observations) -> np.ndarray:
        """Distributions [b, A]; while players still choose their teams, every legal team is equally likely."""
        board, legal = Board(observations), observations.legal
        scores = np.zeros(legal.shape)
        scores[:, : view.NUM_ACTIONS] = np.where(board.begun[:, None], self.scores(board), 0.0)
        return best(scores, legal)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return options_of(self), {}

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Self:
        return build(cls, config, f"policy {cls.kind!r}")


def best(scores: np.ndarray, legal: np.ndarray) -> np.ndarray:
    """Probabilities [b, A], uniform over the legal actions with the highest scores [b, A]."""
    allowed = np.where(legal, scores, -np.inf)
    chosen = legal & (allowed >= allowed.max(axis=1, keepdims=True) - _TIE)
    return chosen / chosen.sum(axis=1, keepdims=True)
