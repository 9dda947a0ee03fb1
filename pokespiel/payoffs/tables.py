"""Payoff tables: each policy's return against each other, exact or from counted matches with their uncertainty.

A table has one cell per joint choice of policies; when it grows, only new cells are missing. In a symmetric game one
population serves every seat, and a cell's mirrors (the same policies in other seats) are filled with it.

Sampling (`sampling.py`) is by *units*: in a symmetric game a unit is the same seed played in every seating of the
policies (the seat-swapped pair), elsewhere it is one match. Units are independent, the matches within one are not, so
every interval comes from unit means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pokespiel.core.intervals import mean_interval
from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaSolver, MetaStrategy
from pokespiel.metasolvers.judging import is_zero_sum

Member = TypeVar("Member")

Populations = Sequence[Sequence[Policy]]
"""The policies of each player; one population alone serves every seat of a symmetric game."""


class Samples(NamedTuple):
    """The counts behind a sampled table; `cells` stands for n_1, ..., n_P."""

    units: np.ndarray
    """[cells] int64, finished units."""
    products: np.ndarray
    """[P, P, cells], sums over units of the products of two seats' mean utilities."""
    wins: np.ndarray
    """[P, cells] int64, matches in which the seat earned more than the mean of all seats."""
    losses: np.ndarray
    """[P, cells] int64, less."""
    ties: np.ndarray
    """[P, cells] int64, the same."""
    unfinished: np.ndarray
    """[cells] int64, matches without a result; their units are not counted otherwise."""


class Units(NamedTuple):
    """n units of S matches each; a match seats role `orders[s, p]` of its unit's cell in seat p."""

    cells: np.ndarray
    """[n, P], the policies of each role; rows are sorted where one population serves every seat."""
    orders: np.ndarray
    """[S, P], the role in each seat; the first row is 0, 1, ..., P-1."""
    seeds: np.ndarray
    """[n]"""
    utilities: np.ndarray
    """[n, S, P] by seat."""
    finished: np.ndarray
    """[n, S] bool"""
    turns: np.ndarray
    """[n, S] the game's own count of turns where it has one, else steps."""

    def rows(self) -> np.ndarray:
        """[n, S, P], the policy in each seat of each match."""
        return self.cells[:, self.orders]


def total(counts: np.ndarray, symmetric: bool) -> int:
    """The sum of counts [cells]; in a symmetric game mirrored cells hold the same matches and are counted once."""
    if symmetric:
        places = np.indices(counts.shape)
        counts = counts[(np.diff(places, axis=0) >= 0).all(axis=0)]
    return int(counts.sum())


class PayoffTable(NamedTuple):
    """Mean returns of joint choices of policies."""

    payoffs: np.ndarray
    """[P, n_1, ..., n_P], mean return to seat p; nan = missing."""
    samples: Samples | None = None
    """None = the returns are exact."""

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.payoffs.shape[1:]

    def missing(self) -> np.ndarray:
        """[cells] bool, the cells that are not known yet."""
        return np.isnan(self.payoffs).any(axis=0)

    def complete(self) -> np.ndarray:
        """The payoffs; a `ValueError` that names the missing cells if there are any."""
        holes = np.argwhere(self.missing())
        if len(holes):
            shown = ", ".join(str(tuple(map(int, hole))) for hole in holes[:5])
            raise ValueError(f"{len(holes)} payoff cells are missing: {shown}{', ...' if len(holes) > 5 else ''}")
        return self.payoffs


class Sampled(NamedTuple):
    """A complete table of counted matches, and which of its cells are asked about."""

    table: PayoffTable
    cells: np.ndarray
    """[k, P]; where one population serves every seat, the rows are sorted and each stands for its mirrors."""
    bounds: tuple[float, float]
    """The range of the utilities."""
    symmetric: bool = False
    """Whether one population serves every seat."""

    @property
    def units(self) -> np.ndarray:
        """[k], finished units of each cell."""
        assert self.table.samples is not None
        return self.table.samples.units[tuple(self.cells.T)]


def at(cell: Iterable[Any], axes: int = 1) -> tuple[Any, ...]:
    """The index of a cell, or a block of cells, behind `axes` whole axes (one for the seats)."""
    return (*(slice(None),) * axes, *cell)


def per_seat(game: Game, populations: Sequence[Sequence[Member]]) -> tuple[Sequence[Member], ...]:
    """The population of each seat: policies, or stand-ins for them such as names."""
    if len(populations) == game.num_players:
        return tuple(populations)
    if len(populations) == 1 and game.symmetric:
        return (populations[0],) * game.num_players
    raise ValueError(f"{game.name} needs {game.num_players} populations, got {len(populations)}")


def grow(table: PayoffTable | None, num_players: int, sizes: Sequence[int], sampled: bool) -> PayoffTable:
    """A copy of `table` with room for populations of `sizes`; new cells are missing."""
    cells = tuple(sizes)
    payoffs = np.full((num_players, *cells), np.nan)
    samples = _no_samples(num_players, cells) if sampled else None
    if table is None:
        return PayoffTable(payoffs, samples)
    if (table.samples is None) == sampled:
        raise ValueError("exact and sampled cells do not mix in one table")
    if any(new < old for new, old in zip(cells, table.sizes, strict=True)):
        raise ValueError(f"a table of sizes {table.sizes} cannot shrink to {cells}")
    known = tuple(slice(size) for size in table.sizes)
    payoffs[at(known)] = table.payoffs
    if samples is not None and table.samples is not None:
        for new, old in zip(samples, table.samples, strict=True):
            new[at(known, new.ndim - len(known))] = old
    return PayoffTable(payoffs, samples)


