"""A policy with a known weakness: a copy of another policy that avoids some actions whenever it can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pokespiel.core.policy import POLICIES, Observations, Policy, describe


class Avoiding:
    """Plays as `policy` does, but takes an action in `avoided` only if no other is legal.

    The policy's probabilities of the other actions are scaled to sum to 1; if all are 0, they are equal. The copy of an
    agent that avoids a game's switches never switches by choice, but still does when it must.
    """

    kind = "avoiding"

    def __init__(self, policy: Policy, avoided: Iterable[int]):
        self.policy = policy
        self.avoided = tuple(avoided)
        self.memory_size = policy.memory_size

    @property
    def reads_compact(self) -> bool:
        """It reads no features itself, so the policy behind it may be one that reads compact rows."""
        return getattr(self.policy, "reads_compact", False)

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return self.policy.start(n, rng)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities, memory = self.policy(observations, memory)
        other = observations.legal.copy()
        other[:, self.avoided] = False
        free = other.any(axis=1, keepdims=True)
        kept = np.where(other, probabilities, 0.0)
        total = kept.sum(axis=1, keepdims=True)
        equal = other / np.maximum(other.sum(axis=1, keepdims=True), 1)
        scaled = np.where(total > 0, kept / np.where(total > 0, total, 1.0), equal)
        return np.where(free, scaled, probabilities), memory

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        kind, config, arrays = describe(self.policy)
        return {"avoided": list(self.avoided), "policy": {"kind": kind, "config": config}}, arrays

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Avoiding:
        inner = config["policy"]
        return cls(POLICIES[inner["kind"]].from_arrays(inner["config"], arrays), config["avoided"])
