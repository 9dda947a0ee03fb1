"""Rewards for learning: the game's utilities, or named variations of them that keep a zero-sum game zero-sum.

Shaping adds F = phi(s') - phi(s), where phi = sum over signals of w (own standing - mean of the others'), and 0 at the
end of a match. Over a match F sums to minus the potential of the start, so the optimal policies stay the same (Ng,
Harada and Russell 1999), also while the weights are annealed (Devlin and Kudenko 2012).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pokespiel.core.ranges import Checked, Count, Finite, Share, ShareBelowOne
from pokespiel.core.registry import unknown
from pokespiel.game.protocols import Game, Matches, Signalling, Standings


@dataclass(frozen=True)
class Reward(Checked):
    """The reward that a learner receives; all are divided by the game's largest utility, so that a win is about 1."""

    kind: Literal["terminal", "binary", "aggressive", "shaped"] = "terminal"
    """terminal: the utilities. binary: their sign. aggressive: an earlier end counts more. shaped: potentials are
    added."""
    hp: Finite = 0.2
    """Shaped: weight of the team's remaining hit points."""
    status: Finite = -0.05
    """Shaped: weight of the share of the team that has a status condition."""
    knock_outs: Finite = -0.3
    """Shaped: weight of the share of the team that has fainted."""
    weights: tuple[tuple[str, Finite], ...] = ()
    """Shaped: weights of the game's signals by name, including signals without a flag of their own."""
    anneal: Share = 0.5
    """Shaped: share of training over which the weights fall linearly to zero; 0 = they stay constant."""
    haste: ShareBelowOne = 0.5
    """Aggressive: the share of a utility that fades linearly over `horizon` steps."""
    horizon: Count = 100
    """Aggressive: steps after which only 1 - haste of a utility is left."""


class Shaper:
    """Turns each step's utilities into rewards; keeps the potential and age of each match."""

    def __init__(self, game: Game, reward: Reward):
        weights = {"hp": reward.hp, "status": reward.status, "knock_outs": reward.knock_outs, **dict(reward.weights)}
        known = game.signals if isinstance(game, Signalling) else ()
        if reward.kind == "shaped":
            _check(game, reward, known)
        self.reward = reward
        self.names = [name for name in weights if name in known]
        self.weights = np.array([weights[name] for name in self.names], np.float32)
        self.scale = 1 / max(abs(game.utility_range[0]), abs(game.utility_range[1]), 1e-9)
        self.progress = 0.0
        self._potential: np.ndarray | None = None
        self._age: np.ndarray | None = None
        self._players = game.num_players

    def begin(self, matches: Matches, indices: np.ndarray) -> None:
        """The matches at `indices` have just started."""
        if self.reward.kind == "aggressive":
            self._age = np.zeros(len(indices), np.int64) if self._age is None else self._age
            self._age[indices] = 0
        elif self.reward.kind == "shaped":
            now = self._potentials(matches)
            self._potential = now.copy() if self._potential is None else self._potential
            self._potential[indices] = now[indices]

    def __call__(self, matches: Matches, utilities: np.ndarray, ended: np.ndarray) -> np.ndarray:
        """Rewards [B, P] float32 for utilities [B, P] of the step just played; `ended` [B] bool."""
        kind = self.reward.kind
        if kind == "binary":
            return np.sign(utilities).astype(np.float32)
        rewards = (utilities * self.scale).astype(np.float32)
        if kind == "aggressive":
            assert self._age is not None
            self._age += 1
            rewards *= (1 - self.reward.haste * np.minimum(self._age / self.reward.horizon, 1))[:, None]
        elif kind == "shaped":
            assert self._potential is not None
            now = np.where(ended[:, None], 0, self._potentials(matches)).astype(np.float32)
            rewards += now - self._potential
            self._potential = now
        return rewards

    def _potentials(self, matches: Matches) -> np.ndarray:
        """[B, P]: weighted standings, each minus the mean of the others'."""
        assert isinstance(matches, Standings), "they are those of a game that has signals"
        signals = matches.signals(self.names)
        standings = np.tensordot(self.weights * self._strength(), signals, axes=1)
        others = (standings.sum(axis=1, keepdims=True) - standings) / max(self._players - 1, 1)
        return (standings - others).astype(np.float32)

    def _strength(self) -> float:
        anneal = self.reward.anneal
        return max(0.0, 1 - self.progress / anneal) if anneal > 0 else 1.0

    def state(self) -> dict[str, Any]:
        return {
            name: None if a is None else a.copy() for name, a in (("potential", self._potential), ("age", self._age))
        }

    def load(self, state: Mapping[str, Any]) -> None:
        self._potential, self._age = (
            None if state[name] is None else np.array(state[name]) for name in ("potential", "age")
        )


def _check(game: Game, reward: Reward, known: Sequence[str]) -> None:
    """Raise a `ValueError` if the game has no signals to shape, or a weight names an unknown signal."""
    if not known:
        raise ValueError(f"{game.name} has no signals to shape rewards with; use terminal, binary or aggressive")
    for name, _ in reward.weights:
        if name not in known:
            raise unknown(f"signal of {game.name}:", name, known)
