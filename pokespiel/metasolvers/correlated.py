"""Correlated and coarse correlated equilibria of maximum entropy or maximum Gini impurity, for any number of players.

A mediator draws a joint choice and tells each player its part. The joint distribution s is a correlated equilibrium
(Aumann 1974) if no player gains by swapping any told policy for another, a coarse one (Moulin and Vial 1978) if none
gains by refusing to be told and always playing one policy:

    CE   sum over others of s(a, others) (u(b, others) - u(a, others)) <= epsilon      every a, b of every player
    CCE  sum over all of s(a, others) (u(b, others) - u(a, others)) <= epsilon         every b of every player

Both sets are polytopes, never empty; a strictly concave objective picks one point, the same whatever the order of
policies and players. With a coarse equilibrium, PSRO becomes JPSRO (Marris et al. 2021, arXiv:2106.09435): each player
responds to the others' joint distribution. With a correlated one it responds to that too, not to every recommendation
apart as JPSRO(CE) does, whose populations would grow by their own size in each iteration.

Reference: Marris et al. (2021), Multi-Agent Training beyond Zero-Sum with Correlated Equilibrium Meta-Solvers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import cvxpy
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.convex import maximum
from pokespiel.metasolvers.regret import marginals_of
from pokespiel.metasolvers.tables import Table, checked
from pokespiel.threads import limited

TOLERANCE = 1e-8
"""Largest incentive to deviate that counts as none, as a share of the payoffs' range."""
MOST_WEIGHT = 1e5
"""How many times as likely as another a joint choice may be in the search for the polytope's face."""


@dataclass(frozen=True)
class Correlated:
    """A joint distribution that no player has reason to leave, for any number of players and general-sum payoffs."""

    concept: Literal["ce", "cce"] = "cce"
    """Correlated equilibrium, or coarse correlated equilibrium."""
    objective: Literal["entropy", "gini"] = "gini"
    """Maximise the Shannon entropy, or the Gini impurity 1 - sum of squares."""
    epsilon: float = 0.0
    """Incentive to deviate that is allowed, in units of payoff."""

    def __post_init__(self) -> None:
        if not self.epsilon >= 0:
            raise ValueError(f"correlated: epsilon must not be negative, got {self.epsilon}")

    @limited()
    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        table = checked(payoffs, symmetric=symmetric, solver="correlated")
        incentives = incentive_rows(table.payoffs / table.range, self.concept)
        allowed = self.epsilon / table.range
        joint = self._optimum(incentives, allowed)
        excess = (incentives @ joint).max(initial=0.0) - allowed
        if excess > TOLERANCE:
            raise ArithmeticError(f"correlated: found an incentive of {excess:.3g} of the payoffs' range")
        joint = joint.reshape(table.payoffs.shape[1:])
        return _same_for_all_seats(table, joint) if symmetric else table.strategy(marginals_of(joint), joint)

    def _optimum(self, incentives: sparse.csr_array, allowed: float) -> np.ndarray:
        if self.objective == "gini":
            joint = cvxpy.Variable(incentives.shape[1])
            return maximum(-cvxpy.sum_squares(joint), joint, [joint >= 0, incentives @ joint <= allowed], "correlated")
        return _of_most_entropy(incentives, allowed)


def _of_most_entropy(incentives: sparse.csr_array, allowed: float) -> np.ndarray:
    """The maximum of entropy on the polytope's own face, where it has an interior, as cones of logarithms need one."""
    if allowed > 0:
        played, free = np.ones(incentives.shape[1], bool), np.ones(incentives.shape[0], bool)
    else:
        played, free = face(incentives)
    weights = cvxpy.Variable(int(played.sum()))
    tight = incentives[~free][:, played]
    tight = tight[np.abs(tight).sum(axis=1) > 0]
    constraints = [tight @ weights == 0] if tight.shape[0] else []
    if free.any():
        constraints.append(incentives[free][:, played] @ weights <= allowed)
    joint = np.zeros(incentives.shape[1])
    joint[played] = maximum(cvxpy.sum(cvxpy.entr(weights)), weights, constraints, "correlated")
    return joint


def face(incentives: sparse.csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Which joint choices [N] some equilibrium plays, and which constraints [M] some equilibrium has room to spare in.

    Equilibria s = a + z are a cone while they need not sum to one, so max sum(z) + sum(w) with incentives (a + z) + w
    <= 0, a >= 0 and 0 <= z, w <= 1 raises to one all that can be positive at once (Freund, Roundy and Todd 1985).
    """
    constraints, choices = incentives.shape
    result = linprog(
        np.concatenate([np.zeros(choices), -np.ones(choices + constraints)]),
        A_ub=sparse.hstack([incentives, incentives, sparse.eye_array(constraints)]),
        b_ub=np.zeros(constraints),
        bounds=[(0, MOST_WEIGHT)] * choices + [(0, 1)] * (choices + constraints),
        method="highs-ipm",
    )
    if result.x is None:
        raise ArithmeticError(f"correlated: the linear program failed: {result.message}")
    positive = result.x[choices:] > 1e-6
    return positive[:choices], positive[choices:]


def _same_for_all_seats(table: Table, joint: np.ndarray) -> MetaStrategy:
    """The mean over all seatings: in a symmetric table the optimum has no preference, so this removes rounding only."""
    seatings = [joint.transpose(order) for order in permutations(range(joint.ndim))]
    joint = np.mean(seatings, axis=0)
    return table.strategy([np.mean(marginals_of(joint), axis=0)], joint)


def incentive_rows(payoffs: np.ndarray, concept: Literal["ce", "cce"]) -> sparse.csr_array:
    """[constraints, joint choices] each row's product with a joint distribution, C order, is one deviation's gain.

    payoffs [P, n_1, ..., n_P]. CE rows are all ordered pairs of a player's policies, CCE rows all its policies.
    """
    cells = np.arange(payoffs[0].size).reshape(payoffs.shape[1:])
    blocks = []
    for player, table in enumerate(payoffs):
        own = np.moveaxis(table, player, 0).reshape(table.shape[player], -1)
        places = np.moveaxis(cells, player, 0).reshape(own.shape)
        blocks.append(_swaps(own, places) if concept == "ce" else _refusals(own, places))
    return sparse.vstack(blocks).tocsr()


def _swaps(own: np.ndarray, places: np.ndarray) -> sparse.csr_array:
    """One row a pair (told, played): own payoffs [n, others] stand in the joint choices `places` [n, others]."""
    told, played = np.nonzero(~np.eye(len(own), dtype=bool))
    gains = own[played] - own[told]
    ends = np.arange(len(told) + 1) * own.shape[1]
    return sparse.csr_array((gains.ravel(), places[told].ravel(), ends), shape=(len(told), own.size))


def _refusals(own: np.ndarray, places: np.ndarray) -> sparse.csr_array:
    """One row a policy played whatever is told."""
    rows = np.empty((len(own), own.size))
    for played in range(len(own)):
        rows[played, places] = own[played] - own
    return sparse.csr_array(rows)
