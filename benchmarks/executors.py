"""One tournament by one process, two processes and a Ray cluster on this machine: the same log, and its cost.

    python benchmarks/executors.py                          # about five minutes on two cores
    python benchmarks/executors.py --units 40 --step 64     # under a minute
    python benchmarks/executors.py --address auto --workers 64

All pairs of the named players meet (`shipped` = the shipped agent). `start` is the time until the workers have returned
their first results (nothing for a single process); `rounds` is the time for the remaining units (pairs of matches). A
unit's time is what a worker spends on it; its bytes are its share of the round's messages in both directions. The
head's time is its own processor time per unit: pickling, counting, writing the log. The ratio of the two times is the
number of workers that one head can keep busy.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.cluster import Ray
from pokespiel.core.executors import Alone, Executor
from pokespiel.core.processes import Local
from pokespiel.core.threads import limited
from pokespiel.game.loading import load_game
from pokespiel.game.portable import Portable
from pokespiel.payoffs.allocation import UniformAllocation
from pokespiel.payoffs.sampling import CellBlock, Field, play_block, to_play
from pokespiel.runs.initial import policies_named
from pokespiel.runs.tournament.folder import Plan, Tournament


class Row(NamedTuple):
    name: str
    start: float
    """Seconds until the first result."""
    rounds: float
    """Seconds for the rest."""
    units: int
    """Number of these units."""
    head: float
    """The head's processor seconds for the rest."""
    log: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--players", nargs="+", default=["shipped", "expert", "max_damage", "random"])
    parser.add_argument("--units", type=int, default=1024, help="units of each pair of players")
    parser.add_argument("--step", type=int, default=256, help="units in a round")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--address", help="of a Ray cluster; none = one of this machine")
    parser.add_argument("--only", nargs="+", choices=["one", "processes", "ray"], default=["one", "processes", "ray"])
    options = parser.parse_args()
    executors: dict[str, tuple[str, Executor]] = {
        "one": ("one process", Local()),
        "processes": (f"{options.workers} processes", Local(options.workers)),
        "ray": (f"Ray, {options.workers} workers", Ray(options.address, options.workers)),
    }
    with limited():
        print(f"{options.game}, {', '.join(options.players)}, rounds of {options.step} units")
        unit = sizes(options)
        rows = [played(*executors[name], options) for name in options.only]
    report(rows, unit)


def played(name: str, executor: Executor, options: Any) -> Row:
    game = load_game(options.game)
    plan = Plan(UniformAllocation(), options.units, options.units, options.step)
    members = {"all": policies_named(options.players, game)}
    with tempfile.TemporaryDirectory() as folder, Tournament.open(folder, options.game, 0, members) as tournament:
        began = time.perf_counter()
        with executor.open() as crew:
            tables = tournament.play(plan, crew)
            next(tables)
            if not isinstance(crew, Alone):
                next(tables)
            first, before, head = time.perf_counter(), tournament.counted().units, time.process_time()
            for _ in tables:
                pass
            rounds, spent = time.perf_counter() - first, time.process_time() - head
        log = hashlib.sha256((Path(folder) / "matches.csv").read_bytes()).hexdigest()
        return Row(name, first - began, rounds, tournament.counted().units - before, spent, log)


def sizes(options: Any) -> float:
    """Print the bytes sent per unit; returns a unit's seconds on one thread of this machine."""
    game = load_game(options.game)
    policies = [list(policies_named(options.players, game).values())]
    cells = np.repeat(to_play(game, policies), -(-options.step // len(to_play(game, policies))), axis=0)[: options.step]
    field = Field(Portable(game, load_game), policies, 4096, None)
    block = CellBlock(cells, np.random.default_rng(0))
    there = len(pickle.dumps(block, protocol=5))
    began = time.process_time()
    (units,) = play_block(field, block)
    spent = (time.process_time() - began) / len(cells)
    back = len(pickle.dumps(units, protocol=5))
    shared = len(pickle.dumps((play_block, field), protocol=5))
    print(f"to each worker once {shared:,} bytes; a round {there:,} bytes there and {back:,} back, ", end="")
    print(f"{(there + back) / len(cells):.0f} per unit; a unit {1000 * spent:.2f} ms of one processor")
    return spent


def report(rows: list[Row], unit: float) -> None:
    print("\n| | start, s | rounds, s | units/s | head, ms of processor time per unit | workers that one head feeds |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        rate, own = row.units / row.rounds, row.head / row.units
        alone = row.name == "one process"
        fed = "" if alone else f"{unit / own:,.0f}"
        shown = "" if alone else f"{1000 * own:.3f}"
        print(f"| {row.name} | {0 if alone else row.start:.1f} | {row.rounds:.1f} | {rate:,.0f} | {shown} | {fed} |")
    print("\nthe same log, to the byte" if len({row.log for row in rows}) == 1 else "\nTHE LOGS DIFFER")


if __name__ == "__main__":
    main()
