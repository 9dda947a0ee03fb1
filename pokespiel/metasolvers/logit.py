"""Logit quantal response equilibrium: better policies are played more often (McKelvey and Palfrey 1995).

    x_p(a) = exp(lambda u_p(a, x)) / sum over b of exp(lambda u_p(b, x))        every player p and policy a

At rationality lambda = 0 the only solution is uniform. One branch of solutions starts there, and its limit as lambda
grows is a Nash equilibrium. Predictor and corrector steps follow the branch by its length, so that lambda may also
decrease along it (Turocy 2005). The variables are z = lambda (u - x u), whose softmax is the strategy: for policies
that are played they stay of the size of log x, however large lambda and the payoffs are.

Reference: McKelvey and Palfrey (1995), Quantal Response Equilibria for Normal Form Games; Turocy (2005), A Dynamic
Homotopy Interpretation of the Logistic Quantal Response Equilibrium Correspondence.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pokespiel.core.ranges import Checked, NotNegative
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Profile, Table, on_table

RESIDUAL = 1e-11
"""The largest correction of a strategy that counts as zero."""
NOISE = 1e-14
"""The rounding error of a sum of payoffs, as a share of their absolute sizes."""
MOST_BEND = 0.2
"""A step is halved if the curve leaves the step's straight line by more than this share of the step."""
MOST_CHANGE = 0.3
"""Maximum change of lambda (on payoffs of range 1) in a step, as a share of lambda + 1."""
CROSSING = 1e-5
"""The shortest regular step; if the curve seems to change sides within it, another curve crosses and it goes straight
on."""
SHORTEST = 1e-7
"""If not even a step this short succeeds, the curve is continued straight past the obstacle."""
LEAP = 0.1
"""The longest step past it."""
NEWTON_STEPS = 8
CONTRACTION = 0.3
"""Each Newton correction must be this much smaller than the one before it."""
MOST_STEPS = 10_000


@dataclass(frozen=True)
class Logit(Checked):
    """Quantal response equilibrium on the branch from uniform, for any number of players and payoffs."""

    rationality: NotNegative = 10.0
    """Rationality (lambda) per unit of payoff: 0 = uniform; larger values are closer to a Nash equilibrium."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        last = deque(_Branch(table).points(self.rationality), maxlen=1)
        return table.strategy(last[0][1])

    @on_table
    def iterates(self, table: Table) -> Iterator[tuple[float, Profile]]:
        """Points (lambda, strategies) along the branch, from uniform to the first at `rationality`."""
        return _Branch(table).points(self.rationality)


class _Step(NamedTuple):
    at: np.ndarray
    """[N + 1] the current point: z, then lambda."""
    direction: np.ndarray
    """[N + 1] the curve's unit tangent there, in `_units`."""
    side: float
    """The side of the curve, 1 or -1; see `_Branch._tangent`."""
    bend: float
    """The distance of the curve from the straight line, as a share of the step."""


