"""Sections shared by the reports of runs and of tournaments: rankings, payoffs, response graph, origin."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.intervals import mean_interval
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.regret import joint_of
from pokespiel.metasolvers.response_graph import ResponseGraph, response_graph
from pokespiel.payoffs.exports import exportable
from pokespiel.payoffs.tables import PayoffTable, total
from pokespiel.report import graphs, plots
from pokespiel.report.page import Key, Page, when
from pokespiel.runs.tournament.results import Results, ranking_rows

MATRIX = 12
"""Maximum policies per player for a table of payoffs; more are drawn as a picture."""
HEAT_MAP = 40
"""Maximum policies per player in the picture."""
GRAPH = {1: 12, 2: 10, 3: 4}
"""Maximum policies per player in the response graph, by the number of populations."""
CHOICES = 16
"""Number of joint choices listed if the graph cannot be drawn."""


class Meta(NamedTuple):
    """A game over policies: their payoffs, and a mixture of them."""

    names: Sequence[Sequence[str]]
    """The names of each seat's policies."""
    table: PayoffTable
    strategy: MetaStrategy
    one_population: bool
    """One population serves every seat."""
    bounds: tuple[float, float] | None = None
    """The game's utility range; sampled tables need it for their intervals."""
    as_rates: bool = False
    """Returns are win rates: 1 a win, 0 a tie, -1 a loss."""

    @property
    def num_players(self) -> int:
        return len(self.table.payoffs)


def in_win_rates(game: Game, table: PayoffTable) -> bool:
    """Whether the table's returns are win rates, see `Meta.as_rates`."""
    return exportable(game, table) and game.utility_range == (-1.0, 1.0)


def policies(sizes: Sequence[int]) -> Key:
    """The number of policies."""
    whose = "" if len(sizes) == 1 else f"for each of {len(sizes)} players" if len(set(sizes)) == 1 else "by player"
    return Key("Policies", " / ".join(map(str, sizes if whose == "by player" else sizes[:1])), whose)


def ranking(page: Page, found: Results, draws: int) -> None:
    """The ranking, one table per population."""
    page.text(
        f"Scores ({found.unit}) come with 95 % intervals: “over all” weighs all other policies alike, “against the "
        "mixture” as the mixture does. “Weight” is a policy's share of the mixture. Payoffs are estimated from "
        f"matches, so the mixture is uncertain: “over draws” is the weight's mean and 95 % interval in {draws} payoff "
        "tables that are as likely as this one, “in support” the share of their mixtures that use the policy at all."
    )
    for population, names, ranked in zip(found.populations, found.names, found.rankings, strict=True):
        header, *rows = ranking_rows(found, names, ranked)
        who = "every policy" if len(found.names) == 1 else f"player {population}'s policies"
        page.table(["rank", *header[1:]], rows, f"The ranking of {who}, by the score over all.")


def payoff_table(page: Page, meta: Meta, order: Sequence[np.ndarray], which: str) -> None:
    """The payoffs and their response graph; `order` lists all policies of each seat, the `which` ("strongest")
    first."""
    payoff_section(page, meta, order, f"The {which} policies first")
    graph(page, meta, order, f"The {which} policies")


def payoff_section(page: Page, meta: Meta, order: Sequence[np.ndarray], by: str) -> None:
    """The payoffs of each policy against each, for two players.

    Args:
        order: per seat, all policies, those to be shown first; `by` names the criterion.
    """
    if meta.num_players != 2:
        return
    page.heading("Payoffs")
    whole = max(meta.table.sizes) <= HEAT_MAP
    shown = [seat[:HEAT_MAP] for seat in order]
    which = by if whole else f"{by}: the first {len(shown[0])} by {len(shown[1])}"
    for seat in (0,) if meta.one_population or _zero_sum(meta.table.payoffs) else (0, 1):
        _matrix(page, meta, shown, seat, which)
    _samples(page, meta)


