"""All ratings of a pool of policies: Elo, Glicko, GXE, Nash averaging and alpha-Rank.

Elo and Glicko put each policy on one line and are misled by cycles. Nash averaging (Balduzzi et al. 2018,
arXiv:1806.02643) weighs opponents by the Nash mixture of greatest entropy, so copies of a policy change nothing, and
alpha-Rank weighs policies by how long evolution stays with them. Both need a match between every two policies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers.alpharank import AlphaRank
from pokespiel.metasolvers.max_entropy_nash import MaxEntropyNash
from pokespiel.payoffs.bradley_terry import EloRatings, Meetings, elo_ratings
from pokespiel.payoffs.glicko import GlickoRatings, gxe, periods, rated

COLUMNS = (
    "policy",
    "Elo",
    "GXE",
    "Glicko-1",
    "Glicko-2",
    "Nash average",
    "Nash weight",
    "alpha-Rank",
    "score",
    "matches",
)


class PoolRatings(NamedTuple):
    """The ratings of a pool; arrays have one entry per policy."""

    names: tuple[str, ...]
    matches: np.ndarray
    score: np.ndarray
    """[n], share of all its points, 0..1; depends on whom a policy met."""
    elo: EloRatings
    glicko: GlickoRatings
    """Glicko-1 by Showdown's rules."""
    glicko2: GlickoRatings
    nash: np.ndarray | None
    """[n], weight in the Nash mixture of greatest entropy; None if two policies never met."""
    nash_average: np.ndarray | None
    """[n], expected score against that mixture, 0..1."""
    alpharank: np.ndarray | None
    """[n], share of time in alpha-Rank's limit of infinite selection."""

    def order(self) -> np.ndarray:
        """[n], the policies from strongest to weakest, by Elo."""
        return np.argsort(-self.elo.rating, kind="stable")


def rate(
    meetings: Meetings,
    rng: np.random.Generator,
    *,
    draws: int = 1000,
    prior: float = 1.0,
    anchor: str | None = None,
    period: float = 15.0,
) -> PoolRatings:
    """Rate a pool; see `elo_ratings` for `draws`, `prior` and `anchor`, and `periods` for `period`."""
    if len(meetings.names) < 2 or not len(meetings.first):
        raise ValueError("ratings need finished matches between at least two policies")
    points, count = meetings.points(), len(meetings.names)
    met = points + points.T
    played = periods(meetings, period)
    weight = average = evolution = None
    if (met[~np.eye(count, dtype=bool)] > 0).all():
        share = np.where(np.eye(count, dtype=bool), 0.5, points / np.maximum(met, 1e-300))
        payoffs = np.stack([2 * share - 1, 2 * share.T - 1])
        weight = MaxEntropyNash()(payoffs, symmetric=True).marginals[0]
        average, evolution = share @ weight, AlphaRank()(payoffs, symmetric=True).marginals[0]
    return PoolRatings(
        meetings.names,
        met.sum(axis=1),
        points.sum(axis=1) / met.sum(axis=1),
        elo_ratings(meetings, rng, draws=draws, prior=prior, anchor=anchor),
        rated(GlickoRatings.unrated(count), played),
        rated(GlickoRatings.unrated_2(count), played),
        weight,
        average,
        evolution,
    )


def rating_rows(found: PoolRatings) -> Iterable[list[str]]:
    """A header, then one line per policy, the strongest first."""
    yield list(COLUMNS)
    chance = gxe(found.glicko)
    for index in found.order():
        elo = [values[index] for values in found.elo]
        yield [
            found.names[index],
            f"{elo[0]:.0f} [{elo[1]:.0f}, {elo[2]:.0f}]",
            f"{chance[index]:.1f}",
            _spread(found.glicko, index),
            _spread(found.glicko2, index),
            *(
                "-" if values is None else f"{100 * values[index]:.1f}"
                for values in (found.nash_average, found.nash, found.alpharank, found.score)
            ),
            f"{found.matches[index]:.0f}",
        ]


def _spread(ratings: GlickoRatings, index: int) -> str:
    return f"{ratings.rating[index]:.0f} ± {ratings.deviation[index]:.0f}"
