"""The distribution of maximum entropy under linear conditions, even if its weights differ by many orders of magnitude.

Maximise H(w) = -sum of w log w over w > 0 with sum(w) = 1, A w = 0 and B w >= 0, from a point that satisfies these.
With the next point written as w (1 + z), Newton's step is the z that keeps the conditions and is closest to -log w in
the mean square weighted by w. Because z is a relative change and conditions are in units of the size of their terms,
weights of 0.1 and of 1e-12 are treated alike. A condition B w >= 0 that stops a step is kept with equality from then
on, and released when its multiplier turns negative (an active-set method; Nocedal and Wright 2006, 16.5).

Reference: Nocedal and Wright (2006), Numerical Optimization.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lstsq, qr, solve_triangular
from scipy.optimize import brentq

STEPS = 500
"""Maximum number of steps; 10 to 20 are usual."""
REDUNDANT = 1e-13
"""A condition is redundant if the part that other conditions do not imply is a smaller share of its size than this."""
RIDGE = 1e-14
"""Added curvature that separates nearly equal directions, as a share of their curvature."""
SMALL = 0.1
"""A step is taken in full if it changes all weights by less than this, relatively."""
DONE = 1e-10
"""The largest relative change of a weight that counts as none."""


def most_entropic(weights: np.ndarray, equal: np.ndarray, at_least: np.ndarray) -> np.ndarray:
    """The distribution [k] of maximum entropy with equal [l, k] @ w = 0 and at_least [j, k] @ w >= 0.

    weights: [k] positive, a distribution that satisfies the conditions, those of `at_least` strictly. Raises
    `ArithmeticError` if the maximum is not found.
    """
    kept = np.zeros(len(at_least), bool)
    for _ in range(STEPS):
        conditions = np.vstack([np.ones(len(weights)), equal, at_least[kept]])
        change = _newton(weights, conditions)
        if np.abs(change).max() <= DONE:
            pressing = _pressures(weights, conditions)[1 + len(equal) :]
            if not len(pressing) or pressing.max() <= DONE:
                return weights
            kept[np.flatnonzero(kept)[pressing.argmax()]] = False
            continue
        room, stopping = _room(weights, change, at_least, kept)
        step = _best_step(weights, change, room)
        weights = weights * (1 + step * change)
        weights /= weights.sum()
        if step == room:
            kept[stopping] = True
    raise ArithmeticError(f"the maximum of entropy over {len(weights)} weights was not found in {STEPS} steps")


def _newton(weights: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    """The relative change [k] towards the maximum that leaves conditions [l, k] @ w unchanged."""
    terms = conditions * weights
    sizes = np.abs(terms).sum(axis=1)
    free = _free_directions(terms[sizes > 0] / sizes[sizes > 0, None])
    if not free.size:
        return np.zeros(len(weights))
    units = np.sqrt(weights @ free**2)
    free = free / units
    curvature = (free.T * weights) @ free + RIDGE * np.eye(len(units))
    scaled, multipliers = _multipliers(weights, conditions)
    slope = -np.log(weights) - multipliers @ scaled  # along free directions the entropy's slope, but 0 at the maximum
    return free @ cho_solve(cho_factor(curvature), (weights * slope) @ free)


def _free_directions(conditions: np.ndarray) -> np.ndarray:
    """[k, f] a basis of the changes that conditions [l, k] leave free: each changes one free weight and those that
    depend on it."""
    _, triangle, order = qr(conditions, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    rank = int((diagonal > REDUNDANT * diagonal[0]).sum())
    free = np.zeros((len(order), len(order) - rank))
    free[order[:rank]] = -solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    free[order[rank:]] = np.eye(len(order) - rank)
    return free


def _pressures(weights: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    """At a maximum: how much the entropy would gain if conditions [l, k] @ w could rise, each in units of its terms."""
    return _multipliers(weights, conditions)[1]


def _multipliers(weights: np.ndarray, conditions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conditions [l, k] in units of their terms, and the multipliers [l] that bring them closest to -log w."""
    root = np.sqrt(weights)
    sizes = np.linalg.norm(conditions * root, axis=1)
    scaled = conditions / np.where(sizes > 0, sizes, 1)[:, None]
    return scaled, lstsq((scaled * root).T, -root * np.log(weights), cond=REDUNDANT)[0]


def _room(weights: np.ndarray, change: np.ndarray, at_least: np.ndarray, kept: np.ndarray) -> tuple[float, int]:
    """The share of a change that the most restrictive condition not in `kept` allows, and the index of that
    condition."""
    now, falling = at_least @ weights, -(at_least @ (weights * change))
    stops = np.flatnonzero(~kept & (falling > 0))
    if not len(stops):
        return np.inf, -1
    rooms = np.maximum(now[stops], 0) / falling[stops]
    return float(rooms.min()), int(stops[rooms.argmin()])


def _best_step(weights: np.ndarray, change: np.ndarray, room: float) -> float:
    """The share of a change, at most `room`, at which the entropy is largest; 1 if the change is small."""
    if np.abs(change).max() < SMALL:
        return min(1.0, room)

    def slope(step: float) -> float:
        return float(-(weights * change) @ np.log(weights * (1 + step * change)))

    most = min(room, 100.0, (1 - 1e-12) / max(-change.min(), 1e-12))
    return most if slope(most) >= 0 else float(brentq(slope, 0, most))
