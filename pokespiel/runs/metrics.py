"""The metrics of an iteration of the loop: one row of metrics.csv.

exploitability ...            exact, on games in sequence form
population_regret             regret within the payoff table
responses, responses_known    number of the iteration's responses, and of those that play like an earlier policy
policies_, support_, heaviest_, effective_<population>
                              its size; of its mixture the policies with weight, the largest weight, exp(entropy)
<oracle>/win_rate, _low, _high
                              a response's score against the previous mixture (which it trained against, unless the
                              solver gives each response its own target, as rectified_nash does), ties half, with the
                              95 % interval; for seats with sampled payoffs of +1, 0 and -1 and one population
spread                        uncertainty of the mixture: mean total variation, 0..1, between it and the mixtures of
                              payoff tables drawn within the sampling error
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.intervals import share, weighted_interval
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import SUPPORT, MetaSolver
from pokespiel.metasolvers.regret import ce_gap, population_regret
from pokespiel.payoffs.exact import exact_metrics
from pokespiel.payoffs.tables import PayoffTable, spread, total
from pokespiel.psro import PSROState
from pokespiel.runs.run import population_names

DRAWS = 10
"""Number of tables drawn and solved for the spread."""


def row(
    game: Game, state: PSROState, previous: PSROState | None, solver: MetaSolver, seed: int, seconds: float
) -> dict[str, Any]:
    """The row of a finished iteration.

    Args:
        previous: the state at the start of the iteration; None for the initial policies.
        solver: the solver of the answer, `state.strategy`.
        seed: of the run; the spread's draws have their own generator.
        seconds: time spent on the run so far.
    """
    figures: dict[str, Any] = {"iteration": state.iteration, "seconds": round(seconds, 3)}
    figures |= exact_metrics(game, state.populations, state.strategy)
    figures["population_regret"] = population_regret(state.table.payoffs, state.strategy)
    if state.strategy.joint is not None:
        figures["population_ce_gap"] = ce_gap(state.table.payoffs, state.strategy.joint)
    figures |= _mixtures(state)
    if state.table.samples is not None:
        samples = state.table.samples
        figures |= {name: total(getattr(samples, name), game.symmetric) for name in ("units", "unfinished")}
        if game.symmetric:
            figures |= win_rates_of_run(game, state, previous) if previous else {}
            figures["spread"] = _spread(game, state, solver, np.random.default_rng([seed, state.iteration]))
    return figures | {name: float(value) for name, value in state.metrics.items()}


def _mixtures(state: PSROState) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    measured: dict[str, Any] = {
        "policies": len,
        "support": lambda weights: int((weights > SUPPORT).sum()),
        "heaviest": lambda weights: float(weights.max()),
        "effective": effective,
    }
    for what, measure in measured.items():
        for name, weights in zip(population_names(state), state.strategy.marginals, strict=False):
            figures[f"{what}_{name}"] = measure(weights)
    return figures


def effective(weights: np.ndarray) -> float:
    """The effective number of policies in a mixture [n]: the exponential of its entropy, 1..n."""
    kept = weights[weights > 0]
    return float(np.exp(-(kept * np.log(kept)).sum()))


class WinRate(NamedTuple):
    """A share of matches won, where ties count half, with its interval."""

    rate: float
    low: float
    high: float


def win_rates_of_run(game: Game, state: PSROState, previous: PSROState) -> dict[str, float]:
    """Each new response's win rate against the previous mixture, by oracle; {} if returns are not win rates.

    An oracle's second response is called `nfsp_2`, and so on.
    """
    if game.utility_range != (-1.0, 1.0) or not game.zero_sum:
        return {}
    figures: dict[str, float] = {}
    mixture = previous.training.marginals[0]
    counts: dict[str, int] = {}
    for member in range(len(mixture), len(state.populations[0])):
        oracle = state.origins[0][member]["oracle"]
        counts[oracle] = counts.get(oracle, 0) + 1
        name = oracle if counts[oracle] == 1 else f"{oracle}_{counts[oracle]}"
        rate = win_rate(state.table, member, mixture)
        figures |= {f"{name}/win_rate": rate.rate, f"{name}/win_rate_low": rate.low, f"{name}/win_rate_high": rate.high}
    return figures


def win_rate(table: PayoffTable, member: int, mixture: np.ndarray, confidence: float = 0.95) -> WinRate:
    """The win rate of `member` against the `mixture` [m] of the first m policies, by its row of a symmetric table of
    +1, 0, -1.

    It is the weighted mean over the cells. Their matches are independent, and each cell's uncertainty comes from its
    unit means (see `intervals.weighted_interval`). The weights were solved from earlier matches and count as given.
    """
    against = np.flatnonzero(mixture)
    assert table.samples is not None
    units, squares = table.samples.units[member, against], table.samples.products[0, 0, member, against]
    means = table.payoffs[0, member, against]
    low, high = weighted_interval(mixture[against], units, means * units, squares, (-1.0, 1.0), confidence)
    return WinRate(share(float(mixture[against] @ means)), share(low), share(high))


def _spread(game: Game, state: PSROState, solver: MetaSolver, rng: np.random.Generator) -> float:
    drawn = spread(state.table, solver, game.utility_range, rng, symmetric=True, draws=DRAWS)
    mixture = state.strategy.marginals[0]
    return float(np.mean([np.abs(strategy.marginals[0] - mixture).sum() / 2 for strategy in drawn]))
