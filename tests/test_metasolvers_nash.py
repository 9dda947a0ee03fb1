"""Nash equilibria of two-player zero-sum tables: nash, max_entropy_nash, rectified_nash."""

import nashpy
import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import lp_solver

from pokespiel.metasolvers import nash
from pokespiel.metasolvers.interior_point import interior_points, polished
from pokespiel.metasolvers.max_entropy_nash import MaxEntropyNash
from pokespiel.metasolvers.nash import Nash, solve_zero_sum
from pokespiel.metasolvers.rectified_nash import RectifiedNash
from pokespiel.metasolvers.regret import table_nash_conv

BIASED_ROCK_PAPER_SCISSORS = np.array([[0, -0.5, 1], [0.5, 0, -0.1], [-1, 0.1, 0]])
"""Omidshafiei et al. 2019; equilibrium (1/16, 10/16, 5/16)."""
SOLVERS = [Nash(), Nash("simplex"), MaxEntropyNash(), RectifiedNash()]


def table(matrix):
    return np.stack([matrix, -np.asarray(matrix)])


def random_matrix(seed):
    """Generic, integer (many equilibria), of low rank, with copies, and of wildly different columns, in turn."""
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 13, size=2)
    matrix = rng.normal(size=(n, m))
    return [
        matrix,
        rng.integers(-2, 3, size=(n, m)).astype(float),
        rng.normal(size=(n, 1)) @ rng.normal(size=(1, m)),
        np.repeat(matrix, 3, axis=0)[:, rng.integers(0, m, size=2 * m)],
        matrix * 10.0 ** rng.integers(-3, 4, size=m),
    ][seed % 5]


def first_policies(matrix):
    """A wrong answer."""
    return np.eye(len(matrix))[0], np.eye(len(matrix.T))[0]


def entropy(weights):
    positive = weights[weights > 0]
    return -(positive * np.log(positive)).sum()


@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
class TestEquilibria:
    def test_have_no_regret(self, solver):
        for seed in range(60):
            payoffs = table(random_matrix(seed))
            marginals = solver(payoffs).marginals
            assert table_nash_conv(payoffs, marginals) <= 1e-9 * max(np.ptp(payoffs[0]), 1e-300)

    def test_find_the_value_and_strategies_worked_out_by_hand(self, solver):
        # Row mixes p so that both columns pay alike, 4p + 2(1 - p) = p + 3(1 - p): p = 1/4; column 1/2; value 5/2.
        # On the transpose the two would be exchanged.
        x, y = solver(table([[4.0, 1.0], [2.0, 3.0]])).marginals
        np.testing.assert_allclose(x, [1 / 4, 3 / 4], atol=1e-12)
        np.testing.assert_allclose(y, [1 / 2, 1 / 2], atol=1e-12)

    def test_solve_biased_rock_paper_scissors(self, solver):
        strategy = solver(table(BIASED_ROCK_PAPER_SCISSORS), symmetric=True)
        np.testing.assert_allclose(strategy.marginals[0], [1 / 16, 10 / 16, 5 / 16], atol=1e-12)

    def test_do_not_care_for_a_constant_sum(self, solver):
        rates = np.random.default_rng(3).random((5, 6))
        from_rates = solver(np.stack([rates, 1 - rates]))
        centred = solver(table(rates - 0.5))
        for one, other in zip(from_rates.marginals, centred.marginals, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)

    def test_refuse_general_sum_tables_and_more_players(self, solver):
        rng = np.random.default_rng(0)
        with pytest.raises(ValueError, match=r"zero-sum.*general-sum.*correlated"):
            solver(rng.normal(size=(2, 3, 3)))
        with pytest.raises(ValueError, match=r"two-player zero-sum.*3 players"):
            solver(rng.normal(size=(3, 2, 2, 2)))


