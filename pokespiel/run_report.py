"""A run's report on one HTML page, with the runs that it started from: progress, responses, mixture, payoffs, graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pokespiel.chain import Chain, Phase, chain_of
from pokespiel.environment import facts
from pokespiel.evaluation.measurements import Measurement, measurements
from pokespiel.game import load_game
from pokespiel.metagame import total
from pokespiel.metasolvers import METASOLVERS, SUPPORT
from pokespiel.options import to_plain
from pokespiel.policy import Mixture
from pokespiel.ranking import rank
from pokespiel.report import plots
from pokespiel.report.page import Page
from pokespiel.run import RunFolder, Standing, labels, population_names
from pokespiel.tournament.results import Results, ranking_rows

HEAT_MAP = 40
"""The heat map shows so many policies a player at most, those of the largest weight."""
GRAPH = {1: 12, 2: 6, 3: 3}
"""The response graph shows so many policies a player at most, by the number of populations."""
DRAWS = 50
"""Tables drawn for the spread of the members' weights."""
VISIBLE = 1e-9
"""Distances that never exceed this are zero up to rounding and not drawn."""
PROGRESS = {
    "exploitability": "exploitability",
    "cce_gap": "CCE gap in the game",
    "ce_gap": "CE gap in the game",
    "population_regret": "population regret (what the payoff table alone shows)",
}


def write_report(run: RunFolder, path: Path, matches: int = 400, seed: int = 0) -> None:
    """Write the report of `run` and the runs before it to `path`; a `ValueError` if one has finished nothing.

    Args:
        matches: Gen 1 OU only: so many of the mixture against itself are played for what it uses, and one of them is
            written as a replay beside the page. 0 = none.
        seed: of these matches.
    """
    config, chain = run.config(), chain_of(run)
    standing = chain.last.standing
    page = Page(f"{config.game}: PSRO with {config.meta_solver.name}")
    _summary(page, chain)
    _progress(page, chain)
    _responses(page, chain)
    _exploitability(page, chain)
    _mixtures(page, chain)
    _members(page, chain)
    _payoffs(page, standing)
    _graph(page, standing)
    if matches and config.game.startswith("gen1ou"):
        _battles(page, chain, path, matches, seed)
    _origin(page, chain)
    page.write(path)


def _summary(page: Page, chain: Chain) -> None:
    standing = chain.last.standing
    row = standing.rows[-1]
    names = ("iteration", "seconds", "nash_conv", "exploitability", "cce_gap", "ce_gap", "population_regret")
    page.facts({name.replace("_", " "): row[name] for name in names if name in row})
    if len(chain.phases) > 1 or chain.origin is not None:
        phases = [[phase.name, phase.iterations, phase.policies, _oracles(phase)] for phase in chain.phases]
        origin = [] if chain.origin is None else [[chain.origin.name, "", "", "tournament"]]
        page.text("The run goes on where others ended:")
        page.table(["phase", "iterations", "policies at its end", "oracles"], [*origin, *phases])


def _oracles(phase: Phase) -> str:
    config = phase.run.config()
    return (" and " if config.turns == "together" else " then ").join(choice.name for choice in config.oracle)


def _progress(page: Page, chain: Chain) -> None:
    rows = [(number, row) for _, number, row in chain.rows()]
    series = {}
    for name, label in PROGRESS.items():
        points = [(number, row[name]) for number, row in rows if name in row]
        if points and max(y for _, y in points) > VISIBLE:
            series[label] = ([x for x, _ in points], [y for _, y in points])
    exact = next((name for name in ("exploitability", "cce_gap") if name in rows[-1][1]), None)
    page.heading("Progress")
    if series:
        figure = plots.curves(series, "distance from equilibrium", boundaries=chain.boundaries())
        page.figure(figure, "Distance from equilibrium by iteration, log scale.")
    if exact is None:
        page.text(
            "This game has no sequence form, so its exploitability is unknown. Population regret sees only deviations "
            "to policies that are in the table: at a Nash solution it is zero by construction and says nothing about "
            "others."
        )
    if series:
        names = [name for name, label in PROGRESS.items() if label in series]
        shown = [rows[index] for index in _milestones(len(rows))]
        page.table(["iteration", *series], [[number, *(row.get(name, "") for name in names)] for number, row in shown])


