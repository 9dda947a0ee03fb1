"""`pokespiel solve`: solve a payoff table from a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pokespiel.core.arguments import Positional
from pokespiel.core.options import Choice
from pokespiel.core.ranges import Checked, Count, Share
from pokespiel.core.registry import BadOption
from pokespiel.metasolvers import METASOLVERS


@dataclass(frozen=True)
class Solve(Checked):
    """Solve a payoff table: print each player's mixture and how much a deviation could gain."""

    table: Positional[Path]
    """The row player's payoffs (zero-sum), or every player's: text (CSV and the like), .json, .npy, .npz or .nfg."""
    second: Path | None = None
    """The column player's payoffs; None = the game is zero-sum, or the first file holds every player's."""
    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")
    """The meta-solver that solves the table."""
    symmetric: bool = False
    """One population for both seats: entry (i, j) is what policy i earns against policy j, such as a win rate."""
    every: bool = False
    """List every Nash equilibrium of a small table with any number of players; --meta-solver is not used."""
    smallest: Share = 1e-6
    """Do not list policies with less weight than this."""
    sweep: tuple[str, float, float] | None = None
    """Solve for a range of values of one of the solver's options, from the first number to the second: `--sweep alpha
    0.01 100`."""
    points: Count = 21
    """How many values the sweep takes: geometrically spaced if both ends are positive, else evenly spaced."""
    shape: bool = False
    """With --symmetric: also print how much of the table is cyclic, and the sizes of its layers: the support of the
    Nash mixture, of the Nash mixture of the other policies, and so on."""
    plot: Path | None = None
    """Also draw the sweep into this file (.svg, .png or .pdf)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.plot is not None and self.sweep is None:
            raise BadOption("--plot draws a sweep: add --sweep OPTION FROM TO")
        if self.shape and not self.symmetric:
            raise BadOption("--shape describes a table with one population: add --symmetric")
        if self.every and self.sweep is not None:
            raise BadOption("--every uses no solver: leave out --sweep")

    def __call__(self) -> int:
        from pokespiel.core.tablefiles import read_table
        from pokespiel.metasolvers.sweep import spaced, sweep
        from pokespiel.payoffs.solutions import every_solution, remark, shape_summary, solution, swept

        if self.plot is not None:
            from pokespiel.report.sweeps import check_place, draw_sweep

            check_place(self.plot)
        table = read_table(self.table, self.second, symmetric=self.symmetric)
        if note := remark(table, self.symmetric):
            print(f"note: {note}", file=sys.stderr)
        if self.shape:
            print(shape_summary(table))
        if self.every:
            print(every_solution(table, self.smallest))
            return 0
        solver = self.meta_solver.build(METASOLVERS)
        if self.sweep is None:
            print(solution(table, solver, self.symmetric, self.smallest))
            return 0
        option, low, high = self.sweep
        found = sweep(table.payoffs, solver, option, spaced(low, high, self.points), symmetric=self.symmetric)
        print(swept(table, found, self.symmetric))
        if self.plot is not None:
            draw_sweep(self.plot, table, found, self.symmetric)
            print(f"plot: {self.plot}")
        return 0