class TestNash:
    def test_agrees_with_open_spiel_on_the_value(self, monkeypatch):
        monkeypatch.setattr(lp_solver.LinearProgram.solve, "__defaults__", ("CLARABEL", {}))
        matrix = np.random.default_rng(1).normal(size=(12, 9))
        game = pyspiel.create_matrix_game(matrix.tolist(), (-matrix).tolist())
        x, y = Nash()(table(matrix)).marginals
        assert x @ matrix @ y == pytest.approx(lp_solver.solve_zero_sum_matrix_game(game)[2], abs=1e-7)

    def test_agrees_with_nashpy_where_the_equilibrium_is_unique(self):
        for seed in range(5):
            matrix = np.random.default_rng(seed).normal(size=(5, 5))
            expected = nashpy.Game(matrix).lemke_howson(initial_dropped_label=0)
            np.testing.assert_allclose(Nash()(table(matrix)).marginals, expected, atol=1e-9)

    def test_interior_spreads_over_copies_where_simplex_does_not(self):
        copies = table(np.repeat(BIASED_ROCK_PAPER_SCISSORS, 2, axis=0))
        x = Nash()(copies).marginals[0]
        np.testing.assert_allclose(x, np.repeat([1 / 32, 10 / 32, 5 / 32], 2), atol=1e-9)
        assert (Nash("simplex")(copies).marginals[0] > 0).sum() == 3

    @pytest.mark.parametrize("size", [150, 300])
    def test_solves_large_tables_to_rounding(self, size):
        payoffs = table(np.random.default_rng(size).normal(size=(size, size + 7)))
        assert table_nash_conv(payoffs, Nash()(payoffs).marginals) < 1e-12

    def test_usual_gains_are_below_1e_14_of_the_stakes(self):
        rng = np.random.default_rng(1)
        scales = 10.0 ** rng.uniform(-3, 3, size=(100, 10, 12))
        flaws = [solve_zero_sum(matrix).flaw for matrix in rng.normal(size=scales.shape) * scales]
        assert np.median(flaws) < 1e-14

    def test_falls_back_on_whole_numbers(self, monkeypatch):
        monkeypatch.setattr(nash, "by_interior_point", first_policies)
        payoffs = table(BIASED_ROCK_PAPER_SCISSORS)
        np.testing.assert_allclose(Nash()(payoffs).marginals, [[1 / 16, 10 / 16, 5 / 16]] * 2, rtol=1e-15)

    def test_never_returns_what_it_did_not_verify(self, monkeypatch):
        monkeypatch.setattr(nash, "by_interior_point", first_policies)
        monkeypatch.setattr(nash, "solve_exactly", lambda matrix, spread: (*first_policies(matrix), None))
        with pytest.raises(ArithmeticError, match=r"nash: a policy still gains 0\.\d+ of its stakes"):
            Nash()(table(BIASED_ROCK_PAPER_SCISSORS))

    def test_refuses_what_is_too_large_for_whole_numbers_with_the_gain_that_is_left(self, monkeypatch):
        monkeypatch.setattr(nash, "MOST", 10)
        with pytest.raises(ArithmeticError, match=r"gains [\d.e-]+ of its stakes.*40 by 40 policies"):
            Nash()(table(np.diag(10.0 ** np.linspace(-6, 9, 40))))

    def test_finds_the_policies_that_matter_in_a_large_table(self):
        rng = np.random.default_rng(2)
        core = rng.normal(size=(150, 150))
        matrix = np.zeros((153, 153))
        matrix[:150, :150] = core - core.T
        matrix[:150, 150:] = 10.0 ** rng.integers(3, 13, size=3)
        matrix[150:, :150] = -matrix[:150, 150:].T
        x = Nash()(table(matrix), symmetric=True).marginals[0]
        assert (x[150:] == 0).all()
        assert (matrix[:150, :150] @ x[:150]).max() < 1e-13


class TestInteriorPoint:
    def test_stays_feasible_and_bounds_the_regret_all_along(self):
        matrix = np.random.default_rng(4).random((6, 8))
        gaps = []
        for point in interior_points(matrix):
            x, y = point.strategies
            assert (matrix @ y).max() - (x @ matrix).min() <= point.gap + 1e-12
            assert point.gap == pytest.approx(point.w - point.v, rel=1e-6, abs=1e-12)
            gaps.append(point.gap)
            if point.gap < 1e-9:
                break
        assert len(gaps) < 25
        assert gaps == sorted(gaps, reverse=True)

    def test_polishing_solves_the_equations_of_the_support(self):
        matrix = np.random.default_rng(5).normal(size=(7, 7))
        *_, near = (point for point, _ in zip(interior_points(matrix), range(11), strict=False))
        x, y = polished(matrix, near)
        assert np.ptp((matrix @ y)[x > 0]) < 1e-13
        assert np.ptp((x @ matrix)[y > 0]) < 1e-13


class TestMaxEntropyNash:
    def test_has_at_least_the_entropy_of_any_other_equilibrium(self):
        better = 0
        for seed in range(1, 100, 5):  # integer payoffs: many equilibria
            payoffs = table(random_matrix(seed))
            most = MaxEntropyNash()(payoffs).marginals
            for solver in (Nash(), Nash("simplex")):
                for one, other in zip(most, solver(payoffs).marginals, strict=True):
                    assert entropy(one) >= entropy(other) - 1e-7
                    better += entropy(one) > entropy(other) + 1e-3
        assert better > 10

    def test_plays_everything_equally_where_everything_is_optimal(self):
        x, y = MaxEntropyNash()(table(np.zeros((3, 2)))).marginals
        np.testing.assert_allclose(x, 1 / 3, atol=1e-5)
        np.testing.assert_allclose(y, 1 / 2, atol=1e-5)

    def test_does_not_depend_on_the_order_of_policies(self):
        rng = np.random.default_rng(6)
        matrix = rng.integers(-1, 2, size=(7, 6)).astype(float)
        rows, columns = rng.permutation(7), rng.permutation(6)
        x, y = MaxEntropyNash()(table(matrix)).marginals
        shuffled = MaxEntropyNash()(table(matrix[np.ix_(rows, columns)])).marginals
        np.testing.assert_allclose(shuffled[0], x[rows], atol=1e-5)
        np.testing.assert_allclose(shuffled[1], y[columns], atol=1e-5)


class TestRectifiedNash:
    def test_rock_trains_against_rock_and_scissors(self):
        rps = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
        targets = RectifiedNash()(table(rps), symmetric=True).targets
        expected = [[0.5, 0, 0.5], [0.5, 0.5, 0], [0, 0.5, 0.5]]
        np.testing.assert_allclose(targets[0], expected, atol=1e-9)
        np.testing.assert_allclose(targets[1], expected, atol=1e-9)

    def test_keeps_the_opponents_that_each_supported_policy_beats_or_ties(self):
        for seed in range(0, 60, 5):
            matrix = random_matrix(seed)
            strategy = RectifiedNash()(table(matrix))
            x, y = strategy.marginals
            value = x @ matrix @ y
            for own, other, earned, targets in (
                (x, y, matrix - value, strategy.targets[0]),
                (y, x, value - matrix.T, strategy.targets[1]),
            ):
                supported = np.flatnonzero(own > 1e-9)
                assert len(targets) == len(supported)
                for policy, target in zip(supported, targets, strict=True):
                    kept = [weight if earned[policy, j] >= -1e-9 else 0 for j, weight in enumerate(other)]
                    np.testing.assert_allclose(target, np.array(kept) / sum(kept), atol=1e-9)