def _milestones(rows: int) -> list[int]:
    wanted = (0, 1, 2, 5, 10, 20, 30, 40, 50, 100, 150, 200, rows - 1)
    return sorted({index for index in wanted if index < rows})


def _responses(page: Page, chain: Chain) -> None:
    """How each response did against the mixture that it trained against, and the mixtures after it."""
    found = list(_win_rates(chain))
    if not found:
        return
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for _, number, _, oracle, rate in found:
        series.setdefault(oracle, []).append((number, *rate))
    page.heading("Responses")
    page.figure(
        plots.intervals(series, "win rate against the mixture", 0.5, chain.boundaries()),
        "Each response's win rate, ties half, against the mixture that it trained against, with 95 % intervals.",
    )
    header = ["phase", "iteration", "response", "decisions", "win rate", "95 %", "support", "heaviest", "effective"]
    lines = [
        [
            phase.name,
            row["iteration"],
            oracle,
            int(sum(value for name, value in row.items() if name.endswith("/decisions"))),
            f"{rate[0]:.1%}",
            f"{rate[1]:.1%} to {rate[2]:.1%}",
            row["support_all"],
            row["heaviest_all"],
            row["effective_all"],
        ]
        for phase, _, row, oracle, rate in found
    ]
    page.table(
        [*header, "spread"], [[*line, row["spread"]] for line, (_, _, row, _, _) in zip(lines, found, strict=True)]
    )
    page.text(
        "Support, largest weight and effective number of policies (the exponential of the entropy) are those of the "
        "mixture after the iteration; its spread is the mean total variation distance, 0 to 1, of the mixtures of "
        "tables that the matches make as likely."
    )


def _win_rates(
    chain: Chain,
) -> Iterator[tuple[Phase, int, Mapping[str, Any], str, tuple[float, float, float]]]:
    """Phase, iteration through the chain, row, response, and its win rate with interval."""
    for phase, number, row in chain.rows():
        for name in row:
            if name.endswith("/win_rate"):
                rate = row[name], row[f"{name}_low"], row[f"{name}_high"]
                yield phase, number, row, name.removesuffix("/win_rate"), rate


def _exploitability(page: Page, chain: Chain) -> None:
    """What exploiters took from the mixtures, where it was measured."""
    places = [(phase.name, phase.first, phase.run.path) for phase in chain.phases]
    places = places if chain.origin is None else [(chain.origin.name, 0, chain.origin), *places]
    found = [(name, first, one) for name, first, path in places for one in measurements(path)]
    if not found:
        return
    page.heading("Measured exploitability")
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for _, first, one in found:
        at = float(first + one.iteration)
        series.setdefault(one.status, []).append((at, one.value, one.low, one.high))
    page.figure(
        plots.intervals(series, "win-rate exploitability", 0.0, chain.boundaries()),
        "What the chosen exploiter wins against the mixture above one half, with 95 % intervals: a lower bound for "
        "its budget. An unresolved figure is provisional.",
    )
    page.table(
        ["phase", "iteration", "exploiters", "decisions each", "value", "95 %", "upper limit", "verdict", "game"],
        [_measured(name, one) for name, _, one in found],
    )


def _measured(phase: str, one: Measurement) -> list[Any]:
    interval = f"{one.low:.4f} to {one.high:.4f}"
    return [phase, one.iteration, one.exploiters, one.decisions, one.value, interval, one.upper, one.status, one.game]


def _mixtures(page: Page, chain: Chain) -> None:
    state = chain.last.standing.state
    page.heading("The mixture over time")
    for number, (name, history) in enumerate(zip(population_names(state), chain.mixtures(), strict=True)):
        who = "every seat" if name == "all" else f"player {name}"
        names = labels(state.origins[number])
        figure = plots.mixtures(history, who, names, chain.boundaries())
        page.figure(figure, f"Weight of each policy in the mixture of {who}, by iteration.")
        weights = history[-1]
        order = np.argsort(-weights, kind="stable")[:10]
        page.table(
            ["policy", "weight"], [[names[index], float(weights[index])] for index in order if weights[index] > 0]
        )


