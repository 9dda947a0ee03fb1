"""Uniform over every population: respond to everything found so far alike, as fictitious play does.

Reference: Brown (1951), Iterative Solution of Games by Fictitious Play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import checked


@dataclass(frozen=True)
class Uniform:
    """Every policy with equal probability, for any number of players.

    With exact responses, PSRO becomes fictitious play (Brown 1951).
    """

    repeats: ClassVar[bool] = True
    """A response that comes again counts again: the mixture is the average of all responses."""

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy:
        """payoffs [P, n_1, ..., n_P]; a `ValueError` if they are not finite or misshapen."""
        table = checked(payoffs, symmetric=symmetric, solver="uniform")
        return table.strategy(table.uniform())
