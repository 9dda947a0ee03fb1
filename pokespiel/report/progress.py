"""The progress of a run and the runs it started from: distances from equilibrium, responses, exploiters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pokespiel.core.intervals import share
from pokespiel.metasolvers.regret import product
from pokespiel.report import plots
from pokespiel.report.page import Page
from pokespiel.runs.measurements import measurements

if TYPE_CHECKING:
    from pokespiel.runs.chain import Chain, Phase

DISTANCES = {
    "exploitability": "exploitability",
    "cce_gap": "CCE gap in the game",
    "ce_gap": "CE gap in the game",
    "population_regret": "population regret",
}
"""Metrics that fall to 0 at an equilibrium, with their titles."""
MEANINGS = {
    "exploitability": "Exploitability is what a best response gains against the mixture, averaged over the players.",
    "cce_gap": "The CCE gap sums what each player gains by one best response to the joint distribution.",
    "ce_gap": "The CE gap lets each player respond to each of its recommended policies apart.",
    "population_regret": "Population regret counts deviations to policies of the payoff table only.",
}
MILESTONES = (0, 1, 2, 5, 10, 20, 30, 40, 50, 100, 150, 200)
"""Iterations shown in the table of metrics, in addition to the last."""


class Response(NamedTuple):
    """A response's result against the mixture that it trained against."""

    phase: Phase
    number: int
    """Its iteration within the chain."""
    row: Mapping[str, Any]
    """The iteration's metrics."""
    name: str
    decisions: int
    """Decisions of its training."""
    rate: float
    """Share of its matches that it won, ties half, with the ends of the 95 % interval."""
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f} % [{100 * self.low:.1f}, {100 * self.high:.1f}]"

    def verdict(self) -> str:
        """What its interval says about the mixture."""
        if self.low > 0.5:
            return "it beats the mixture, which can still be exploited"
        return "the mixture holds against it" if self.high < 0.5 else "too close to a half to call"


def responses(chain: Chain) -> Iterator[Response]:
    """The responses with counted win rates, the oldest first, including those not added to the population."""
    oracles = {phase.run.path: [choice.name for choice in phase.run.config().oracle] for phase in chain.phases}
    for phase, number, row in chain.rows():
        calls = _calls(row, oracles[phase.run.path])
        for name in (key.removesuffix("/win_rate") for key in row if key.endswith("/win_rate")):
            limits = row[f"{name}/win_rate_low"], row[f"{name}/win_rate_high"]
            trained = calls.get(name.partition("_")[0], {})
            yield Response(phase, number, row, name, _decisions(trained), row[f"{name}/win_rate"], *limits)
        for name, trained in calls.items():
            if trained.get("evaluation/accepted") == 0 and _is_rate(trained):
                rates = (share(trained[f"evaluation/{what}"]) for what in ("mean", "low", "high"))
                yield Response(phase, number, row, f"{name}, not added", _decisions(trained), *rates)


