"""Regret within a payoff table: how much the players could gain by deviating from a strategy.

For a product of marginals the sum of the best gains is NashConv of the *table*; for a joint strategy it is the gap to a
coarse correlated equilibrium (deviations fixed before the recommendation is seen) or to a correlated one (one swap per
recommendation). None of them sees policies outside the table: a meta-Nash has zero regret here by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.tables import contract


def joint_of(strategy: MetaStrategy) -> np.ndarray:
    """The joint distribution [n_1, ..., n_P] of a meta-strategy."""
    return product(strategy.marginals) if strategy.joint is None else strategy.joint


def product(marginals: Sequence[np.ndarray]) -> np.ndarray:
    """The joint distribution [n_1, ..., n_P] of independent players."""
    return reduce(np.multiply.outer, marginals)


def marginals_of(joint: np.ndarray) -> tuple[np.ndarray, ...]:
    """Each player's marginal [n_p] of a joint distribution [n_1, ..., n_P]."""
    players = range(joint.ndim)
    return tuple(joint.sum(axis=tuple(other for other in players if other != player)) for player in players)


def deviation_gains(payoffs: np.ndarray, strategy: MetaStrategy) -> tuple[np.ndarray, ...]:
    """Player p's gain [n_p] from always playing one policy instead of following; payoffs [P, n_1, ..., n_P]."""
    if strategy.joint is None:
        own = [contract(table, player, strategy.marginals) for player, table in enumerate(payoffs)]
        return tuple(values - values @ strategy.marginals[player] for player, values in enumerate(own))
    joint = strategy.joint
    others = [joint.sum(axis=player) for player in range(joint.ndim)]
    return tuple(
        np.moveaxis(table, player, 0).reshape(joint.shape[player], -1) @ others[player].ravel() - (table * joint).sum()
        for player, table in enumerate(payoffs)
    )


def swap_gains(payoffs: np.ndarray, joint: np.ndarray) -> tuple[np.ndarray, ...]:
    """Player p's gain [n_p recommended, n_p played] from playing one policy whenever another is recommended.

    The gain is weighted by the probability of the recommendation: payoffs [P, n_1, ..., n_P], joint [n_1, ..., n_P].
    """
    gains = []
    for player, table in enumerate(payoffs):
        size = joint.shape[player]
        flat = [np.moveaxis(array, player, 0).reshape(size, -1) for array in (joint, table)]
        values = flat[0] @ flat[1].T
        gains.append(values - np.diag(values)[:, None])
    return tuple(gains)


def table_nash_conv(payoffs: np.ndarray, marginals: Sequence[np.ndarray]) -> float:
    """Sum over players of the best deviation's gain against independent marginals; payoffs [P, n_1, ..., n_P]."""
    return population_regret(payoffs, MetaStrategy(tuple(marginals)))


def cce_gap(payoffs: np.ndarray, joint: np.ndarray) -> float:
    """Sum over players of the best fixed deviation's gain, at least 0 each."""
    gains = deviation_gains(payoffs, MetaStrategy(marginals_of(joint), joint))
    return float(sum(max(gain.max(), 0.0) for gain in gains))


def ce_gap(payoffs: np.ndarray, joint: np.ndarray) -> float:
    """Sum over players and recommendations of the best swap's gain, at least 0 each."""
    return float(sum(gain.max(axis=1).clip(min=0).sum() for gain in swap_gains(payoffs, joint)))


def population_regret(payoffs: np.ndarray, strategy: MetaStrategy) -> float:
    """The regret within the table: NashConv of a product strategy, the CCE gap of a joint one."""
    if strategy.joint is not None:
        return cce_gap(payoffs, strategy.joint)
    return float(sum(max(gain.max(), 0.0) for gain in deviation_gains(payoffs, strategy)))
