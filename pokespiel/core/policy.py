"""Policies: what a player does given what it knows, for many matches at once.

A policy maps a batch of observations to action probabilities and keeps one row of memory per match. A per-match mixture
is itself a policy: it draws a member when a match starts and keeps its index in memory. A saved policy consists of its
registered kind, a plain configuration and its arrays; nothing is pickled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from pokespiel.core.registry import Registry

POLICIES = Registry(
    "policy kind",
    {
        "uniform": "pokespiel.core.policy:Uniform",
        "tabular": "pokespiel.core.policy:Tabular",
        "mixture": "pokespiel.core.policy:Mixture",
        "network": "pokespiel.learning.network_policy:NetworkPolicy",
        "own": "pokespiel.game.own_policy:OwnPolicy",
        "avoiding": "pokespiel.evaluation.avoiding:Avoiding",
        "gen1_random": "pokespiel.game.gen1.baselines.random:Random",
        "gen1_max_damage": "pokespiel.game.gen1.baselines.max_damage:MaxDamage",
        "gen1_type_switcher": "pokespiel.game.gen1.baselines.type_switcher:TypeSwitcher",
        "gen1_trainer_ai": "pokespiel.game.gen1.baselines.trainer_ai:TrainerAI",
        "gen1_gym_leader": "pokespiel.game.gen1.baselines.gym_leader:GymLeader",
        "gen1_damage_switcher": "pokespiel.game.gen1.baselines.damage_switcher:DamageSwitcher",
        "gen1_expert": "pokespiel.game.gen1.baselines.expert:Expert",
    },
)


class Observations(NamedTuple):
    """What `player` knows in b matches in which it is to act."""

    player: int
    features: np.ndarray
    """[b, D] float32."""
    legal: np.ndarray
    """[b, A] bool, True = allowed."""
    key: np.ndarray
    """[b] int64, the player's information-state row on a game in sequence form, else -1."""


@runtime_checkable
class Policy(Protocol):
    """Action probabilities for a batch of observations, with one row of memory per match.

    A policy that can be saved is also `Storable`, a hand-written one `HandWritten`.
    """

    @property
    def memory_size(self) -> int:
        """M, the number of float32 values in a match's memory; 0 for most policies."""
        ...

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Memory [n, M] float32 for n matches that are about to start; a mixture draws its members here."""
        ...

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities [b, A] (zero where illegal, rows sum to 1) and the next memory [b, M]."""
        ...


@runtime_checkable
class Storable(Policy, Protocol):
    """A policy that can be saved; the class method `from_arrays` reverses `to_arrays`."""

    kind: str
    """Its name in POLICIES."""

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """A plain configuration and the arrays."""
        ...


@runtime_checkable
class HandWritten(Protocol):
    """A policy that a person wrote, in contrast to learned and mixed ones."""

    scripted: bool
    """Always True."""


class Memoryless:
    """Base of policies that need no memory: subclasses define `probabilities(observations) -> [b, A]`."""

    memory_size = 0

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, 0), np.float32)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.probabilities(observations), memory

    def probabilities(self, observations: Observations) -> np.ndarray:
        raise NotImplementedError


class _FromFunction(Memoryless):
    def __init__(self, function: Callable[[Observations], np.ndarray]):
        self.function = function

    def probabilities(self, observations: Observations) -> np.ndarray:
        return self.function(observations)


def memoryless(function: Callable[[Observations], np.ndarray]) -> Policy:
    """Make a policy of a plain function from observations to probabilities [b, A]."""
    return _FromFunction(function)


class Uniform(Memoryless):
    """Every legal action with equal probability."""

    kind = "uniform"
    scripted = True

    def probabilities(self, observations: Observations) -> np.ndarray:
        return observations.legal / observations.legal.sum(axis=1, keepdims=True)

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {}, {}

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Uniform:
        return cls()


class Tabular(Memoryless):
    """A table per player on a game in sequence form: `tables[player]` is [information states, A], rows sum to 1."""

    kind = "tabular"

    def __init__(self, tables: Mapping[int, np.ndarray]):
        self.tables = dict(tables)

    def probabilities(self, observations: Observations) -> np.ndarray:
        if observations.player not in self.tables:
            raise ValueError(f"this table plays seats {sorted(self.tables)}, not seat {observations.player}")
        if (observations.key < 0).any():
            raise ValueError("a tabular policy needs a game in sequence form, whose observations carry state keys")
        return self.tables[observations.player][observations.key]

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        return {}, {f"player_{player}": table for player, table in self.tables.items()}

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Tabular:
        for name, table in arrays.items():
            if not re.fullmatch("player_[0-9]+", name) or table.ndim != 2:
                raise ValueError(
                    f"expected tables player_0, player_1, ... with two axes, found {name!r}, {table.shape}"
                )
            if table.dtype.kind != "f" or not (np.isfinite(table) & (table >= 0)).all():
                raise ValueError(f"the table {name} does not hold probabilities")
        return cls({int(name.removeprefix("player_")): table for name, table in arrays.items()})


