"""Fictitious play: every player best-responds to the others' past play (Brown 1951; Robinson 1951).

Reference: Brown (1951), Iterative Solution of Games by Fictitious Play.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pokespiel.core.ranges import Checked, Count
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.judging import exact_sums
from pokespiel.metasolvers.tables import Iterate, Profile, Table, nth, on_table


@dataclass(frozen=True)
class FictitiousPlay(Checked):
    """The empirical frequencies of fictitious play, for any number of players and general-sum payoffs.

    They converge to equilibrium in two-player zero-sum tables, but slowly: the regret falls about as 1 / sqrt(steps).
    """

    steps: Count = 10_000
    """Number of rounds. All players choose simultaneously, in the first round against uniform opponents; ties go to the
    lowest index."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        return table.strategy(nth(_play(table), self.steps).average)

    @on_table
    def iterates(self, table: Table) -> Iterator[Iterate]:
        """The pure choices and the frequencies after each round, without end."""
        return _play(table)


def _play(table: Table) -> Iterator[Iterate]:
    choices = average = table.uniform()
    identities = [np.eye(size) for size in table.sizes]
    yield Iterate(choices, average)
    exact = exact_sums(table.payoffs)
    opponents, rounds = tuple([np.ones(size) for size in table.sizes]), 0
    counts = tuple([np.zeros(size) for size in table.sizes])
    while True:
        terms = float(max(rounds, *table.sizes)) ** (table.num_players - 1)
        chosen = [_best(table, population, opponents, terms <= exact) for population in range(len(counts))]
        rounds += 1
        choices = tuple([identity[choice] for identity, choice in zip(identities, chosen, strict=True)])
        opponents = counts = tuple([count + choice for count, choice in zip(counts, choices, strict=True)])
        average = tuple([count / rounds for count in counts])
        yield Iterate(choices, average)


def _best(table: Table, population: int, counts: Profile, exact: bool) -> int:
    """The first best policy against others who have played each policy `counts` times, [n_p] integers each.

    If sums are not exact, differences that rounding may explain count as ties.
    """
    values = table.values(population, counts)
    best = int(values.argmax())
    if exact:
        return best
    doubts = table.doubts(population, counts)
    return int((values + doubts >= values[best] - doubts[best]).argmax())
