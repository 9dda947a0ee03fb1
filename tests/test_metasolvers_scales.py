"""Payoffs of all sizes, alone and together: answers compared with exact rational arithmetic."""

import os

import numpy as np
import pytest
from exact_tables import KINDS, beaten, fractions, random_matrix, value, worst_gain, zero_sum

from pokespiel.metasolvers.exact import less, solve_exactly
from pokespiel.metasolvers.max_entropy_nash import MaxEntropyNash
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.rectified_nash import RectifiedNash

BIASED_ROCK_PAPER_SCISSORS = np.array([[0, -0.5, 1], [0.5, 0, -0.1], [-1, 0.1, 0]])
EQUILIBRIUM = [1 / 16, 10 / 16, 5 / 16]
SOLVERS = [Nash(), Nash("simplex"), MaxEntropyNash(), RectifiedNash()]
SOUND = 1e-13
"""Of what is at stake; a weight that is rounded once leaves 1e-16."""
TABLES = range(int(os.environ.get("POKESPIEL_TABLES", 20 * len(KINDS))))
"""Kinds take turns; for a longer run: POKESPIEL_TABLES=2000 python -m pytest tests/test_metasolvers_scales.py"""
SCALES = [1e-300, 1e-6, 1.0, 0.7, 1e9, 1e290]


def with_a_loser(matrix, stake):
    """One more policy, that loses `stake` to all others."""
    n = len(matrix)
    larger = np.zeros((n + 1, n + 1))
    larger[:n, :n], larger[:n, n], larger[n, :n] = matrix, stake, -stake
    return larger


@pytest.mark.parametrize("solver", SOLVERS, ids=repr)
class TestZeroSum:
    def test_random_tables_of_every_kind(self, solver):
        for seed in TABLES:
            kind, matrix = random_matrix(seed)
            gain = worst_gain(matrix, *solver(zero_sum(matrix)).marginals)
            assert gain < SOUND, (seed, kind)

    @pytest.mark.parametrize("k", [1e5, 1e7, 1e10, 1e15])
    def test_a_large_payoff_beside_a_small_one(self, solver, k):
        for weights in solver(zero_sum(np.diag([k, 1.0]))).marginals:
            np.testing.assert_allclose(weights, [1 / (1 + k), k / (1 + k)], rtol=1e-13)

    @pytest.mark.parametrize("stake", [1e6, 1e8, 1e10, 1e12])
    def test_a_policy_that_loses_much_to_all_others_changes_nothing(self, solver, stake):
        payoffs = zero_sum(with_a_loser(BIASED_ROCK_PAPER_SCISSORS, stake))
        for symmetric in (True, False):
            for weights in solver(payoffs, symmetric=symmetric).marginals:
                np.testing.assert_allclose(weights, [*EQUILIBRIUM, 0], rtol=1e-13)

    @pytest.mark.parametrize("scale", SCALES)
    def test_the_unit_of_payoffs_does_not_matter(self, solver, scale):
        for weights in solver(zero_sum(BIASED_ROCK_PAPER_SCISSORS * scale)).marginals:
            np.testing.assert_allclose(weights, EQUILIBRIUM, rtol=1e-13)

    @pytest.mark.parametrize("offset", [1e5, 5e9, 5e15])
    def test_a_common_offset_does_not_matter(self, solver, offset):
        matrix = np.array([[0, -1, 3], [2, 0, -1], [-3, 1, 0]], float)
        for weights, expected in zip(
            solver(zero_sum(matrix + offset)).marginals, solver(zero_sum(matrix)).marginals, strict=True
        ):
            np.testing.assert_allclose(weights, expected, rtol=1e-12)

    def test_every_weight_is_right_where_the_equilibrium_is_unique(self, solver):
        """The diagonal pays each pair alike in proportion to one over its payoff."""
        sizes = 10.0 ** np.arange(-6, 10, 3)
        for weights in solver(zero_sum(np.diag(sizes))).marginals:
            np.testing.assert_allclose(weights, 1 / sizes / (1 / sizes).sum(), rtol=1e-13)


