"""The report of a run on one HTML page, with the runs that it started from: progress, responses, mixture, payoffs,
graph."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from pokespiel.core.options import to_plain
from pokespiel.game.loading import load_game
from pokespiel.game.protocols import Reported
from pokespiel.metasolvers import METASOLVERS, SUPPORT
from pokespiel.payoffs.ranking import rank
from pokespiel.report import plots, sections
from pokespiel.report.page import Key, Page
from pokespiel.report.progress import (
    DISTANCES,
    Response,
    distance,
    exploitability,
    gains,
    is_exact,
    last_gains,
    progress,
    responses,
)
from pokespiel.report.sections import Meta
from pokespiel.runs.chain import Chain, Phase, chain_of
from pokespiel.runs.mixtures import mixture_of
from pokespiel.runs.run import RunFolder, labels, settled
from pokespiel.runs.tournament.results import Results

DRAWS = 50
"""Number of tables drawn for the spread of the members' weights."""
HEAVIEST = 10
"""Maximum number of policies listed for each mixture."""
FILES = ("metrics.csv", "mixture.json", "payoffs_0.csv", "payoffs_1.csv", "config.yaml", "environment.json", "policies")


def write_run_report(run: RunFolder, path: Path, matches: int = 400, seed: int = 0) -> None:
    """Write the report of `run` and the runs before it to `path`; a `ValueError` if one has finished nothing.

    Args:
        matches: if the game has a report section: number of matches of the mixture against itself to analyse; one of
            them is written as a replay next to the page. 0 = none.
        seed: of these matches.
    """
    config, chain = run.config(), chain_of(run)
    meta, found = _meta(chain), list(responses(chain))
    page = Page(
        f"PSRO on {config.game.partition('(')[0]}",
        f"{run.path}: {config.game}, meta-solver {config.meta_solver.name}, responses by {responders(chain.last)}",
    )
    _opening(page, chain, found)
    progress(page, chain, found)
    exploitability(page, chain)
    _mixtures(page, chain, meta)
    _members(page, chain, meta)
    heaviest = [np.argsort(-weights, kind="stable") for weights in meta.strategy.marginals]
    sections.payoff_table(page, meta, heaviest, "heaviest")
    if matches and meta.table.samples is not None:
        _played(page, chain, path, matches, seed)
    made = [(phase.name, phase.run.sessions(), options_text(phase)) for phase in chain.phases]
    sections.close(page, path, made, [run.path / name for name in FILES])


def _meta(chain: Chain) -> Meta:
    state = chain.last.standing.state
    single, seats = len(state.populations) == 1, len(state.table.payoffs)
    names = [[_named(label) for label in labels(state.origins[0 if single else seat])] for seat in range(seats)]
    if state.table.samples is None:
        return Meta(names, state.table, state.strategy, single)
    game = load_game(chain.last.run.config().game)
    as_rates = sections.in_win_rates(game, state.table)
    return Meta(names, state.table, state.strategy, single, game.utility_range, as_rates)


def _named(label: str) -> str:
    """A policy's number and name; for a file, without its folder."""
    number, _, name = label.partition(" ")
    return f"{number} {Path(name).name.removesuffix('.safetensors')}"


def options_text(phase: Phase) -> str:
    """All options of a run as YAML."""
    return yaml.safe_dump(to_plain(phase.run.config()), sort_keys=False, allow_unicode=True)


def responders(phase: Phase) -> str:
    """The oracles of a run, in the order in which they respond."""
    config = phase.run.config()
    return (" and " if config.turns == "together" else " then ").join(choice.name for choice in config.oracle)


def _opening(page: Page, chain: Chain, found: Sequence[Response]) -> None:
    """The result in one or two sentences, the key figures, and the phases."""
    rows = [row for _, _, row in chain.rows()]
    page.lead(f"{_result(chain, rows, found)}{_to_do(chain)}")
    page.keys(_keys(chain, rows, found))
    if len(chain.phases) > 1 or chain.origin is not None:
        phases = [[phase.name, phase.iterations, phase.policies, responders(phase)] for phase in chain.phases]
        start = [] if chain.origin is None else [[chain.origin.name, None, None, "the start"]]
        page.heading("The runs that led here")
        header = ["run", "iterations", "policies at its end", "responses by"]
        page.table(header, [*start, *phases], "Each run went on from where the one before it ended.")


def _result(chain: Chain, rows: Sequence[Mapping[str, Any]], found: Sequence[Response]) -> str:
    """The run's result, by the strongest measure that is known."""
    last, first = rows[-1], rows[0]
    if is_exact(last):
        name = "cce_gap" if "cce_gap" in last else "exploitability"
        what = "answer's" if name == "cce_gap" else "mixture's"
        before = f", down from {first[name]:.3g} at the start" if last[name] < first[name] else ""
        kind = "coarse correlated" if name == "cce_gap" else "Nash"
        aim = f"at a {kind} equilibrium it is 0" if last[name] > plots.SMALLEST else f"it is a {kind} equilibrium"
        return f"The {what} {DISTANCES[name]} is {distance(last[name])}{before}; {aim}."
    if found:
        one = found[-1]
        return (
            f"The last response, {one.name}, in iteration {one.number}, won {one} of its matches against the mixture: "
            f"{one.verdict()}."
        )
    series = gains(chain)
    newest = f" The newest policies gain {last_gains(series)} on the mixture before them." if series else ""
    return f"How far the mixture is from an equilibrium of the game is unknown.{newest}"


