"""Make one policy of a run: its mixture, without the members that hardly ever play."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Mixture
from pokespiel.metasolvers import support
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import RunFolder, RunState, labels


class Agent(NamedTuple):
    """A mixture that draws one of its members for each match."""

    policy: Mixture
    indices: tuple[int, ...]
    """Its members' indices in the run's population."""
    labels: tuple[str, ...]
    """The members' names."""
    dropped: float
    """The weight of the omitted members in the run's mixture."""


def agent_of(run: RunFolder, least: float = 0.0) -> Agent:
    """The answer of a run with one population, without the members that weigh less than `least`.

    The remaining weights are scaled to sum to 1.
    """
    state = standing_of(run).state
    weights = np.asarray(state.strategy.marginals[0])
    indices = tuple(map(int, support(weights, least)))
    names = labels(state.origins[0])
    dropped = float(np.delete(weights, indices).sum())
    policy = mixture_of(state.populations[0], weights, least)
    return Agent(policy, indices, tuple(names[index] for index in indices), dropped)


def standing_of(run: RunFolder) -> RunState:
    """The state of a run with one population; a `ValueError` if nothing is finished or it has several populations."""
    standing = run.standing()
    if standing is None:
        run.config()  # raises an error if there is no run
        raise ValueError(f"the run in {run.path} has finished nothing yet")
    if len(standing.state.populations) != 1:
        raise ValueError(f"an agent plays every seat; the run in {run.path} has one population per seat")
    return standing
