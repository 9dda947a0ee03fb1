"""The standing pool of players, and how often the intervals of Elo ratings contain the truth.

python benchmarks/ratings.py coverage --pools 1000 --seed 0
python benchmarks/ratings.py pool --pairs 100 --seed 0 --folder runs/pool
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.special import expit

from pokespiel.commands.main import main as command
from pokespiel.payoffs.bradley_terry import CENTRE, ELO, Meetings, elo_ratings
from pokespiel.runs import agents

KINDS = ((2, 50, 1.0), (5, 30, 1.0), (10, 20, 1.0), (10, 100, 1.0), (6, 50, 2.0))
"""Policies, pairs per cell, and the standard deviation of the true ratings, in units of 174 Elo points."""


def coverage(pools: int, seed: int) -> None:
    """The share of true ratings inside the 95 % intervals; in a third of the pairs both matches end the same way."""
    print("| policies | pairs a cell | spread, Elo | inside, % | seconds |\n|---|---|---|---|---|")
    for size, pairs, spread in KINDS:
        rng, began, inside = np.random.default_rng(seed), time.perf_counter(), []
        for _ in range(pools):
            truth = rng.normal(size=size) * spread
            found = elo_ratings(drawn(truth, pairs, rng), rng)
            right = CENTRE + ELO * (truth - truth.mean())
            inside.append((found.low <= right) & (right <= found.high))
        seconds = time.perf_counter() - began
        print(f"| {size} | {pairs} | {ELO * spread:.0f} | {100 * np.mean(inside):.1f} | {seconds:.0f} |", flush=True)


def drawn(truth: np.ndarray, pairs: int, rng: np.random.Generator) -> Meetings:
    """A pool of players with the true ratings [n]."""
    first, second = (np.repeat(side, pairs) for side in np.triu_indices(len(truth), 1))
    won = rng.random((len(first), 2)) < expit(truth[first] - truth[second])[:, None]
    alike = rng.random(len(first)) < 1 / 3
    won[alike, 1] = won[alike, 0]
    names = tuple(str(index) for index in range(len(truth)))
    return Meetings(names, first, second, won.mean(axis=1), np.full(len(first), 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("coverage", "pool"))
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=100, help="of matches in each cell of the pool")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("runs/pool"))
    options = parser.parse_args()
    if options.what == "coverage":
        coverage(options.pools, options.seed)
        return
    play = ["tournament", "baselines", *agents.names(), "--folder", str(options.folder), "--draws", "20"]
    command([*play, "--units", str(options.pairs), "--seed", str(options.seed)])
    command(["rate", str(options.folder), "--seed", str(options.seed)])


if __name__ == "__main__":
    main()
