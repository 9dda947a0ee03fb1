"""The most even distribution of a polytope {s >= 0, sum s = 1, G s <= allowed} of equilibria.

First a face is found. If nothing is allowed, G s <= 0, some joint choices may have zero weight and some rows no slack
in every equilibrium, and then the polytope has no interior for Newton's method. To find them, solve the matrix game
with payoffs G, in which a row player picks a deviation and a column player a joint choice (Hart and Schmeidler 1989).
Its value is at most 0; if it is 0, the column player's solutions are the equilibria. The interior-point method
converges to strictly complementary solutions, whose positive parts define the face.

Then the objective is minimised on the face by a primal-dual interior-point method with Mehrotra's predictor and
corrector for

    min f(s)   with   f'(s) + G' l - z = m 1,   G s + w = allowed,   1's = 1,   s z = 0,   l w = 0

with one Cholesky factor per step, of order min(rows, columns). Rows without slack have w = 0 and free l. Both parts
access G only through products that do not depend on the scale of its rows and columns.

Reference: Hart and Schmeidler (1989), Existence of Correlated Equilibria.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Literal, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from pokespiel.metasolvers.interior_point import InteriorPoint, interior_points
from pokespiel.metasolvers.linear_map import LinearMap, MatrixMap, part

Objective = Literal["entropy", "gini"]

BALANCED = 0.3
"""Rows are balanced if the logarithms of their norms are this close to 0."""
INSIDE = 1e-11
"""A distribution has slack if its product with every balanced row is at least this far below 0."""
SEPARATED = 1e-8
"""The matrix game's gap at which weights and slacks begin to identify the face ..."""
CONVERGED = 1e-24
"""... and at which they certainly do."""
ITERATIONS = 80
STEP = 0.99
"""Fraction of the distance to the boundary that a step may cover."""
NEAR = 1e-6
"""Errors, in units of probability, below which progress is steady ..."""
PATIENCE = 3
"""... until this many steps without progress show that rounding has stopped it."""


class Face(NamedTuple):
    """The smallest face that contains the whole polytope."""

    played: np.ndarray
    """[N] bool, the joint choices with positive weight in some equilibrium."""
    tight: np.ndarray
    """[M] bool, the rows without slack in every equilibrium."""
    inside: np.ndarray
    """[N] an equilibrium with weight on all played choices and slack in all rows that are not tight."""


def faces(incentives: LinearMap, allowed: np.ndarray, sweeps: int) -> Iterator[Face]:
    """The face of equilibria of `incentives` [M, N], then earlier estimates of it, in case rounding has blurred the
    last one.

    Rows and columns are balanced in up to `sweeps` sweeps. If every entry of allowed [M] is positive, the polytope has
    an interior and is its own face.
    """
    constraints, choices = incentives.shape
    by_row, by_column = balance(incentives, sweeps)
    rows = np.flatnonzero(by_row)
    whole = np.ones(choices, bool), np.zeros(constraints, bool)
    if not len(rows):
        yield Face(*whole, np.full(choices, 1 / choices))
        return
    game = part(incentives, rows, np.arange(choices), by_row[rows], by_column)
    room = allowed[rows] * by_row[rows] / 2
    seen: dict[bytes, Face] = {}
    before = None
    for point in islice(_game_points(game), ITERATIONS):
        mixed = by_column * point.y
        if _has_room(game, point, mixed.sum(), room):
            yield Face(*whole, mixed / mixed.sum())
            return
        if before is not None and point.gap < SEPARATED:
            played, tight = point.y / before.y > point.s / before.s, np.zeros(constraints, bool)
            tight[rows] = point.x / before.x > point.r / before.r
            mixed = np.where(played, mixed, 0)
            if mixed.any():
                seen.pop(played.tobytes() + tight.tobytes(), None)
                seen[played.tobytes() + tight.tobytes()] = Face(played, tight, mixed / mixed.sum())
        before = point
        if point.gap < CONVERGED:
            break
    yield from reversed(seen.values())


def _has_room(game: LinearMap, point: InteriorPoint, total: float, allowed: np.ndarray) -> bool:
    """Whether the column strategy, whose weights sum to `total` when scaled back, is well inside the polytope."""
    gains = game.times(point.y)
    most = float(gains.max() / point.y.sum())
    return bool((gains / total < allowed).all()) if allowed.all() else most < min(-INSIDE, point.v / 2)


