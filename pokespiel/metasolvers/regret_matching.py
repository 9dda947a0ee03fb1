"""Regret matching: play each policy in proportion to the regret of not having played it (Hart and Mas-Colell 2000).

Regret matching+ (Tammelin 2014) and its predictive form (Farina, Kroer and Sandholm 2021) are much faster variants.

Reference: Hart and Mas-Colell (2000), A Simple Adaptive Procedure Leading to Correlated Equilibrium; Tammelin (2014),
Solving Large Imperfect Information Games Using CFR+; Farina, Kroer and Sandholm (2021), Faster Game Solving via
Predictive Blackwell Approachability.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pokespiel.core.ranges import Checked, Count
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.regret import marginals_of, product
from pokespiel.metasolvers.tables import Iterate, Table, nth, on_table


@dataclass(frozen=True)
class RegretMatching(Checked):
    """The average strategies of regret matching, for any number of players and general-sum payoffs.

    In two-player zero-sum tables they converge to equilibrium. In other tables only the average of joint play has a
    guarantee: its gap to a coarse correlated equilibrium vanishes.
    """

    variant: Literal["vanilla", "plus", "predictive"] = "plus"
    """"vanilla" sums regrets and averages all rounds equally; "plus" clips the sums at zero, updates players in turn
    and weights round t by t; "predictive" is "plus" with the last round's regrets as a prediction of the next."""
    steps: Count = 2000
    """Number of rounds."""
    joint: bool = False
    """Return the average of joint play instead of independent averages; players then update simultaneously."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        if not self.joint:
            return table.strategy(nth(self._play(table), self.steps).average)
        joint = self._average_joint(table)
        marginals = marginals_of(joint)
        return table.strategy([np.mean(marginals, axis=0)] if table.symmetric else marginals, joint)

    @on_table
    def iterates(self, table: Table) -> Iterator[Iterate]:
        """The strategies and their average after each round, without end."""
        return self._play(table)

    def _weight(self, round_: int) -> float:
        return 1.0 if self.variant == "vanilla" else float(round_)

    def _average_joint(self, table: Table) -> np.ndarray:
        if self.steps < 1:
            raise ValueError(f"regret_matching: a joint average needs at least 1 step, got {self.steps}")
        total, weight = np.zeros(table.payoffs.shape[1:]), 0.0
        for round_, iterate in zip(range(1, self.steps + 1), self._play(table), strict=False):
            total += self._weight(round_) * product(table.seats(iterate.current))
            weight += self._weight(round_)
        return total / weight

    def _play(self, table: Table) -> Iterator[Iterate]:
        in_turn = self.variant != "vanilla" and not self.joint
        strategies = list(table.uniform())
        regrets = [np.zeros(size) for size in table.sizes]
        average, weight, round_ = tuple(strategies), 0.0, 0
        while True:
            yield Iterate(tuple(strategies), average)
            seen = strategies if in_turn else list(strategies)
            for population, regret in enumerate(regrets):
                instant = table.advantages(population, seen)
                regret += instant
                if self.variant != "vanilla":
                    np.maximum(regret, 0, out=regret)
                strategies[population] = _matched(regret + instant if self.variant == "predictive" else regret)
            round_ += 1
            weight += self._weight(round_)
            share = self._weight(round_) / weight
            average = tuple([old + share * (new - old) for old, new in zip(average, strategies, strict=True)])


def _matched(regret: np.ndarray) -> np.ndarray:
    """Probabilities in proportion to positive regrets; uniform if there are none."""
    positive = np.maximum(regret, 0)
    total = positive.sum()
    return positive / total if total > 0 else np.full(len(regret), 1 / len(regret))
