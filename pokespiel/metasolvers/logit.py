"""Logit quantal response equilibrium: everyone plays better policies more often (McKelvey and Palfrey 1995).

    x_p(a) = exp(lambda u_p(a, x)) / sum over b of exp(lambda u_p(b, x))        every player p and policy a

At rationality lambda = 0 the only solution is uniform. From there one branch of solutions leads on, and its limit as
lambda grows is a Nash equilibrium. It is followed by predictor and corrector steps along its length, so that it may
turn back in lambda on its way (Turocy 2005), in the variables z = lambda u, whose softmax is the strategy.

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

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Profile, Table, checked

RESIDUAL = 1e-11
"""Largest difference between a strategy and the response to it that counts as solved."""
MOST_BEND = 0.2
"""How far the curve may turn off a step's straight line, as a share of the step, before the step is halved."""
MOST_CHANGE = 0.3
"""How far lambda (on payoffs of range 1) may move in a step, as a share of lambda + 1."""
CROSSING = 1e-5
"""The shortest step; if the curve seems to change sides within it, another crosses it and it goes straight on."""
NEWTON_STEPS = 8
CONTRACTION = 0.3
"""Each Newton correction must be this much smaller than the one before it."""
MOST_STEPS = 10_000


@dataclass(frozen=True)
class Logit:
    """Quantal response equilibrium, the first on the branch from uniform, for any number of players and payoffs."""

    rationality: float = 10.0
    """lambda, per unit of payoff: 0 = uniform; the larger, the nearer to a Nash equilibrium."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rationality) and self.rationality >= 0):
            raise ValueError(f"logit: rationality must be finite and not negative, got {self.rationality}")

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        table = checked(payoffs, symmetric=symmetric, solver="logit")
        last = deque(_Branch(table).points(self.rationality), maxlen=1)
        return table.strategy(last[0][1])

    def iterates(self, payoffs: np.ndarray, *, symmetric: bool = False) -> Iterator[tuple[float, Profile]]:
        """Points (lambda, strategies) along the branch, from uniform to the first at `rationality`."""
        return _Branch(checked(payoffs, symmetric=symmetric, solver="logit")).points(self.rationality)


class _Step(NamedTuple):
    at: np.ndarray
    """[N + 1] the point reached: z, then lambda."""
    direction: np.ndarray
    """[N + 1] the curve's unit vector there."""
    side: float
    """Which side of the curve it is on, 1 or -1."""
    bend: float
    """How far the curve left the straight line, as a share of the step."""


class _Branch:
    """The curve G(z, lambda) = z - lambda u(softmax z) = 0, z [N] for all populations, payoffs scaled to range 1."""

    def __init__(self, table: Table):
        self.scale = table.range
        self.table = Table(table.payoffs / self.scale, table.symmetric)
        self.cuts = np.cumsum(table.sizes)[:-1]

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
                continue
            at, direction, side = step.at, step.direction, step.side
            length *= 1.5 if step.bend < MOST_BEND / 4 else 1.0
            yield at[-1] / self.scale, self._profile(at)
        raise ArithmeticError(f"logit: the branch did not reach rationality {rationality} in {MOST_STEPS} steps")

    def _step(self, at: np.ndarray, direction: np.ndarray, length: float, end: float) -> _Step | None:
        """From `at` along `direction`, then back to the curve; None if Newton's method does not find it."""
        last = at[-1] + length * direction[-1] >= end * (1 - 1e-12)
        guess = at + length * direction
        try:
            reached = self._to_lambda(guess, end) if last else self._newton(guess, direction)
            if reached is None:
                return None
            onward, side = self._tangent(reached, direction)
        except np.linalg.LinAlgError:
            return None
        off = float(np.linalg.norm(reached - guess)) / length
        return _Step(reached, onward, side, max(off, 1 - float(onward @ direction)))

    @staticmethod
    def _stride(at: np.ndarray, direction: np.ndarray, end: float) -> float:
        """The longest step that neither passes `end` nor changes lambda by more than its share."""
        room = MOST_CHANGE * (at[-1] + 1)
        if direction[-1] > 0:
            room = min(room, end - at[-1])
        return room / max(abs(direction[-1]), 1e-12)

    def _profile(self, at: np.ndarray) -> Profile:
        return tuple(_softmax(part) for part in np.split(at[:-1], self.cuts))

    def _equations(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """G [N] and its derivatives [N, N + 1] by z and lambda."""
        profile = self._profile(at)
        values = np.concatenate([self.table.values(population, profile) for population in range(len(profile))])
        by_weight = np.split(self.table.slopes(profile), self.cuts, axis=1)
        by_z = [(part - (part @ weights)[:, None]) * weights for part, weights in zip(by_weight, profile, strict=True)]
        slope = np.hstack([-at[-1] * np.hstack(by_z), -values[:, None]])
        slope[np.diag_indices(len(values))] += 1
        return at[:-1] - at[-1] * values, slope

    def _tangent(self, at: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, float]:
        """The unit vector along the curve that goes on in the direction `before`, and the side of the curve it is on.

        The side, the sign of a determinant, stays the same all along a curve. Where it changes, either another curve
        crosses it, or a step has left it for a neighbour.
        """
        slope = self._equations(at)[1]
        ahead = np.linalg.solve(np.vstack([slope, before]), np.append(np.zeros(len(slope)), 1.0))
        ahead /= np.linalg.norm(ahead)
        return ahead, float(np.linalg.slogdet(np.vstack([slope, ahead]))[0])

    def _to_lambda(self, guess: np.ndarray, end: float) -> np.ndarray | None:
        """The point of the curve at lambda = `end`; None if Newton's method does not find it."""
        return self._newton(np.append(guess[:-1], end), np.eye(len(guess))[-1])

    def _newton(self, at: np.ndarray, fixed: np.ndarray) -> np.ndarray | None:
        """The zero of G near `at` in the plane across `fixed`; None if Newton's method does not find it."""
        before = math.inf
        for _ in range(NEWTON_STEPS):
            missing, slope = self._equations(at)
            if self._solved(at, missing):
                return at
            change = np.linalg.solve(np.vstack([slope, fixed]), np.append(missing, 0.0))
            size = float(np.linalg.norm(change))
            if size > CONTRACTION * before:
                return None
            at, before = at - change, size
        return None

    def _solved(self, at: np.ndarray, missing: np.ndarray) -> bool:
        response = self._profile(at - np.append(missing, 0.0))
        return all(np.abs(old - new).max() < RESIDUAL for old, new in zip(self._profile(at), response, strict=True))


def _softmax(logs: np.ndarray) -> np.ndarray:
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()