def _game_points(game: LinearMap) -> Iterator[InteriorPoint]:
    """`interior_points`, from the other player's view if that player has fewer choices."""
    if isinstance(game, MatrixMap) and game.shape[0] > game.shape[1]:
        for point in interior_points(MatrixMap(-game.transposed().matrix)):
            yield InteriorPoint(point.y, point.x, -point.w, -point.v, point.s, point.r)
    else:
        yield from interior_points(game)


def balance(incentives: LinearMap, sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Factors by row [M] and by column [N] that give rows and columns norms near 1; 0 for rows that are zero."""
    by_row, by_column = np.zeros(incentives.shape[0]), np.ones(incentives.shape[1])
    for _ in range(sweeps):
        norms = np.sqrt(incentives.squares(by_column**2))
        kept = norms > 0
        if by_row.any() and np.abs(np.log(norms[kept] * by_row[kept])).max() < BALANCED:
            break
        by_row = np.divide(1, norms, out=np.zeros_like(norms), where=kept)
        norms = np.sqrt(incentives.transposed_squares(by_row**2))
        by_column = np.divide(1, norms, out=np.ones_like(norms), where=norms > 0)
        by_column /= by_column.max()
    return by_row, by_column


class State(NamedTuple):
    """An iterate of the optimisation."""

    s: np.ndarray
    """[N] > 0 weights."""
    z: np.ndarray
    """[N] > 0 their multipliers."""
    prices: np.ndarray
    """[M] multipliers l of the rows, > 0 where a row is not tight."""
    room: np.ndarray
    """[M] > 0 the slack w of rows that are not tight, else 1."""
    level: float
    """The multiplier m of the sum."""


def most_even(
    incentives: LinearMap,
    on: Face,
    allowed: np.ndarray,
    objective: Objective,
    excess: Callable[[np.ndarray], float],
) -> np.ndarray:
    """[N] the distribution on the face with G s <= allowed [M] of maximum entropy or minimum sum of squares.

    excess: by how much a distribution [N] violates the constraints; it selects the best of the last steps.
    """
    columns = np.flatnonzero(on.played)
    norms = np.sqrt(incentives.squares(on.played.astype(float)))
    rows = np.flatnonzero(norms)
    result = np.zeros(incentives.shape[1])
    if not len(rows) or len(columns) == 1:
        result[columns] = 1 / len(columns)
        return result
    problem = _Problem(
        part(incentives, rows, columns, 1 / norms[rows]), on.tight[rows], allowed[rows] / norms[rows], objective
    )

    def distribution(weights: np.ndarray) -> np.ndarray:
        result[columns] = weights / weights.sum()
        return result.copy()

    best, best_error, since = None, np.inf, 0
    for state, error in islice(problem.path(on.inside[columns]), ITERATIONS):
        error, since = error + excess(distribution(state.s)), since + 1
        if error < best_error:
            best, best_error, since = state, error, 0
        elif since >= PATIENCE and best_error < NEAR:
            break
    assert best is not None
    return distribution(best.s)


class _Problem:
    """Minimise f(s) where G s <= allowed, with equality where `tight`; rows of G have norms near 1."""

    def __init__(self, incentives: LinearMap, tight: np.ndarray, allowed: np.ndarray, objective: Objective):
        self.incentives, self.tight = incentives, tight
        self.allowed = np.where(tight, 0, allowed)
        self.objective = objective

    def path(self, start: np.ndarray) -> Iterator[tuple[State, float]]:
        """States with their errors, in units of probability, until rounding stops progress."""
        choices = len(start)
        room = np.where(self.tight, 1, np.maximum(self.allowed - self.incentives.times(start), 1e-15))
        state = State(start, 0.01 / (choices * start), np.where(self.tight, 0, 0.01 / room), room, 0.0)
        while True:
            gradient, curvature = self._slopes(state.s)
            downhill = state.level + state.z - gradient - self.incentives.transposed_times(state.prices)
            complementarity = state.s @ state.z + self._through_rows(state.prices * state.room).sum()
            yield state, max(np.abs(downhill * state.s).max(), complementarity)
            try:
                with np.errstate(all="ignore"):
                    state = self._step(state, downhill, curvature, complementarity)
            except np.linalg.LinAlgError:
                return
            if not all(np.isfinite(part).all() for part in state):
                return

    def _slopes(self, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f' [N] and f'' [N]: of the sum of s log s, or of squares times N / 2."""
        if self.objective == "entropy":
            return np.log(s) + 1, 1 / s
        return len(s) * s, np.full(len(s), float(len(s)))

    def _through_rows(self, values: np.ndarray) -> np.ndarray:
        """Restrict `values` to the rows that may have slack."""
        return values[~self.tight]

    def _step(self, at: State, downhill: np.ndarray, curvature: np.ndarray, complementarity: float) -> State:
        short = self.allowed - np.where(self.tight, 0, at.room) - self.incentives.times(at.s)
        softness = np.where(self.tight, 1e-12 / curvature.max(), at.room / np.where(self.tight, 1, at.prices))
        solve = _solver(self.incentives, curvature + at.z / at.s, softness)
        by_level = solve(np.ones_like(at.s), np.zeros_like(at.prices))

        def direction(of_weights: np.ndarray, of_rows: np.ndarray) -> State:
            """The change that moves s z by `of_weights` [N] and l w by `of_rows` [M], to first order."""
            toward = short - np.where(self.tight, 0, of_rows / np.where(self.tight, 1, at.prices))
            s, prices = solve(downhill + of_weights / at.s, toward)
            level = (1 - at.s.sum() - s.sum()) / by_level[0].sum()
            s, prices = s + level * by_level[0], prices + level * by_level[1]
            room = np.where(self.tight, 0, short - self.incentives.times(s))
            return State(s, (of_weights - at.z * s) / at.s, prices, room, float(level))

        ahead = direction(-at.s * at.z, -at.prices * at.room)
        reached = self._moved(at, ahead, 1.0)
        left = reached.s @ reached.z + self._through_rows(reached.prices * reached.room).sum()
        pairs = len(at.s) + int((~self.tight).sum())
        centre = (left / complementarity) ** 3 * complementarity / pairs
        turn = direction(
            centre - at.s * at.z - ahead.s * ahead.z, centre - at.prices * at.room - ahead.prices * ahead.room
        )
        return self._moved(at, turn, STEP)

    def _moved(self, at: State, by: State, share: float) -> State:
        """Move along `by` as far as signs allow, times `share`, but at most by `by` itself."""
        rates = [by.s / at.s, by.z / at.z, self._through_rows(by.prices / np.where(self.tight, 1, at.prices))]
        rates.append(self._through_rows(by.room / at.room))
        fastest = -min(rate.min(initial=0.0) for rate in rates)
        length = min(1.0, share / fastest) if fastest > 0 else 1.0
        return State(
            at.s + length * by.s,
            at.z + length * by.z,
            at.prices + length * by.prices,
            at.room + length * by.room,
            at.level + length * by.level,
        )


def _solver(
    incentives: LinearMap, stiffness: np.ndarray, softness: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Solves H s + G' l = p and G s - T l = q for s [N] and l [M], where H and T are diagonal and positive."""
    constraints, choices = incentives.shape
    if isinstance(incentives, MatrixMap) and constraints > choices:
        solve = _factored(incentives.transposed().gram(1 / softness), stiffness)

        def through_choices(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            s = solve(p + incentives.transposed_times(q / softness))
            return s, (incentives.times(s) - q) / softness

        return through_choices
    solve = _factored(incentives.gram(1 / stiffness), softness)

    def through_constraints(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        prices = solve(incentives.times(p / stiffness) - q)
        return (p - incentives.transposed_times(prices)) / stiffness, prices

    return through_constraints


def _factored(gram: np.ndarray, diagonal: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Solves (gram + diag(diagonal)) x = b by Cholesky, with the smallest addition to the diagonal that rounding
    requires."""
    gram[np.diag_indices_from(gram)] += diagonal
    scale = 1 / np.sqrt(np.diag(gram))
    gram *= scale[:, None]
    gram *= scale
    for extra in (1e-13, 1e-11, 1e-9, 1e-7):
        gram[np.diag_indices_from(gram)] = 1 + extra
        try:
            factor = cho_factor(gram, check_finite=False)
        except np.linalg.LinAlgError:
            continue
        return lambda right: scale * cho_solve(factor, scale * right, check_finite=False)
    raise np.linalg.LinAlgError("the Newton equations are singular")
