"""The equilibrium of given supports, for any number of players.

The policies that a player mixes earn the same. Together with the sums of weights, this gives as many equations as
unknown weights, linear for two players and of a higher degree for more. Newton's method solves them from a close start.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers.tables import Profile, Table, contract

STEPS = 30
"""Maximum steps of Newton's method."""
STILL = 1e-13
"""Newton's method ends when no weight changes by more than this."""

Support = tuple[np.ndarray, ...]
"""[n] bool for each population."""


class Solution(NamedTuple):
    """Weights that solve the equations."""

    profile: Profile
    inverse: np.ndarray
    """[k, k] inverse of the derivatives with respect to the k supported weights, 0 in the columns of the sum
    equations."""
    owner: np.ndarray
    """[k] the population of each supported weight."""


def solve_support(table: Table, start: Sequence[np.ndarray], support: Support) -> Solution | None:
    """The solution near `start` with nonnegative weights; None if there is none."""
    played = np.concatenate(support)
    owner = np.repeat(np.arange(len(support)), table.sizes)[played]
    first = np.searchsorted(owner, np.arange(len(support)))
    cuts = np.cumsum(table.sizes)[:-1]
    flat = np.where(played, np.concatenate(start), 0)
    for _ in range(STEPS):
        profile = tuple(np.split(flat, cuts))
        values = np.concatenate([table.values(population, profile) for population in range(len(profile))])[played]
        slopes = table.slopes(profile)[np.ix_(played, played)]
        missing, slope = values - values[first][owner], slopes - slopes[first][owner]
        slope[first] = owner == np.arange(len(support))[:, None]
        missing[first] = slope[first] @ flat[played] - 1
        try:
            inverse = np.linalg.inv(slope)
        except np.linalg.LinAlgError:
            return None
        change = inverse @ missing
        flat[played] -= change
        if not np.abs(flat).max() < 2:
            return None
        if np.abs(change).max() < STILL:
            break
    if flat.min() < 0:
        return None
    inverse[:, first] = 0
    return Solution(tuple(np.split(flat, cuts)), inverse, owner)


def largest_gain(table: Table, profile: Profile) -> float:
    """The largest amount that a policy earns above its player's payoff, as a share of its stakes.

    Stakes are the mean distance of the payoffs that the policy meets from what its player earns.
    """
    shares = [0.0]
    for population in range(len(profile)):
        gains = table.advantages(population, profile)
        earned = float(table.values(population, profile) @ profile[population])
        stakes = contract(np.abs(table.payoffs[population] - earned), population, table.seats(profile))
        shares += [gain / at_stake for gain, at_stake in zip(gains, stakes, strict=True) if gain > 0]
    return float(max(shares))
