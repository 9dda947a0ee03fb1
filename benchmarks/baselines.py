"""The scripted Gen 1 players against each other: the tournament's matrix as a Markdown table, strongest first.

python benchmarks/baselines.py --pairs 1000 --seed 0 --folder runs/baselines

The folder is that of `pokespiel tournament baselines --units 1000 --folder runs/baselines`; missing matches are played.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pokespiel.core.progress import watch
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.payoffs.allocation import UniformAllocation
from pokespiel.runs.tournament.folder import Plan, Tournament
from pokespiel.runs.tournament.results import Results, matrix_rows, tournament_results, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--game", default="gen1ou(pool=competitive)")
    parser.add_argument("--pairs", type=int, default=1000, help="of matches in each cell")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("runs/baselines"))
    options = parser.parse_args()

    plan = Plan(UniformAllocation(), units=options.pairs, first=options.pairs)
    members = {"all": {name: BASELINES.build(name) for name in BASELINES}}
    with Tournament.open(options.folder, options.game, options.seed, members) as tournament:
        counted = tournament.counted()
        with watch("baselines", tournament.total(plan), counted.units) as bar:
            for _ in tournament.play(plan):
                bar.update(tournament.counted().units, "")
        found = tournament_results(tournament)
        write(tournament, found)
    print(markdown(found))


def markdown(found: Results) -> str:
    """Win rates of the row against the column in percent, ties half, with 95 % intervals, and the mean over others."""
    header, *rows = matrix_rows(found)
    order = found.rankings[0].order()
    means = 50 * (1 + found.rankings[0].overall.mean[order])
    lines = [["win % of", *header[1:], "mean"], ["---"] * (len(header) + 1)]
    for index, (row, mean) in enumerate(zip(rows, means, strict=True)):
        row[1 + index] = "-"
        lines.append([*row, f"{mean:.1f}"])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