def first_cells(table: PayoffTable, populations: Sequence[Sequence[Any]]) -> PayoffTable:
    """The part of a table for these populations, which are the first members of its own."""
    sizes = [len(own) for own in populations] * (len(table.sizes) if len(populations) == 1 else 1)
    known = tuple(map(slice, sizes))
    samples = table.samples and Samples(*(one[at(known, one.ndim - len(known))] for one in table.samples))
    return PayoffTable(table.payoffs[at(known)], samples)


def _no_samples(num_players: int, cells: tuple[int, ...]) -> Samples:
    def counts(*axes: int) -> np.ndarray:
        return np.zeros((*axes, *cells), np.int64)

    products = np.zeros((num_players, num_players, *cells))
    return Samples(counts(), products, counts(num_players), counts(num_players), counts(num_players), counts())


def interval(
    table: PayoffTable, bounds: tuple[float, float], confidence: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided intervals [P, cells] for the mean returns, from unit means that lie in `bounds`.

    Exact cells have width 0. Intervals are per cell, not simultaneous. See `intervals.mean_interval`.
    """
    payoffs = table.complete()
    if table.samples is None:
        return payoffs, payoffs
    units = table.samples.units
    squares = np.stack([table.samples.products[player, player] for player in range(len(payoffs))])
    low, high = mean_interval(units, payoffs * units, squares, bounds, confidence)
    return np.where(units, low, payoffs), np.where(units, high, payoffs)  # cells without units are known by symmetry


def spread(
    table: PayoffTable,
    solver: MetaSolver,
    bounds: tuple[float, float],
    rng: np.random.Generator,
    *,
    symmetric: bool = False,
    draws: int = 200,
) -> list[MetaStrategy]:
    """The meta-strategies of `draws` tables that are sampled in accordance with the matches.

    Each cell's mean returns are drawn from a normal distribution about the table's, with the covariance of the unit
    means over the seats (two units at each end of `bounds` added, as in `interval`), mirrored cells together; for an
    exact table all are equal. The spread of the marginals is the sampling uncertainty of the mixture.
    """
    payoffs = table.complete()
    if table.samples is None:
        return [solver(payoffs, symmetric=symmetric)] * draws
    factors = deviations(table, bounds)
    normal = (rng.standard_normal(payoffs.shape) for _ in range(draws))
    return [solver(payoffs + noise(factors, values, symmetric), symmetric=symmetric) for values in normal]


def noise(factors: np.ndarray, normal: np.ndarray, symmetric: bool) -> np.ndarray:
    """[P, cells], sampled errors of the mean returns: `deviations` times standard normal [P, cells].

    symmetric: mirrored cells share the sorted cell's noise.
    """
    drawn = np.einsum("pq...,q...->p...", factors, normal)
    return mirrored(drawn) if symmetric else drawn


def deviations(table: PayoffTable, bounds: tuple[float, float]) -> np.ndarray:
    """[P, P, cells], a square root of the covariance of each cell's mean returns; 0 in cells without units."""
    samples = table.samples
    if samples is None:
        return np.zeros((len(table.payoffs), *table.payoffs.shape))
    means = np.moveaxis(table.payoffs, 0, -1)[..., None]
    count = samples.units[..., None, None]
    products = np.moveaxis(samples.products, (0, 1), (-2, -1))
    covariance = products - count * means @ np.swapaxes(means, -1, -2)
    zero_sum, (low, high) = is_zero_sum(table.payoffs), bounds
    covariance += 4 * ((high - low) / 2) ** 2 * _doubt(len(table.payoffs), zero_sum)
    off = means - (means.mean(axis=-2, keepdims=True) if zero_sum else (low + high) / 2)
    covariance += 4 * count / (count + 4) * (off @ np.swapaxes(off, -1, -2))  # the added units have a different mean
    covariance = np.where(count > 0, covariance / (count + 3) / (count + 4), 0.0)
    values, vectors = np.linalg.eigh(covariance)
    return np.moveaxis(vectors * np.sqrt(np.maximum(values, 0))[..., None, :], (-2, -1), (0, 1))


def _doubt(num_players: int, zero_sum: bool) -> np.ndarray:
    """[P, P], how the seats' utilities move together in the added units: in a zero-sum table they still sum to zero."""
    return (num_players * np.eye(num_players) - 1) / (num_players - 1) if zero_sum else np.eye(num_players)


def mirrored(values: np.ndarray) -> np.ndarray:
    """Values [P, n, ..., n] made equal for the same policies in other seats: those of the sorted cell."""
    num_players, size = values.shape[:2]
    cells = np.indices((size,) * num_players).reshape(num_players, -1)
    order = np.argsort(cells, axis=0, kind="stable")
    ordered = np.take_along_axis(cells, order, axis=0)
    mirrored = np.empty((num_players, cells.shape[1]))
    by_role = values[at(ordered)]  # role r of the sorted cell
    for role in range(1, num_players):
        same = ordered[role] == ordered[role - 1]
        by_role[role, same] = by_role[role - 1, same]
    np.put_along_axis(mirrored, order, by_role, axis=0)
    return mirrored.reshape(values.shape)
