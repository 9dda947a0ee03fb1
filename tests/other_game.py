"""A second game with every optional feature, to check that other rooms treat Gen 1 OU like any game.

Both players mine gold or, by action 2, move to the other mine; the player with more gold after three turns wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.core.options import Choice
from pokespiel.core.policy import Memoryless, Observations, Policy
from pokespiel.core.registry import Registry
from pokespiel.game.layout import Block, Layout
from pokespiel.game.protocols import Paper

TURNS = 3


@dataclass(frozen=True)
class Miner(Memoryless):
    """Mines where it stands."""

    scripted = True

    def probabilities(self, observations: Observations) -> np.ndarray:
        return np.eye(3)[np.zeros(len(observations.legal), int)]


@dataclass(frozen=True)
class Mover(Memoryless):
    """Moves whenever it can."""

    scripted = True

    def probabilities(self, observations: Observations) -> np.ndarray:
        return np.eye(3)[np.full(len(observations.legal), 2)]


class Mined:
    """The game's section of a report: how much the policies mine in total."""

    def of_mixture(
        self, page: Paper, game: Mines, policy: Policy, matches: int, rng: np.random.Generator, replay: Path
    ) -> None:
        page.heading("What the mixture mines")
        page.table(["matches", "gold"], [[matches, _gold(game, policy, matches, rng)]], "Gold of seat 0.")

    def of_members(
        self,
        page: Paper,
        game: Mines,
        policies: Mapping[str, Policy],
        mixture: Policy,
        matches: int,
        rng: np.random.Generator,
    ) -> None:
        page.heading("What each mines")
        for name, policy in policies.items():
            page.text(f"{name} mined {_gold(game, policy, matches, rng)}.")


def _gold(game: Mines, policy: Policy, matches: int, rng: np.random.Generator) -> int:
    played = game.start(range(matches))
    while not played.finished().all():
        _, seen = played.observe(0)
        probabilities, _ = policy(seen, policy.start(len(seen.legal), rng))
        played.step(np.tile(probabilities.argmax(axis=1), (2, 1)))
    return int(played.gold[:, 0].sum())


class Mines:
    """See the module."""

    name = "other_game:MINES"
    num_players, num_actions, num_features = 2, 3, 2
    symmetric, zero_sum, utility_range = True, True, (-1.0, 1.0)
    layout = Layout(2, (Block("mines", 0, 2, 1, "mine"),), (None, ("mines", 0), ("mines", 1)))
    num_state_features = 3
    signals = ("gold",)
    scripted = Registry("miner", {"miner": "other_game:Miner", "mover": "other_game:Mover"})
    switches = (2,)
    exploiter = Choice("ppo", {"decisions": 600, "batch": 200, "matches": 16, "epochs": 1, "minibatches": 1})
    section = Mined()

    def start(self, seeds: Sequence[int] | np.ndarray) -> MinesMatches:
        return MinesMatches(np.asarray(seeds))

    def drawn(self, seeds: Sequence[int] | np.ndarray) -> dict[str, list[str]]:
        return {"mine": [("north", "south")[int(seed) % 2] for seed in seeds]}

    def variants(self, held_out: Sequence[str]) -> dict[str, Mines]:
        return {label: Mines() for label in ("own", *held_out)}


class MinesMatches:
    def __init__(self, seeds: np.ndarray):
        self.turn, self.gold = np.zeros(len(seeds), np.int64), np.zeros((len(seeds), 2), np.int64)

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        self.turn[indices], self.gold[indices] = 0, 0

    def finished(self) -> np.ndarray:
        return self.turn >= TURNS

    def turns(self) -> np.ndarray:
        return 10 * self.turn

    def observe(self, player: int, out: Any = None) -> tuple[np.ndarray, Observations]:
        indices = np.flatnonzero(~self.finished())
        features = np.stack([self.turn[indices], self.gold[indices, player]], axis=1).astype(np.float32)
        legal = np.ones((len(indices), 3), bool)
        legal[:, 0] = True
        return indices, Observations(player, features, legal, np.full(len(indices), -1))

    def step(self, actions: np.ndarray) -> np.ndarray:
        playing = ~self.finished()
        self.gold += ((actions.T == 0) * 2 + (actions.T == 1)) * playing[:, None]
        self.turn += playing
        ended = playing & self.finished()
        sign = np.sign(self.gold[:, 0] - self.gold[:, 1]) * ended
        return np.stack([sign, -sign], axis=1).astype(float)

    def signals(self, names: Sequence[str]) -> np.ndarray:
        return np.stack([self.gold / (2 * TURNS) for _ in names]).astype(np.float32)

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        own, other = self.gold[:, player], self.gold[:, 1 - player]
        state = np.stack([self.turn, own, other], axis=1).astype(np.float32)
        if out is None:
            return state
        out[:] = state
        return out


MINES = Mines()
