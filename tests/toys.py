"""Tiny games behind the batched protocol, whose results can all be computed by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.policy import Memoryless, Observations


class ToyGame:
    """Base: subclasses say how long a match lasts, who is to act and what it pays."""

    name = "toy"
    num_players = 2
    num_actions = 3
    num_features = 1
    symmetric = False
    zero_sum = True
    utility_range = (-1.0, 1.0)

    def start(self, seeds: Sequence[int] | np.ndarray) -> ToyMatches:
        return ToyMatches(self, np.asarray(seeds))

    def length(self, seed: int) -> int:
        return 1

    def acts(self, player: int, step: int) -> bool:
        return True

    def pays(self, seed: int, history: list[np.ndarray]) -> np.ndarray:
        raise NotImplementedError


class ToyMatches:
    def __init__(self, game: ToyGame, seeds: np.ndarray):
        self.game = game
        self.seeds = seeds.copy()
        self.histories: list[list[np.ndarray]] = [[] for _ in seeds]

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        awaiting = [
            index
            for index, (history, over) in enumerate(zip(self.histories, self.finished(), strict=True))
            if not over and self.game.acts(player, len(history))
        ]
        indices = np.array(awaiting, np.int64)
        features = np.array([[float(len(self.histories[index]))] for index in awaiting], np.float32)
        legal = np.ones((len(indices), self.game.num_actions), bool)
        return indices, Observations(player, features.reshape(-1, 1), legal, np.full(len(indices), -1))

    def step(self, actions: np.ndarray) -> np.ndarray:
        utilities = np.zeros((len(self.seeds), self.game.num_players))
        for index, over in enumerate(self.finished()):
            if not over:
                self.histories[index].append(actions[:, index].copy())
        for index in np.flatnonzero(self.finished()):
            if self.histories[index] and self.histories[index][-1] is not None:
                utilities[index] = self.game.pays(int(self.seeds[index]), self.histories[index])
                self.histories[index].append(None)  # paid once
        return utilities

    def finished(self) -> np.ndarray:
        return np.array(
            [len(h) >= self.game.length(int(s)) for h, s in zip(self.histories, self.seeds, strict=True)], bool
        )

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        for index, seed in zip(indices, seeds, strict=True):
            self.seeds[index] = seed
            self.histories[index] = []


class Parity(ToyGame):
    """Lasts 1 + seed % 5 steps, players take turns; player 0 wins if the sum of actions and seed is even."""

    name = "parity"

    def length(self, seed: int) -> int:
        return 1 + seed % 5

    def acts(self, player: int, step: int) -> bool:
        return step % 2 == player

    def pays(self, seed: int, history: list[np.ndarray]) -> np.ndarray:
        total = seed + sum(int(actions[step % 2]) for step, actions in enumerate(history))
        return np.array([1.0, -1.0]) if total % 2 == 0 else np.array([-1.0, 1.0])


class BiasedRPS(ToyGame):
    """Rock, paper, scissors; a seed divisible by 3 lets seat 0 win, whatever is played: a symmetric game by name only
    if every seed is played in both seatings."""

    name = "biased_rps"
    symmetric = True

    def pays(self, seed: int, history: list[np.ndarray]) -> np.ndarray:
        rock, paper = int(history[0][0]), int(history[0][1])
        value = 1.0 if seed % 3 == 0 else float([0, 1, -1][(rock - paper) % 3])
        return np.array([value, -value])


class Always(Memoryless):
    """Plays one action; counts how often it is asked."""

    def __init__(self, action: int):
        self.action = action
        self.asked = 0

    def probabilities(self, observations: Observations) -> np.ndarray:
        self.asked += 1
        return np.eye(observations.legal.shape[1])[np.full(len(observations.legal), self.action)]


class Remembers:
    """Plays what it drew at the match's start, and checks that its memory counts its own turns."""

    memory_size = 2

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.stack([rng.integers(3, size=n), np.zeros(n)], axis=1).astype(np.float32)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turns = (observations.features[:, 0] - observations.player) / 2
        assert np.array_equal(memory[:, 1], turns), "memory is out of step with the match"
        return np.eye(3)[memory[:, 0].astype(int)], memory + np.float32([0, 1])
