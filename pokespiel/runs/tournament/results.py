"""A tournament's results: its mixture and ranking, as text and as files.

table.csv      one line per cell: units, each seat's mean return with its interval, wins, losses, ties, unfinished
ranking.csv    one line per policy: weight in the mixture with its spread, scores over all and against the mixture
mixture.json   {population: {policy's file: weight}}
population.json, interaction_matrix.json, ...   the predecessors' formats if they can hold it (see exports.py)
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaSolver, MetaStrategy
from pokespiel.metasolvers.nash import Nash
from pokespiel.payoffs.exports import export_table, exportable
from pokespiel.payoffs.ranking import RankedScore, Ranking, rank
from pokespiel.payoffs.sampling import one_for_all
from pokespiel.payoffs.tables import PayoffTable, at, interval, per_seat
from pokespiel.runs.tournament.folder import Tournament

MATRIX = 10
"""Maximum number of policies for which the text shows the matrix; table.csv has every cell."""

DIGITS = tuple("+-0123456789")
"""Text that starts with one of these is right-aligned."""


class Results(NamedTuple):
    """A complete table and the results derived from it."""

    game: Game
    names: tuple[tuple[str, ...], ...]
    """Per population, the names of its policies."""
    populations: tuple[str, ...]
    """`all`, or the seats' numbers."""
    table: PayoffTable
    solver: MetaSolver
    strategy: MetaStrategy
    rankings: tuple[Ranking, ...]
    """One per population."""

    @property
    def as_rates(self) -> bool:
        """Whether returns are shown as win rates: they are -1, 0 or 1 in a symmetric zero-sum game."""
        return exportable(self.game, self.table) and self.game.utility_range == (-1.0, 1.0)

    @property
    def unit(self) -> str:
        return "win rate in %, ties half" if self.as_rates else "mean return"


def tournament_results(tournament: Tournament, solver: MetaSolver | None = None, draws: int = 200) -> Results:
    """Solve the tournament's table; a `ValueError` lists the cells that are still missing.

    solver: computes the mixture, None = Nash; `draws` tables give its spread.
    """
    config, game, names = tournament.config(), tournament.game(), tournament.names()
    table, solver = tournament.table(), solver or Nash()
    strategy, rankings = rank(
        table,
        solver,
        game.utility_range,
        np.random.default_rng([config.seed, tournament.counted().units]),
        symmetric=one_for_all(game, names),
        draws=draws,
    )
    return Results(game, names, tuple(config.populations), table, solver, strategy, rankings)


def write(tournament: Tournament, found: Results) -> None:
    """Write the derived files."""
    mixture = {
        population: {
            str(tournament.policy_file(name).relative_to(tournament.path)): float(weight)
            for name, weight in zip(names, ranking.weight, strict=True)
            if weight > 0
        }
        for population, names, ranking in zip(found.populations, found.names, found.rankings, strict=True)
    }
    write_text(tournament.path / "mixture.json", json.dumps(mixture, indent=1) + "\n")
    write_csv(tournament.path / "table.csv", _cells(found))
    write_csv(tournament.path / "ranking.csv", _ranks(found))
    if exportable(found.game, found.table):
        policies = dict(zip(found.names[0], tournament.populations()[0], strict=True))
        spread = {
            name: [float(low), float(high)]
            for name, low, high in zip(
                found.names[0], found.rankings[0].low_weight, found.rankings[0].high_weight, strict=True
            )
        }
        export_table(
            tournament.path,
            found.game,
            policies,
            found.table,
            found.strategy.marginals[0],
            solver=type(found.solver).__name__,
            about={"seed": tournament.config().seed, "weight_intervals_95": spread},
        )


