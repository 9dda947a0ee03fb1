"""Correlated and coarse correlated equilibria of maximum entropy or maximum Gini impurity, for any number of players.

A mediator draws a joint choice and recommends to each player its part. The joint distribution s is a correlated
equilibrium (Aumann 1974) if no player gains by replacing one recommended policy by another; it is a coarse correlated
equilibrium (Moulin and Vial 1978) if no player gains by always playing one policy instead of the recommendations:

    CE   sum over others of s(a, others) (u(b, others) - u(a, others)) <= epsilon      every a, b of every player
    CCE  sum over all of s(a, others) (u(b, others) - u(a, others)) <= epsilon         every b of every player

Both sets are nonempty polytopes. A strictly concave objective selects one point, which does not depend on the order of
policies and players. With a coarse equilibrium, PSRO becomes JPSRO (Marris et al. 2021, arXiv:2106.09435): each player
responds to the others' joint distribution. With a correlated equilibrium it does the same; JPSRO(CE) instead computes
one response per recommendation, which would double the populations in each iteration.

The answer is checked: a deviation may gain at most 1e-9 of what the player would gain by knowing the others' choices
beforehand. The distribution itself sets that scale. Payoffs that do not matter under it, however large, do not enter
the scale, so small payoffs beside large ones are solved as precisely as alone.

Reference: Marris et al. (2021), Multi-Agent Training beyond Zero-Sum with Correlated Equilibrium Meta-Solvers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, permutations
from typing import Annotated, Literal

import numpy as np

from pokespiel.core.ranges import Checked, Range
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.incentives import Refusals, regrets, swaps
from pokespiel.metasolvers.linear_map import LinearMap
from pokespiel.metasolvers.polytope import Objective, faces, most_even
from pokespiel.metasolvers.regret import cce_gap, ce_gap, marginals_of
from pokespiel.metasolvers.tables import Table, on_table

TOLERANCE = 1e-9
"""Largest gain of a deviation that counts as zero, as a share of the gain from knowing the others' choices."""
SWEEPS = (12, 200)
"""Numbers of balancing sweeps over rows and columns: few suit most tables, many suit payoffs of very different
sizes."""
TRIES = 6
"""Number of faces tried after each."""
MOST_ORDER = 6000
"""The largest order of Newton's equations, which then need 300 MB, and seconds for each of about 40 steps."""


@dataclass(frozen=True)
class Correlated(Checked):
    """A joint distribution that no player gains by leaving, for any number of players and general-sum payoffs."""

    concept: Literal["ce", "cce"] = "cce"
    """Kind of equilibrium: correlated (ce) or coarse correlated (cce)."""
    objective: Objective = "gini"
    """Which equilibrium: the one with maximum Shannon entropy, or maximum Gini impurity (1 - sum of squares)."""
    epsilon: Annotated[float, Range(least=0, infinite=True)] = 0.0
    """Largest gain from a deviation that is allowed, in units of payoff."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite, misshapen or too many.

        No deviation gains more than epsilon plus 1e-9 of what its player would gain by knowing the others' choices
        beforehand. If rounding prevents that, an `ArithmeticError` says what was reached.
        """
        incentives = _Incentives(table.payoffs, self.concept, self.epsilon)
        best, reached = None, np.inf
        for joint in incentives.most_even(self.objective):
            joint = _mean_of_seatings(joint) if table.symmetric else joint
            excess = incentives.excess(joint)
            if excess <= TOLERANCE:
                marginals = marginals_of(joint)
                return table.strategy([np.mean(marginals, axis=0)] if table.symmetric else marginals, joint)
            best, reached = (joint, excess) if excess < reached else (best, reached)
        gap = math.inf if best is None else (cce_gap if self.concept == "cce" else ce_gap)(table.payoffs, best)
        raise ArithmeticError(
            f"correlated: the best distribution found leaves a gap of {gap:.2g}, and a deviation with {reached:.2g} of"
            f" what knowing the others' choices would gain, not {TOLERANCE:g}: the payoffs are too unlike in size. A"
            f" Nash equilibrium is a correlated one too: try nash on a zero-sum table, general_nash on a small one"
        )


class _Incentives:
    """A table's incentives to deviate, for each player in units of its largest regret."""

    def __init__(self, payoffs: np.ndarray, concept: Literal["ce", "cce"], epsilon: float):
        self.shape = payoffs.shape[1:]
        unit = np.ldexp(1.0, np.frexp(np.abs(payoffs).max())[1] - 2)  # a power of two, so that nothing is rounded
        regret = regrets(payoffs / unit)
        greatest = regret.max(axis=tuple(range(1, regret.ndim)), keepdims=True)
        greatest[greatest == 0] = 1
        self.regret = regret / greatest
        coarse = concept == "cce"
        rows = [size if coarse else size * (size - 1) for size in self.shape]
        _check_size(sum(rows), regret[0].size, coarse)
        self.map: LinearMap = Refusals(self.regret) if coarse else swaps(self.regret)
        self.player = np.repeat(np.arange(len(rows)), rows)
        self.allowed = np.minimum(epsilon / unit / greatest.ravel(), 2.0)[self.player]  # no deviation gains more than 1

    def most_even(self, objective: Objective) -> Iterator[np.ndarray]:
        """[n_1, ..., n_P], the equilibrium that maximises the objective, up to rounding; then the results of other
        attempts."""
        for sweeps in SWEEPS:
            for on in islice(faces(self.map, self.allowed, sweeps), TRIES):
                yield most_even(self.map, on, self.allowed, objective, self.excess).reshape(self.shape)

    def excess(self, joint: np.ndarray) -> float:
        """The largest gain of a deviation beyond what is allowed, as a share of its player's expected regret."""
        joint = joint.reshape(self.shape)
        gains = self.map.times(joint.ravel()) - self.allowed
        stakes = (self.regret * joint).reshape(len(self.regret), -1).sum(axis=1)[self.player]
        gaining = gains > 0
        return float((gains[gaining] / stakes[gaining]).max(initial=0.0))


def _check_size(rows: int, choices: int, coarse: bool) -> None:
    order = rows if coarse else min(rows, choices)
    if order > MOST_ORDER:
        raise ValueError(
            f"correlated: the equations for {choices} joint choices and {rows} deviations have order {order}; at most"
            f" {MOST_ORDER} fit" + ("" if coarse else ", and concept 'cce' has fewer deviations")
        )


def _mean_of_seatings(joint: np.ndarray) -> np.ndarray:
    """Average over all seat orders: in a symmetric table the optimum does not depend on seats, so this removes rounding
    only."""
    return np.mean([joint.transpose(order) for order in permutations(range(joint.ndim))], axis=0)
