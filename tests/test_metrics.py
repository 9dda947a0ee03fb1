"""A row of metrics: a response's win rate computed by hand, dominance, and the mixture's uncertainty."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from toys import Always, BiasedRPS

from pokespiel.core.intervals import mean_interval
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles import Training
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import PayoffTable, Samples
from pokespiel.psro import InitialPopulations, psro
from pokespiel.runs.metrics import effective, row, win_rate


def table_of(rates: np.ndarray, units: int) -> PayoffTable:
    """A symmetric table with `units` pairs per cell, each +1 or -1, whose means follow from win `rates` [n, n]."""
    payoffs = np.stack([2 * rates - 1, 2 * rates.T - 1])
    count = np.full(rates.shape, units)
    nothing = np.zeros((2, *rates.shape), np.int64)
    products = np.einsum("p,q->pq", [1, -1], [1, -1])[..., None, None] * count
    return PayoffTable(payoffs, Samples(count, products.astype(float), *(nothing,) * 3, np.zeros(rates.shape, int)))


RATES = np.array([[0.5, 0.5, 0.3], [0.5, 0.5, 0.1], [0.7, 0.9, 0.5]])


def test_a_win_rate_is_the_new_rows_mean_by_the_old_mixture():
    rate = win_rate(table_of(RATES, 500), 2, np.array([0.25, 0.75]))
    assert rate.rate == pytest.approx(0.25 * 0.7 + 0.75 * 0.9)
    # By hand: the variance of a +-1 pair is 4 p (1 - p); cells are independent.
    error = np.sqrt(0.25**2 * 0.7 * 0.3 / 500 + 0.75**2 * 0.9 * 0.1 / 500)
    assert (rate.high - rate.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    assert rate.low < rate.rate < rate.high


def test_against_one_policy_the_interval_is_that_of_its_cell():
    table = table_of(RATES, 30)
    rate = win_rate(table, 2, np.array([0.0, 1.0]))
    low, high = mean_interval(30, 30 * 0.8, 30, (-1, 1))
    assert (rate.low, rate.high) == pytest.approx(((1 + low) / 2, (1 + high) / 2))


def test_the_effective_number_of_policies():
    assert effective(np.array([0.0, 1.0])) == 1
    assert effective(np.full(5, 0.2)) == pytest.approx(5)
    assert 1 < effective(np.array([0.9, 0.1])) < 2


class Cycle:
    """Paper, then scissors, then rock; each call may add two."""

    def __init__(self, both: bool = False):
        self.added, self.both = 0, both

    def __call__(self, game, opponents, rng, *, start=(), state=None):
        self.added += 1
        action = Always(self.added % 3)
        yield Training({0: (action, Always((self.added + 1) % 3)) if self.both else (action,)}, {"decisions": 1.0}, {})


def rows_of(oracles, iterations=3, **options):
    game, solver = BiasedRPS(), Nash()
    beginning = InitialPopulations.of(game, {"rock": Always(0)})
    states = psro(
        game, solver, oracles, SampledPayoffs(units=60), np.random.default_rng(0), beginning=beginning, **options
    )
    taken = list(itertools.islice(states, iterations + 1))
    before = [None, *taken[:-1]]
    return [row(game, state, last, solver, 0, 1.0) for state, last in zip(taken, before, strict=True)]


def test_a_row_says_how_the_responses_do_and_how_sure_the_mixture_is():
    rows = rows_of([Cycle()])
    assert "cycle/win_rate" not in rows[0]
    assert rows[0]["spread"] == 0
    # Paper beats rock unless the seed gives seat 0 the match: 2/3 + 1/3 / 2 over both seats.
    assert rows[1]["cycle/win_rate"] == pytest.approx(5 / 6, abs=0.1)
    assert rows[1]["cycle/win_rate_low"] > 0.6
    assert (rows[1]["heaviest_all"], rows[1]["support_all"], rows[1]["effective_all"]) == (1.0, 1, 1.0)
    assert rows[3]["support_all"] == 3
    assert 2 < rows[3]["effective_all"] <= 3
    assert 0 < rows[3]["spread"] < 0.5, "60 pairs a cell leave the thirds open"


def test_every_response_has_its_win_rate():
    rows = rows_of([Cycle(both=True), Cycle()], iterations=1)
    assert {name for name in rows[1] if name.endswith("win_rate")} == {
        "cycle/win_rate",
        "cycle_2/win_rate",
        "cycle_3/win_rate",
    }


def test_rows_repeat():
    assert [figures["spread"] for figures in rows_of([Cycle()])] == [
        figures["spread"] for figures in rows_of([Cycle()])
    ]


def test_no_win_rate_where_matches_are_not_won():
    game = BiasedRPS()
    game.utility_range = (-2.0, 2.0)
    states = psro(game, Nash(), [Cycle()], SampledPayoffs(units=10), np.random.default_rng(0))
    first, second = itertools.islice(states, 2)
    assert not [name for name in row(game, second, first, Nash(), 0, 1.0) if "win_rate" in name]


def test_marginals_of_a_strategy_are_left_alone():
    strategy = MetaStrategy((np.array([0.5, 0.5]),) * 2)
    win_rate(table_of(RATES, 50), 2, strategy.marginals[0])
    assert strategy.marginals[0].tolist() == [0.5, 0.5]
