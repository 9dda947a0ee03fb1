"""The scripted Gen 1 players against each other: a round robin in seat-swapped pairs, with intervals.

python benchmarks/baselines.py --pairs 1000 --seed 0

Pairs are played `--step` a cell at a time and the table so far is shown after each step.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np

from pokespiel.files import write_text
from pokespiel.game import load_game
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.metagame import PayoffTable, interval
from pokespiel.sampling import SampledPayoffs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--pairs", type=int, default=1000, help="of matches in each cell")
    parser.add_argument("--step", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the table here too")
    options = parser.parse_args()
    if options.pairs < options.step or options.pairs % options.step:
        parser.error("--pairs must be a multiple of --step")

    game, rng, started = load_game(options.game), np.random.default_rng(options.seed), time.monotonic()
    names = list(BASELINES)
    population = [BASELINES.build(name) for name in names]
    cells = np.array(list(itertools.combinations(range(len(names)), 2)))
    payoffs = SampledPayoffs(units=options.step)
    table = payoffs(game, [population], None, rng)
    while True:
        text = markdown(names, table, game.utility_range)
        print(f"{pairs_of(table)} pairs a cell, {time.monotonic() - started:.0f} s\n\n{text}", flush=True)
        if options.out is not None:
            write_text(options.out, text)
        if pairs_of(table) >= options.pairs:
            break
        table = payoffs.add(game, [population], table, cells, rng)


def pairs_of(table: PayoffTable) -> int:
    assert table.samples is not None
    return int(table.samples.units[0, 1])


def markdown(names: list[str], table: PayoffTable, bounds: tuple[float, float]) -> str:
    """Win rates of the row against the column in percent, ties half, with 95 % intervals; strongest first."""
    rates = (1 + table.payoffs[0]) / 2
    limits = [(1 + limit[0]) / 2 for limit in interval(table, bounds)]
    order = np.argsort(-(rates.sum(axis=1)))
    lines = [
        "| win % of | " + " | ".join(names[column] for column in order) + " | mean |",
        "|---" * (len(names) + 2) + "|",
    ]
    for row in order:
        shown = [
            "-" if row == column else _cell(rates[row, column], limits[0][row, column], limits[1][row, column])
            for column in order
        ]
        mean = (rates[row].sum() - rates[row, row]) / (len(names) - 1)
        lines.append(f"| {names[row]} | " + " | ".join(shown) + f" | {100 * mean:.1f} |")
    return "\n".join(lines) + "\n"


def _cell(rate: float, low: float, high: float) -> str:
    return f"{100 * rate:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    main()