def _calls(row: Mapping[str, Any], oracles: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The metrics of each oracle that was called in an iteration, by its name."""
    prefixes = [f"oracle_{place}/" for place in range(len(oracles))] if len(oracles) > 1 else ["oracle/"]
    calls = {
        name: {key.removeprefix(prefix): value for key, value in row.items() if key.startswith(prefix)}
        for name, prefix in zip(oracles, prefixes, strict=True)
    }
    return {name: metrics for name, metrics in calls.items() if metrics}


def _is_rate(metrics: Mapping[str, Any]) -> bool:
    """Whether a response's score follows from its mean utility: utilities are -1, 0 and 1."""
    return abs(metrics["evaluation/score"] - share(metrics["evaluation/mean"])) < 1e-9


def _decisions(metrics: Mapping[str, Any]) -> int:
    return int(metrics.get("decisions", 0))


def is_exact(row: Mapping[str, Any]) -> bool:
    """Whether the game's own distance from equilibrium is known, not only the payoff table's."""
    return "exploitability" in row or "cce_gap" in row


def distance(value: float) -> str:
    """A distance from equilibrium with three digits; 0 if it is zero up to rounding."""
    return f"{value:.3g}" if value > plots.SMALLEST else "0"


def progress(page: Page, chain: Chain, found: Sequence[Response]) -> None:
    """Distances from equilibrium if known, else the result of each response."""
    rows = [(number, row) for _, number, row in chain.rows()]
    if len(rows) < 2:
        return
    page.heading("Progress")
    if not is_exact(rows[-1][1]):
        page.text(
            "This game is not solved exactly here, so its exploitability is unknown. Progress shows in the responses "
            "instead: the less a new response gains on the mixture, the harder the mixture is to beat for a learner of "
            "that kind and budget. Population regret sees only policies that are in the payoff table; at a Nash "
            "equilibrium of the table it is zero by construction and says nothing about others."
        )
        if found:
            _win_rates(page, chain, found)
        else:
            _gains(page, chain)
    series = {}
    for name in DISTANCES:
        points = [(number, row[name]) for number, row in rows if name in row]
        if points and max(y for _, y in points) > plots.SMALLEST:
            series[name] = points
    if series:
        _distances(page, chain, rows, series)
    if found:
        _responses(page, chain, found, drawn=is_exact(rows[-1][1]))


def _distances(
    page: Page,
    chain: Chain,
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    series: Mapping[str, Sequence[tuple[int, float]]],
) -> None:
    lines = {DISTANCES[name]: ([x for x, _ in points], [y for _, y in points]) for name, points in series.items()}
    label = f"{next(iter(lines))} (utility)" if len(lines) == 1 else "distance (utility)"
    what = "Distance from equilibrium" if is_exact(rows[-1][1]) else "Population regret"
    distance_figure(page, lines, label, what, series, chain.boundaries())
    shown = sorted({index for index in (*MILESTONES, len(rows) - 1) if index < len(rows)})
    page.table(
        ["iteration", *lines],
        [[number, *(row.get(name) for name in series)] for number, row in (rows[index] for index in shown)],
        "The same as numbers." if len(shown) == len(rows) else "The same at some iterations; metrics.csv has them all.",
    )


def distance_figure(
    page: Page,
    lines: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    label: str,
    what: str,
    metrics: Iterable[str],
    boundaries: plots.Boundaries = plots.WHOLE,
) -> None:
    """Lines of a distance over iterations by name, with a caption that says `what` they are and what the `metrics`
    mean."""
    ends = "; ".join(f"{name} from {distance(y[0])} to {distance(y[-1])}" for name, (_, y) in lines.items())
    zeros = any(value <= plots.SMALLEST for _, y in lines.values() for value in y)
    page.figure(
        plots.curves(lines, label, boundaries=boundaries),
        f"{what} after each iteration, in the game's utility, on a logarithmic scale. "
        + " ".join(MEANINGS[name] for name in metrics)
        + zeros * " Values that are zero up to rounding are drawn at the lower edge.",
        f"Line chart by iteration: {ends}.",
    )


def _win_rates(page: Page, chain: Chain, found: Sequence[Response]) -> None:
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for one in found:
        series.setdefault(one.name, []).append((one.number, one.rate, one.low, one.high))
    page.figure(
        plots.intervals(series, "win rate against the mixture", 0.5, chain.boundaries(), percent=True),
        "Each response's win rate, ties half, against the mixture that it trained against, with 95 % intervals. Above "
        "the dashed line, at one half, the response beats the mixture.",
        f"Chart of {len(found)} win rates by iteration; the last is {found[-1]}.",
    )


def _responses(page: Page, chain: Chain, found: Sequence[Response], drawn: bool) -> None:
    """The responses one by one, and the resulting mixtures."""
    page.heading("Responses")
    if drawn:
        _win_rates(page, chain, found)
    several = len(chain.phases) > 1
    header = ["iteration", "response", "decisions", "win rate, %", "support", "heaviest", "effective", "spread"]
    rows = [
        [
            *([one.phase.name] if several else []),
            one.number,
            one.name,
            one.decisions,
            str(one).replace(" %", ""),
            *(one.row[name] for name in ("support_all", "heaviest_all", "effective_all", "spread")),
        ]
        for one in found
    ]
    page.table(
        [*(["run"] if several else []), *header],
        rows,
        "Each response and what the mixture was after it. “Decisions” is how many it was trained on. “Support” "
        "counts the policies with weight, “heaviest” is the largest weight, “effective” the number of equally weighted "
        "policies of the same entropy, “spread” (0 to 1) how far chance in the matches could have moved the mixture.",
    )


def _gains(page: Page, chain: Chain) -> None:
    """Each response's gain over the mixture that it answers, from the payoff table."""
    series = gains(chain)
    if not series:
        return
    page.figure(
        plots.curves(
            {name: ([x for x, _ in points], [y for _, y in points]) for name, points in series.items()},
            "gain on the mixture (utility)",
            log=False,
            boundaries=chain.boundaries(),
            level=0.0,
        ),
        "What each iteration's best new policy earns against the others' mixtures before it, minus what the mixture "
        "itself earned there, from the payoff table. Above the dashed line the new policy was an improvement.",
        f"Chart of gains by iteration; the last are {last_gains(series)}.",
    )


def last_gains(series: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """The newest of `gains`, in words."""
    return ", ".join(f"{points[-1][1]:.3g} ({name})" for name, points in series.items())


def gains(chain: Chain) -> dict[str, list[tuple[int, float]]]:
    """By player, each iteration and the best gain of its new policies against the previous mixtures."""
    payoffs, mixtures = chain.last.standing.state.table.payoffs, chain.mixtures()
    seats = range(len(payoffs))
    found: dict[str, list[tuple[int, float]]] = {}
    for (_, before, row), (_, number, after) in pairwise(chain.rows()):
        weights = [np.zeros(payoffs.shape[1 + seat]) for seat in seats]
        for seat in seats:
            mixture = mixtures[seat if len(mixtures) > 1 else 0][before]
            weights[seat][: len(mixture)] = mixture
        for place in range(len(mixtures)):
            name = "all" if len(mixtures) == 1 else str(place)
            new = slice(int(row[f"policies_{name}"]), int(after[f"policies_{name}"]))
            others = product([each for seat, each in enumerate(weights) if seat != place])
            earned = np.tensordot(np.moveaxis(payoffs[place], place, 0), others, axes=others.ndim)
            if new.stop > new.start:
                who = "every player" if len(mixtures) == 1 else f"player {name}"
                gain = float(earned[new].max() - weights[place] @ earned)
                found.setdefault(who, []).append((number, gain))
    return found


def exploitability(page: Page, chain: Chain) -> None:
    """The exploiters' results against the mixtures, if measured."""
    places = [(phase.name, phase.first, phase.run.path) for phase in chain.phases]
    places = places if chain.origin is None else [(chain.origin.name, 0, chain.origin), *places]
    found = [(name, first + one.iteration, one) for name, first, path in places for one in measurements(path)]
    if not found:
        return
    page.heading("Measured exploitability")
    series: dict[str, list[tuple[float, float, float, float]]] = {}
    for _, number, one in found:
        series.setdefault(one.status, []).append((number, one.value, one.low, one.high))
    last = found[-1][2]
    page.figure(
        plots.intervals(series, "win rate above one half", 0.0, chain.boundaries(), percent=True),
        "What the chosen exploiter wins against the mixture above one half, with 95 % intervals: a lower bound of "
        "exploitability for its budget. An unresolved figure is provisional: the controls have not shown that the "
        "budget could have found more.",
        f"Chart of {len(found)} measurements by iteration; the last is {last.value:.3f}, {last.status}.",
    )
    page.table(
        ["run", "iteration", "exploiters", "decisions each", "win rate above half", "upper limit", "verdict", "game"],
        [
            [
                name,
                number,
                one.exploiters,
                one.decisions,
                f"{one.value:.4f} [{one.low:.4f}, {one.high:.4f}]",
                f"{one.upper:.4f}",
                one.status,
                one.game,
            ]
            for name, number, one in found
        ],
        "The measurements one by one. The upper limit is the one-sided 95 % limit.",
    )
