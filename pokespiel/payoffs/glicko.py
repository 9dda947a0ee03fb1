"""Glicko-1 as Pokémon Showdown's ladder computes it, its GXE, and Glicko-2.

Ratings are updated once per period from all of the period's matches at once, so the order of matches within a period
does not matter. Per period, with q = ln 10 / 400 and opponents' ratings and deviations as the period begins:

    g(D) = 1 / sqrt(1 + 3 q^2 D^2 / pi^2)         E_j = 1 / (1 + 10^(-g(D_j) (R - R_j) / 400))
    1 / d^2 = q^2 sum_j g(D_j)^2 E_j (1 - E_j)
    R' = R + q / (1 / D^2 + 1 / d^2) sum_j g(D_j) (s_j - E_j)        D' = 1 / sqrt(1 / D^2 + 1 / d^2)

Showdown's ladder starts at 1500 with deviation 130, keeps deviations between 25 and 130, and lets an absent player's
deviation grow from 25 to 130 in 365 periods of a day. GXE is the expected score, in percent, against a player of
rating 1500 and deviation 130.

Reference: Glickman (1999), Parameter estimation in large dynamic paired comparison experiments; Glickman (2013),
Example of the Glicko-2 system; smogon/pokemon-showdown-loginserver, `src/ladder.ts`, for Showdown's constants.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from pokespiel.payoffs.bradley_terry import Meetings

Q = math.log(10) / 400
START, WIDEST, NARROWEST = 1500.0, 130.0, 25.0
"""Showdown's initial rating, its initial and largest deviation, and its smallest."""
DRIFT = (WIDEST**2 - NARROWEST**2) / 365
"""Growth of a squared deviation per period."""
SCALE = 400 / math.log(10)
"""Rating points per unit of Glicko-2's inner scale."""
DEVIATION, VOLATILITY, TAU = 350.0, 0.06, 0.5
"""Glicko-2: initial deviation and volatility, and how fast the volatility may change, as in Glickman's example."""


class GlickoRatings(NamedTuple):
    """Ratings [n] and their deviations [n]; volatilities [n] in Glicko-2."""

    rating: np.ndarray
    deviation: np.ndarray
    volatility: np.ndarray | None = None

    @classmethod
    def unrated(cls, count: int) -> GlickoRatings:
        """Players who are new on Showdown's ladder."""
        return cls(np.full(count, START), np.full(count, WIDEST))

    @classmethod
    def unrated_2(cls, count: int) -> GlickoRatings:
        """New players in Glicko-2."""
        return cls(np.full(count, START), np.full(count, DEVIATION), np.full(count, VOLATILITY))


def gxe(ratings: GlickoRatings) -> np.ndarray:
    """[n], the expected score in percent against an unrated player of Showdown's ladder."""
    spread = np.sqrt(1 + 3 * (Q / math.pi) ** 2 * (ratings.deviation**2 + WIDEST**2))
    return 100 / (1 + 10 ** ((START - ratings.rating) / 400 / spread))


def glicko_1(ratings: GlickoRatings, points: np.ndarray) -> GlickoRatings:
    """The ratings after a period with points [n, n] of each player against each, by Showdown's rules."""
    wide = np.minimum(np.sqrt(ratings.deviation**2 + DRIFT), WIDEST)
    information, gain = _evidence(ratings, points)
    variance = 1 / (1 / wide**2 + Q**2 * information)
    narrow = np.clip(np.sqrt(variance), NARROWEST, WIDEST)
    played = information > 0
    return GlickoRatings(ratings.rating + Q * variance * gain, np.where(played, narrow, wide))


def glicko_2(ratings: GlickoRatings, points: np.ndarray, tau: float = TAU) -> GlickoRatings:
    """The ratings after a period with points [n, n] of each player against each, by Glickman (2013)."""
    assert ratings.volatility is not None
    information, gain = _evidence(ratings, points)
    inner, volatility = ratings.deviation / SCALE, ratings.volatility.copy()
    for player in np.flatnonzero(information > 0):
        variance = 1 / information[player]
        volatility[player] = _volatility(inner[player], variance, variance * gain[player], volatility[player], tau)
    precision = 1 / (inner**2 + volatility**2) + information
    return GlickoRatings(ratings.rating + SCALE * gain / precision, SCALE / np.sqrt(precision), volatility)


def _evidence(ratings: GlickoRatings, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[n] and [n]: the sums over a player's matches of g^2 E (1 - E) and of g (s - E)."""
    g = 1 / np.sqrt(1 + 3 * (Q * ratings.deviation / math.pi) ** 2)
    expected = 1 / (1 + 10 ** (-g * (ratings.rating[:, None] - ratings.rating) / 400))
    met = points + points.T
    return (met * g**2 * expected * (1 - expected)).sum(axis=1), (g * (points - met * expected)).sum(axis=1)


def _volatility(deviation: float, variance: float, gain: float, before: float, tau: float) -> float:
    """A player's new volatility: the root of f of Glickman's step 5."""
    log = math.log(before**2)

    def f(x: float) -> float:
        total = deviation**2 + variance + math.exp(x)
        return math.exp(x) * (gain**2 - total) / (2 * total**2) - (x - log) / tau**2

    excess = gain**2 - deviation**2 - variance
    end = math.log(excess) if excess > 0 else log - tau
    while excess <= 0 and f(end) < 0:
        end -= tau
    return before if f(log) == 0 else math.exp(brentq(f, min(log, end), max(log, end), xtol=1e-12) / 2)


def periods(meetings: Meetings, matches: float = 15.0) -> list[np.ndarray]:
    """Points [n, n] per period, of about `matches` matches per policy.

    Each pair's units are spread evenly, in their order, over all periods: a log that plays one pair after another gives
    the same periods as one that alternates.
    """
    seats = np.concatenate([meetings.first, meetings.second])
    most = np.bincount(seats, np.tile(meetings.matches, 2), len(meetings.names)).max(initial=0)
    count = max(1, math.ceil(most / matches))
    low, high = np.minimum(meetings.first, meetings.second), np.maximum(meetings.first, meetings.second)
    period = np.empty(len(low), np.int64)
    pairs = low * len(meetings.names) + high
    for pair in np.unique(pairs):
        places = np.flatnonzero(pairs == pair)
        period[places] = np.arange(len(places)) * count // len(places)
    return [meetings.points(period == number) for number in range(count)]


def rated(ratings: GlickoRatings, played: Iterable[np.ndarray]) -> GlickoRatings:
    """The ratings after several periods: Glicko-2 if they have volatilities, else Showdown's Glicko-1."""
    update = glicko_1 if ratings.volatility is None else glicko_2
    for points in played:
        ratings = update(ratings, points)
    return ratings
