"""PSRO on Kuhn and Leduc poker with several meta-solvers, exploitability exact at every step, a report for each run.

python examples/demo.py
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import pokespiel.blas  # noqa: F401, before NumPy
from pokespiel.options import Choice
from pokespiel.run import PSROConfig, RunFolder, Standing
from pokespiel.run_report import write_report
from pokespiel.session import work

RUNS = {"kuhn_poker": 10, "leduc_poker": 40}
SOLVERS = ("nash", "alpharank", "prd", "regret_matching", "uniform")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs") / time.strftime("demo-%Y%m%d-%H%M%S"))
    parser.add_argument("--share", type=float, default=1.0, help="of the iterations, for a shorter demo")
    options = parser.parse_args()

    ended: dict[tuple[str, str], Standing] = {}
    for game, iterations in RUNS.items():
        for solver in SOLVERS:
            config = PSROConfig(game, Choice(solver), iterations=max(1, round(iterations * options.share)))
            with RunFolder.create(options.out / f"{game}-{solver}", config) as run:
                outcome = work(run)
                write_report(run, run.path / "report.html")
            if not outcome.finished:
                return 130
            ended[game, solver] = outcome.standing
    show(ended, options.out)
    return 0


def show(ended: dict[tuple[str, str], Standing], out: Path) -> None:
    table = Table(title="exploitability, exact", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in ("game", "meta-solver", "iterations", "start", "half way", "end", "seconds"):
        text = name in ("game", "meta-solver")
        table.add_column(name, justify="left" if text else "right", no_wrap=text)
    for (game, solver), standing in ended.items():
        rows = standing.rows
        values = [f"{rows[at]['exploitability']:.1e}" for at in (0, len(rows) // 2, -1)]
        table.add_row(game, solver, str(len(rows) - 1), *values, f"{rows[-1]['seconds']:.1f}")
    Console().print(table)
    print("Open a report in a browser:")
    for game, solver in ended:
        print(f"  {out / f'{game}-{solver}' / 'report.html'}")


if __name__ == "__main__":
    sys.exit(main())