def _zero_sum(payoffs: np.ndarray) -> bool:
    sums = payoffs.sum(axis=0)
    return bool(np.nanmax(np.abs(sums), initial=0) <= 1e-9 * np.nanmax(np.abs(payoffs), initial=1e-300))


def _matrix(page: Page, meta: Meta, shown: Sequence[np.ndarray], seat: int, which: str) -> None:
    """One player's payoffs: a table if the numbers fit, else a picture."""
    cells = np.ix_(*shown)
    values = meta.table.payoffs[seat][cells]
    rows, columns = ([plots.short(meta.names[place][index]) for index in shown[place]] for place in (0, 1))
    what, even = ("Win rate, %,", 50) if meta.as_rates else ("Mean return", 0)
    if not meta.one_population:
        what += f" to player {seat}"
        pair = "player 0's policy (row) against player 1's (column)"
    else:
        pair = "the row's policy against the column's"
    caption = f"{what} of {pair}; blue above {even}, red below. {which}."
    if max(values.shape) > MATRIX:
        alt = f"Heat map of {len(rows)} by {len(columns)} payoffs. The files named below hold the numbers."
        label = "win rate of the row's policy" if meta.as_rates else f"mean return to player {seat} (utility)"
        page.figure(plots.payoff_matrix(values, rows, columns, label, meta.as_rates), caption, alt)
        return
    largest = max(float(np.nanmax(np.abs(values), initial=0)), plots.SMALLEST)
    limits = _limits(meta, seat, cells)
    numbers = [_numbers(meta, each, largest) for each in (values, *limits)]
    lines = [
        [name, *(_cell(*each) for each in zip(*line, strict=True))] for name, *line in zip(rows, *numbers, strict=True)
    ]
    intervals = " The brackets are 95 % intervals." if limits else ""
    page.table(["", *columns], lines, caption + intervals, values if meta.as_rates else values / largest)


