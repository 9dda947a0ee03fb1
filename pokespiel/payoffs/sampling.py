"""Payoff tables from counted matches: units are played, recorded in a table, and given to the cells that need them.

A *unit* is the smallest independent observation. In a symmetric game it is one seed played in every seating of a cell's
policies (with two players the seat-swapped pair), elsewhere it is one match. A unit with an unfinished match is counted
as unfinished and not otherwise used.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from pokespiel.core.executors import Crew, unit_results
from pokespiel.core.ranges import Checked, Count, TwoOrMore
from pokespiel.game.matches import play_matches
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import METASOLVERS
from pokespiel.metasolvers.judging import ROUNDING
from pokespiel.payoffs import ALLOCATIONS, Allocation, Payoffs
from pokespiel.payoffs.tables import PayoffTable, Populations, Sampled, Samples, Units, at, grow, per_seat

if TYPE_CHECKING:
    from pokespiel.game.portable import Portable


Members = Sequence[Sequence[Any]]
"""The members of each population, or of one population for all seats: policies, or names if only their number
matters."""


def one_for_all(game: Game, populations: Members) -> bool:
    """Whether one population serves several seats, so that a cell has mirrors."""
    return len(populations) == 1 and game.num_players > 1


def seatings(game: Game, populations: Members) -> np.ndarray:
    """[S, P], the orders in which a unit seats a cell's policies; see `Units.orders`."""
    roles = np.arange(game.num_players)
    return np.array(list(itertools.permutations(roles))) if one_for_all(game, populations) else roles[None]


def to_play(game: Game, populations: Members) -> np.ndarray:
    """[k, P], the cells of a table that matches can inform, each once: of mirrored cells the one whose row is sorted.

    A policy against itself earns 0 in a symmetric zero-sum game: such cells are left out.
    """
    cells = np.argwhere(np.ones([len(seat) for seat in per_seat(game, populations)], bool))
    if one_for_all(game, populations):
        cells = cells[(np.diff(cells, axis=1) >= 0).all(axis=1)]
        if game.zero_sum:
            cells = cells[(cells != cells[:, :1]).any(axis=1)]
    return cells


def grown(game: Game, populations: Members, table: PayoffTable | None) -> PayoffTable:
    """`table` with room for the populations; cells known by symmetry are filled, other new ones are missing."""
    larger = grow(table, game.num_players, [len(seat) for seat in per_seat(game, populations)], sampled=True)
    if one_for_all(game, populations) and game.zero_sum:
        for index in range(larger.sizes[0]):
            larger.payoffs[at((index,) * game.num_players)] = 0.0
    return larger


def play_units(
    game: Game,
    populations: Populations,
    cells: np.ndarray,
    rng: np.random.Generator,
    *,
    width: int = 4096,
    max_steps: int | None = None,
) -> Units:
    """Play one unit for each row of `cells` [n, P], `width` matches side by side; `rng` draws seeds and actions."""
    orders = seatings(game, populations)
    seeds = rng.integers(2**63, size=len(cells))
    played = play_matches(
        game,
        populations,
        cells[:, orders].reshape(-1, game.num_players),
        np.repeat(seeds, len(orders)),
        rng,
        width=width,
        max_steps=max_steps,
    )
    shape = (len(cells), len(orders))
    utilities = played.utilities.reshape(*shape, game.num_players)
    return Units(cells, orders, seeds, utilities, played.finished.reshape(shape), played.turns.reshape(shape))


class Field(NamedTuple):
    """The data that all blocks of matches share."""

    game: Portable
    populations: Populations
    width: int
    max_steps: int | None


class CellBlock(NamedTuple):
    """Units that are played together, with their own random numbers, so that every worker gets the same results."""

    cells: np.ndarray
    """[n, P], see `Units.cells`."""
    rng: np.random.Generator


def play_block(field: Field, block: CellBlock, before: Units | None = None) -> Iterator[Units]:
    """Play a block; work for an executor."""
    game, populations, width, max_steps = field
    yield play_units(game.game, populations, block.cells, block.rng, width=width, max_steps=max_steps)


