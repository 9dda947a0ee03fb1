"""The strength of each policy in a payoff table: weight in the mixture and its spread, score against all others and
against the mixture.

The weights' spread comes from the mixtures of tables that are sampled in accordance with the matches
(`tables.spread`). The scores are mean returns; their intervals come from the cells' unit means
(`intervals.weighted_interval`) and treat the mixture as fixed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.core.intervals import weighted_interval
from pokespiel.metasolvers import SUPPORT, MetaSolver, MetaStrategy
from pokespiel.metasolvers.regret import joint_of
from pokespiel.payoffs.tables import PayoffTable, spread


class RankedScore(NamedTuple):
    """Mean returns [n] of a population's policies with intervals."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Ranking(NamedTuple):
    """The ranking of one population; every field has an entry per policy."""

    weight: np.ndarray
    """[n], the mixture of the table itself."""
    mean_weight: np.ndarray
    """[n], over the drawn tables."""
    low_weight: np.ndarray
    high_weight: np.ndarray
    """[n], the ends of the interval that contains the share `confidence` of the drawn weights."""
    support: np.ndarray
    """[n], the share of drawn mixtures that have the policy in their support."""
    overall: RankedScore
    """Mean over all opponents with equal weight (in a symmetric game without itself)."""
    against_mixture: RankedScore
    """Mean against the mixture."""

    def order(self) -> np.ndarray:
        """[n], the policies from strongest to weakest, by score against all."""
        return np.argsort(-self.overall.mean, kind="stable")


def rank(
    table: PayoffTable,
    solver: MetaSolver,
    bounds: tuple[float, float],
    rng: np.random.Generator,
    *,
    symmetric: bool = False,
    draws: int = 200,
    confidence: float = 0.95,
) -> tuple[MetaStrategy, tuple[Ranking, ...]]:
    """The mixture of `table` and the ranking of each population, one alone if `symmetric`."""
    strategy = solver(table.complete(), symmetric=symmetric)
    drawn = spread(table, solver, bounds, rng, symmetric=symmetric, draws=draws)
    rankings = []
    for player in range(1 if symmetric else len(table.payoffs)):
        weights = np.array([each.marginals[player] for each in drawn])
        low, high = np.quantile(weights, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        everyone, mixture = _everyone(table.sizes, player, symmetric), _mixture(strategy, player)
        rankings.append(
            Ranking(
                strategy.marginals[player],
                weights.mean(axis=0),
                low,
                high,
                (weights > SUPPORT).mean(axis=0),
                *(_score(table, player, each, symmetric, bounds, confidence) for each in (everyone, mixture)),
            )
        )
    return strategy, tuple(rankings)


def _by_policy(array: np.ndarray, player: int) -> np.ndarray:
    """[cells] as [n, m]: a row for each of the player's policies, a column for each choice of the others."""
    return np.moveaxis(array, player, 0).reshape(array.shape[player], -1)


def _everyone(sizes: tuple[int, ...], player: int, symmetric: bool) -> np.ndarray:
    """[n, m], equal weights for all choices of the others; if `symmetric`, for those in which nobody else plays the
    same policy."""
    cells = np.indices(sizes)
    same = [cells[other] == cells[player] for other in range(len(sizes)) if other != player]
    alike = np.any(same, axis=0) if symmetric and sizes[player] > 1 else np.zeros(sizes, bool)
    counted = _by_policy(~alike, player).astype(float)
    return counted / np.maximum(counted.sum(axis=1, keepdims=True), 1)


def _mixture(strategy: MetaStrategy, player: int) -> np.ndarray:
    """[1, m], the distribution of the others' choices."""
    return joint_of(strategy).sum(axis=player).reshape(1, -1)


def _score(
    table: PayoffTable, player: int, opponents: np.ndarray, symmetric: bool, bounds: tuple[float, float], level: float
) -> RankedScore:
    """The mean return over `opponents` [n or 1, m], whose rows sum to 1, with intervals of confidence `level`.

    Cells without units are known by symmetry; mirrored cells of a symmetric table hold the same units.
    """
    payoffs = _by_policy(table.payoffs[player], player)
    mean = (payoffs * opponents).sum(axis=1)
    if table.samples is None:
        return RankedScore(mean, mean, mean)
    units = _by_policy(table.samples.units, player)
    squares = _by_policy(table.samples.products[player, player], player)
    others = np.indices(table.sizes[:player] + table.sizes[player + 1 :]).reshape(len(table.sizes) - 1, -1)
    _, mirror = np.unique(np.sort(others, axis=0) if symmetric else others, axis=1, return_inverse=True)
    ends = []
    for row, weights in enumerate(np.broadcast_to(opponents, payoffs.shape)):
        played = (weights > 0) & (units[row] > 0)
        known = float(weights[~played] @ payoffs[row, ~played])
        _, first, group = np.unique(mirror.ravel()[played], return_index=True, return_inverse=True)
        cells = np.flatnonzero(played)[first]
        if not len(cells):
            ends.append((known, known))
            continue
        count, total = units[row, cells], payoffs[row, cells] * units[row, cells]
        folded = np.bincount(group, weights[played])
        low, high = weighted_interval(folded, count, total, squares[row, cells], bounds, level)
        ends.append((known + low, known + high))
    return RankedScore(mean, *np.transpose(ends))
