"""Play matches into a dataset: every match to its end, and every recorded player's decisions as played."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.policy import Observations, Policy, trembled
from pokespiel.game.protocols import Game
from pokespiel.learning.collection import Collector
from pokespiel.learning.datasets import Columns
from pokespiel.learning.rewards import Shaper
from pokespiel.learning.rollout import Decision, Rollout
from pokespiel.learning.seating import Seating


class RecordedPolicy:
    """A policy whose decisions are recorded, mixed with a share `explore` (0..1) of uniform play."""

    reads_state = False

    def __init__(self, policy: Policy, explore: float = 0.0):
        if not 0 <= explore <= 1:
            raise ValueError(f"the share of uniform play must be between 0 and 1, not {explore}")
        self.policy, self.explore = policy, explore
        self.memory_size = policy.memory_size

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.policy.start(n, rng)

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        probabilities, memory = self.policy(observations, memory)
        mixed = trembled(probabilities, observations.legal, self.explore)
        return Decision(mixed, memory, np.zeros(len(mixed), np.float32))


def record_matches(
    game: Game, seating: Seating, recorded: Sequence[RecordedPolicy], matches: int, rng: np.random.Generator
) -> Columns:
    """The columns of `matches` new matches; `policy` and `match_policies` are indices of the seating's participants."""
    collector = Collector(game, seating, recorded, rng, matches=matches, refill=False)
    seeds = collector.history.seeds.copy()
    rollout = collector.collect_all()
    columns = columns_of(rollout, 1 / Shaper(game, collector.shaper.reward).scale)
    return columns | {
        "match_seed": seeds,
        "match_utilities": collector.totals.copy(),
        "match_policies": collector.seated.copy(),
        "match_valid": collector.over.copy(),
    }


def columns_of(rollout: Rollout, scale: float) -> Columns:
    """The decision columns of a rollout of whole matches; `scale` converts rewards to utilities."""
    stream, time = np.nonzero(rollout.grid.T >= 0)
    rows = rollout.grid[time, stream]
    to_go = rollout.reward[::-1].cumsum(axis=0, dtype=np.float64)[::-1] * scale
    last = np.append(stream[1:] != stream[:-1], np.ones(min(len(rows), 1), bool))
    here = to_go[time, stream]
    reward = here - np.where(last, 0, np.append(here[1:], 0))
    players = rollout.utilities.shape[1]
    records = rollout.records
    columns = {name: getattr(records, name)[rows] for name in ("features", "legal", "action", "behaviour", "key")}
    return columns | {
        "reward": reward.astype(np.float32),
        "utility": to_go[0, stream].astype(np.float32),
        "match": stream // players,
        "seat": stream % players,
        "step": time - 1,
        "last": last,
        "policy": records.learner[rows].copy(),
    }