class TestRectifiedNash:
    def test_targets_are_those_that_each_policy_beats_or_ties(self):
        for seed in TABLES:
            kind, matrix = random_matrix(seed)
            strategy = RectifiedNash()(zero_sum(matrix))
            x, y = strategy.marginals
            sides = ((matrix, x, y, strategy.targets[0]), (-matrix.T, y, x, strategy.targets[1]))
            for rows, own, other, targets in sides:
                supported = np.flatnonzero(own)
                assert len(targets) == len(supported)
                for policy, target in zip(supported, targets, strict=True):
                    if not self.nearly_tied(rows, own, other, policy):
                        expected = beaten(rows, other, policy)
                        np.testing.assert_allclose(target, expected, rtol=1e-12, err_msg=f"{seed} {kind}")

    @staticmethod
    def nearly_tied(rows, own, other, policy):
        """Whether an opponent's payoff is off the value by no more than rounding of the payoffs in play."""
        distance = [abs(float(a - value(rows))) for a in fractions(rows[policy][other > 0])]
        in_play = own @ np.abs(rows) @ other
        return any(0 < gap <= 1e-12 * in_play for gap in distance)

    def test_a_loser_trains_nobody(self):
        payoffs = zero_sum(with_a_loser(np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]), 1e12))
        for target in RectifiedNash()(payoffs, symmetric=True).targets:
            np.testing.assert_allclose(target, [[0.5, 0, 0.5, 0], [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0]], rtol=1e-13)


class TestSpreading:
    @pytest.mark.parametrize("solver", [Nash(), MaxEntropyNash()], ids=repr)
    @pytest.mark.parametrize("k", [1.0, 1e5, 1e10, 1e15])
    def test_copies_share_alike(self, solver, k):
        matrix = np.repeat(np.diag([k, 1.0]), 2, axis=0)
        x = solver(zero_sum(matrix)).marginals[0]
        np.testing.assert_allclose(x, np.repeat([0.5 / (1 + k), 0.5 * k / (1 + k)], 2), rtol=1e-10)

    @pytest.mark.parametrize("stake", [0.0, 1e6, 1e12])
    def test_maximum_entropy_beside_a_loser(self, stake):
        """All of two policies that always draw and of rock, paper and scissors is in equilibrium."""
        core = np.zeros((5, 5))
        core[:3, :3] = [[0, -1, 1], [1, 0, -1], [-1, 1, 0]]
        matrix = with_a_loser(core, stake) if stake else core
        x = MaxEntropyNash()(zero_sum(matrix), symmetric=True).marginals[0]
        np.testing.assert_allclose(x[:5], 0.2, rtol=1e-9)


class TestWholeNumbers:
    def test_the_value_and_the_strategies_are_exact(self):
        for seed in TABLES:
            kind, matrix = random_matrix(seed)
            for spread in (False, True):
                x, y, found = solve_exactly(matrix, spread=spread)
                assert found == value(matrix), (seed, kind)
                assert worst_gain(matrix, x, y) < 1e-15, (seed, kind)

    def test_spreading_plays_every_policy_that_any_equilibrium_plays(self):
        """Just those policies that lose nothing, then, are played (Goldman and Tucker 1956)."""
        rng = np.random.default_rng(3)
        for _ in range(300):
            matrix = rng.integers(-1, 2, size=rng.integers(1, 7, size=2)).astype(float)
            x, y, found = solve_exactly(matrix, spread=True)
            above = less(matrix, found)
            np.testing.assert_array_equal(x > 0, above @ y > -1e-14)
            np.testing.assert_array_equal(y > 0, x @ above < 1e-14)

    def test_a_vertex_has_no_more_policies_than_it_needs(self):
        copies = np.repeat(BIASED_ROCK_PAPER_SCISSORS, 3, axis=0)
        x, y, _ = solve_exactly(copies, spread=False)
        assert len(set(np.flatnonzero(x) // 3)) == 3
        np.testing.assert_allclose(y, EQUILIBRIUM, rtol=1e-15)
