"""When a table is zero-sum, constant-sum or symmetric: rounding errors are ignored, differences never."""

import numpy as np
import pytest

from pokespiel.metasolvers.judging import (
    are_exact,
    asymmetry,
    is_constant_sum,
    is_rounding,
    is_symmetric,
    is_zero_sum,
    rounding,
)
from pokespiel.metasolvers.nash import Nash

BATTLE = np.array([[[3, 0], [0, 2]], [[2, 0], [0, 3]]], float)
PRISONERS = np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], float)
SCALES = [1e-300, 1e-10, 1e-6, 1.0, 0.1, 1e9, 1e300]


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    ("values", "exact"),
    [
        ([0, 0], True),
        ([0, -3, 1e10], True),
        ([0.5, 0.125, 1e6], True),
        ([1e-10 * 2**30, 0], False),
        ([0.1, 0.2], False),
        ([5e15, 5e15 + 1], True),
        ([1e16, 1e16 + 2], False),
        ([2.0**-1070, 2.0**-1060], True),
        ([2.0**-1070, 1.0], False),
    ],
)
def test_numbers_of_few_digits_are_exact(values, exact):
    assert are_exact(np.array(values, float)) == exact


def test_random_numbers_are_not_exact():
    assert not any(are_exact(random(2, 2, 2, seed=seed)) for seed in range(1000))


@pytest.mark.parametrize("scale", SCALES)
class TestAtEveryScale:
    def test_opposite_payoffs_are_zero_sum(self, scale):
        matrix = random(4, 5) * scale
        assert is_zero_sum(np.stack([matrix, -matrix]))
        assert is_zero_sum(np.stack([matrix, -matrix * (1 + 4e-16)]))

    def test_general_sums_are_not_zero(self, scale):
        for payoffs in (BATTLE, PRISONERS, random(2, 3, 3)):
            assert not is_zero_sum(payoffs * scale)
            assert not is_constant_sum(payoffs * scale)

    def test_win_rates_have_a_constant_sum(self, scale):
        rates = np.random.default_rng(1).random((6, 5))
        payoffs = np.stack([rates, 1 - rates]) * scale
        assert is_constant_sum(payoffs)
        assert not is_zero_sum(payoffs)

    def test_symmetry_survives_rounding_and_nothing_else(self, scale):
        own = random(4, 4) * scale
        assert is_symmetric(np.stack([own, own.T]))
        assert is_symmetric(np.stack([own, own.T * (1 + 4e-16)]))
        assert not is_symmetric(np.stack([own, own]))
        nearly = np.stack([own, own.T])
        nearly[1, 0, 1] += 1e-8 * scale
        assert not is_symmetric(nearly)

    def test_three_players(self, scale):
        own = random(3, 3, 3)
        own = (own + own.transpose(0, 2, 1)) * scale
        payoffs = np.stack([own, own.transpose(1, 0, 2), own.transpose(1, 2, 0)])
        assert is_symmetric(payoffs)
        assert not is_symmetric(np.stack([own, own, own]))


@pytest.mark.parametrize("offset", [0, 1e5, 5e9, 1e12, 5e15])
class TestAnOffsetHidesNothing:
    def test_battle_of_the_sexes_is_general_sum(self, offset):
        assert not is_constant_sum(BATTLE + offset)
        with pytest.raises(ValueError, match=r"nash.*general-sum"):
            Nash()(BATTLE + offset)

    def test_seats_that_differ_are_not_symmetric(self, offset):
        payoffs = np.array([[[0, 0], [1, 1]], [[1, 0], [1, 0]]]) + offset
        assert not is_symmetric(payoffs)
        assert asymmetry(payoffs, 1) == 1
        with pytest.raises(ValueError, match="swapping seats 0 and 1"):
            Nash()(payoffs, symmetric=True)

    def test_exact_payoffs_are_compared_exactly(self, offset):
        rps = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        assert is_constant_sum(np.stack([offset + rps, offset - rps]))
        assert is_symmetric(np.stack([offset + rps, offset - rps]))


def test_a_small_difference_between_exact_payoffs_counts_beside_large_ones():
    payoffs = np.array([[[1e12, 0], [0, 1]], [[-1e12, 0], [0, -2]]])
    assert not is_constant_sum(payoffs)
    payoffs[1, 1, 1] = -1
    assert is_constant_sum(payoffs)


def test_rounding_is_a_share_of_the_size_and_of_the_spread():
    assert rounding(np.array([1.0, 2.0, -7.0])) == 0
    assert rounding(np.array([0.1, 0.3])) == pytest.approx(3e-15)
    assert rounding(np.array([1e9 + 0.1, 1e9])) == pytest.approx(1e-10, rel=1e-6)
    assert rounding(np.array([0.3, 0.1 + 0.2])) == pytest.approx(3e-15)  # all equal but for rounding


@pytest.mark.parametrize("outlier", [1e12, 1e15, 1e17, 1e200])
@pytest.mark.parametrize("scale", [0.1, 0.3, 1.0, 1e-9])
def test_written_numbers_differ_beside_any_outlier(scale, outlier):
    payoffs = scale * np.array([[[0.1, 0], [0, 0.2]], [[-0.1, 0], [0, -0.3]]])
    payoffs[:, 0, 0] = outlier, -outlier
    for sign in (1, -1):
        assert not is_zero_sum(sign * payoffs)
        assert not is_constant_sum(sign * payoffs)
    own = scale * np.array([[0.0, 0.1, outlier], [0.2, 0.0, outlier], [-outlier, -outlier, 0.0]])
    assert is_symmetric(np.stack([own, own.T]))
    assert not is_symmetric(np.stack([own, own]))
    one, other = np.array([0.1 * scale * 3, 0.1 * scale]), np.array([0.3 * scale, 0.2 * scale])
    assert is_rounding(one - other, [one, other], own).tolist() == [True, False]


def test_what_a_sum_leaves_of_zero_is_rounding():
    left = 0.1 + 0.2 - 0.3
    values = np.array([left, 0.0, 0.7])
    assert left > 0
    assert is_rounding(values[:1] - values[1:2], [values[:1], values[1:2]], values).all()
    assert is_zero_sum(np.array([[left, 0.7], [0.0, -0.7]]))


def test_populations_of_different_sizes_are_not_symmetric():
    assert not is_symmetric(random(2, 3, 4))
    assert is_symmetric(random(1, 3))
