"""Several runs of one game on one page: their distances from equilibrium side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pokespiel.report import sections
from pokespiel.report.page import Page
from pokespiel.report.progress import DISTANCES, MILESTONES, distance, distance_figure
from pokespiel.report.run import duration, options_text, responders
from pokespiel.runs.chain import Chain, chain_of, told_apart
from pokespiel.runs.run import RunFolder

COMPARED = ("exploitability", "cce_gap")
"""Distances from equilibrium in the game; the first one that all runs have is compared."""


class Compared(NamedTuple):
    """One of the runs."""

    name: str
    chain: Chain
    rows: Mapping[int, Mapping[str, Any]]
    """Its metrics by iteration, those of the runs that it continues included."""

    @property
    def last(self) -> int:
        """Its last iteration."""
        return max(self.rows)


def write_comparison(runs: Sequence[RunFolder], path: Path) -> None:
    """Write the page; a `ValueError` if the runs are not of one game or their distances are not known exactly."""
    names = told_apart([run.path for run in runs])
    if len(set(names)) < len(names):
        raise ValueError(f"a run is named twice: {', '.join(str(run.path) for run in runs)}")
    compared = [_compared(name, run) for name, run in zip(names, runs, strict=True)]
    games = {one.name: one.chain.last.run.config().game for one in compared}
    if len(set(games.values())) > 1:
        told = ", ".join(f"{name} of {game}" for name, game in games.items())
        raise ValueError(f"runs of different games cannot be compared: {told}")
    metric = next(
        (name for name in COMPARED if all(name in row for one in compared for row in one.rows.values())), None
    )
    if metric is None:
        raise ValueError(
            f"{next(iter(games.values()))} is not solved exactly, so the runs' distances from equilibrium are unknown; "
            "let their policies play each other instead: pokespiel tournament RUN RUN"
        )
    page = Page(f"Runs of {games[names[0]].partition('(')[0]}", f"{games[names[0]]}: {', '.join(names)}")
    best = min(compared, key=lambda one: one.rows[one.last][metric])
    page.lead(
        f"After its last iteration, {best.last}, {best.name} is closest to equilibrium: {DISTANCES[metric]} "
        f"{distance(best.rows[best.last][metric])}."
    )
    _curves(page, compared, metric)
    _table(page, compared, metric)
    _runs(page, compared, metric)
    made = [(one.name, one.chain.last.run.sessions(), options_text(one.chain.last)) for one in compared]
    sections.close(page, path, made, [run.path / "report.html" for run in runs])


def _compared(name: str, run: RunFolder) -> Compared:
    chain = chain_of(run)
    return Compared(name, chain, {number: row for _, number, row in chain.rows()})


def _curves(page: Page, compared: Sequence[Compared], metric: str) -> None:
    page.heading("Progress")
    lines = {one.name: (list(one.rows), [row[metric] for row in one.rows.values()]) for one in compared}
    distance_figure(page, lines, f"{DISTANCES[metric]} (utility)", "Distance from equilibrium", [metric])


def _table(page: Page, compared: Sequence[Compared], metric: str) -> None:
    ends = {one.last for one in compared}
    shown = sorted({number for number in MILESTONES if number <= max(ends)} | ends)
    page.table(
        ["iteration", *(one.name for one in compared)],
        [[number, *(one.rows.get(number, {}).get(metric) for one in compared)] for number in shown],
        "The same at some iterations.",
    )


def _runs(page: Page, compared: Sequence[Compared], metric: str) -> None:
    page.heading("Runs")
    page.table(
        ["run", "meta-solver", "responses", "seed", "iterations", "policies", "time", DISTANCES[metric]],
        [
            [
                one.name,
                one.chain.last.run.config().meta_solver.name,
                responders(one.chain.last),
                one.chain.last.run.config().seed,
                one.last,
                one.chain.last.policies,
                duration(sum(phase.standing.seconds for phase in one.chain.phases)),
                one.rows[one.last][metric],
            ]
            for one in compared
        ],
        "Each with all its phases. Times are of the machines that the runs had, which may differ.",
    )