class _Branch:
    """The curve G(z, lambda) = z - lambda (u - x u) = 0 with x = softmax(z) and u the values against it.

    z [N] covers all populations; payoffs are scaled to range 1.
    """

    def __init__(self, table: Table):
        self.scale = table.range
        centred = table.payoffs - table.payoffs.mean(axis=tuple(range(1, table.payoffs.ndim)), keepdims=True)
        self.table = Table(centred / self.scale, table.symmetric)
        self.sizes = Table(np.abs(centred) / self.scale, table.symmetric)
        ends = np.cumsum(table.sizes)
        self.cuts = ends[:-1]
        self.places = [slice(end - size, end) for size, end in zip(table.sizes, ends, strict=True)]

    def points(self, rationality: float) -> Iterator[tuple[float, Profile]]:
        end = rationality * self.scale
        at = np.zeros(sum(self.table.sizes) + 1)  # z, then lambda
        direction, side = self._tangent(at, np.eye(len(at))[-1])
        length = 0.1
        yield 0.0, self._profile(at)
        for _ in range(MOST_STEPS):
            if at[-1] >= end:
                return
            length = min(length, self._stride(at, direction, end))
            step = self._step(at, direction, length, end)
            if step is None or step.bend > MOST_BEND or (step.side != side and length > CROSSING):
                length /= 2
                if length > SHORTEST:
                    continue
                step, length = self._leap(at, direction, end), CROSSING
                if step is None:
                    break
            at, direction, side = step.at, step.direction, step.side
            length *= 1.5 if step.bend < MOST_BEND / 4 else 1.0
            yield at[-1] / self.scale, self._profile(at)
        raise ArithmeticError(f"logit: the branch was lost at rationality {at[-1] / self.scale:.6g}, not {rationality}")

    def _leap(self, at: np.ndarray, direction: np.ndarray, end: float) -> _Step | None:
        """The shortest straight step past a point too close to a crossing to follow; None if none succeeds."""
        lengths = np.geomspace(SHORTEST, LEAP, 25)
        steps = (self._step(at, direction, min(length, self._stride(at, direction, end)), end) for length in lengths)
        return next((step for step in steps if step is not None and step.bend <= MOST_BEND), None)

    def _step(self, at: np.ndarray, direction: np.ndarray, length: float, end: float) -> _Step | None:
        """A step from `at` along `direction`, then back to the curve; None if Newton's method does not converge."""
        guess = at + length * direction * _units(at)
        last = guess[-1] >= end * (1 - 1e-12)
        try:
            reached = self._to_lambda(guess, end) if last else self._newton(guess, direction / _units(at))
            if reached is not None and reached[-1] > end:  # it turned within the step
                guess = at + (end - at[-1]) / (reached[-1] - at[-1]) * (reached - at)
                reached = self._to_lambda(guess, end)
            if reached is None:
                return None
            onward, side = self._tangent(reached, direction)
        except np.linalg.LinAlgError:
            return None
        off = float(np.linalg.norm((reached - guess) / _units(at))) / length
        return _Step(reached, onward, side, max(off, 1 - float(onward @ direction)))

    @staticmethod
    def _stride(at: np.ndarray, direction: np.ndarray, end: float) -> float:
        """The longest step that neither passes `end` nor changes lambda by more than its allowed share."""
        room = MOST_CHANGE
        if direction[-1] > 0:
            room = min(room, (end - at[-1]) / (at[-1] + 1))
        return room / max(abs(direction[-1]), 1e-12)

    def _profile(self, at: np.ndarray) -> Profile:
        return tuple(_softmax(part) for part in np.split(at[:-1], self.cuts))

    def _equations(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """G [N] and its derivatives [N, N + 1] with respect to z and lambda."""
        profile = self._profile(at)
        by_weight = np.split(self.table.slopes(profile), self.cuts, axis=1)
        by_z = [(part - (part @ weights)[:, None]) * weights for part, weights in zip(by_weight, profile, strict=True)]
        slope = np.hstack([-at[-1] * np.hstack(by_z), np.zeros((len(at) - 1, 1))])
        missing = at[:-1].copy()
        for population, weights in enumerate(profile):
            own = self.places[population]
            values = self.table.values(population, profile)
            advantages = values - values @ weights
            missing[own] -= at[-1] * advantages
            slope[own] -= weights @ slope[own]
            slope[own, own] += at[-1] * weights * advantages + np.eye(len(weights))
            slope[own, -1] = -advantages
        return missing, slope

    def _tangent(self, at: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, float]:
        """The unit tangent that continues in the direction `before`, and the side of the curve.

        The side, the sign of a determinant, is constant along a curve. If it changes, either another curve crosses, or
        a step has jumped to a neighbouring curve.
        """
        slope = self._equations(at)[1] * _units(at)
        ahead = _solved(np.vstack([slope, before]), np.append(np.zeros(len(slope)), 1.0))
        ahead /= np.linalg.norm(ahead)
        return ahead, float(np.linalg.slogdet(np.vstack([slope, ahead]))[0])

    def _to_lambda(self, guess: np.ndarray, end: float) -> np.ndarray | None:
        """The point of the curve at lambda = `end`; None if Newton's method does not converge."""
        return self._newton(np.append(guess[:-1], end), np.eye(len(guess))[-1])

    def _newton(self, at: np.ndarray, fixed: np.ndarray) -> np.ndarray | None:
        """The zero of G near `at` in the plane orthogonal to `fixed`; None if Newton's method does not converge."""
        before = math.inf
        for _ in range(NEWTON_STEPS):
            missing, slope = self._equations(at)
            change = _solved(np.vstack([slope, fixed]), np.append(missing, 0.0))
            if self._close(at, at - change) or (np.abs(missing) <= self._rounding(at)).all():
                return at - change
            size = float(np.linalg.norm(change / _units(at)))
            if size > CONTRACTION * before:
                return None
            at, before = at - change, size
        return None

    def _close(self, at: np.ndarray, other: np.ndarray) -> bool:
        pairs = zip(self._profile(at), self._profile(other), strict=True)
        return all(np.abs(old - new).max() < RESIDUAL for old, new in pairs)

    def _rounding(self, at: np.ndarray) -> np.ndarray:
        """[N] the largest value of G at its zero that rounding of z and lambda u may cause."""
        profile = self._profile(at)
        sizes = [self.sizes.values(population, profile) for population in range(len(profile))]
        return NOISE * (np.abs(at[:-1]) + at[-1] * np.concatenate(sizes))


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve `matrix` [N, N] y = `right` [N], after scaling rows and then columns to one size."""
    rows = np.abs(matrix).max(axis=1, keepdims=True)
    columns = np.abs(matrix / rows).max(axis=0)
    return np.linalg.solve(matrix / rows / columns, right / rows[:, 0]) / columns


def _units(at: np.ndarray) -> np.ndarray:
    """[N + 1] the unit of each coordinate at a point: steps are absolute for small z and lambda, relative for large
    ones."""
    return 1 + np.abs(at)


def _softmax(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()
