"""Correlated and coarse correlated equilibria of maximum entropy or maximum Gini impurity, for any number of players.

A mediator draws a joint choice and tells each player its part. The joint distribution s is a correlated equilibrium
(Aumann 1974) if no player gains by swapping any told policy for another, a coarse one (Moulin and Vial 1978) if none
gains by refusing to be told and always playing one policy:

    CE   sum over others of s(a, others) (u(b, others) - u(a, others)) <= epsilon      every a, b of every player
    CCE  sum over all of s(a, others) (u(b, others) - u(a, others)) <= epsilon         every b of every player

Both sets are polytopes, never empty; a strictly concave objective picks one point, the same whatever the order of
policies and players. With it, PSRO becomes JPSRO (Marris et al. 2021, arXiv:2106.09435).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import permutations
from typing import Literal

import cvxpy
import numpy as np
from scipy import sparse

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.regret import marginals_of
from pokespiel.metasolvers.tables import Table, checked

PRECISION = 1e-9
TOLERANCE = 1e-7
"""Largest incentive to deviate that counts as none, as a share of the payoffs' range."""


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
        joint = cvxpy.Variable(incentives.shape[1])
        constraints = [cvxpy.sum(joint) == 1, joint >= 0, incentives @ joint <= allowed]
        spread = cvxpy.sum(cvxpy.entr(joint)) if self.objective == "entropy" else -cvxpy.sum_squares(joint)
        problem = cvxpy.Problem(cvxpy.Maximize(spread), constraints)
        with warnings.catch_warnings():  # of low accuracy: the incentives are checked instead
            warnings.simplefilter("ignore", UserWarning)
            problem.solve(solver=cvxpy.CLARABEL, tol_gap_abs=PRECISION, tol_gap_rel=PRECISION, tol_feas=PRECISION)
        if joint.value is None:
            raise ArithmeticError(f"correlated: the convex program ended as {problem.status!r}")
        weights = np.maximum(joint.value, 0)
        return weights / weights.sum()


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
