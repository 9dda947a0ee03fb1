"""Where the next matches go: to every cell alike, to open edges of the response graph, or to what moves the mixture.

An allocation looks at a sampled table and says how many of the next units each cell gets. `uniform` keeps all cells
level. `response_graph` plays only cells that decide an edge whose direction is still open. `mixture` draws tables that
the matches make as likely as this one, solves each, and asks how much of the mixture's variance each cell explains:
with S_c^2 / n_c explained by cell c after n_c units, n_c in proportion to S_c leaves the least in all.

Intervals come from the means of units, which pairing and ties leave valid; Rowland et al. use Clopper-Pearson, which
they do not.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pokespiel.core.intervals import mean_interval
from pokespiel.metasolvers import METASOLVERS
from pokespiel.payoffs.tables import PayoffTable, Sampled, at, deviations, noise


@dataclass(frozen=True)
class UniformAllocation:
    """Every cell alike: the least played ones first."""

    blind: ClassVar[bool] = True
    """It looks at how many units were played, not at how they ended: several of its rounds can be foreseen."""

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        return levelled(sampled.units, units)


@dataclass(frozen=True)
class ResponseGraphAllocation:
    """Cells at edges of the response graph whose direction the matches leave open, the least played ones first.

    Reference: Rowland et al. (2019), Multiagent Evaluation under Incomplete Information, algorithm 1.
    """

    confidence: float = 0.99
    """Of each edge's interval, for one look; an edge is settled when the interval of its gain excludes 0."""
    indifference: float = 0.0
    """A gain that is known to be smaller than this settles its edge too; at 0, equal payoffs are played for ever."""

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {self.confidence}")
        if self.indifference < 0:
            raise ValueError(f"indifference must not be negative, got {self.indifference}")

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        wanted = self.open_cells(sampled)
        counts = np.zeros(len(wanted), np.int64)
        if wanted.any():
            counts[wanted] = levelled(sampled.units[wanted], units)
        return counts

    def open_cells(self, sampled: Sampled) -> np.ndarray:
        """[k] bool, which of the cells decide an open edge."""
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
class MixtureAllocation:
    """Cells in proportion to how much they move the mixture, judged by the mixtures of equally likely tables.

    Reference: Neyman (1934), On the Two Different Aspects of the Representative Method.
    """

    solver: str = "nash"
    """The meta-solver whose mixture counts."""
    draws: int = 200
    """Tables drawn and solved each time."""
    explore: float = 0.2
    """This share of the units goes to the least played cells, whatever the mixture says."""

    def __post_init__(self) -> None:
        if self.solver not in METASOLVERS:
            METASOLVERS[self.solver]
        if self.draws < 10:
            raise ValueError(f"draws must be at least 10, got {self.draws}")
        if not 0 <= self.explore <= 1:
            raise ValueError(f"explore must lie between 0 and 1, got {self.explore}")

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray:
        have = sampled.units
        weight = np.sqrt(self.influence(sampled, rng) * have)
        if not weight.any():
            return levelled(have, units)
        explored = levelled(have, round(self.explore * units))
        return explored + _proportional(have + explored, weight, units - int(explored.sum()))

    def influence(self, sampled: Sampled, rng: np.random.Generator) -> np.ndarray:
        """[k], the part of the weights' variance (summed over policies) that each cell's uncertainty explains.

        Explained by linear regression on the draws, less what as many draws of noise would seem to explain.
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
        moves = (factors[at(cells.T, 2)] ** 2).sum(axis=0) > 0  # [P, k], directions in which a cell has any doubt
        return np.where(moves, np.maximum(explained, 0.0), 0.0).sum(axis=0)


def levelled(have: np.ndarray, units: int) -> np.ndarray:
    """[k] whole numbers that sum to `units` and, added to `have` [k], raise the lowest to one level."""
    order = np.argsort(have, kind="stable")
    lowest = have[order]
    room = np.arange(1, len(have) + 1) * lowest - np.cumsum(lowest)  # units it takes to raise all before to here
    count = int(np.searchsorted(room, units, side="right"))
    level, rest = divmod(units + int(lowest[:count].sum()), count)
    counts = np.zeros(len(have), np.int64)
    counts[order[:count]] = level - lowest[:count]
    counts[order[:rest]] += 1
    return counts


def _proportional(have: np.ndarray, weight: np.ndarray, units: int) -> np.ndarray:
    """[k] whole numbers that sum to `units` and bring `have` [k] as near to proportions of `weight` [k] as they can."""
    low, high = 0.0, (have.sum() + units) / weight.sum() * 2 + 1
    high = max(high, float((have + units).max() / weight[weight > 0].min()))
    for _ in range(100):
        scale = (low + high) / 2
        low, high = (scale, high) if np.maximum(scale * weight - have, 0).sum() < units else (low, scale)
    exact = np.maximum(low * weight - have, 0)
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: units - int(counts.sum())]] += 1
    return counts
