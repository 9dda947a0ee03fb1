"""Payoff tables: cells are counted correctly, only missing cells are added, and intervals cover the true values."""

from __future__ import annotations

import numpy as np
import pytest
from toys import Always, BiasedRPS, Parity

from pokespiel.core.policy import Tabular, Uniform
from pokespiel.game.matrix import matrix_game
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.uniform import UniformSolver as Uniformly
from pokespiel.payoffs.exact import ExactPayoffs
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import PayoffTable, Samples, deviations, grow, interval, spread

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) * 2 / 3  # a third of the seeds let seat 0 win


class Endless(Parity):
    def length(self, seed: int) -> int:
        return 10**9


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def always() -> list[Always]:
    return [Always(action) for action in range(3)]


def test_seat_swapped_pairs_cancel_the_seat_and_mirror_the_cell():
    table = SampledPayoffs(units=300)(BiasedRPS(), [always()], None, rng())
    assert np.array_equal(table.payoffs[0], -table.payoffs[1])
    assert np.array_equal(table.payoffs[0], table.payoffs[1].T)
    assert np.array_equal(np.sign(table.payoffs[0]), np.sign(RPS))  # seat 0's luck is gone from every pair
    assert np.abs(table.payoffs[0] - RPS).max() < 0.1
    assert np.diag(table.payoffs[0]).tolist() == [0, 0, 0]
    samples = table.samples
    assert samples.units.tolist() == [[0, 300, 300], [300, 0, 300], [300, 300, 0]]
    games = samples.wins + samples.losses + samples.ties
    assert (games[:, ~np.eye(3, dtype=bool)] == 300).all()
    assert np.array_equal(samples.wins[0], samples.losses[1])
    assert samples.wins[0, 1, 0] == 300  # paper in seat 0 beats rock by play or by luck: every match
    assert 60 < samples.wins[0, 0, 1] < 140  # rock in seat 0 beats paper by luck alone


def test_the_unit_of_an_interval_is_the_pair():
    """Rock against another rock: luck splits some pairs, the others tie, so every pair's mean is 0."""
    table = SampledPayoffs(units=300)(BiasedRPS(), [[Always(0), Always(0)]], None, rng())
    samples = table.samples
    assert samples.units[0, 1] == 300
    assert samples.wins[0, 0, 1] > 60
    assert samples.wins[0, 0, 1] + samples.ties[0, 0, 1] == 300
    assert not samples.products.any()
    low, high = interval(table, (-1, 1))
    assert np.abs([low[0, 0, 1], high[0, 0, 1]]).max() < 0.02


def test_wins_are_those_who_earned_more():
    """Paper against rock: seat 0 wins with paper; with rock it wins by luck alone."""
    samples = SampledPayoffs(units=300)(BiasedRPS(), [always()[:2]], None, rng()).samples
    assert samples.wins[0, 1, 0] == 300
    assert samples.losses[0, 1, 0] == 0
    assert samples.wins[1, 0, 1] == samples.losses[0, 0, 1] > 150


def test_ties_count_in_what_the_matches_leave_open():
    """Half of 400 units tie and a quarter is won: the mean's standard error is that of all their unit means."""
    units = np.full((2, 1), 400)
    squares = np.full((2, 1), 200.0)
    products = np.stack([np.stack([squares, -squares]), np.stack([-squares, squares])])
    each = np.full((2, 2, 1), 100)
    samples = Samples(units, products, each, each, 2 * each, 0 * units)
    spread_ = deviations(PayoffTable(np.zeros((2, 2, 1)), samples), (-1, 1))
    variance = np.einsum("pqc,pqc->pc", *[spread_[..., 0]] * 2)
    np.testing.assert_allclose(variance, (200 + 4) / 403 / 404, rtol=1e-6)


def test_the_mean_of_a_cell_is_the_mean_of_its_counted_matches():
    table = SampledPayoffs(units=50)(Parity(), [always(), always()[:2]], None, rng())
    samples = table.samples
    assert np.allclose(table.payoffs, (samples.wins - samples.losses) / samples.units)
    assert np.allclose(samples.products[0, 0], samples.units)  # every match pays 1 or -1
    assert np.allclose(samples.products[0, 1], -samples.units)


def test_growth_plays_the_missing_cells_only():
    first, second = always(), always()
    sample = SampledPayoffs(units=10)
    before = sample(Parity(), [first[:2], second[:1]], None, rng())
    asked = first[0].asked
    after = sample(Parity(), [first[:2], second[:2]], before, rng(1))
    assert np.array_equal(after.payoffs[:, :2, :1], before.payoffs)
    assert np.array_equal(after.samples.units, np.full((2, 2), 10))
    assert first[0].asked > asked
    asked = [policy.asked for policy in (*first, *second)]
    again = sample(Parity(), [first[:2], second[:2]], after, rng(2))
    assert [policy.asked for policy in (*first, *second)] == asked
    assert np.array_equal(again.payoffs, after.payoffs)
    assert np.isnan(before.payoffs).sum() == 0, "the table that grew is left as it was"


