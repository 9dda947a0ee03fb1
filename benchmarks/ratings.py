"""The standing pool of players, how often intervals of Elo ratings contain the truth, and the ratings of libraries.

python benchmarks/ratings.py coverage --pools 1000 --seed 0
python benchmarks/ratings.py libraries --pools 20 --seed 0
python benchmarks/ratings.py pool --pairs 100 --seed 0 --folder runs/pool
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.special import expit

from pokespiel.commands.main import main as command
from pokespiel.payoffs.bradley_terry import CENTRE, ELO, Meetings, elo_ratings, most_likely_ratings
from pokespiel.payoffs.glicko import GlickoRatings, glicko_2
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


def libraries(pools: int, seed: int) -> None:
    """The largest differences from choix (maximum likelihood, two ways) and glicko2 on drawn pools, in Elo points."""
    import choix
    import glicko2

    rng = np.random.default_rng(seed)
    elo, glicko = [0.0, 0.0], [0.0, 0.0]
    for _ in range(pools):
        points = drawn(rng.normal(size=5), 40, rng).points()
        own = ELO * most_likely_ratings(points)
        wins = np.rint(2 * points).astype(int)  # a tie is a point for each, a win two
        data = [(i, j) for i in range(5) for j in range(5) for _ in range(wins[i, j])]
        for place, by in enumerate((choix.opt_pairwise, choix.ilsr_pairwise)):
            found = ELO * by(5, data, alpha=0.0, tol=1e-12)
            elo[place] = max(elo[place], float(np.abs(own - found + found.mean()).max()))
        start = rng.normal(1500, 150, 5), rng.uniform(30, 350, 5), np.full(5, 0.06)
        players = [glicko2.Player(*one) for one in zip(*start, strict=True)]
        won = rng.integers(0, 4, (5, 5)) * (1 - np.eye(5, dtype=int))
        for index, player in enumerate(players):
            foes = [*np.repeat(np.arange(5), won[index]), *np.repeat(np.arange(5), won[:, index])]
            player.update_player(start[0][foes], start[1][foes], [1] * won[index].sum() + [0] * won[:, index].sum())
        after = glicko_2(GlickoRatings(*start), won.astype(float))
        for place, (own, name) in enumerate(((after.rating, "rating"), (after.deviation, "rd"))):
            found = np.array([getattr(player, name) for player in players])
            glicko[place] = max(glicko[place], float(np.abs(own - found).max()))
    print(f"{pools} pools of 5 policies; largest differences in Elo points:")
    print(f"maximum likelihood: {elo[0]:.1e} from choix.opt_pairwise, {elo[1]:.1e} from choix.ilsr_pairwise")
    print(f"Glicko-2: {glicko[0]:.1e} from glicko2, its deviation {glicko[1]:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("coverage", "pool", "libraries"))
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=100, help="of matches in each cell of the pool")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("runs/pool"))
    options = parser.parse_args()
    if options.what == "coverage":
        coverage(options.pools, options.seed)
        return
    if options.what == "libraries":
        libraries(options.pools, options.seed)
        return
    play = ["tournament", "baselines", *agents.names(), "--folder", str(options.folder), "--draws", "20"]
    command([*play, "--units", str(options.pairs), "--seed", str(options.seed)])
    command(["rate", str(options.folder), "--seed", str(options.seed)])


if __name__ == "__main__":
    main()
