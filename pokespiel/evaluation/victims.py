"""Victims of exploitability measurements: a run's mixture, a policy file, or a policy by name."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Policy, members_of
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.game.protocols import Game
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.oracles.seats import opponents_of
from pokespiel.oracles.starts import heaviest
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import RunFolder


class Victim(NamedTuple):
    """A policy to measure, and its origin."""

    name: str
    policy: Policy
    population: tuple[Policy, ...]
    """Its population, including members without weight; counters are chosen from it."""
    iteration: int | None = None
    """The run's iteration, None for other victims."""

    def heaviest(self) -> NetworkPolicy | None:
        """The network that plays most of its matches."""
        return heaviest(opponents_of(self.policy))

    def counter(self, game: Game, pairs: int, seed: int) -> NetworkPolicy | None:
        """The network of its population with the best score against it, over `pairs` pairs each."""
        members = [policy for member in self.population for policy, _ in members_of(member)]
        networks = [policy for policy in members if isinstance(policy, NetworkPolicy)]
        if len(networks) < 2:
            return networks[0] if networks else None
        scores = [
            head_to_head(game, network, self.policy, pairs, generator(seed, "counter")).score for network in networks
        ]
        return networks[int(np.argmax(scores))]


def victim_named(name: str, game: Game) -> Victim:
    """The mixture of the run in folder `name`, or the policy of that name."""
    if is_run(name):
        return _of_run(Path(name))
    from pokespiel.runs.initial import policy_named

    policy = policy_named(name, game)
    return Victim(name, policy, tuple(member for member, _ in members_of(policy)))


def is_run(name: str | Path) -> bool:
    """Whether there is a run at `name` that has finished something."""
    return RunFolder(name).checkpoint_file.is_file()


def _of_run(path: Path) -> Victim:
    standing = RunFolder(path).standing()
    assert standing is not None, "there is a checkpoint"
    state = standing.state
    if len(state.populations) != 1:
        raise ValueError(f"the run in {path} has one population per seat; a win rate needs one that plays both seats")
    population = state.populations[0]
    return Victim(str(path), mixture_of(population, state.strategy.marginals[0]), population, state.iteration)
