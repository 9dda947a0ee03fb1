"""Confidence intervals for mean results of matches (or of seat-swapped pairs), whose values lie in a bounded range."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from scipy.special import stdtrit

Utility = TypeVar("Utility", float, np.ndarray)


def share(utility: Utility) -> Utility:
    """A mean utility from -1 (all lost) to 1 (all won) as a score from 0 to 1; a tie counts half."""
    return (1 + utility) / 2


def mean_interval(
    n: np.ndarray | int,
    total: np.ndarray | float,
    squares: np.ndarray | float,
    bounds: tuple[float, float],
    confidence: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided interval for the mean of n independent values within `bounds`, from their sum and sum of squares.

    Student's t after adding two values at each end of the range, as Agresti and Coull (1998) add two successes and two
    failures: after twenty wins in a row the interval still has a width, while the plain t interval has width 0. With n
    = 0 it is the whole range. Arguments broadcast; `low` and `high` have their shape and are clipped to the range.
    """
    low, high = bounds
    n, total, squares = (np.asarray(value, float) for value in (n, total, squares))
    count = n + 4
    mean = (total + 2 * low + 2 * high) / count
    variance = np.maximum(squares + 2 * low**2 + 2 * high**2 - count * mean**2, 0) / (count - 1)
    half = stdtrit(count - 1, (1 + confidence) / 2) * np.sqrt(variance / count)
    certain = n > 0
    return np.where(certain, np.maximum(mean - half, low), low), np.where(certain, np.minimum(mean + half, high), high)


def weighted_interval(
    weights: np.ndarray,
    n: np.ndarray,
    total: np.ndarray,
    squares: np.ndarray,
    bounds: tuple[float, float],
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Two-sided interval for the sum of k independent means by `weights` [k], each of n values within `bounds`.

    As `mean_interval`, but the four added values are divided among the means by weight: four for each would pull the
    sum of many means towards the centre by more than its width. The sum's degrees of freedom are Welch's (1947). With
    one mean of weight 1 the two agree.
    """
    low, high = bounds
    weights, n, total, squares = (np.asarray(value, float) for value in (weights, n, total, squares))
    if (n <= 0).any():
        raise ValueError("an interval of weighted means needs values behind each of them")
    scale = weights.sum()
    added = 4 * weights / scale
    count = n + added
    mean = (total + added * (low + high) / 2) / count
    variance = np.maximum(squares + added * (low**2 + high**2) / 2 - count * mean**2, 0) / (count - 1)
    parts = weights**2 * variance / count
    freedom = parts.sum() ** 2 / (parts**2 / (count - 1)).sum()
    half = stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(parts.sum())
    centre = weights @ mean
    return max(float(centre - half), low * scale), min(float(centre + half), high * scale)
