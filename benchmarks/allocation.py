"""Adaptive allocation of matches compared with uniform allocation, on tables whose true payoffs are known.

python benchmarks/allocation.py synthetic --seeds 20
python benchmarks/allocation.py logged --folder runs/baselines --seeds 20

`synthetic` draws tables: `transitive` (strength, a little noise), `cycles` (strength, much noise) and `top` (a cycle of
five above a field that loses to it). `logged` treats a tournament's log as the world: each unit of a cell is drawn with
replacement from the log, so the log's means are the truth. Every allocation starts from 20 units per cell and is
assessed after each doubling. The errors are half the L1 distance from the true Nash mixture, what the best policy gains
against the mixture in the true table (as a win rate), and the number of edges of the response graph with the wrong
direction. Every figure is the mean over the seeds with its standard error; seed s draws world s and its matches. Units
that an allocation leaves unplayed, because it has nothing left to decide, are shown too.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers.nash import Nash
from pokespiel.payoffs import ALLOCATIONS, Allocation
from pokespiel.payoffs.allocation import MixtureAllocation
from pokespiel.payoffs.sampling import record_units, seatings, to_play
from pokespiel.payoffs.tables import PayoffTable, Sampled, Units, grow
from pokespiel.runs.tournament.folder import Tournament

STAGES = (20, 40, 80, 160, 320, 640)
"""Average units per cell at which the table is assessed."""
PARTS = 4
"""Decisions of an allocation between two assessments."""
ORDERS = np.array([[0, 1], [1, 0]])
BOUNDS = (-1.0, 1.0)


class World(NamedTuple):
    """A symmetric zero-sum game of policies whose true payoffs are known."""

    truth: np.ndarray
    """[n, n]"""
    play: Callable[[np.ndarray, np.random.Generator], Units]
    """One unit for each row of cells [k, 2]."""


class Errors(NamedTuple):
    mixture: float
    regret: float
    edges: float
    units: float
    """Played in each cell, on average."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", choices=["synthetic", "logged"])
    parser.add_argument("--folder", type=Path, default=Path("runs/baselines"), help="of the tournament")
    parser.add_argument("--without", nargs="*", default=[], help="policies of the tournament to leave out")
    parser.add_argument("--policies", type=int, default=12, help="of a synthetic table")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--draws", type=int, default=100, help="tables drawn by the mixture's allocation")
    options = parser.parse_args()

    allocations = {name: ALLOCATIONS.build(name) for name in ALLOCATIONS} | {
        "mixture": MixtureAllocation(draws=options.draws)
    }
    kinds = SYNTHETIC if options.worlds == "synthetic" else ("log",)
    stages = STAGES[1:]
    print(f"| world | error | allocation | {' | '.join(map(str, stages))} |\n{'|---' * (len(stages) + 3)}|")
    for kind in kinds:
        found: dict[str, list[list[Errors]]] = {name: [] for name in allocations}
        fixed = logged(options.folder, options.without) if kind == "log" else None
        for seed in range(options.seeds):
            world = fixed or synthetic(kind, options.policies, np.random.default_rng([seed, 0]))
            for name, allocation in allocations.items():
                found[name].append(list(course(world, allocation, np.random.default_rng([seed, 1]))))
        for figure, name in itertools.product(Errors._fields, allocations):
            values = np.array([[getattr(errors, figure) for errors in run[1:]] for run in found[name]])
            if figure != "units" or (values.mean(axis=0) < 0.99 * np.array(stages)).any():
                print(f"| {kind} | {figure} | {name} | {' | '.join(map(_shown, values.T))} |", flush=True)


def _shown(values: np.ndarray) -> str:
    """Mean and standard error, to two digits of the latter."""
    error = float(values.std(ddof=1)) / np.sqrt(len(values))
    digits = 0 if error > 9.5 else 1 if error > 0.2 else 3 if error > 0.001 else 4
    return f"{values.mean():.{digits}f} ± {error:.{digits}f}" if error else f"{values.mean():g}"