def _members(page: Page, chain: Chain) -> None:
    """Head to head, where one population has counted matches."""
    config, state = chain.last.run.config(), chain.last.standing.state
    if state.table.samples is None or len(state.populations) > 1:
        return
    game, solver = load_game(config.game), (config.evaluator or config.meta_solver).build(METASOLVERS)
    rng = np.random.default_rng(config.seed)
    strategy, rankings = rank(state.table, solver, game.utility_range, rng, symmetric=True, draws=DRAWS)
    names = tuple(labels(state.origins[0]))
    found = Results(game, (names,), ("all",), state.table, solver, strategy, rankings)
    page.heading("The members head to head")
    page.text(
        f"Scores are {found.unit}, with 95 % intervals; the weights' mean, interval and share of supports are those of "
        f"{DRAWS} tables that the matches make as likely as this one."
    )
    header, *rows = ranking_rows(found, names, rankings[0])
    page.table(header, rows)


def _heaviest(standing: Standing, most: int) -> list[np.ndarray]:
    """Per seat, the policies of the largest weight, by age."""
    marginals = standing.state.strategy.marginals
    return [np.sort(np.argsort(-marginal, kind="stable")[:most]) for marginal in marginals]


def _names(standing: Standing, chosen: list[np.ndarray]) -> list[list[str]]:
    """Per seat, the labels of the chosen policies."""
    origins = standing.state.origins
    every = [labels(origins[seat if len(origins) > 1 else 0]) for seat in range(len(chosen))]
    return [[names[index] for index in indices] for names, indices in zip(every, chosen, strict=True)]


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
    down, across = _names(standing, [rows, columns])
    page.figure(plots.payoffs(shown, down, across, ""), caption)
    if table.samples is not None and table.samples.units.any():
        units, symmetric = table.samples.units, len(standing.state.populations) == 1
        most, least = units.max(), units[units > 0].min()  # a policy against itself may need no matches
        page.text(
            f"Sampled: {total(units, symmetric)} units in all, between {least} and {most} a cell; "
            f"{total(table.samples.unfinished, symmetric)} matches did not finish."
        )


def _graph(page: Page, standing: Standing) -> None:
    state = standing.state
    symmetric = len(state.populations) == 1 and state.table.payoffs.ndim == 3
    most = GRAPH.get(len(state.populations), 2)
    chosen = _heaviest(standing, most)
    table = state.table.payoffs[np.ix_(np.arange(len(state.table.payoffs)), *chosen)]
    weights = [marginal[seat] for marginal, seat in zip(state.strategy.marginals, chosen, strict=True)]
    figure, sinks = plots.responses(table, _names(standing, chosen), weights, symmetric)
    page.heading("Response graph")
    page.figure(
        figure,
        f"The {most} heaviest policies a player: arrows lead to a player's best deviation, red nodes lie in one of the "
        f"{sinks} sink components of all paying deviations, larger nodes have more weight.",
    )


def _battles(page: Page, chain: Chain, path: Path, matches: int, seed: int) -> None:
    from pokespiel.game.gen1.game import Gen1Game
    from pokespiel.game.gen1.report import battles

    game, state = load_game(chain.last.run.config().game), chain.last.standing.state
    if isinstance(game, Gen1Game):
        weights = np.where(state.strategy.marginals[0] > SUPPORT, state.strategy.marginals[0], 0)
        mixture = Mixture(state.populations[0], weights / weights.sum())
        battles(page, game, mixture, path.with_name("battle.html"), matches, np.random.default_rng(seed))


def _origin(page: Page, chain: Chain) -> None:
    page.heading("Where it comes from")
    for phase in chain.phases:
        page.code(yaml.safe_dump(to_plain(phase.run.config()), sort_keys=False), f"Every option of {phase.name}")
        for session in phase.run.sessions():
            page.facts(facts(session))
