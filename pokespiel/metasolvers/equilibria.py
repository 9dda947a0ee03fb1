"""All Nash equilibria of a small table.

For one player, its best policies. For two players, the extreme equilibria in exact arithmetic (`vertices.py`); all
others lie between them. For more players, the isolated equilibria, by exclusion (`subdivision.py`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers.subdivision import isolated_equilibria
from pokespiel.metasolvers.tables import Profile, Table, checked_table
from pokespiel.metasolvers.vertices import Pair, extreme_equilibria

MOST_VERTICES = 5000
"""Maximum extreme strategies of each of two players, which is about 12 policies each and 10 seconds."""
MOST_REGIONS = 100_000
"""Maximum regions of strategies for three or more players, about three policies for each of four: 10 seconds."""


class Equilibria(NamedTuple):
    """A list of equilibria, those with the fewest policies first."""

    profiles: tuple[Profile, ...]
    """[n_p] for each player, of each equilibrium."""
    sets: tuple[int, ...]
    """Equilibria with the same number are extreme points of one connected set of equilibria."""


def every_equilibrium(payoffs: np.ndarray) -> Equilibria:
    """All equilibria of payoffs [P, n_1, ..., n_P] or, if there are infinitely many, the extreme ones.

    Raises `ValueError` if the table is malformed or too large, or if with more than two players some are not isolated.
    """
    table = checked_table(payoffs, symmetric=False, solver="equilibria")
    if table.num_players == 1:
        return _best_policies(table)
    try:
        if table.num_players == 2:
            return _extreme(extreme_equilibria(table.payoffs, MOST_VERTICES))
        profiles = sorted(isolated_equilibria(table, MOST_REGIONS), key=_order)
    except ValueError as error:
        shape = " x ".join(map(str, table.sizes))
        raise ValueError(f"equilibria: a table of {shape} policies cannot be listed: {error}") from None
    return Equilibria(tuple(profiles), tuple(range(len(profiles))))


def _best_policies(table: Table) -> Equilibria:
    best = np.flatnonzero(table.payoffs[0] == table.payoffs[0].max())
    return Equilibria(tuple((np.eye(table.sizes[0])[policy],) for policy in best), (0,) * len(best))


def _extreme(pairs: list[Pair]) -> Equilibria:
    """The pairs in order; two pairs that share a strategy belong to one set."""
    profiles = {pair: tuple([np.array(list(map(float, weights))) for weights in pair]) for pair in pairs}
    ordered = sorted(pairs, key=lambda pair: _order(profiles[pair]))
    group = list(range(len(ordered)))
    for place, pair in enumerate(ordered):
        for earlier in range(place):
            if group[earlier] != group[place] and any(a == b for a, b in zip(pair, ordered[earlier], strict=True)):
                group = [group[earlier] if each == group[place] else each for each in group]
    numbers = {old: new for new, old in enumerate(dict.fromkeys(group))}
    return Equilibria(tuple(profiles[pair] for pair in ordered), tuple(numbers[each] for each in group))


def _order(profile: Profile) -> tuple[int, list[float]]:
    """Fewest policies first, then the lowest indices."""
    weights = np.concatenate(profile)
    return int((weights > 0).sum()), (-weights).tolist()
