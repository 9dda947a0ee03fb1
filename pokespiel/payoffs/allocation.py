"""Where the next matches go: evenly to all cells, to undecided edges of the response graph, or to the cells that move
the mixture.

An allocation looks at a sampled table and says how many of the next units each cell gets. `uniform` keeps the counts of
all cells equal. `response_graph` plays only cells that decide an edge whose direction is still uncertain. `mixture`
samples tables that are compatible with the matches, solves each, and estimates how much of the mixture's variance each
cell explains: if cell c explains S_c^2 / n_c after n_c units, n_c in proportion to S_c minimises the total.

Intervals come from unit means, which remain valid with paired matches and ties; the Clopper-Pearson intervals of
Rowland et al. do not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from pokespiel.core.intervals import mean_interval
from pokespiel.core.ranges import Checked, InnerShare, NotNegative, Range, Share
from pokespiel.metasolvers import METASOLVERS
from pokespiel.payoffs.tables import PayoffTable, Sampled, at, deviations, noise


@dataclass(frozen=True)
class UniformAllocation:
    """The same number of units for every cell: the least played cells come first."""

    blind: ClassVar[bool] = True

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        return levelled(sampled.units, units)


@dataclass(frozen=True)
class ResponseGraphAllocation(Checked):
    """Cells at edges of the response graph whose direction is still uncertain, the least played cells first.

    Reference: Rowland et al. (2019), Multiagent Evaluation under Incomplete Information, algorithm 1.
    """

    confidence: InnerShare = 0.99
    """Confidence level of each edge's interval, at a single look; an edge is settled when the interval of its gain
    excludes 0."""
    indifference: NotNegative = 0.0
    """An edge whose gain is known to be smaller than this is settled too; with 0, equal payoffs are never settled."""

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        wanted = self.open_cells(sampled)
        counts = np.zeros(len(wanted), np.int64)
        if wanted.any():
            counts[wanted] = levelled(sampled.units[wanted], units)
        return counts

    def open_cells(self, sampled: Sampled) -> np.ndarray:
        """[k] bool, which of the cells decide an uncertain edge."""
        table, cells, bounds, symmetric = sampled
        if symmetric and cells.shape[1] == 2:
            return self._open(*_mirrored_gain(sampled, self.confidence))
        marked = np.zeros(table.sizes, bool)
        centre, half = _intervals(table, bounds, self.confidence)
        for player in range(len(centre)):
            mean, width, touched = (np.moveaxis(array, player, -1) for array in (centre[player], half[player], marked))
            gain = mean[..., None, :] - mean[..., :, None]
            doubt = np.hypot(width[..., None, :], width[..., :, None])
            undecided = self._open(gain - doubt, gain + doubt) & ~np.eye(mean.shape[-1], dtype=bool)
            touched |= undecided.any(axis=-1)
        if not symmetric:
            return marked[tuple(cells.T)]
        mirrors = [marked[tuple(cells[:, order].T)] for order in itertools.permutations(range(cells.shape[1]))]
        return np.any(mirrors, axis=0)

    def _open(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        settled = (low > 0) | (high < 0) | ((low > -self.indifference) & (high < self.indifference))
        return ~settled


def _mirrored_gain(sampled: Sampled, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Interval [k] each of what i earns against j over j against i: both come from the same units, so from one cell."""
    table, cells, (low, high), _ = sampled
    samples, units = table.samples, sampled.units
    assert samples is not None
    cell = tuple(cells.T)
    (own, cross), (_, other) = samples.products[at(cell, 2)]
    first, second = table.payoffs[at(cell)]
    return mean_interval(units, (first - second) * units, own + other - 2 * cross, (low - high, high - low), confidence)


def _intervals(table: PayoffTable, bounds: tuple[float, float], confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres and half widths [P, cells] of the mean returns' intervals; half width 0 where known by symmetry."""
    samples = table.samples
    assert samples is not None
    squares = np.stack([samples.products[player, player] for player in range(len(table.payoffs))])
    low, high = mean_interval(samples.units, table.payoffs * samples.units, squares, bounds, confidence)
    played = samples.units > 0
    return np.where(played, (low + high) / 2, table.payoffs), np.where(played, (high - low) / 2, 0.0)


@dataclass(frozen=True)
class MixtureAllocation(Checked):
    """Units in proportion to how much a cell moves the mixture, estimated from mixtures of sampled tables.

    Reference: Neyman (1934), On the Two Different Aspects of the Representative Method.
    """

    solver: str = "nash"
    """The meta-solver of the mixture."""
    draws: Annotated[int, Range(least=10)] = 200
    """Number of tables that are sampled and solved for each decision."""
    explore: Share = 0.2
    """Share (0..1) of the units that goes to the least played cells regardless of the mixture."""

    def __post_init__(self) -> None:
        super().__post_init__()
        METASOLVERS[self.solver]

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        have = sampled.units
        weight = np.sqrt(self.influence(sampled, rng) * have)
        if not weight.any():
            return levelled(have, units)
        explored = levelled(have, round(self.explore * units))
        return explored + _proportional(have + explored, weight, units - int(explored.sum()))

    def influence(self, sampled: Sampled, rng: np.random.Generator) -> np.ndarray:
        """[k], the part of the weights' variance (summed over policies) that each cell's uncertainty explains.

        Estimated by linear regression on the draws, minus what the same number of draws of pure noise would explain.
        """
        table, cells, bounds, symmetric = sampled
        solver = METASOLVERS.build(self.solver)
        factors = deviations(table, bounds)
        normal = rng.standard_normal((self.draws, *table.payoffs.shape))
        solved = (solver(table.payoffs + noise(factors, z, symmetric), symmetric=symmetric) for z in normal)
        weights = np.array([np.concatenate(strategy.marginals[: 1 if symmetric else None]) for strategy in solved])
        weights -= weights.mean(axis=0)
        own = normal[at(cells.T, 2)]  # [draws, P, k]
        covariance = np.einsum("dm,dpk->mpk", weights, own) / self.draws
        explained = (covariance**2).sum(axis=0) - weights.var(axis=0).sum() / self.draws
        moves = (factors[at(cells.T, 2)] ** 2).sum(axis=0) > 0  # [P, k], directions in which a cell is uncertain
        return np.where(moves, np.maximum(explained, 0.0), 0.0).sum(axis=0)


def levelled(have: np.ndarray, units: int) -> np.ndarray:
    """[k] integers that sum to `units` and, added to `have` [k], raise the lowest to a common level."""
    order = np.argsort(have, kind="stable")
    lowest = have[order]
    room = np.arange(1, len(have) + 1) * lowest - np.cumsum(lowest)  # units that raise all earlier ones to this level
    count = int(np.searchsorted(room, units, side="right"))
    level, rest = divmod(units + int(lowest[:count].sum()), count)
    counts = np.zeros(len(have), np.int64)
    counts[order[:count]] = level - lowest[:count]
    counts[order[:rest]] += 1
    return counts


def _proportional(have: np.ndarray, weight: np.ndarray, units: int) -> np.ndarray:
    """[k] integers that sum to `units` and bring `have` [k] as close as possible to the proportions of `weight` [k]."""
    low, high = 0.0, (have.sum() + units) / weight.sum() * 2 + 1
    high = max(high, float((have + units).max() / weight[weight > 0].min()))
    for _ in range(100):
        scale = (low + high) / 2
        low, high = (scale, high) if np.maximum(scale * weight - have, 0).sum() < units else (low, scale)
    exact = np.maximum(low * weight - have, 0)
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: units - int(counts.sum())]] += 1
    return counts
