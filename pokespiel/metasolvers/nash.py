"""Nash equilibrium of a two-player zero-sum table, accurate to rounding error at every scale, and fast.

A dense interior-point method solves both players' linear programs at once; the equations of the resulting support give
the last digits (von Neumann 1928; Dantzig 1951 for the linear program). Each policy's possible gain is then measured
relative to its stakes: the mean distance of the payoffs it meets from the value of the game. A share of the table's
whole range would be meaningless for a policy that loses 1e-3 beside one that loses 1e9.

If this check fails, because payoffs differ by many orders of magnitude, the policies that matter are solved again as a
table of their own, without large payoffs that no strategy meets. A table that floating point still cannot solve is
solved in integers (`exact.py`). If it is too large for that, an error reports the remaining gain.

Reference: von Neumann (1928), Zur Theorie der Gesellschaftsspiele.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import linprog

from pokespiel.core.ranges import Checked
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.exact import less, solve_exactly
from pokespiel.metasolvers.interior_point import balanced, interior_points, polished
from pokespiel.metasolvers.judging import are_exact
from pokespiel.metasolvers.tables import Table, check_zero_sum, on_table, zero_sum_matrix

TOLERANCE = 1e-9
"""Largest gain that counts as solved, as a share of the policy's stakes."""
SOUND = 1e-14
"""Largest gain for which no further attempt is made."""
TIE = 1e-12
"""A payoff this close to the value, as a share of the mean payoff in play, equals it unless both are known exactly."""
EPSILON = float(np.finfo(float).eps)
"""The rounding error of a sum of payoffs, as a share of their absolute sizes."""
ITERATIONS = 60
"""Maximum interior-point iterations; 10 to 20 are usual."""
READY = 1e-10
"""The interior-point gap at which the support's equations are first tried; they cost a third of an iteration."""
ROUNDING = 1e-14
"""Regret that counts as rounding, on payoffs of range 1."""
MATTERS = 1e-6
"""A policy matters if playing it would lose less than this share of its stakes."""
QUICK = 2**12
"""Maximum rows times columns times min(rows, columns) to solve in integers even after a good solution: 0.01 s."""
MOST = 2**17
"""The same maximum after floating point has failed: some seconds."""

Method = Literal["interior", "simplex"]
Pair = tuple[np.ndarray, np.ndarray]
Solution = tuple[np.ndarray, np.ndarray, Fraction | None]
"""Strategies, and the value if it is known exactly."""


@dataclass(frozen=True)
class Nash(Checked):
    """A Nash equilibrium of a two-player zero-sum table, whatever the sizes of its payoffs.

    No policy can gain more than 1e-9 of its stakes, the mean distance of the payoffs that it meets from the game's
    value; 1e-14 is usual. If that is not reached, as in large tables whose payoffs differ by many orders of magnitude,
    it raises an `ArithmeticError`.
    """

    method: Method = "interior"
    """Which equilibrium if there are several: "interior" spreads over all policies that any equilibrium uses, "simplex"
    picks a vertex, which uses few."""

    def check(self, num_players: int, ends: Callable[[], np.ndarray]) -> None:
        check_zero_sum("nash", num_players, ends() if num_players == 2 else np.zeros((num_players, 0)), "game")

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [2, n, m]; a `ValueError` if they are not finite, misshapen, for more players or general-sum."""
        found = solve_zero_sum(zero_sum_matrix(table, "nash"), self.method, "nash")
        return table.strategy([(found.x + found.y) / 2] if table.symmetric else [found.x, found.y])


class Equilibrium(NamedTuple):
    """A pair of strategies and its measured properties."""

    x: np.ndarray
    """[n] row strategy, zero outside its support."""
    y: np.ndarray
    """[m] column strategy, likewise."""
    value: Fraction | None
    """The value of the game if it is known exactly."""
    above: np.ndarray
    """[n, m] each payoff minus the value of the game."""
    tie: float
    """A payoff that differs from the value by at most this equals it up to rounding; 0 if both are known exactly."""
    gains: Pair
    """[n] and [m], each policy's payoff above the value, as a share of its stakes."""

    @property
    def flaw(self) -> float:
        """The largest gain, or the largest loss of a policy that is played; zero at an equilibrium."""
        sides = zip((self.x, self.y), self.gains, strict=True)
        return float(max(np.where(weights > 0, np.abs(gains), gains).max() for weights, gains in sides))


def solve_zero_sum(matrix: np.ndarray, method: Method = "interior", solver: str = "nash") -> Equilibrium:
    """An equilibrium of the zero-sum game with payoffs `matrix` [n, m] to the row player; errors name `solver`."""
    best = measured(matrix, *_uniform(matrix))
    if np.ptp(matrix) == 0:
        return best
    for found in attempts(matrix, method):
        best = min(best, found, key=lambda each: each.flaw)
        if best.flaw <= SOUND:
            return best
    if best.flaw <= TOLERANCE:
        return best
    raise ArithmeticError(
        f"{solver}: a policy still gains {best.flaw:.3g} of its stakes, not {TOLERANCE}: the payoffs of these"
        f" {len(matrix)} by {len(matrix.T)} policies are too unlike in size for so large a table"
    )


def measured(matrix: np.ndarray, x: np.ndarray, y: np.ndarray, value: Fraction | None = None) -> Equilibrium:
    """Measure strategies in the game with payoffs `matrix` [n, m]; value: None = what the strategies earn."""
    above, doubt = _above(matrix, x, y) if value is None else (less(matrix, value), 0.0)
    gains = _gains(above, y, doubt), _gains(-above.T, x, doubt)
    exact = value is not None and are_exact(matrix)
    return Equilibrium(x, y, value, above, 0.0 if exact else TIE * float(x @ np.abs(matrix) @ y), gains)