def _limits(meta: Meta, seat: int, cells: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Low and high ends of the intervals of `cells`, nan if nothing was played; empty for exact tables."""
    samples = meta.table.samples
    if samples is None or meta.bounds is None:
        return ()
    units, means = samples.units[cells], np.nan_to_num(meta.table.payoffs[seat][cells])
    low, high = mean_interval(units, means * units, samples.products[seat, seat][cells], meta.bounds)
    return np.where(units, low, np.nan), np.where(units, high, np.nan)


def _numbers(meta: Meta, values: np.ndarray, largest: float) -> list[list[str]]:
    """Payoffs [n, m] as text, three digits of the largest; empty for nan."""
    if meta.as_rates:
        values, kind = 50 * (1 + values), ".1f"
    elif 1e-3 < largest < 1e6:
        kind = f".{max(0, 2 - math.floor(math.log10(largest)))}f"
    else:
        kind = ".3g"
    return [["" if np.isnan(value) else f"{value:{kind}}" for value in row] for row in values]


def _cell(value: str, low: str = "", high: str = "") -> str:
    """A payoff, with its interval if matches were counted."""
    return f"{value} [{low}, {high}]" if value and low else value


def _samples(page: Page, meta: Meta) -> None:
    samples = meta.table.samples
    if samples is None or not samples.units.any():
        return
    units, unfinished = (total(counts, meta.one_population) for counts in (samples.units, samples.unfinished))
    played = samples.units[samples.units > 0]  # a policy against itself may need no matches
    most, least = int(played.max()), int(played.min())
    a_cell = f"{least:,} in each cell" if most == least else f"between {least:,} and {most:,} in a cell"
    kind = "A unit is one seed, played once in every seating. " if meta.one_population else "A unit is a match. "
    page.text(
        f"Counted from {units:,} finished units, {a_cell}. {kind}"
        + (f"{unfinished:,} matches did not finish and count nowhere else." if unfinished else "Every match finished.")
    )


class _Part(NamedTuple):
    """The part of a response graph that is shown."""

    graph: ResponseGraph
    payoffs: np.ndarray
    names: Sequence[Sequence[str]]
    mass: np.ndarray
    """Weights of the nodes in the mixture: [n] of one population, else [cells]."""
    which: str
    """Describes these policies."""

    def sinks(self) -> str:
        """A description of the graph's sinks, where changes end."""
        found = self.graph.sinks
        count = "is 1 sink component" if len(found) == 1 else f"are {len(found)} sink components"
        return (
            f"A sink component is a set of choices that no paying change leads out of; here {count}, with "
            f"{sum(map(len, found))} of {self.graph.num_nodes} nodes."
        )


def graph(page: Page, meta: Meta, order: Sequence[np.ndarray], by: str) -> None:
    """Each player's profitable changes: drawn for one and for two populations, listed for more. `order` as in
    `payoffs`."""
    single = meta.one_population and meta.num_players == 2
    populations = 1 if single else meta.num_players
    most = GRAPH.get(populations, 2)
    shown = [seat[:most] for seat in order]
    payoffs = meta.table.payoffs[np.ix_(np.arange(meta.num_players), *shown)]
    mass = meta.strategy.marginals[0][shown[0]] if single else joint_of(meta.strategy)[np.ix_(*shown)]
    part = _Part(
        response_graph(payoffs, symmetric=single),
        payoffs,
        [[meta.names[seat][index] for index in chosen] for seat, chosen in enumerate(shown)],
        mass,
        "All policies" if max(meta.table.sizes) <= most else f"{by}, up to {most} a player",
    )
    page.heading("Response graph")
    {1: _ring, 2: _grid}.get(populations, _listed)(page, part)


def _ring(page: Page, part: _Part) -> None:
    page.figure(
        graphs.ring(part.graph, part.names[0], part.mass),
        f"{part.which}. An arrow leads from a policy to the one that gains most by taking its place; larger marks have "
        f"more weight in the mixture. {part.sinks()}",
        f"Graph of {len(part.names[0])} policies. {part.sinks()}",
    )


def _grid(page: Page, part: _Part) -> None:
    rows, columns = part.graph.shape
    page.figure(
        graphs.grid(part.graph, part.payoffs, part.names, part.mass),
        f"{part.which}. Each mark is a pair of policies, larger with more weight. Follow the arrows up or down to "
        f"player 0's best reply to the column, left or right to player 1's best reply to the row. {part.sinks()}",
        f"Grid of {rows} by {columns} pairs of policies. {part.sinks()}",
    )


def _listed(page: Page, part: _Part) -> None:
    header, *rows = graphs.deviation_edges(part.graph, part.payoffs, part.names, part.mass, CHOICES)
    page.table(
        header,
        rows,
        f"{part.which}: the {len(rows)} joint choices of the largest weight and what each player earns there. An arrow "
        f"names the policy that the player would rather play if the others kept theirs. {part.sinks()}",
    )


def close(
    page: Page, path: Path, made: Iterable[tuple[str, Sequence[Mapping[str, Any]], str]], files: Iterable[Path]
) -> None:
    """The page's end: commands, machines, versions and options of the runs, and links to those of `files` that exist.

    Args:
        path: where the page is written.
        made: the name of each run, its sessions, and its options as YAML or nothing.
    """
    page.heading("How it was made")
    for name, sessions, options in made:
        commands = [f"# {_session(each)}\n{shlex.join(each['command'])}" for each in sessions]
        page.code("\n".join(commands), f"The commands of {name}", opened=True)
        if sessions:
            page.code("\n".join(f"{kind} {version}" for kind, version in _versions(sessions[-1])), "Versions")
        if options:
            page.code(options, f"Every option of {name}")
    page.links("Files:", [file for file in files if file.exists()], path.parent)
    page.write(path)


def _session(session: Mapping[str, Any]) -> str:
    machine, commit = session["machine"], session["commit"]
    where = f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB"
    return f"{when(session['time'])}, {where}" + (f", commit {commit}" if commit else "")


def _versions(session: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return {"python": session["python"], **session["packages"]}.items()
