"""Projected replicator dynamics: replicator dynamics in which no policy dies out (Lanctot et al. 2017,
arXiv:1711.00832).

Reference: Lanctot et al. (2017), A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pokespiel.core.ranges import Checked, Count, Positive, Share
from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.dynamics import replicator_flow
from pokespiel.metasolvers.tables import Iterate, Table, nth, on_table


@dataclass(frozen=True)
class ProjectedReplicator(Checked):
    """Projected replicator dynamics from uniform, averaged over time; any number of players, general-sum payoffs.

    In two-player zero-sum tables of range R the regret is about R (log n + log m) / (steps * step), plus that of the
    floor.
    """

    steps: Count = 2000
    """Number of integration steps."""
    step: Positive = 2.0
    """Length of an integration step, in units of 1 / (range of the payoffs); accurate up to about 2."""
    floor: Share = 1e-6
    """Minimum probability of every policy."""

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite, or the floor is too high."""
        return table.strategy(nth(self._flow(table), self.steps).average)

    @on_table
    def iterates(self, table: Table) -> Iterator[Iterate]:
        """The state and the average after each step, without end."""
        return self._flow(table)

    def _flow(self, table: Table) -> Iterator[Iterate]:
        if not 0 <= self.floor <= 1 / max(table.sizes):
            raise ValueError(f"prd: the floor must be between 0 and 1 / {max(table.sizes)} policies, got {self.floor}")
        return replicator_flow(table, self.step / table.range, self.floor)
