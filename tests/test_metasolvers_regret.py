"""Regret within a payoff table: gains, NashConv, and the gaps to correlated equilibria."""

import numpy as np
import pytest

from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.regret import (
    cce_gap,
    ce_gap,
    deviation_gains,
    joint_of,
    marginals_of,
    population_regret,
    product,
    swap_gains,
    table_nash_conv,
)

ASYMMETRIC = np.stack([[[4.0, 1.0], [2.0, 3.0]], [[-4.0, -1.0], [-2.0, -3.0]]])
CHICKEN = np.array([[[6, 2], [7, 0]], [[6, 7], [2, 0]]], float)


def random_marginals(sizes, rng):
    return tuple(rng.dirichlet(np.ones(size)) for size in sizes)


def expected_payoff(payoffs, player, joint):
    return sum(joint[profile] * payoffs[player][profile] for profile in np.ndindex(joint.shape))


def test_gains_have_the_right_direction_on_an_asymmetric_table():
    """Against uniform both rows earn 2.5; the columns concede 3 and 2. On the transpose the rows would differ."""
    uniform = MetaStrategy((np.array([0.5, 0.5]), np.array([0.5, 0.5])))
    row, column = deviation_gains(ASYMMETRIC, uniform)
    np.testing.assert_allclose(row, [0, 0])
    np.testing.assert_allclose(column, [-0.5, 0.5])
    assert population_regret(ASYMMETRIC, uniform) == 0.5


def test_biased_rock_paper_scissors_at_uniform():
    own = np.array([[0, -0.5, 1], [0.5, 0, -0.1], [-1, 0.1, 0]])
    third = np.full(3, 1 / 3)
    assert table_nash_conv(np.stack([own, -own]), (third, third)) == pytest.approx(2 * 0.5 / 3)


@pytest.mark.parametrize("sizes", [(3, 4), (4, 2, 3), (2, 3, 2, 2)])
class TestAgainstSumsOverProfiles:
    def test_gains_of_a_product(self, sizes):
        rng = np.random.default_rng(0)
        payoffs = rng.normal(size=(len(sizes), *sizes))
        marginals = random_marginals(sizes, rng)
        for player, gains in enumerate(deviation_gains(payoffs, MetaStrategy(marginals))):
            value = expected_payoff(payoffs, player, product(marginals))
            for policy, gain in enumerate(gains):
                deviated = [*marginals[:player], np.eye(sizes[player])[policy], *marginals[player + 1 :]]
                assert gain == pytest.approx(expected_payoff(payoffs, player, product(deviated)) - value)

    def test_a_product_and_its_joint_are_the_same(self, sizes):
        rng = np.random.default_rng(1)
        payoffs = rng.normal(size=(len(sizes), *sizes))
        marginals = random_marginals(sizes, rng)
        joint = product(marginals)
        assert table_nash_conv(payoffs, marginals) == pytest.approx(cce_gap(payoffs, joint))
        assert population_regret(payoffs, MetaStrategy(marginals, joint)) == pytest.approx(cce_gap(payoffs, joint))
        for one, other in zip(marginals_of(joint), marginals, strict=True):
            np.testing.assert_allclose(one, other)

    def test_swaps_of_a_joint_strategy(self, sizes):
        rng = np.random.default_rng(2)
        payoffs = rng.normal(size=(len(sizes), *sizes))
        joint = rng.dirichlet(np.ones(np.prod(sizes))).reshape(sizes)
        for player, gains in enumerate(swap_gains(payoffs, joint)):
            for told in range(sizes[player]):
                for played in range(sizes[player]):
                    gain = 0.0
                    for profile in np.ndindex(sizes):
                        if profile[player] == told:
                            changed = (*profile[:player], played, *profile[player + 1 :])
                            gain += joint[profile] * (payoffs[player][changed] - payoffs[player][profile])
                    assert gains[told, played] == pytest.approx(gain)

    def test_swapping_gains_at_least_as_much_as_a_fixed_deviation(self, sizes):
        rng = np.random.default_rng(3)
        for _ in range(20):
            payoffs = rng.normal(size=(len(sizes), *sizes))
            joint = rng.dirichlet(np.full(np.prod(sizes), 0.2)).reshape(sizes)
            assert ce_gap(payoffs, joint) >= cce_gap(payoffs, joint) - 1e-12


def test_aumanns_correlated_equilibrium_of_chicken():
    joint = np.array([[1 / 3, 1 / 3], [1 / 3, 0]])
    assert ce_gap(CHICKEN, joint) == pytest.approx(0, abs=1e-15)
    # All weight on (6, 6): each gains 1 by daring.
    assert ce_gap(CHICKEN, np.array([[1.0, 0], [0, 0]])) == 2
    assert cce_gap(CHICKEN, np.array([[1.0, 0], [0, 0]])) == 2


def test_joint_of_prefers_the_joint():
    joint = np.array([[0.5, 0], [0, 0.5]])
    marginals = (np.array([0.5, 0.5]),) * 2
    np.testing.assert_array_equal(joint_of(MetaStrategy(marginals, joint)), joint)
    np.testing.assert_array_equal(joint_of(MetaStrategy(marginals)), np.full((2, 2), 0.25))