def _to_do(chain: Chain) -> str:
    """What is left of the run, if anything."""
    config, state, run = chain.last.run.config(), chain.last.standing.state, chain.last.run.path
    if settled(config, state):
        return f" After iteration {state.iteration} no response is new any more."
    if state.iteration >= config.iterations:
        return ""
    return (
        f" The run has finished {state.iteration} of its {config.iterations} iterations; “pokespiel psro --run "
        f"{shlex.quote(str(run))} --resume” resumes it."
    )


def _keys(chain: Chain, rows: Sequence[Mapping[str, Any]], found: Sequence[Response]) -> Iterator[Key]:
    for name in ("exploitability", "cce_gap"):
        if name in rows[-1]:
            label = DISTANCES[name][0].upper() + DISTANCES[name][1:]
            yield Key(
                label,
                distance(rows[-1][name]),
                f"utility; {rows[0][name]:.3g} at the start" if len(rows) > 1 else "utility",
            )
    if found and not is_exact(rows[-1]):
        one = found[-1]
        limits = f"{100 * one.low:.1f} to {100 * one.high:.1f} % by the matches, against the mixture"
        yield Key("Last response's win rate", f"{100 * one.rate:.1f} %", limits)
    yield Key("Iterations", f"{chain.last.first + chain.last.iterations:,}")
    yield sections.policies([history.shape[1] for history in chain.last.standing.mixtures])
    yield Key("Time", duration(sum(phase.standing.seconds for phase in chain.phases)))


def duration(seconds: float) -> str:
    """Seconds in the unit that fits."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _mixtures(page: Page, chain: Chain, meta: Meta) -> None:
    histories = chain.mixtures()
    page.heading("The mixture over time")
    if meta.strategy.joint is not None:
        page.text("The answer is a joint distribution over all players' policies; shown is each player's own share.")
    for seat, history in enumerate(histories):
        whose = "" if len(histories) == 1 else f" of player {seat}"
        names, weights = meta.names[seat], history[-1]
        if len(history) < 2:
            continue
        heaviest = f"{names[weights.argmax()]}, with {100 * weights.max():.3g} % of the weight"
        page.figure(
            plots.mixtures(history, names, chain.boundaries()),
            f"The mixture{whose} after each iteration. Each column is an iteration and each row a policy, the oldest "
            f"at the bottom; a stronger colour means more weight. At the end the heaviest is {heaviest}.",
            f"Heat map of {history.shape[1]} policies by {len(history)} iterations; the heaviest is {heaviest}.",
        )
    listed = [_heaviest(history[-1], meta.names[seat]) for seat, history in enumerate(histories)]
    header = [["policy" if len(histories) == 1 else f"player {seat}", "weight"] for seat in range(len(histories))]
    page.table(
        [name for pair in header for name in pair],
        [[value for pair in line for value in pair] for line in zip_longest(*listed, fillvalue=(None, None))],
        f"The heaviest policies of the final mixture, {HEAVIEST} at most; mixture.json has them all.",
    )


def _heaviest(weights: np.ndarray, names: Sequence[str]) -> list[tuple[str, float]]:
    order = np.argsort(-weights, kind="stable")[:HEAVIEST]
    return [(names[index], float(weights[index])) for index in order if weights[index] > SUPPORT]


def _members(page: Page, chain: Chain, meta: Meta) -> None:
    """Head-to-head results, if one population has counted matches."""
    config, table = chain.last.run.config(), meta.table
    if table.samples is None or not meta.one_population:
        return
    game, solver = load_game(config.game), (config.evaluator or config.meta_solver).build(METASOLVERS)
    rng = np.random.default_rng(config.seed)
    strategy, rankings = rank(table, solver, game.utility_range, rng, symmetric=True, draws=DRAWS)
    page.heading("The members head to head")
    names = (tuple(meta.names[0]),)
    sections.ranking(page, Results(game, names, ("all",), table, solver, strategy, rankings), DRAWS)


def _played(page: Page, chain: Chain, path: Path, matches: int, seed: int) -> None:
    """The game's own section, if it has one."""
    game, state = load_game(chain.last.run.config().game), chain.last.standing.state
    if isinstance(game, Reported) and game.section is not None:
        mixture = mixture_of(state.populations[0], state.strategy.marginals[0])
        rng, replay = np.random.default_rng(seed), path.with_name("battle.html")
        game.section.of_mixture(page, game, mixture, matches, rng, replay)
