"""From a run to one policy to play with: its mixture, less the members that hardly ever play."""

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
    """Where its members stand in the run's population."""
    labels: tuple[str, ...]
    """What they are."""
    dropped: float
    """The weight in the run's mixture of those left out."""


def agent_of(run: RunFolder, least: float = 0.0) -> Agent:
    """The answer of a run with one population, without the members that weigh less than `least`.

    The others' weights are scaled to sum to 1.
    """
    state = standing_of(run).state
    weights = np.asarray(state.strategy.marginals[0])
    indices = tuple(map(int, support(weights, least)))
    names = labels(state.origins[0])
    dropped = float(np.delete(weights, indices).sum())
    policy = mixture_of(state.populations[0], weights, least)
    return Agent(policy, indices, tuple(names[index] for index in indices), dropped)


def standing_of(run: RunFolder) -> RunState:
    """Where a run with one population stands; a `ValueError` if it has none or several."""
    standing = run.standing()
    if standing is None:
        run.config()  # says so where there is no run
        raise ValueError(f"the run in {run.path} has finished nothing yet")
    if len(standing.state.populations) != 1:
        raise ValueError(f"an agent plays every seat; the run in {run.path} has one population per seat")
    return standing
