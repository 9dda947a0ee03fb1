"""A Nash equilibrium of a small table, any number of players and payoffs, chosen from the list of all by a rule.

Reference: Avis, Rosenberg, Savani and von Stengel (2010), Enumeration of Nash Equilibria for Two-Player Games.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.equilibria import every_equilibrium
from pokespiel.metasolvers.tables import Profile, Table, checked


@dataclass(frozen=True)
class GeneralNash:
    """The best Nash equilibrium of a small table of any number of players, general-sum payoffs included.

    All equilibria are listed (up to about 12 policies for each of two players, 3 for each of three or four), which
    takes seconds for the largest; `logit` and `correlated` take larger tables.
    """

    select: Literal["welfare", "entropy"] = "welfare"
    """Which equilibrium: "welfare" = the largest sum of all players' payoffs, "entropy" = the most mixed. Each breaks
    the other's ties, and then the fewest policies and the lowest indices win. Of a set of infinitely many equilibria
    the extreme ones count."""

    @limited()
    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen, or too many to be listed."""
        table = checked(payoffs, symmetric=symmetric, solver="general_nash")
        try:
            listed = every_equilibrium(table.payoffs).profiles
        except ValueError as error:
            raise ValueError(f"general_nash: {error}; logit and correlated take any table") from None
        if symmetric:
            listed = tuple(profile[:1] for profile in listed if all(_alike(profile[0], other) for other in profile))
        if not listed:
            raise ValueError("general_nash: no extreme equilibrium of this table is symmetric; logit has one")
        best: Profile = max(listed, key=lambda profile: self._merits(table, tuple(profile)))
        return table.strategy(best)

    def _merits(self, table: Table, profile: Profile) -> tuple[float, float]:
        """What the rule compares, rounded so that rounding errors break no ties."""
        earned = [table.values(population, profile) @ weights for population, weights in enumerate(profile)]
        positive = [weights[weights > 0] for weights in profile]
        entropy = -sum(float(weights @ np.log(weights)) for weights in positive)
        merits = round(float(np.sum(earned)) / table.range, 9), round(entropy, 9)
        return merits if self.select == "welfare" else merits[::-1]


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() < 1e-9)