def record_units(table: PayoffTable, units: Units) -> PayoffTable:
    """A copy of `table` with `units` counted in; a `ValueError` if one of their cells then has no finished unit."""
    assert table.samples is not None, "matches are counted in sampled tables"
    counted = PayoffTable(table.payoffs.copy(), Samples(*(array.copy() for array in table.samples)))
    cells, groups = np.unique(units.cells, axis=0, return_inverse=True)
    for group, cell in enumerate(cells):
        chosen = groups.ravel() == group
        _record(counted, cell, units.orders, units.utilities[chosen], units.finished[chosen])
    return counted


class Play(Protocol):
    """Plays units as `play_units` does."""

    def __call__(
        self,
        game: Game,
        populations: Populations,
        cells: np.ndarray,
        rng: np.random.Generator,
        *,
        width: int = 4096,
        max_steps: int | None = None,
    ) -> Units: ...


class Blocks(NamedTuple):
    """Lets a crew play units in blocks, whose random numbers `rng` seeds."""

    crew: Crew
    carry: Callable[[Game], Portable]
    """Converts a game so that it can be sent to workers."""
    size: int

    def __call__(
        self,
        game: Game,
        populations: Populations,
        cells: np.ndarray,
        rng: np.random.Generator,
        *,
        width: int = 4096,
        max_steps: int | None = None,
    ) -> Units:
        starts = range(0, len(cells), self.size)
        seeds = rng.integers(2**63, size=len(starts))
        if not starts:
            return play_units(game, populations, cells, rng, width=width, max_steps=max_steps)
        blocks = (
            CellBlock(cells[start : start + self.size], np.random.default_rng(seed))
            for start, seed in zip(starts, seeds, strict=True)
        )
        field = Field(self.carry(game), populations, width, max_steps)
        played = list(unit_results(self.crew, play_block, blocks, field))
        columns = zip(*played, strict=True)
        return Units(*(part[0] if part[0] is played[0].orders else np.concatenate(part) for part in columns))


def expecting(table: PayoffTable, cells: np.ndarray, counts: np.ndarray) -> PayoffTable:
    """A copy of `table` with `counts` [k] more units in `cells` [k, P], as if they had been played."""
    assert table.samples is not None, "matches are counted in sampled tables"
    units = table.samples.units.copy()
    units[tuple(cells.T)] += counts
    return table._replace(samples=table.samples._replace(units=units))


def _record(table: PayoffTable, cell: np.ndarray, orders: np.ndarray, values: np.ndarray, done: np.ndarray) -> None:
    """Add the units of one cell: `values` [units, seatings, P], `done` [units, seatings], `orders` [seatings, P]."""
    samples = table.samples
    assert samples is not None
    whole = done.all(axis=1)
    by_role = np.empty((int(whole.sum()), *orders.shape))  # utilities of the cell's first, second, ... policy
    for seating, order in enumerate(orders):
        by_role[:, seating, order] = values[whole, seating]
    means = by_role.mean(axis=1)
    products = np.einsum("up,uq->pq", means, means)
    totals = means.sum(axis=0)
    # A policy in several roles earns the same in each.
    alike = [order for order in orders if (cell[order] == cell).all()]
    products = np.mean([products[np.ix_(order, order)] for order in alike], axis=0)
    totals = np.mean([totals[order] for order in alike], axis=0)
    above = values - values.mean(axis=2, keepdims=True)
    level = np.abs(above) <= ROUNDING * np.abs(values).max(axis=2, keepdims=True)
    relative = np.where(level, 0, np.sign(above)).astype(int)
    filled = set()
    for seating, order in enumerate(orders):
        place = tuple(int(index) for index in cell[order])
        for kind, sign in ((samples.wins, 1), (samples.losses, -1), (samples.ties, 0)):
            kind[at(place)] += (relative[whole, seating] == sign).sum(axis=0)
        samples.unfinished[place] += int((~done[:, seating]).sum())
        if place in filled:
            continue
        filled.add(place)
        before = samples.units[place]
        after = before + len(means)
        if after == 0:
            raise ValueError(f"none of the {len(done)} matches of payoff cell {place} finished; raise max_steps")
        known = np.where(before, table.payoffs[at(place)], 0.0)
        table.payoffs[at(place)] = (known * before + totals[order]) / after
        samples.units[place] = after
        samples.products[at(place, 2)] += products[np.ix_(order, order)]


