"""A tournament's report: ranking, mixture with its spread, payoffs and response graph on one HTML page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pokespiel.environment import facts
from pokespiel.metagame import per_seat
from pokespiel.report import plots
from pokespiel.report.page import Page
from pokespiel.sampling import one_for_all
from pokespiel.tournament.folder import Tournament
from pokespiel.tournament.results import Results, matrix_rows, ranking_rows, results

HEAT_MAP = 40
"""The heat map shows so many policies a player at most, the strongest."""
GRAPH = {1: 12, 2: 6}
"""The response graph shows so many policies a player at most, by the number of populations."""


def write_report(tournament: Tournament, path: Path) -> None:
    """Write the report of `tournament` to `path`; a `ValueError` if cells are missing."""
    config, counted = tournament.config(), tournament.counted()
    found = results(tournament)
    page = Page(f"{config.game}: a tournament")
    sizes = {f"policies of {name}": len(members) for name, members in config.populations.items()}
    page.facts({**sizes, "matches": counted.matches, "units": counted.units, "seed": config.seed})
    _rankings(page, found)
    _payoffs(page, found)
    _graph(page, found)
    _origin(page, tournament)
    page.write(path)


def _rankings(page: Page, found: Results) -> None:
    page.heading("Ranking")
    page.text(
        f"Scores are {found.unit} with 95 % intervals from the means of seat-swapped pairs. The weights' spread comes "
        "from Nash mixtures of tables that the matches make as likely as this one; `in support` is the share of them "
        "that use the policy at all."
    )
    for population, names, ranking in zip(found.populations, found.names, found.rankings, strict=True):
        if len(found.names) > 1:
            page.text(f"Player {population}")
        header, *rows = ranking_rows(found, names, ranking)
        page.table(header, rows)


def _strongest(found: Results, most: int) -> list[np.ndarray]:
    """Per seat, so many policies from the strongest down."""
    orders = [ranking.order()[:most].tolist() for ranking in found.rankings]
    return [np.array(order) for order in per_seat(found.game, orders)]


def _payoffs(page: Page, found: Results) -> None:
    if found.game.num_players != 2:
        return
    page.heading("Payoffs")
    rows, columns = _strongest(found, HEAT_MAP)
    names = per_seat(found.game, found.names)
    down, across = [names[0][row] for row in rows], [names[1][column] for column in columns]
    shown = found.table.payoffs[0][np.ix_(rows, columns)]
    caption = "Mean return to the row's policy against the column's, the strongest first."
    page.figure(plots.payoffs(shown, down, across, ""), caption)
    header, *lines = matrix_rows(found)
    page.text(f"The same as {found.unit} with 95 % intervals.")
    page.table(header, lines)
    samples = found.table.samples
    assert samples is not None
    page.text(
        f"Between {int(samples.units[samples.units > 0].min())} and {int(samples.units.max())} units a cell; "
        f"{int(samples.unfinished.sum())} matches did not finish and count nowhere else."
    )


def _graph(page: Page, found: Results) -> None:
    most = GRAPH.get(len(found.names), 2)
    chosen = _strongest(found, most)
    names = per_seat(found.game, found.names)
    labels = [[names[seat][index] for index in indices] for seat, indices in enumerate(chosen)]
    weights = [marginal[indices] for marginal, indices in zip(found.strategy.marginals, chosen, strict=True)]
    table = found.table.payoffs[np.ix_(np.arange(found.game.num_players), *chosen)]
    symmetric = one_for_all(found.game, found.names) and found.game.num_players == 2
    figure, sinks = plots.responses(table, labels[: 1 if symmetric else None], weights, symmetric)
    page.heading("Response graph")
    page.figure(
        figure,
        f"The strongest policies, {most} a player at most: arrows lead to a player's best deviation, red nodes lie in "
        f"one of the {sinks} sink components of all paying deviations, larger nodes have more weight.",
    )


def _origin(page: Page, tournament: Tournament) -> None:
    page.heading("Where it comes from")
    for session in tournament.sessions():
        page.facts(facts(session))
