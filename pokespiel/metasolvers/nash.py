"""Nash equilibrium of a two-player zero-sum table, to rounding error and fast.

A dense interior-point method solves both players' linear programs at once; the equations of the support it finds give
the last digits. The regret is then measured, and where it is not tiny the linear program goes to the simplex method
of HiGHS instead (von Neumann 1928; Dantzig 1951 for the linear program).

Reference: von Neumann (1928), Zur Theorie der Gesellschaftsspiele.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from scipy.optimize import linprog

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.interior_point import interior_points, polished
from pokespiel.metasolvers.tables import checked, zero_sum_matrix

TOLERANCE = 1e-9
"""Largest regret that counts as solved, as a share of the payoffs' range."""
ITERATIONS = 60
"""Most interior-point iterations; 10 to 20 are usual."""
READY = 1e-10
"""The interior-point gap at which the support is tried: its equations cost a third of an iteration."""
ROUNDING = 1e-14
"""The regret that is left to rounding, on payoffs of range 1."""

Pair = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Nash:
    """A Nash equilibrium of a two-player zero-sum table; its regret is checked: at most 1e-9 of the payoffs' range."""

    method: Literal["interior", "simplex"] = "interior"
    """Where equilibria are many: "interior" spreads over all policies that any equilibrium uses, "simplex" picks a
    vertex, which has the fewest."""

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [2, n, m]; a `ValueError` if they are not finite, misshapen, for more players or general-sum."""
        table = checked(payoffs, symmetric=symmetric, solver="nash")
        x, y = solve(zero_sum_matrix(table, "nash"), self.method)
        return table.strategy([(x + y) / 2] if symmetric else [x, y])


def solve(matrix: np.ndarray, method: Literal["interior", "simplex"] = "interior") -> Pair:
    """Equilibrium strategies (x [n], y [m]) of the zero-sum game with payoffs `matrix` [n, m] to the row player."""
    spread = np.ptp(matrix)
    if spread == 0:
        return tuple(np.full(size, 1 / size) for size in matrix.shape)  # type: ignore[return-value]
    scaled = (matrix - matrix.mean()) / spread
    x, y = by_interior_point(scaled) if method == "interior" else by_simplex(scaled)
    if regret(scaled, x, y) > TOLERANCE and method == "interior":
        x, y = min([(x, y), by_simplex(scaled)], key=lambda pair: regret(scaled, *pair))
    if regret(scaled, x, y) > TOLERANCE:
        raise ArithmeticError(f"nash: regret of {regret(scaled, x, y):.3g} of the payoffs' range, not {TOLERANCE}")
    return x, y


def regret(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Both players' best gains together: max_i (A y)_i - min_j (x A)_j, zero exactly at an equilibrium."""
    return float((matrix @ y).max() - (x @ matrix).min())


def by_interior_point(matrix: np.ndarray) -> Pair:
    """`solve` by interior point and polishing; `matrix` has range 1."""
    if len(matrix) > matrix.shape[1]:
        y, x = by_interior_point(-matrix.T)
        return x, y
    tried: list[Pair] = []
    point = None
    for point in islice(interior_points(matrix), ITERATIONS):
        if point.gap < READY:
            tried += [point.strategies, polished(matrix, point)]
            if regret(matrix, *tried[-1]) < ROUNDING:
                return tried[-1]
    assert point is not None
    tried += [point.strategies, polished(matrix, point)]  # where arithmetic gave out
    return min(tried, key=lambda pair: regret(matrix, *pair))


def by_simplex(matrix: np.ndarray) -> Pair:
    """`solve` as the row player's linear program, whose dual values are the column player's strategy."""
    n, m = matrix.shape
    result = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.hstack([-matrix.T, np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * n + [(None, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.x is None:
        raise ArithmeticError(f"nash: the linear program failed: {result.message}")
    x, y = np.maximum(result.x[:n], 0), np.maximum(-result.ineqlin.marginals, 0)
    return x / x.sum(), y / y.sum()
