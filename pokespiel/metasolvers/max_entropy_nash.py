"""The equilibrium of maximum entropy in a two-player zero-sum table (Balduzzi et al. 2018, arXiv:1806.02643).

It is unique, does not depend on the order of policies, and gives copies of a policy equal weight; this is the Nash
averaging of evaluation. An equilibrium in the relative interior of the set of all equilibria shows which constraints
hold with equality in every equilibrium; on that face each player's entropy is maximised separately.

Reference: Balduzzi et al. (2018), Re-evaluating Evaluation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pokespiel.core.threads import limited
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.entropy import most_entropic
from pokespiel.metasolvers.nash import TOLERANCE, balanced_out, solve_zero_sum
from pokespiel.metasolvers.tables import Table, check_zero_sum, on_table, zero_sum_matrix

LEAST = 1e-280
"""Smaller stakes cannot be used as divisors."""


@dataclass(frozen=True)
class MaxEntropyNash:
    """The Nash equilibrium of maximum entropy of a two-player zero-sum table; its gains are checked like those of
    `nash`."""

    def check(self, num_players: int, ends: Callable[[], np.ndarray]) -> None:
        check_zero_sum(
            "max_entropy_nash", num_players, ends() if num_players == 2 else np.zeros((num_players, 0)), "game"
        )

    @limited()
    @on_table
    def __call__(self, table: Table) -> MetaStrategy:
        """payoffs [2, n, m]; a `ValueError` if they are not finite, misshapen, for more players or general-sum."""
        matrix = zero_sum_matrix(table, "max_entropy_nash")
        found = solve_zero_sum(matrix, solver="max_entropy_nash")
        x, y = _spread(found.above, found.x, found.y), _spread(-found.above.T, found.y, found.x)
        x, y, *_ = found = balanced_out(matrix, x, y, found.value)
        if found.flaw > TOLERANCE:
            raise ArithmeticError(f"max_entropy_nash: a policy still gains {found.flaw:.3g} of its stakes")
        return table.strategy([(x + y) / 2] if table.symmetric else [x, y])


def _spread(above: np.ndarray, own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The row player's optimal strategy [n] of maximum entropy, from an equilibrium with maximal supports.

    above: [n, m] payoffs minus the value of the game.
    """
    rows, tight = own > 0, other > 0
    block = above[rows]
    stakes = np.abs(block).T @ own[rows]
    block = (block / np.where(stakes > LEAST, stakes, 1)).T
    result = np.zeros_like(own)
    result[rows] = most_entropic(own[rows], block[tight], block[~tight])
    return result
