"""Self-play: respond to the newest policies only.

Reference: Lanctot et al. (2017), A Unified Game-Theoretic Approach to Multiagent Reinforcement Learning.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import checked


@dataclass(frozen=True)
class SelfPlay:
    """All weight on the newest policy of each population, for any number of players.

    With exact responses, PSRO becomes iterated best response, which may cycle forever.
    """

    repeats: ClassVar[bool] = True
    """The newest response may be one that came before."""

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        table = checked(payoffs, symmetric=symmetric, solver="self_play")
        return table.strategy([np.eye(size)[-1] for size in table.sizes])
