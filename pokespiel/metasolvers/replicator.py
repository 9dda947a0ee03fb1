"""Replicator dynamics: a policy's share grows by its payoff above the average (Taylor and Jonker 1978).

Reference: Taylor and Jonker (1978), Evolutionary Stable Strategies and Game Dynamics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pokespiel.core.ranges import Checked, Count, Positive
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.dynamics import replicator_flow
from pokespiel.metasolvers.tables import Iterate, Table, nth, on_table


@dataclass(frozen=True)
class Replicator(Checked):
    """Replicator dynamics from uniform, for any number of players and general-sum payoffs."""

    steps: Count = 2000
    """Number of integration steps."""
    step: Positive = 2.0
    """Length of an integration step, in units of 1 / (range of the payoffs); accurate up to about 2."""
    average: bool = True
    """Return the average over time, which approaches equilibrium in two-player zero-sum tables; if false, the last
    state, which cycles in such tables and may converge in others."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        last = nth(replicator_flow(table, self.step / table.range), self.steps)
        return table.strategy(last.average if self.average else last.current)

    @on_table
    def iterates(self, table: Table) -> Iterator[Iterate]:
        """The state and the average after each step, without end."""
        return replicator_flow(table, self.step / table.range)