def test_more_units_refine_a_cell():
    sample = SampledPayoffs(units=10)
    population = always()
    table = sample(BiasedRPS(), [population], None, rng())
    more = sample.add(BiasedRPS(), [population], table, np.array([[0, 1]]), rng(1))
    assert more.samples.units.tolist() == [[0, 20, 10], [20, 0, 10], [10, 10, 0]]
    assert np.allclose(more.payoffs[0], -more.payoffs[0].T)


def test_a_cell_is_the_mean_of_all_its_units():
    sample, population = SampledPayoffs(units=10), [always(), always()]
    table = sample(Parity(), population, None, rng())
    for seed in (1, 2):
        table = sample.add(Parity(), population, table, np.argwhere(np.ones((3, 3))), rng(seed))
    assert np.array_equal(table.samples.units, np.full((3, 3), 30))
    assert np.allclose(table.payoffs, (table.samples.wins - table.samples.losses) / 30)


def test_unfinished_matches_are_counted_and_are_no_results():
    table = SampledPayoffs(units=200, max_steps=3)(Parity(), [always()[:1], always()[:1]], None, rng())
    samples = table.samples
    assert samples.unfinished[0, 0] > 40
    assert samples.units[0, 0] + samples.unfinished[0, 0] == 200
    assert (samples.wins + samples.losses + samples.ties).sum() == 2 * samples.units[0, 0]
    with pytest.raises(ValueError, match=r"none of the 5 matches of payoff cell \(0, 0\) finished"):
        SampledPayoffs(units=5, max_steps=1)(Endless(), [always()[:1], always()[:1]], None, rng())


def test_a_missing_cell_is_an_error():
    table = grow(PayoffTable(np.zeros((2, 2, 1))), 2, [2, 3], sampled=False)
    assert table.missing().sum() == 4
    with pytest.raises(ValueError, match=r"4 payoff cells are missing: \(0, 1\)"):
        table.complete()
    with pytest.raises(ValueError, match="cannot shrink"):
        grow(table, 2, [1, 3], sampled=False)
    with pytest.raises(ValueError, match="do not mix"):
        grow(PayoffTable(np.zeros((2, 1, 1))), 2, [2, 2], sampled=True)


def test_exact_payoffs_need_a_sequence_form():
    with pytest.raises(ValueError, match=r"which parity is not: .* sampled payoffs take any game"):
        ExactPayoffs()(Parity(), [[Uniform()], [Uniform()]], None, rng())


@pytest.mark.parametrize("players", [2, 3])
def test_equal_policies_earn_the_same_in_every_role(players):
    """Otherwise the sampled table of a symmetric game that is not two-player zero-sum would not be symmetric."""
    cells = np.indices((2,) * players)
    both = cells.sum(axis=0)
    payoffs = np.stack([3.0 * (both == 0) + cells[p] - 0.5 * both for p in range(players)])
    game, mixed = matrix_game(payoffs), [Uniform(), Uniform(), Tabular({p: np.eye(2)[[1]] for p in range(players)})]
    assert game.symmetric
    table = SampledPayoffs(units=20)(game, [mixed], None, rng())
    Uniformly()(table.complete(), symmetric=True)  # refuses what is not symmetric
    assert np.ptp(table.payoffs[(slice(None), *[0] * players)]) < 1e-12


def test_intervals_cover_the_true_payoffs():
    covered = []
    for seed in range(150):
        table = SampledPayoffs(units=40)(BiasedRPS(), [always()], None, rng(seed))
        low, high = interval(table, (-1, 1))
        covered.append((low[0] <= RPS + 1e-12) & (high[0] + 1e-12 >= RPS))
        assert (low <= table.payoffs).all()
        assert (table.payoffs <= high).all()
    off_diagonal = np.array(covered)[:, ~np.eye(3, dtype=bool)]
    assert off_diagonal.mean() > 0.92


def test_intervals_of_exact_cells_have_no_width():
    low, high = interval(PayoffTable(np.zeros((2, 2, 2))), (-1, 1))
    assert np.array_equal(low, high)


def test_the_spread_of_the_mixture_shrinks_with_the_matches():
    widths = []
    for units in (20, 2000):
        table = SampledPayoffs(units=units)(BiasedRPS(), [always()], None, rng())
        drawn = spread(table, Nash(), (-1, 1), rng(1), symmetric=True, draws=100)
        weights = np.array([strategy.marginals[0] for strategy in drawn])
        assert np.abs(weights.mean(axis=0) - 1 / 3).max() < 4 * weights.std(axis=0).max()
        widths.append(weights.std(axis=0).mean())
    assert widths[1] < widths[0] / 3
    assert widths[1] > 0


def test_the_spread_of_an_asymmetric_table_keeps_its_means():
    table = SampledPayoffs(units=100)(Parity(), [always(), always()], None, rng())
    seen: list[np.ndarray] = []

    def watch(payoffs: np.ndarray, *, symmetric: bool = False):
        seen.append(payoffs)
        return Nash()(payoffs)

    spread(table, watch, (-1, 1), rng(1), draws=400)
    draws = np.array(seen)
    deviation = np.sqrt((1 - table.payoffs**2) / 100)
    assert np.abs(draws.mean(axis=0) - table.payoffs).max() < 0.03
    assert np.allclose(draws.std(axis=0), deviation, rtol=0.25, atol=0.02)
    assert np.allclose(draws.sum(axis=1), 0)