@dataclass(frozen=True)
class SampledPayoffs(Checked):
    """Mean returns over counted matches, in seat-swapped pairs with the same seed where the game is symmetric."""

    units: TwoOrMore = 500
    """Units per missing cell: pairs of matches in a symmetric two-player game, single matches elsewhere."""
    width: Count = 4096
    """Matches played side by side."""
    max_steps: Count | None = None
    """Give a match up as unfinished after so many steps; None = only the game ends it."""
    block: Count = 1024
    """Units in a block, of those that are played side by side with --side-by-side."""

    def __call__(
        self,
        game: Game,
        populations: Populations,
        table: PayoffTable | None,
        rng: np.random.Generator,
        play: Play = play_units,
    ) -> PayoffTable:
        larger = grown(game, populations, table)
        return self.add(game, populations, larger, _missing(game, populations, larger), rng, play)

    def add(
        self,
        game: Game,
        populations: Populations,
        table: PayoffTable,
        cells: np.ndarray,
        rng: np.random.Generator,
        play: Play = play_units,
    ) -> PayoffTable:
        """`table` with `units` further units in each of `cells` [k, P] (in a symmetric game, rows sorted)."""
        each = np.repeat(cells, self.units, axis=0)
        played = play(game, populations, each, rng, width=self.width, max_steps=self.max_steps)
        return record_units(table, played)

    def on(self, crew: Crew, carry: Callable[[Game], Portable]) -> Payoffs:
        return functools.partial(self, play=Blocks(crew, carry, self.block))


@dataclass(frozen=True)
class AdaptivePayoffs(Checked):
    """Mean returns over counted matches; after the first ones, matches go to cells where they decide something.

    Reference: Rowland et al. (2019), Multiagent Evaluation under Incomplete Information.
    """

    allocation: Literal["mixture", "response_graph", "uniform"] = "mixture"
    """Where matches go: to cells that move the mixture, to the response graph's open edges, or to the least known."""
    solver: str = "nash"
    """For `mixture`: the meta-solver of the mixture; `nash` supports only two-player zero-sum games."""
    first: TwoOrMore = 100
    """Units that each missing cell gets at once."""
    units: TwoOrMore = 500
    """Total units per missing cell; those that `first` leaves may go to any cell, including cells known before."""
    rounds: Count = 8
    """Number of times that the allocation decides."""
    width: Count = 4096
    """Matches played side by side."""
    max_steps: Count | None = None
    """Give a match up as unfinished after so many steps; None = only the game ends it."""
    block: Count = 1024
    """Units in a block, of those that are played side by side with --side-by-side."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first > self.units:
            raise ValueError(f"first must be at most units, got first {self.first} and units {self.units}")
        METASOLVERS[self.solver]

    def __call__(
        self,
        game: Game,
        populations: Populations,
        table: PayoffTable | None,
        rng: np.random.Generator,
        play: Play = play_units,
    ) -> PayoffTable:
        sample = SampledPayoffs(self.first, self.width, self.max_steps)
        larger = grown(game, populations, table)
        missing, cells = _missing(game, populations, larger), to_play(game, populations)
        filled = sample.add(game, populations, larger, missing, rng, play)
        allocation: Allocation = ALLOCATIONS.build(
            self.allocation, {"solver": self.solver} if self.allocation == "mixture" else {}
        )
        left = (self.units - self.first) * len(missing)
        step = -(-left // self.rounds)
        symmetric = one_for_all(game, populations)
        while left > 0:
            bounds = game.utility_range
            counts = allocation(Sampled(filled, cells, bounds, symmetric), min(step, left), rng)
            if not counts.any():
                break
            each = np.repeat(cells, counts, axis=0)
            played = play(game, populations, each, rng, width=self.width, max_steps=self.max_steps)
            filled = record_units(filled, played)
            left -= int(counts.sum())
        return filled

    def on(self, crew: Crew, carry: Callable[[Game], Portable]) -> Payoffs:
        return functools.partial(self, play=Blocks(crew, carry, self.block))


def _missing(game: Game, populations: Members, table: PayoffTable) -> np.ndarray:
    """The rows of `to_play` that are missing in `table`."""
    cells = to_play(game, populations)
    return cells[table.missing()[tuple(cells.T)]]
