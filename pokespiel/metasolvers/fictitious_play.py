"""Fictitious play: everyone best-responds to how the others have played so far (Brown 1951; Robinson 1951).

Reference: Brown (1951), Iterative Solution of Games by Fictitious Play.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Iterate, Table, checked, nth
from pokespiel.threads import limited


@dataclass(frozen=True)
class FictitiousPlay:
    """The empirical frequencies of fictitious play, for any number of players and general-sum payoffs.

    They approach equilibrium in two-player zero-sum tables, slowly: the regret falls about as 1 / sqrt(steps).
    """

    steps: int = 10_000
    """Rounds; all players choose at once, in the first against uniform opponents, the lowest index among equals."""

    @limited()
    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        table = checked(payoffs, symmetric=symmetric, solver="fictitious_play")
        return table.strategy(nth(_play(table), self.steps).average)

    def iterates(self, payoffs: np.ndarray, *, symmetric: bool = False) -> Iterator[Iterate]:
        """The pure choices and the frequencies after each round, endlessly."""
        return _play(checked(payoffs, symmetric=symmetric, solver="fictitious_play"))


def _play(table: Table) -> Iterator[Iterate]:
    choices = average = table.uniform()
    counts = [np.zeros(size) for size in table.sizes]
    identities = [np.eye(size) for size in table.sizes]
    values = [table.values(population, average) for population in range(len(counts))]
    yield Iterate(choices, average)
    rounds = 0
    while True:
        chosen = [int(value.argmax()) for value in values]
        choices = tuple([identity[choice] for identity, choice in zip(identities, chosen, strict=True)])
        rounds += 1
        for count, choice in zip(counts, chosen, strict=True):
            count[choice] += 1
        average = tuple([count / rounds for count in counts])
        values = _next_values(table, values, chosen, rounds, average)
        yield Iterate(choices, average)


def _next_values(
    table: Table, values: list[np.ndarray], chosen: list[int], rounds: int, average: tuple[np.ndarray, ...]
) -> list[np.ndarray]:
    """[n_p] a population: payoffs against the average; with two players the latest choice is all that is new."""
    if table.num_players != 2:
        return [table.values(population, average) for population in range(len(average))]
    first, second = table.payoffs
    latest = [first[:, chosen[-1]], second[chosen[0]]][: len(values)]
    return [new if rounds == 1 else value + (new - value) / rounds for value, new in zip(values, latest, strict=True)]