def _above(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    """`matrix` minus what x and y earn, and the possible error of that difference.

    It subtracts the nearest payoff first, so that a common offset costs no digits and ties stay exact.
    """
    nearest = matrix.flat[np.abs(matrix - x @ matrix @ y).argmin()]
    above = matrix - nearest
    beyond, doubt = x @ above @ y, EPSILON * (x @ np.abs(above) @ y)
    return (above, doubt) if abs(beyond) <= 4 * doubt else (above - beyond, doubt)


def _gains(above: np.ndarray, other: np.ndarray, doubt: float) -> np.ndarray:
    gains, stakes = above @ other, np.abs(above) @ other
    return np.where(stakes > 0, (gains + doubt) / np.where(stakes > 0, stakes, 1), 0)


def attempts(matrix: np.ndarray, method: Method) -> Iterator[Equilibrium]:
    """Solutions in order of cost: in floating point, of only the policies that matter, and in integers."""

    def floating(part: np.ndarray) -> Solution:
        return balanced_out(part, *(by_interior_point if method == "interior" else by_simplex)(part))[:3]

    def whole(part: np.ndarray) -> Solution:
        return solve_exactly(part, spread=method == "interior")

    found = measured(matrix, *floating(matrix))
    yield found
    found = narrowed(matrix, found, floating, math.inf)
    yield found
    if _work(*matrix.shape) <= (MOST if found.flaw > TOLERANCE else QUICK):
        yield measured(matrix, *whole(matrix))
    elif found.flaw > TOLERANCE:
        yield narrowed(matrix, found, whole, MOST)


def narrowed(
    matrix: np.ndarray, found: Equilibrium, solver: Callable[[np.ndarray], Solution], most: float
) -> Equilibrium:
    """Solve the table of the policies that matter, and repeat with those that matter in its solution too.

    solver: of payoffs [k, l]. most: the largest work allowed.
    """
    rows, columns = (np.zeros(size, bool) for size in matrix.shape)
    while True:
        wider = rows | _matter(found.x, found.gains[0]), columns | _matter(found.y, found.gains[1])
        sizes = [int(kept.sum()) for kept in wider]
        if sizes == [rows.sum(), columns.sum()] or _work(*sizes) > most:
            return found
        rows, columns = wider
        x, y = np.zeros(len(rows)), np.zeros(len(columns))
        x[rows], y[columns], value = solver(matrix[np.ix_(rows, columns)])
        found = measured(matrix, x, y, value)


def _work(rows: int, columns: int) -> int:
    return rows * columns * min(rows, columns)


def balanced_out(matrix: np.ndarray, x: np.ndarray, y: np.ndarray, value: Fraction | None = None) -> Equilibrium:
    """`measured`, with the support's equations solved again around the value and in its units as long as that helps.

    Policies that lose something are dropped from the support if that helps more.
    """
    found = measured(matrix, x, y, value)
    while found.flaw > SOUND:
        above = np.where(np.abs(found.above) > found.tie, found.above, 0)
        pairs = [(found.x, found.y), tuple(map(_without_losers, (found.x, found.y), found.gains))]
        again = min((measured(matrix, *balanced(above, *pair), value) for pair in pairs), key=lambda each: each.flaw)
        if not again.flaw < found.flaw / 2:
            break
        found = again
    return found


def _without_losers(weights: np.ndarray, gains: np.ndarray) -> np.ndarray:
    kept = np.where(gains < -SOUND, 0, weights)
    return kept if kept.any() else weights


def _matter(weights: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """[n] bool, the policies that are played, would gain, or would lose little."""
    return (weights > 0) | ~(gains < -MATTERS)


def by_interior_point(matrix: np.ndarray) -> Pair:
    """`solve` by interior point and polishing, in floating point."""
    if np.ptp(matrix) == 0:
        return _uniform(matrix)
    if len(matrix) > matrix.shape[1]:
        y, x = by_interior_point(-matrix.T)
        return x, y
    matrix = _scaled(matrix)
    tried: list[Pair] = []
    point = None
    for point in islice(interior_points(matrix), ITERATIONS):
        if point.gap < READY:
            tried += [point.played, polished(matrix, point)]
            if regret(matrix, *tried[-1]) < ROUNDING:
                return tried[-1]
    assert point is not None
    tried += [point.played, polished(matrix, point)]  # the last point before rounding stopped progress
    return min(tried, key=lambda pair: regret(matrix, *pair))


def by_simplex(matrix: np.ndarray) -> Pair:
    """`solve` as the row player's linear program, whose dual values are the column player's strategy."""
    n, m = matrix.shape
    result = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.hstack([-_scaled(matrix).T, np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None],
        b_eq=[1.0],
        bounds=[(0, None)] * n + [(None, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.x is None:  # integer arithmetic will solve it
        return _uniform(matrix)
    x, y = np.maximum(result.x[:n], 0), np.maximum(-result.ineqlin.marginals, 0)
    return x / x.sum(), y / y.sum()


def _uniform(matrix: np.ndarray) -> Pair:
    n, m = matrix.shape
    return np.full(n, 1 / n), np.full(m, 1 / m)


def _scaled(matrix: np.ndarray) -> np.ndarray:
    """The payoffs scaled to range 1 and mean 0."""
    return (matrix - matrix.mean()) / (np.ptp(matrix) or 1.0)


def regret(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """The sum of both players' best gains: max_i (A y)_i - min_j (x A)_j, zero exactly at an equilibrium."""
    return float((matrix @ y).max() - (x @ matrix).min())