class Mixture:
    """A per-match mixture: when a match starts, one member is drawn by `weights` and plays the whole match.

    Memory is [member index, the member's own memory, padding].
    """

    kind = "mixture"

    def __init__(self, policies: Sequence[Policy], weights: Sequence[float] | np.ndarray):
        weights = np.asarray(weights, float)
        if len(policies) == 0 or weights.shape != (len(policies),):
            raise ValueError(
                f"a mixture needs one weight per policy: {len(policies)} policies, weights {weights.shape}"
            )
        if not (np.isfinite(weights).all() and (weights >= 0).all() and abs(weights.sum() - 1) < 1e-6):
            raise ValueError("a mixture's weights must be finite, not negative and sum to 1")
        self.policies = tuple(policies)
        self.weights = weights / weights.sum()
        self.memory_size = 1 + max(policy.memory_size for policy in self.policies)

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        memory = np.zeros((n, self.memory_size), np.float32)
        memory[:, 0] = rng.choice(len(self.policies), size=n, p=self.weights)
        for policy, rows in self._members(memory):
            memory[rows, 1 : 1 + policy.memory_size] = policy.start(len(rows), rng)
        return memory

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probabilities = np.empty(observations.legal.shape, np.float64)
        memory = memory.copy()
        for policy, rows in self._members(memory):
            own = slice(1, 1 + policy.memory_size)
            probabilities[rows], memory[rows, own] = policy(take(observations, rows), memory[rows, own])
        return probabilities, memory

    def _members(self, memory: np.ndarray) -> list[tuple[Policy, np.ndarray]]:
        drawn = memory[:, 0].astype(np.int64)
        return [(self.policies[index], np.flatnonzero(drawn == index)) for index in np.unique(drawn)]

    def to_arrays(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        members, arrays = [], {"weights": self.weights}
        for index, policy in enumerate(self.policies):
            kind, config, own = describe(policy)
            members.append({"kind": kind, "config": config})
            arrays |= {f"{index}/{name}": array for name, array in own.items()}
        return {"members": members}, arrays

    @classmethod
    def from_arrays(cls, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Mixture:
        policies = []
        for index, member in enumerate(config["members"]):
            prefix = f"{index}/"
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            policies.append(POLICIES[member["kind"]].from_arrays(member["config"], own))
        return cls(policies, arrays["weights"])


def members_of(policy: Policy) -> list[tuple[Policy, float]]:
    """The members with positive weight, including those of nested mixtures, and their weights; another policy is its
    own member."""
    if not isinstance(policy, Mixture):
        return [(policy, 1.0)]
    return [
        (inner, float(weight) * share)
        for member, weight in zip(policy.policies, policy.weights, strict=True)
        if weight
        for inner, share in members_of(member)
    ]


def forgets(policy: Policy) -> bool:
    """Whether a policy is memoryless, or a per-match mixture of memoryless policies."""
    return all(map(forgets, policy.policies)) if isinstance(policy, Mixture) else policy.memory_size == 0


def take(observations: Observations, rows: np.ndarray) -> Observations:
    """The observations of some rows [k] of the batch."""
    player, features, legal, key = observations
    return Observations(player, features[rows], legal[rows], key[rows])


def trembled(probabilities: np.ndarray, legal: np.ndarray, share: float) -> np.ndarray:
    """Probabilities [b, A] that play uniformly over `legal` [b, A] with probability `share` (0..1) at each decision."""
    return (1 - share) * probabilities + share * legal / legal.sum(axis=1, keepdims=True)


def sample_actions(probabilities: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One action [b] per row of probabilities [b, A], by inverse transform; actions of probability 0 are never
    drawn."""
    cumulative = probabilities.cumsum(axis=1)
    draws = rng.random(len(probabilities)) * cumulative[:, -1]
    return (cumulative <= draws[:, None]).sum(axis=1)


def describe(policy: Policy) -> tuple[str, dict[str, Any], dict[str, np.ndarray]]:
    """A policy's registered kind, configuration and arrays; a `TypeError` if its kind cannot be saved."""
    if not isinstance(policy, Storable) or policy.kind not in POLICIES:
        raise TypeError(f"{type(policy).__name__} cannot be saved: it has no registered kind ({', '.join(POLICIES)})")
    return (policy.kind, *policy.to_arrays())
