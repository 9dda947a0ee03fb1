"""Self-play: respond only to the newest policies.

Reference: Lanctot et al. (2017), A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import Table, on_table


@dataclass(frozen=True)
class SelfPlay:
    """All weight on the newest policy of each population, for any number of players.

    With exact responses, PSRO becomes iterated best response, which may cycle forever.
    """

    repeats: ClassVar[bool] = True
    """A repeated response is added again, because the newest policy counts."""

    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are misshapen or not finite."""
        return table.strategy([np.eye(size)[-1] for size in table.sizes])