def course(world: World, allocation: Allocation, rng: np.random.Generator) -> Iterator[Errors]:
    """The errors at each stage. An allocation with nothing left to decide stops playing."""
    size = len(world.truth)
    cells = np.array(list(itertools.combinations(range(size), 2)))
    table = grow(None, 2, (size, size), sampled=True)
    table.payoffs[:, range(size), range(size)] = 0
    table = record_units(table, world.play(np.repeat(cells, STAGES[0], axis=0), rng))
    best = Nash()(np.stack([world.truth, -world.truth]), symmetric=True).marginals[0]
    yield errors(world.truth, best, table)
    for before, after in itertools.pairwise(STAGES):
        for _ in range(PARTS):
            units = (after - before) * len(cells) // PARTS
            counts = allocation(Sampled(table, cells, BOUNDS, symmetric=True), units, rng)
            if counts.any():
                table = record_units(table, world.play(np.repeat(cells, counts, axis=0), rng))
        yield errors(world.truth, best, table)


def errors(truth: np.ndarray, best: np.ndarray, table: PayoffTable) -> Errors:
    """How far `table` is from `truth` [n, n], whose Nash mixture is `best` [n]."""
    mixture = Nash()(table.payoffs, symmetric=True).marginals[0]
    above = np.triu_indices(len(truth), 1)
    wrong = np.sign(table.payoffs[0][above]) != np.sign(truth[above])
    assert table.samples is not None
    units = table.samples.units[above].mean()
    return Errors(np.abs(mixture - best).sum() / 2, float((truth @ mixture).max()) / 2, wrong.sum(), units)


SYNTHETIC = ("transitive", "cycles", "top")


def synthetic(kind: str, size: int, rng: np.random.Generator) -> World:
    """Matches are independent and won with probability (1 + truth) / 2."""
    strength = rng.normal(size=size)
    noise = np.triu(rng.normal(size=(size, size)), 1)
    skew = {"transitive": 0.3, "cycles": 1.5, "top": 0.3}[kind] * (noise - noise.T)
    truth = np.tanh((strength[:, None] - strength + skew) / 2)
    if kind == "top":
        gap = (np.arange(5)[:, None] - np.arange(5)) % 5
        truth[:5, :5] = np.where(gap == 0, 0, np.where(gap <= 2, 1, -1)) * _symmetric(rng.uniform(0.1, 0.5, (5, 5)))
        truth[:5, 5:] = np.abs(truth[:5, 5:])
        truth[5:, :5] = -truth[:5, 5:].T

    def play(cells: np.ndarray, random: np.random.Generator) -> Units:
        won = np.where(random.random((len(cells), 2)) < (1 + truth[tuple(cells.T)][:, None]) / 2, 1.0, -1.0)
        first = np.stack([won[:, 0], -won[:, 0]], axis=1)
        second = np.stack([-won[:, 1], won[:, 1]], axis=1)
        return _units(cells, np.stack([first, second], axis=1))

    return World(truth, play)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    return (matrix + matrix.T) / 2


def logged(folder: Path, without: list[str]) -> World:
    """The world of a tournament's log."""
    tournament = Tournament(folder)
    game, names = tournament.game(), tournament.names()
    kept = [index for index, name in enumerate(names[0]) if name not in without]
    rounds = list(tournament.log.rounds(names * 2, seatings(game, names)))
    cells = np.concatenate([units.cells for units in rounds])
    utilities = np.concatenate([units.utilities for units in rounds])
    by_cell = {tuple(cell): utilities[(cells == cell).all(axis=1)] for cell in to_play(game, names)}

    def play(chosen: np.ndarray, rng: np.random.Generator) -> Units:
        drawn = np.empty((len(chosen), *utilities.shape[1:]))
        for cell in np.unique(chosen, axis=0):
            rows = np.flatnonzero((chosen == cell).all(axis=1))
            known = by_cell[tuple(kept[index] for index in cell)]
            drawn[rows] = known[rng.integers(len(known), size=len(rows))]
        return _units(chosen, drawn)

    return World(tournament.table().complete()[0][np.ix_(kept, kept)], play)


def _units(cells: np.ndarray, utilities: np.ndarray) -> Units:
    done = np.ones(utilities.shape[:2], bool)
    return Units(cells, ORDERS, np.zeros(len(cells), np.int64), utilities, done, done.astype(np.int64))


if __name__ == "__main__":
    main()
