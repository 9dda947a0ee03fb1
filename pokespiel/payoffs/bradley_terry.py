"""Elo ratings by maximum likelihood: the model of Bradley and Terry, and intervals by resampling units.

Policy i takes a share sigmoid(r_i - r_j) of the points against policy j, a tie half a point each. The ratings r
maximise

    sum over i, j of W[i, j] log sigmoid(r_i - r_j),        W[i, j] = points of i against j,

by Newton's method, and do not depend on the order of the matches. They are finite and unique only if the policies
cannot be split into two groups of which one never scored against the other (Ford 1957); `prior` ties between each
policy and an imagined one of rating 0 make them finite in any case.

Reference: Bradley and Terry (1952), Rank Analysis of Incomplete Block Designs; Hunter (2004), MM Algorithms for
Generalized Bradley-Terry Models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import expit, ndtr, stdtrit

ELO = 400 / math.log(10)
"""Elo points per unit of the model's ratings."""
CENTRE = 1500.0
"""The mean of all ratings, or the rating of the anchor."""
LARGEST_STEP = 2.0
PRECISION = 1e-10
STEPS = 200


class Meetings(NamedTuple):
    """Units of matches between two policies each, in the order in which they were played.

    A unit is independent of all others: a seat-swapped pair, or one match.
    """

    names: tuple[str, ...]
    """The n policies."""
    first: np.ndarray
    """[u] int64, index of one policy."""
    second: np.ndarray
    """[u] int64, of the other."""
    score: np.ndarray
    """[u], the share of the unit's points that `first` took, 0..1, a tie half a point."""
    matches: np.ndarray
    """[u], the matches of the unit."""

    def points(self, counts: np.ndarray | None = None) -> np.ndarray:
        """[n, n], the points of each policy against each; `counts` [u] says how often each unit counts (1)."""
        size = len(self.names)
        weight = self.matches if counts is None else self.matches * counts
        found = np.zeros((size, size))
        np.add.at(found, (self.first, self.second), weight * self.score)
        np.add.at(found, (self.second, self.first), weight * (1 - self.score))
        return found

    def units(self) -> np.ndarray:
        """[n], the units in which each policy took part."""
        return np.bincount(np.concatenate([self.first, self.second]), minlength=len(self.names))

    def resampled(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """[draws, n, n], the points of as many units, drawn with replacement from all of them and the rare ones.

        The rare ones are a won and a lost unit in every cell, of a weight below a unit's (`_rare`): the units of a
        strong and a weak policy may lack the results that would tell how strong and how weak.
        """
        kinds, counts = np.unique(
            np.stack([self.first, self.second, self.score, self.matches]), axis=1, return_counts=True
        )
        rare, weights = self._rare()
        kinds, counts = np.concatenate([kinds, rare], axis=1), np.concatenate([counts, weights])
        drawn = rng.multinomial(len(self.first), counts / counts.sum(), size=draws)
        one, other = kinds[:2].astype(np.int64)
        size, kind = len(self.names), np.arange(len(one))
        taken = np.zeros((len(one), size, size))  # the points of one unit of each kind
        taken[kind, one, other] = kinds[2] * kinds[3]
        taken[kind, other, one] = (1 - kinds[2]) * kinds[3]
        return (drawn @ taken.reshape(len(one), -1)).reshape(draws, size, size)

    def _rare(self) -> tuple[np.ndarray, np.ndarray]:
        """Units [4, k] that were all won or all lost, in each cell, and their weights [k].

        Each weighs 1 / (opponents of the one + of the other): two policies get half a unit at each end, and in a large
        pool a policy's added units together stay about as many.
        """
        size = len(self.names)
        matches, units = np.zeros((size, size)), np.zeros((size, size))
        low, high = np.minimum(self.first, self.second), np.maximum(self.first, self.second)
        np.add.at(matches, (low, high), self.matches)
        np.add.at(units, (low, high), 1)
        opponents = ((units + units.T) > 0).sum(axis=1)
        cells = np.argwhere(units > 0)
        length = matches[tuple(cells.T)] / units[tuple(cells.T)]
        ends = [np.stack([*cells.T, np.full(len(cells), score), length]) for score in (0.0, 1.0)]
        return np.concatenate(ends, axis=1), np.tile(1 / opponents[cells].sum(axis=1), 2)


class EloRatings(NamedTuple):
    """Ratings [n] with the ends of their intervals."""

    rating: np.ndarray
    low: np.ndarray
    high: np.ndarray


def elo_ratings(
    meetings: Meetings,
    rng: np.random.Generator,
    *,
    draws: int = 1000,
    prior: float = 1.0,
    anchor: str | None = None,
    confidence: float = 0.95,
) -> EloRatings:
    """Elo ratings by maximum likelihood, with intervals from `draws` resampled sets of units.

    Args:
        prior: ties added between each policy and one of rating 0; 0 = none, and an error where ratings are infinite.
        anchor: the policy that is rated 1500; None = the mean of all is. Its own interval has no width.
    """
    if anchor is not None and anchor not in meetings.names:
        raise ValueError(f"no policy {anchor!r} to anchor the ratings; there are: {', '.join(meetings.names)}")
    points = meetings.points()
    if prior == 0:
        check_bounded(points, meetings.names)
    place = None if anchor is None else meetings.names.index(anchor)
    rating = _in_elo(most_likely_ratings(points, prior), place)
    drawn = _in_elo(most_likely_ratings(meetings.resampled(draws, rng), prior or SMALL_PRIOR), place)
    tails = _tails(meetings.units(), (1 - confidence) / 2)
    low, high = (
        np.array([np.quantile(own, at) for own, at in zip(drawn.T, ends, strict=True)]) for ends in (tails, 1 - tails)
    )
    return EloRatings(rating, low, high)


def _tails(units: np.ndarray, tail: float) -> np.ndarray:
    """[n], the quantiles to take of resampled ratings: further out where the units are few.

    The expanded percentile interval (Hesterberg 2015, What Teachers Should Know About the Bootstrap, The American
    Statistician 69(4)): resampled means of n values spread by sqrt((n - 1) / n) too little, and Student's t is wider.
    """
    count = np.maximum(units, 2)
    return ndtr(np.sqrt(count / (count - 1)) * stdtrit(count - 1, tail))


SMALL_PRIOR = 1e-3
"""Ties added to resampled units, which may lack results that keep the ratings of all units finite."""


def most_likely_ratings(points: np.ndarray, prior: float = 0.0) -> np.ndarray:
    """The ratings [..., n] of maximum likelihood, with mean 0, for points [..., n, n] of each policy against each."""
    size = points.shape[-1]
    rating = np.zeros(points.shape[:-1])
    met = points + np.swapaxes(points, -1, -2)
    flat = 0.0 if prior else 1.0 / size  # fixes the mean, which only the prior would
    for _ in range(STEPS):
        chance = expit(rating[..., :, None] - rating[..., None, :])
        against_prior = expit(rating)
        slope = (points - met * chance).sum(axis=-1) + prior * (0.5 - against_prior)
        curve = met * chance * (1 - chance)
        diagonal = curve.sum(axis=-1) - np.einsum("...ii->...i", curve) + prior * against_prior * (1 - against_prior)
        curve = np.where(np.eye(size, dtype=bool), diagonal[..., None], flat - curve) + flat * np.eye(size)
        step = np.linalg.solve(curve, slope[..., None])[..., 0]
        longest = np.abs(step).max(axis=-1, keepdims=True)
        rating = rating + step * np.minimum(1.0, LARGEST_STEP / np.maximum(longest, LARGEST_STEP))
        if longest.max() < PRECISION:
            return rating - rating.mean(axis=-1, keepdims=True)
    raise ArithmeticError(f"the ratings did not settle in {STEPS} steps of Newton's method; add a prior")


def check_bounded(points: np.ndarray, names: Sequence[str]) -> None:
    """A `ValueError` if ratings of maximum likelihood are infinite or not comparable."""
    count, group = connected_components(points > 0, directed=True, connection="strong")
    if count > 1:
        smallest = np.bincount(group).argmin()
        members = ", ".join(name for name, one in zip(names, group, strict=True) if one == smallest)
        raise ValueError(
            f"no finite ratings: {members} and the others do not score against each other in both directions; "
            "use a prior above 0"
        )


def _in_elo(rating: np.ndarray, anchor: int | None) -> np.ndarray:
    zero = rating.mean(axis=-1, keepdims=True) if anchor is None else rating[..., [anchor]]
    return CENTRE + ELO * (rating - zero)
