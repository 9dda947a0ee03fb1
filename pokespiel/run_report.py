"""A run's report: its progress, mixture, payoffs and response graph on one HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pokespiel.options import to_plain
from pokespiel.report import plots
from pokespiel.report.page import Page
from pokespiel.run import RunFolder, Standing, population_names

HEAT_MAP = 40
"""The heat map shows so many policies a player at most, those of the largest weight."""
GRAPH = {1: 12, 2: 6, 3: 3}
"""The response graph shows so many policies a player at most, by the number of populations."""
VISIBLE = 1e-9
"""Distances that never exceed this are zero up to rounding and not drawn."""
PROGRESS = {
    "exploitability": "exploitability",
    "cce_gap": "CCE gap in the game",
    "ce_gap": "CE gap in the game",
    "population_regret": "population regret (what the payoff table alone shows)",
}


def write_report(run: RunFolder, path: Path) -> None:
    """Write the report of `run` to `path`; a `ValueError` if nothing was finished yet."""
    config = run.config()
    standing = run.standing()
    if standing is None:
        raise ValueError(f"{run.path} has no finished iteration yet")
    page = Page(f"{config.game}: PSRO with {config.meta_solver.name}")
    _summary(page, standing)
    _progress(page, standing)
    _mixtures(page, standing)
    _payoffs(page, standing)
    _graph(page, standing)
    _origin(page, run)
    page.write(path)


def _summary(page: Page, standing: Standing) -> None:
    row = standing.rows[-1]
    names = ("iteration", "seconds", "nash_conv", "exploitability", "cce_gap", "ce_gap", "population_regret")
    page.facts({name.replace("_", " "): row[name] for name in names if name in row})


def _progress(page: Page, standing: Standing) -> None:
    page.heading("Progress")
    series = {}
    for name, label in PROGRESS.items():
        points = [(row["iteration"], row[name]) for row in standing.rows if name in row]
        if points and max(y for _, y in points) > VISIBLE:
            series[label] = ([x for x, _ in points], [y for _, y in points])
    exact = next((name for name in ("exploitability", "cce_gap") if name in standing.rows[-1]), None)
    page.figure(plots.curves(series, "distance from equilibrium"), "Distance from equilibrium by iteration, log scale.")
    if exact is None:
        page.text(
            "This game has no sequence form, so its exploitability is unknown. Population regret sees only deviations "
            "to policies that are in the table: at a Nash solution it is zero by construction and says nothing about "
            "others."
        )
    page.table(["iteration", *series], [_at(standing, index, series) for index in _milestones(len(standing.rows))])


def _at(standing: Standing, index: int, series: Mapping[str, Any]) -> list[Any]:
    row = standing.rows[index]
    return [row["iteration"], *(row.get(name, "") for name, label in PROGRESS.items() if label in series)]


def _milestones(rows: int) -> list[int]:
    wanted = (0, 1, 2, 5, 10, 20, 30, 40, 50, 100, 150, 200, rows - 1)
    return sorted({index for index in wanted if index < rows})


def _mixtures(page: Page, standing: Standing) -> None:
    page.heading("The mixture over time")
    for name, history in zip(population_names(standing.state), standing.mixtures, strict=True):
        who = "every seat" if name == "all" else f"player {name}"
        page.figure(plots.mixtures(history, who), f"Weight of each policy in the mixture of {who}, by iteration.")
        weights = history[-1]
        order = np.argsort(-weights, kind="stable")[:10]
        page.table(["policy", "weight"], [[f"{index}", float(weights[index])] for index in order if weights[index] > 0])


def _heaviest(standing: Standing, most: int) -> list[np.ndarray]:
    """Per seat, the policies of the largest weight, by age."""
    marginals = standing.state.strategy.marginals
    return [np.sort(np.argsort(-marginal, kind="stable")[:most]) for marginal in marginals]


def _payoffs(page: Page, standing: Standing) -> None:
    table = standing.state.table
    if table.payoffs.ndim != 3:
        return
    page.heading("Payoffs")
    rows, columns = _heaviest(standing, HEAT_MAP)
    shown = table.payoffs[0][np.ix_(rows, columns)]
    whole = shown.shape == table.payoffs[0].shape
    caption = "Mean return to player 0 (rows) against player 1 (columns)" + (
        "." if whole else f"; the {len(rows)} by {len(columns)} policies of the largest weight."
    )
    page.figure(plots.payoffs(shown, [str(row) for row in rows], [str(column) for column in columns], ""), caption)
    if table.samples is not None:
        page.text(
            f"Sampled: {int(table.samples.units.sum())} units in all, between {int(table.samples.units.min())} and "
            f"{int(table.samples.units.max())} a cell; {int(table.samples.unfinished.sum())} matches did not finish."
        )


def _graph(page: Page, standing: Standing) -> None:
    state = standing.state
    symmetric = len(state.populations) == 1 and state.table.payoffs.ndim == 3
    most = GRAPH.get(len(state.populations), 2)
    chosen = _heaviest(standing, most)
    table = state.table.payoffs[np.ix_(np.arange(len(state.table.payoffs)), *chosen)]
    names = [[str(index) for index in seat] for seat in chosen]
    weights = [marginal[seat] for marginal, seat in zip(state.strategy.marginals, chosen, strict=True)]
    figure, sinks = plots.responses(table, names, weights, symmetric)
    page.heading("Response graph")
    page.figure(
        figure,
        f"The {most} heaviest policies a player: arrows lead to a player's best deviation, red nodes lie in one of the "
        f"{sinks} sink components of all paying deviations, larger nodes have more weight.",
    )


def _origin(page: Page, run: RunFolder) -> None:
    page.heading("Where it comes from")
    page.facts({name: value for name, value in to_plain(run.config()).items() if value is not None})
    for session in run.sessions():
        machine = session["machine"]
        page.facts(
            {
                "session": session["time"],
                "command": " ".join(session["command"]),
                "commit": session["commit"],
                "python": session["python"],
                **session["packages"],
                "machine": f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB",
            }
        )
