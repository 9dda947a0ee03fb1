"""Uniform over every population: respond equally to everything found so far, as in fictitious play.

Reference: Brown (1951), Iterative Solution of Games by Fictitious Play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Table, on_table


@dataclass(frozen=True)
class UniformSolver:
    """Every policy with equal probability, for any number of players.

    With exact responses, PSRO becomes fictitious play (Brown 1951).
    """

    repeats: ClassVar[bool] = True
    """A repeated response is added again, because the mixture is the average of all responses."""

    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        return table.strategy(table.uniform())
