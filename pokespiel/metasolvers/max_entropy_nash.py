"""The equilibrium of maximum entropy in a two-player zero-sum table (Balduzzi et al. 2018, arXiv:1806.02643).

It is unique, does not depend on the order of policies, and shares weight evenly among copies of a policy: the Nash
averaging of an evaluation. A first equilibrium in the relative interior of the set of all tells which constraints
every equilibrium meets with equality; on that face each player's entropy is maximised apart by cvxpy.

Reference: Balduzzi et al. (2018), Re-evaluating Evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy
import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.convex import maximum
from pokespiel.metasolvers.nash import TOLERANCE, regret, solve
from pokespiel.metasolvers.tables import checked, zero_sum_matrix

SUPPORT = 1e-9
"""Weights below this count as zero in every equilibrium."""


@dataclass(frozen=True)
class MaxEntropyNash:
    """The Nash equilibrium of maximum entropy of a two-player zero-sum table; its regret is checked like nash's."""

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [2, n, m]; a `ValueError` if they are not finite, misshapen, for more players or general-sum."""
        table = checked(payoffs, symmetric=symmetric, solver="max_entropy_nash")
        matrix = zero_sum_matrix(table, "max_entropy_nash") / table.range
        x, y = solve(matrix)
        spread = _spread(matrix, x, y), _spread(-matrix.T, y, x)
        if regret(matrix, *spread) > TOLERANCE:
            raise ArithmeticError(f"max_entropy_nash: found regret {regret(matrix, *spread):.3g} of the payoffs' range")
        return table.strategy([(spread[0] + spread[1]) / 2] if symmetric else spread)


def _spread(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The row player's optimal strategy [n] of maximum entropy, from an equilibrium (x, y) of largest support."""
    rows, tight = x > SUPPORT, y > SUPPORT
    value = float(x @ matrix @ y)
    weights = cvxpy.Variable(int(rows.sum()))
    constraints = [matrix[np.ix_(rows, tight)].T @ weights == value]
    if not tight.all():
        constraints.append(matrix[np.ix_(rows, ~tight)].T @ weights >= value)
    result = np.zeros_like(x)
    result[rows] = maximum(cvxpy.sum(cvxpy.entr(weights)), weights, constraints, "max_entropy_nash")
    return result
