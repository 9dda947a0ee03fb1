"""A primal-dual interior-point method for one matrix game, both players at once.

The row player's linear program and the column player's are each other's dual:

    max v  with  s = A'x - v 1 >= 0,  1'x = 1,  x >= 0        (row maximises the worst column)
    min w  with  r = w 1 - A y >= 0,  1'y = 1,  y >= 0        (column minimises the best row)

At the solution x_i r_i = 0 and y_j s_j = 0. Uniform strategies with v below and w above every payoff are strictly
feasible, and w - v = x'r + y's bounds the total regret at every iterate, so neither a phase one nor an infeasibility
test is needed. Each iteration is Mehrotra's predictor and corrector (Mehrotra 1992) with one Cholesky factor of

    diag(r / x) + A diag(y / s) A'                            [n, n]

which is dense and well conditioned, while a general sparse solver spends its time on ordering and bounds. The iterates
converge to the relative interior of the set of solutions: if there are many equilibria, duplicates get equal weight.
`polished` then solves the equations of the support (Ye 1992), which leaves only rounding errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lstsq

from pokespiel.metasolvers.linear_map import LinearMap, MatrixMap

STEP = 0.99
"""Fraction of the distance to the boundary that a step may cover."""


class InteriorPoint(NamedTuple):
    """Strictly positive strategies and slacks."""

    x: np.ndarray
    """[n] row strategy."""
    y: np.ndarray
    """[m] column strategy."""
    v: float
    """The guaranteed payoff of x, minus its slack."""
    w: float
    """The most that y concedes, plus its slack."""
    r: np.ndarray
    """[n] w - A y."""
    s: np.ndarray
    """[m] A'x - v."""

    @property
    def strategies(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y, rescaled to sum to 1."""
        return self.x / self.x.sum(), self.y / self.y.sum()

    @property
    def support(self) -> tuple[np.ndarray, np.ndarray]:
        """[n] and [m] bool, the policies whose weight exceeds their slack."""
        return self.x > self.r, self.y > self.s

    @property
    def played(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y restricted to the support, rescaled to sum to 1."""
        x, y = (np.where(kept, weights, 0) for kept, weights in zip(self.support, (self.x, self.y), strict=True))
        return (x / x.sum(), y / y.sum()) if x.any() and y.any() else self.strategies

    @property
    def gap(self) -> float:
        """x'r + y's, an upper bound on the regret of (x, y) while they are feasible."""
        return float(self.x @ self.r + self.y @ self.s)


def interior_points(matrix: np.ndarray | LinearMap) -> Iterator[InteriorPoint]:
    """Successively better points of the game `matrix` [n, m] (payoffs to row, of range about 1), until rounding stops
    progress."""
    game = MatrixMap(matrix) if isinstance(matrix, np.ndarray) else matrix
    n, m = game.shape
    x, y = np.full(n, 1 / n), np.full(m, 1 / m)
    rows, columns = game.times(y), game.transposed_times(x)
    v, w = float(columns.min()) - 1, float(rows.max()) + 1
    point = InteriorPoint(x, y, v, w, w - rows, columns - v)
    while True:
        yield point
        try:
            with np.errstate(all="ignore"):
                point = _step(game, point)
        except np.linalg.LinAlgError:
            return
        if not all(np.isfinite(part).all() and np.min(part) > 0 for part in (point.x, point.y, point.r, point.s)):
            return


def _step(matrix: LinearMap, at: InteriorPoint) -> InteriorPoint:
    newton = _Newton(matrix, at)
    toward_zero = newton.direction(-at.x * at.r, -at.y * at.s)
    reached = _moved(at, toward_zero, 1.0)
    centre = (reached.gap / at.gap) ** 3 * at.gap / (len(at.x) + len(at.y))
    direction = newton.direction(
        centre - at.x * at.r - toward_zero.x * toward_zero.r,
        centre - at.y * at.s - toward_zero.y * toward_zero.s,
    )
    return _moved(at, direction, STEP)


def _moved(at: InteriorPoint, by: InteriorPoint, share: float) -> InteriorPoint:
    """Move the row program's x, v, s and the column program's y, w, r by `share` as far as signs allow."""
    row = min(1.0, share * min(_room(at.x, by.x), _room(at.s, by.s)))
    column = min(1.0, share * min(_room(at.y, by.y), _room(at.r, by.r)))
    return InteriorPoint(
        at.x + row * by.x,
        at.y + column * by.y,
        at.v + row * by.v,
        at.w + column * by.w,
        at.r + column * by.r,
        at.s + row * by.s,
    )


def _room(value: np.ndarray, change: np.ndarray) -> float:
    """The largest multiple of `change` that keeps every entry of `value` nonnegative."""
    rate = (change / value).min()
    return float(-1 / rate) if rate < 0 else np.inf


class _Newton:
    """The Newton equations at a point, factored once and solved for several right-hand sides."""

    def __init__(self, matrix: LinearMap, at: InteriorPoint):
        self.matrix, self.at = matrix, at
        self.scale = at.y / at.s
        normal = matrix.gram(self.scale)
        normal[np.diag_indices_from(normal)] += at.r / at.x
        self.factor = cho_factor(normal, overwrite_a=True, check_finite=False)
        self.column = matrix.times(self.scale)
        border = np.stack([self.column, np.ones(matrix.shape[0])], axis=1)
        self.by_v, self.by_w = cho_solve(self.factor, border, check_finite=False).T
        self.off_row = at.s - (matrix.transposed_times(at.x) - at.v)
        self.off_column = at.r - (at.w - matrix.times(at.y))

    def direction(self, row_product: np.ndarray, column_product: np.ndarray) -> InteriorPoint:
        """The change of a point that changes x r by `row_product` [n] and y s by `column_product` [m], to first order.

        dy = scale (q - A'dx + dv) and (diag(r/x) + A scale A') dx = p + A scale q + A scale 1 dv - 1 dw leave two
        unknowns, dv and dw, which are chosen so that the entries of dx and of dy sum to zero.
        """
        at = self.at
        q = self.off_row + column_product / at.y
        p = self.off_column + row_product / at.x
        base = cho_solve(self.factor, p + self.matrix.times(self.scale * q), check_finite=False)
        sums = np.array(
            [
                [self.by_v.sum(), -self.by_w.sum()],
                [self.scale.sum() - self.column @ self.by_v, self.column @ self.by_w],
            ]
        )
        dv, dw = np.linalg.solve(sums, [-base.sum(), self.column @ base - self.scale @ q])
        dx = base + self.by_v * dv - self.by_w * dw
        dy = self.scale * (q - self.matrix.transposed_times(dx) + dv)
        dr = (row_product - at.r * dx) / at.x
        ds = (column_product - at.s * dy) / at.y
        return InteriorPoint(dx, dy, float(dv), float(dw), dr, ds)


def polished(matrix: np.ndarray, at: InteriorPoint) -> tuple[np.ndarray, np.ndarray]:
    """Strategies (x [n], y [m]) that solve the equations of the support at `at`.

    Every policy in the support makes the opponent indifferent among the opponent's support; of the solutions, the one
    with the least relative change from `at` is taken. Outside the support the weight is zero.
    """
    rows, columns = at.support
    if not rows.any() or not columns.any():
        return at.strategies
    block = matrix[np.ix_(rows, columns)]
    x, y = np.zeros_like(at.x), np.zeros_like(at.y)
    x[rows] = _indifferent(block.T, at.x[rows], np.ones(len(block.T)))
    y[columns] = _indifferent(block, at.y[columns], np.ones(len(block)))
    return x, y


def balanced(above: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Polish x [n] and y [m] once more, with the same support.

    above: [n, m] payoffs minus about the value of the game; each equation is in units of what is at stake in it.
    """
    rows, columns = x > 0, y > 0
    block = above[np.ix_(rows, columns)]
    x, y = x.copy(), y.copy()
    x[rows] = _indifferent(block.T, x[rows], np.abs(block.T) @ x[rows])
    y[columns] = _indifferent(block, y[columns], np.abs(block) @ y[columns])
    return x, y


def _indifferent(block: np.ndarray, weights: np.ndarray, units: np.ndarray) -> np.ndarray:
    """`weights` [k] with the least relative change that makes block [l, k] @ weights constant, clipped to >= 0.

    units: [l] unit of each equation; an equation with unit 0 holds already.
    """
    weights = weights / weights.sum()
    payoffs = block @ weights
    value = payoffs.mean()
    units = np.where(units > 0, units, 1)
    # unknowns: relative changes z [k] of the weights and the change of the value
    equations = np.zeros((len(block) + 1, len(weights) + 1))
    equations[:-1, :-1] = block * weights / units[:, None]
    equations[:-1, -1] = -units.min() / units
    equations[-1, :-1] = weights
    off = np.append((value - payoffs) / units, 0.0)
    change = lstsq(equations, off, lapack_driver="gelsy", check_finite=False)[0]
    changed = np.maximum(weights * (1 + change[:-1]), 0)
    return changed / changed.sum() if changed.any() else weights
