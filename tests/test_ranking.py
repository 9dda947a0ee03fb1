"""Rankings: scores with the right sign, intervals that cover, and weights with a correct spread."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from test_allocation import CYCLE, above, sampled

from pokespiel.core.intervals import mean_interval
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.uniform import UniformSolver
from pokespiel.payoffs.ranking import rank
from pokespiel.payoffs.tables import PayoffTable, Samples


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_scores_are_the_row_s_and_leave_out_oneself():
    payoffs = np.array([[0, 0.5, -0.1], [-0.5, 0, 0.3], [0.1, -0.3, 0]])
    strategy, (ranking,) = rank(PayoffTable(np.stack([payoffs, -payoffs])), Nash(), (-1, 1), rng(), symmetric=True)
    assert np.allclose(ranking.overall.mean, [0.2, -0.1, -0.1])
    assert ranking.order()[0] == 0
    assert np.allclose(ranking.against_mixture.mean, payoffs @ strategy.marginals[0])
    assert np.allclose(ranking.against_mixture.mean, 0), "a cycle's equilibrium leaves nobody ahead"
    assert np.array_equal(ranking.overall.low, ranking.overall.high), "an exact table leaves no doubt"
    assert ranking.support.tolist() == [1, 1, 1]


def test_each_seat_of_an_asymmetric_game_has_its_ranking():
    payoffs = np.array([[[1.0, 0.0, 0.0], [0.5, -1.0, 0.2]], [[0.0, 1.0, 1.0], [0.5, 1.0, 0.0]]])
    _, (first, second) = rank(PayoffTable(payoffs), UniformSolver(), (-1, 1), rng())
    assert np.allclose(first.overall.mean, [1 / 3, -0.1])
    assert np.allclose(second.overall.mean, [0.25, 1.0, 0.5])
    assert np.allclose(second.against_mixture.mean, second.overall.mean)


def test_one_policy_alone_is_ranked():
    _, (ranking,) = rank(PayoffTable(np.zeros((2, 1, 1))), Nash(), (-1, 1), rng(), symmetric=True)
    assert (ranking.weight, ranking.overall.mean) == (1.0, 0.0)


def test_intervals_cover_the_true_scores():
    cells, truth = above(4), CYCLE.sum(axis=1) / 3
    covered = []
    for seed in range(150):
        table = sampled(CYCLE, cells, np.full(6, 40), rng(seed))
        _, (ranking,) = rank(table, UniformSolver(), (-1, 1), rng(), symmetric=True, draws=2)
        covered.append((ranking.overall.low <= truth) & (truth <= ranking.overall.high))
    assert 0.93 < np.mean(covered) <= 0.99
    assert np.mean(covered, axis=0).min() > 0.9, "of the best and the worst too"


def test_wins_alone_leave_a_doubt():
    cells, certain = above(2), np.array([[0, 1.0], [-1.0, 0]])
    _, (ranking,) = rank(
        sampled(certain, cells, np.array([20]), rng()), UniformSolver(), (-1, 1), rng(), symmetric=True
    )
    low, high = mean_interval(20, 20.0, 20.0, (-1.0, 1.0))
    assert (ranking.overall.low[0], ranking.overall.high[0]) == pytest.approx((float(low), float(high)))
    assert low < 0.66, "the exact binomial interval's end"


def test_mirrored_cells_count_once():
    """With three players, (0, 1, 2) and (0, 2, 1) are the same matches."""
    cells, mean = np.array([[0, 1, 2]]), np.array([0.2, -0.1, -0.1])
    units = rng().normal(mean, 0.3, size=(50, 3))
    shape = (3,) * 3
    payoffs, products, played = np.zeros((3, *shape)), np.zeros((3, 3, *shape)), np.zeros(shape, np.int64)
    for order in itertools.permutations(range(3)):
        place = tuple(cells[0, list(order)])
        payoffs[(slice(None), *place)] = units.mean(axis=0)[list(order)]
        products[(slice(None), slice(None), *place)] = (units.T @ units)[np.ix_(order, order)]
        played[place] = 50
    nothing = np.zeros((3, *shape), np.int64)
    table = PayoffTable(payoffs, Samples(played, products, nothing, nothing, nothing, nothing[0]))
    _, (ranking,) = rank(table, UniformSolver(), (-1, 1), rng(), symmetric=True, draws=2)
    low, high = mean_interval(50, units[:, 0].sum(), (units[:, 0] ** 2).sum(), (-1.0, 1.0))
    ends = ranking.overall.low[0], ranking.overall.high[0]
    assert ends == pytest.approx((low / 2, high / 2)), "half of the choices are twins, who are paid 0"


def test_the_spread_says_which_weights_are_open():
    cells = above(4)
    for units, low, high in ((20, 0.05, 1.0), (5000, 0.0, 0.06)):
        table = sampled(CYCLE, cells, np.full(6, units), rng(1))
        _, (ranking,) = rank(table, Nash(), (-1, 1), rng(2), symmetric=True, draws=100)
        width = ranking.high_weight - ranking.low_weight
        assert low < width[:3].max() < high
        assert ((ranking.low_weight <= ranking.mean_weight) & (ranking.mean_weight <= ranking.high_weight)).all()
    assert ranking.support.tolist() == [1, 1, 1, 0]
