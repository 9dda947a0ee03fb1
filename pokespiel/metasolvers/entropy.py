"""The distribution of maximum entropy among those that meet linear conditions, however unlike its weights.

Maximise H(w) = -sum of w log w over w > 0 with sum(w) = 1, A w = 0 and B w >= 0, from a point where these hold. With
w (1 + z) for the next point, Newton's step is the z that keeps the conditions and comes nearest to -log w in the mean
square weighted by w. Relative changes z, and conditions in units of the size of their terms, make weights of 0.1 and of
1e-12 alike. A condition B w >= 0 that stops a step is kept with equality from then on, and let go when its multiplier
turns negative (an active-set method; Nocedal and Wright 2006, 16.5).

Reference: Nocedal and Wright (2006), Numerical Optimization.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lstsq, qr, solve_triangular
from scipy.optimize import brentq

STEPS = 500
"""Most steps; 10 to 20 are usual."""
REDUNDANT = 1e-13
"""A condition that differs from others by a smaller share of its size says nothing new."""
RIDGE = 1e-14
"""What keeps directions apart that are nearly one, as a share of their curvature."""
SMALL = 0.1
"""A relative change of all weights by less than this is made in full."""
DONE = 1e-10
"""The largest relative change of a weight that counts as none."""


def most_entropic(weights: np.ndarray, equal: np.ndarray, at_least: np.ndarray) -> np.ndarray:
    """The distribution [k] of maximum entropy with equal [l, k] @ w = 0 and at_least [j, k] @ w >= 0.

    weights: [k] positive, a distribution that meets the conditions, the second with room to spare. An `ArithmeticError`
    if the maximum is not found.
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
    """The relative change [k] towards the maximum with conditions [l, k] @ w as it is."""
    terms = conditions * weights
    sizes = np.abs(terms).sum(axis=1)
    free = _free_directions(terms[sizes > 0] / sizes[sizes > 0, None])
    if not free.size:
        return np.zeros(len(weights))
    units = np.sqrt(weights @ free**2)
    free = free / units
    curvature = (free.T * weights) @ free + RIDGE * np.eye(len(units))
    scaled, multipliers = _multipliers(weights, conditions)
    slope = -np.log(weights) - multipliers @ scaled  # along free directions that of the entropy, but 0 at the maximum
    return free @ cho_solve(cho_factor(curvature), (weights * slope) @ free)


def _free_directions(conditions: np.ndarray) -> np.ndarray:
    """[k, f] all changes that conditions [l, k] leave free: one of the k alone with those that it drags along."""
    _, triangle, order = qr(conditions, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(triangle))
    rank = int((diagonal > REDUNDANT * diagonal[0]).sum())
    free = np.zeros((len(order), len(order) - rank))
    free[order[:rank]] = -solve_triangular(triangle[:rank, :rank], triangle[:rank, rank:])
    free[order[rank:]] = np.eye(len(order) - rank)
    return free


def _pressures(weights: np.ndarray, conditions: np.ndarray) -> np.ndarray:
    """How much the entropy would gain if conditions [l, k] @ w could rise, each in units of its terms, at a maximum."""
    return _multipliers(weights, conditions)[1]


def _multipliers(weights: np.ndarray, conditions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Conditions [l, k] in units of their terms, and the multipliers [l] with which they come nearest to -log w."""
    root = np.sqrt(weights)
    sizes = np.linalg.norm(conditions * root, axis=1)
    scaled = conditions / np.where(sizes > 0, sizes, 1)[:, None]
    return scaled, lstsq((scaled * root).T, -root * np.log(weights), cond=REDUNDANT)[0]


def _room(weights: np.ndarray, change: np.ndarray, at_least: np.ndarray, kept: np.ndarray) -> tuple[float, int]:
    """How much of a change the first of the conditions that are not kept allows, and which it is."""
    now, falling = at_least @ weights, -(at_least @ (weights * change))
    stops = np.flatnonzero(~kept & (falling > 0))
    if not len(stops):
        return np.inf, -1
    rooms = np.maximum(now[stops], 0) / falling[stops]
    return float(rooms.min()), int(stops[rooms.argmin()])


def _best_step(weights: np.ndarray, change: np.ndarray, room: float) -> float:
    """The share of a change, at most `room`, at which the entropy is largest, 1 if the change is small."""
    if np.abs(change).max() < SMALL:
        return min(1.0, room)

    def slope(step: float) -> float:
        return float(-(weights * change) @ np.log(weights * (1 + step * change)))

    most = min(room, 100.0, (1 - 1e-12) / max(-change.min(), 1e-12))
    return most if slope(most) >= 0 else float(brentq(slope, 0, most))