def write_csv(path: Path, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows as a CSV file, atomically."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())


def _cells(found: Results) -> Iterable[list[Any]]:
    samples = found.table.samples
    assert samples is not None
    seats = range(found.game.num_players)
    names = per_seat(found.game, found.names)
    low, high = interval(found.table, found.game.utility_range)
    kinds = {"wins": samples.wins, "losses": samples.losses, "ties": samples.ties}
    columns = [f"{what}_{seat}" for seat in seats for what in ("mean", "low", "high", *kinds)]
    yield [*(f"policy_{seat}" for seat in seats), "units", "unfinished", *columns]
    for cell in np.ndindex(found.table.sizes):
        means = np.stack([found.table.payoffs[at(cell)], low[at(cell)], high[at(cell)]])
        counts = np.stack([kind[at(cell)] for kind in kinds.values()])
        figures = [value for seat in seats for value in (*(f"{mean:.6g}" for mean in means[:, seat]), *counts[:, seat])]
        who = [names[seat][index] for seat, index in enumerate(cell)]
        yield [*who, samples.units[cell], samples.unfinished[cell], *figures]


def _ranks(found: Results) -> Iterable[list[Any]]:
    scores = [f"{what}{end}" for what in ("score", "score_against_mixture") for end in ("", "_low", "_high")]
    weights = ["weight", "mean_weight", "weight_low", "weight_high", "share_of_draws_in_support"]
    yield ["population", "rank", "policy", *scores, *weights]
    for population, names, ranking in zip(found.populations, found.names, found.rankings, strict=True):
        figures = [*ranking.overall, *ranking.against_mixture]
        figures += [ranking.weight, ranking.mean_weight, ranking.low_weight, ranking.high_weight, ranking.support]
        for place, index in enumerate(ranking.order(), 1):
            yield [population, place, names[index], *(f"{figure[index]:.6g}" for figure in figures)]


def text(found: Results) -> str:
    """The ranking and, if it is not too large, the matrix, for a terminal."""
    blocks = []
    for population, names, ranking in zip(found.populations, found.names, found.rankings, strict=True):
        if len(found.names) > 1:
            blocks.append(f"player {population}")
        blocks.append(aligned(ranking_rows(found, names, ranking)))
    if found.game.num_players == 2 and max(found.table.sizes) <= MATRIX:
        blocks.append(f"{found.unit}, of the row's policy against the column's\n{aligned(matrix_rows(found))}")
    return "\n\n".join([f"Scores: {found.unit}, with 95 % intervals. Weights: mean and 95 % of the draws.", *blocks])


def ranking_rows(found: Results, names: Sequence[str], ranking: Ranking) -> Iterable[list[str]]:
    """A header, then one line per policy, the strongest first."""
    yield ["", "policy", "over all", "against the mixture", "weight", "over draws", "in support"]
    for place, index in enumerate(ranking.order(), 1):
        yield [
            str(place),
            names[index],
            score_text(found, ranking.overall, index),
            score_text(found, ranking.against_mixture, index),
            f"{ranking.weight[index]:.3f}",
            f"{ranking.mean_weight[index]:.3f} [{ranking.low_weight[index]:.3f}, {ranking.high_weight[index]:.3f}]",
            f"{100 * ranking.support[index]:.0f} %",
        ]


def score_text(found: Results, score: RankedScore, index: Any) -> str:
    """A score with its interval, as a win rate in percent or as a return."""
    return _figure(found, score.mean[index], score.low[index], score.high[index])


def _figure(found: Results, *values: float) -> str:
    if found.as_rates:
        mean, low, high = (f"{50 * (1 + value):.1f}" for value in values)
    else:
        mean, low, high = (f"{value:+.3f}" for value in values)
    return f"{mean} [{low}, {high}]"


def matrix_rows(found: Results) -> list[list[str]]:
    """For two players: each policy of the first seat against each of the second, the strongest first, under a
    header."""
    names = per_seat(found.game, found.names)
    rows, columns = per_seat(found.game, [ranking.order().tolist() for ranking in found.rankings])
    limits = (found.table.payoffs, *interval(found.table, found.game.utility_range))
    lines = [["", *(names[1][column] for column in columns)]]
    for row in rows:
        cells = ([limit[0, row, column] for limit in limits] for column in columns)
        lines.append([names[0][row], *(_figure(found, *cell) for cell in cells)])
    return lines


def aligned(rows: Iterable[Sequence[str]]) -> str:
    """Rows of equal length, the first of them headings, as columns of text; columns of numbers stand to the right."""
    rows = list(rows)
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    numbers = [all(cell[:1] in ("", *DIGITS) for cell in column[1:]) for column in columns]
    lines = (
        "  ".join(
            cell.rjust(width) if is_number and cell[:1] in DIGITS else cell.ljust(width)
            for cell, width, is_number in zip(row, widths, numbers, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)
