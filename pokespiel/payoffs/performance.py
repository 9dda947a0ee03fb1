"""A player's rating from results against opponents whose ratings are known, as a server shows them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, expit, log_expit

from pokespiel.payoffs.bradley_terry import ELO

WIDEST_SEARCH = 20_000.0
"""Elo points beyond which no end of an interval is searched."""


class Performance(NamedTuple):
    """An Elo rating with its interval, from `matches` results."""

    rating: float
    low: float
    high: float
    matches: int

    def __str__(self) -> str:
        return f"{self.rating:.0f} [{self.low:.0f}, {self.high:.0f}] from {self.matches} rated opponents"


def performance(opponents: Sequence[float], scores: Sequence[float], confidence: float = 0.95) -> Performance:
    """The rating of maximum likelihood against opponents [m] with known Elo ratings.

    A tie with an opponent of their mean rating is added, so that the rating is finite. The interval holds the ratings
    that a likelihood-ratio test does not reject.

    Args:
        scores: [m], 1 for a win, 1/2 for a tie, 0 for a loss.
    """
    if not len(opponents) or len(opponents) != len(scores):
        raise ValueError(f"expected a score for each of at least one opponent, got {len(scores)} and {len(opponents)}")
    centre = float(np.mean(opponents))
    foes = np.append(np.asarray(opponents, float), centre)
    points = np.append(np.asarray(scores, float), 0.5)

    def slope(rating: float) -> float:
        return float((points - expit((rating - foes) / ELO)).sum())

    def fit(rating: float) -> float:
        gap = (rating - foes) / ELO
        return float((points * log_expit(gap) + (1 - points) * log_expit(-gap)).sum())

    far = WIDEST_SEARCH + float(np.ptp(foes))
    best = float(brentq(slope, centre - far, centre + far))
    least = fit(best) - chdtri(1, 1 - confidence) / 2
    return Performance(best, _end(fit, least, best, -far), _end(fit, least, best, far), len(opponents))


def _end(fit: Callable[[float], float], least: float, best: float, far: float) -> float:
    """Where the log likelihood falls to `least` on one side of `best`."""
    return float(brentq(lambda rating: fit(rating) - least, *sorted((best, best + far))))
