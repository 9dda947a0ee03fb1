"""Who is how strong in a payoff table: weight in the mixture and its spread, score over all and against the mixture.

The weights' spread comes from mixtures of tables that the matches make as likely as this one (`metagame.spread`). The
scores are mean returns; their intervals are normal, from the variances of the cells' unit means, and take the mixture
as given.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

from pokespiel.metagame import PayoffTable, deviations, spread
from pokespiel.metasolvers import SUPPORT, MetaSolver, MetaStrategy
from pokespiel.metasolvers.regret import joint_of


class Score(NamedTuple):
    """Mean returns [n] of a population's policies with intervals."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Ranking(NamedTuple):
    """One population's standing; every field has an entry a policy."""

    weight: np.ndarray
    """[n], the mixture of the table itself."""
    mean_weight: np.ndarray
    """[n], over the drawn tables."""
    low_weight: np.ndarray
    high_weight: np.ndarray
    """[n], the ends of the interval that holds `confidence` of the drawn weights."""
    support: np.ndarray
    """[n], the share of drawn mixtures that have the policy in their support."""
    overall: Score
    """Against every other policy (in a symmetric game not against itself), all alike."""
    against_mixture: Score
    """Against the mixture."""

    def order(self) -> np.ndarray:
        """[n], the policies from the strongest down: by score over all."""
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
    variances = (deviations(table, bounds) ** 2).sum(axis=1)
    rankings = []
    for player in range(1 if symmetric else len(table.payoffs)):
        weights = np.array([each.marginals[player] for each in drawn])
        low, high = np.quantile(weights, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
        payoffs, doubts = (_by_policy(array[player], player) for array in (table.payoffs, variances))
        everyone, mixture = _everyone(table.sizes, player, symmetric), _mixture(strategy, player)
        rankings.append(
            Ranking(
                strategy.marginals[player],
                weights.mean(axis=0),
                low,
                high,
                (weights > SUPPORT).mean(axis=0),
                *(_score(payoffs, doubts, opponents, bounds, confidence) for opponents in (everyone, mixture)),
            )
        )
    return strategy, tuple(rankings)


def _by_policy(array: np.ndarray, player: int) -> np.ndarray:
    """[cells] as [n, m]: a row for each of the player's policies, a column for each choice of the others."""
    return np.moveaxis(array, player, 0).reshape(array.shape[player], -1)


def _everyone(sizes: tuple[int, ...], player: int, symmetric: bool) -> np.ndarray:
    """[n, m], all choices of the others alike; if `symmetric`, those in which nobody else plays the same policy."""
    cells = np.indices(sizes)
    same = [cells[other] == cells[player] for other in range(len(sizes)) if other != player]
    alike = np.any(same, axis=0) if symmetric and sizes[player] > 1 else np.zeros(sizes, bool)
    counted = _by_policy(~alike, player).astype(float)
    return counted / np.maximum(counted.sum(axis=1, keepdims=True), 1)


def _mixture(strategy: MetaStrategy, player: int) -> np.ndarray:
    """[1, m], the distribution of the others' choices."""
    return joint_of(strategy).sum(axis=player).reshape(1, -1)


def _score(
    payoffs: np.ndarray,
    variances: np.ndarray,
    opponents: np.ndarray,
    bounds: tuple[float, float],
    confidence: float,
) -> Score:
    """The mean of `payoffs` [n, m] over `opponents` [n or 1, m], whose rows sum to 1."""
    mean = (payoffs * opponents).sum(axis=1)
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt((variances * opponents**2).sum(axis=1))
    return Score(mean, np.maximum(mean - half, bounds[0]), np.minimum(mean + half, bounds[1]))
