"""A Nash equilibrium of a small table with any number of players, selected from the list of all by a rule.

Reference: Avis, Rosenberg, Savani and von Stengel (2010), Enumeration of Nash Equilibria for Two-Player Games.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pokespiel.core.ranges import Checked
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.equilibria import every_equilibrium
from pokespiel.metasolvers.tables import Profile, Table, contract, on_table


@dataclass(frozen=True)
class GeneralNash(Checked):
    """The best Nash equilibrium, by a rule, of a small table with any number of players and general-sum payoffs.

    All equilibria are listed, which takes seconds for the largest tables (about 12 policies for each of two players, 3
    for each of three or four); `logit` and `correlated` take larger tables.
    """

    select: Literal["welfare", "entropy"] = "welfare"
    """Which equilibrium: "welfare" = the largest sum of all players' payoffs, "entropy" = the most mixed. Each breaks
    ties of the other, followed by fewer policies and lower indices. Of a set of infinitely many equilibria only the
    extreme ones are considered."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite, or too many to be listed."""
        try:
            listed = every_equilibrium(table.payoffs).profiles
        except ValueError as error:
            raise ValueError(f"general_nash: {error}; logit and correlated take any table") from None
        if table.symmetric:
            listed = tuple(profile[:1] for profile in listed if all(_alike(profile[0], other) for other in profile))
        if not listed:
            raise ValueError("general_nash: no extreme equilibrium of this table is symmetric; logit has one")
        return table.strategy(self._best(table, listed))

    def _best(self, table: Table, listed: Sequence[Profile]) -> Profile:
        """The best by the rule, ties broken by the other rule and then by order; rounding differences count as ties."""
        welfare = np.array([_welfare(table, profile) for profile in listed])
        entropy = np.array([(_entropy(profile), 1e-9) for profile in listed])
        left = np.arange(len(listed))
        for merit in (welfare, entropy) if self.select == "welfare" else (entropy, welfare):
            value, doubt = merit.T
            best = left[np.argmax(value[left])]
            left = left[value[left] + doubt[left] >= value[best] - doubt[best]]
        return listed[left[0]]


def _welfare(table: Table, profile: Profile) -> tuple[float, float]:
    """The sum of all players' payoffs, and its possible error: by rounding, plus a share of what is at stake."""
    total = doubt = 0.0
    for population, weights in enumerate(profile):
        value = float(table.values(population, profile) @ weights)
        stakes = contract(np.abs(table.payoffs[population] - value), population, table.seats(profile)) @ weights
        total += value
        doubt += float(table.doubts(population, profile) @ weights + 1e-9 * stakes)
    return total, doubt


def _entropy(profile: Profile) -> float:
    return -sum(float(weights[weights > 0] @ np.log(weights[weights > 0])) for weights in profile)


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() < 1e-9)
