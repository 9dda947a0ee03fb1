"""Rectified Nash: every policy of the equilibrium trains against the policies that it already beats (Balduzzi et al.
2019, arXiv:1901.08106).

Reference: Balduzzi et al. (2019), Open-ended Learning in Symmetric Zero-sum Games.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.nash import solve_zero_sum
from pokespiel.metasolvers.tables import Table, check_zero_sum, on_table, zero_sum_matrix


@dataclass(frozen=True)
class RectifiedNash:
    """PSRO_rN: a Nash equilibrium of a two-player zero-sum table, and one response for each policy of its support.

    A policy's response trains against the opponents' equilibrium, restricted to opponents that the policy beats or
    ties, so that each amplifies its own strength. A policy beats an opponent if it earns more than the game's value,
    which is zero in a symmetric game; within 1e-12 of the mean payoff in play it ties.
    """

    def check(self, num_players: int, ends: Callable[[], np.ndarray]) -> None:
        check_zero_sum(
            "rectified_nash", num_players, ends() if num_players == 2 else np.zeros((num_players, 0)), "game"
        )

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [2, n, m]; `targets` has one row per supported policy, in the order of their indices.

        A `ValueError` if the payoffs are not finite, misshapen, for more players or general-sum.
        """
        found = solve_zero_sum(zero_sum_matrix(table, "rectified_nash"), solver="rectified_nash")
        x, y = found.x, found.y
        if table.symmetric:
            x = y = (x + y) / 2
        targets = _beaten(found.above, x, y, found.tie), _beaten(-found.above.T, y, x, found.tie)
        return table.strategy([x] if table.symmetric else [x, y])._replace(targets=targets)


def _beaten(above: np.ndarray, own: np.ndarray, other: np.ndarray, tie: float) -> np.ndarray:
    """[m, size of other] a distribution over opponents for each policy in `own`'s support; above: payoff minus
    value."""
    rows = (above[own > 0] >= -tie) * other
    return rows / rows.sum(axis=1, keepdims=True)
