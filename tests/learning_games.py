"""Small games for the tests of learning, written out in full and without state keys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.policy import Observations


class RepeatedPennies:
    """Matching pennies, played simultaneously for 1 to 3 rounds; the seed draws the number of rounds.

    Seat 0 gains a point per round if both show the same side, else seat 1 does. A third action is never legal, and
    seat 1 has no choice in round 1 (only heads), so its first decision is not recorded.
    """

    name = "repeated_pennies"
    num_players, num_actions, num_features = 2, 3, 3
    symmetric, zero_sum, utility_range = False, True, (-3.0, 3.0)
    signals = ("hp",)
    num_state_features = 2

    def start(self, seeds: Sequence[int] | np.ndarray) -> PenniesMatches:
        return PenniesMatches(np.asarray(seeds))


class PenniesMatches:
    def __init__(self, seeds: np.ndarray):
        self.round = np.zeros(len(seeds), np.int64)
        self.rounds = np.zeros(len(seeds), np.int64)
        self.lead = np.zeros(len(seeds))
        self.restart(np.arange(len(seeds)), seeds)

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        self.round[indices] = 0
        self.lead[indices] = 0
        self.rounds[indices] = [1 + int(np.random.default_rng(int(seed)).integers(3)) for seed in np.asarray(seeds)]

    def finished(self) -> np.ndarray:
        return self.round >= self.rounds

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        indices = np.flatnonzero(~self.finished())
        features = np.eye(3, dtype=np.float32)[self.round[indices]]
        legal = np.tile(np.array([True, True, False]), (len(indices), 1))
        legal[:, 1] &= (player == 0) | (self.round[indices] > 0)
        return indices, Observations(player, features, legal, np.full(len(indices), -1))

    def step(self, actions: np.ndarray) -> np.ndarray:
        playing = ~self.finished()
        gain = np.where(actions[0] == actions[1], 1.0, -1.0) * playing
        self.round += playing
        self.lead += gain
        return np.stack([gain, -gain], axis=1)

    def signals(self, names: Sequence[str]) -> np.ndarray:
        return np.stack([np.stack([self.lead, -self.lead], axis=1) / 6 + 0.5 for _ in names]).astype(np.float32)

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        lead = self.lead if player == 0 else -self.lead
        return np.stack([self.rounds - self.round, lead], axis=1).astype(np.float32)
