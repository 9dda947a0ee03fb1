"""Equilibria of general-sum tables: logit (quantal response)."""

import numpy as np
import pygambit
import pytest

from pokespiel.metasolvers.logit import Logit
from pokespiel.metasolvers.regret import table_nash_conv


def general_sum(*sizes, seed=0):
    return np.random.default_rng(seed).normal(size=(len(sizes), *sizes))


def response(payoffs, player, marginals, rationality):
    """The logit response, one product over the others at a time."""
    values = np.zeros(payoffs.shape[player + 1])
    for profile in np.ndindex(payoffs.shape[1:]):
        chance = np.prod([marginals[seat][policy] for seat, policy in enumerate(profile) if seat != player])
        values[profile[player]] += chance * payoffs[player][profile]
    weights = np.exp(rationality * (values - values.max()))
    return weights / weights.sum()


class TestLogit:
    @pytest.mark.parametrize("rationality", [0.0, 0.5, 3.0, 30.0, 1000.0])
    @pytest.mark.parametrize("sizes", [(3, 5), (6, 2), (2, 4, 3), (2, 2, 3, 2)])
    def test_everyone_answers_everyone(self, rationality, sizes):
        payoffs = general_sum(*sizes)
        marginals = Logit(rationality)(payoffs).marginals
        for player, weights in enumerate(marginals):
            np.testing.assert_allclose(response(payoffs, player, marginals, rationality), weights, atol=1e-9)

    def test_symmetric_tables_of_three_players(self):
        own = np.random.default_rng(1).normal(size=(3, 3, 3))
        own = own + own.transpose(0, 2, 1)
        payoffs = np.stack([own, own.transpose(1, 0, 2), own.transpose(1, 2, 0)])
        weights = Logit(2.0)(payoffs, symmetric=True).marginals[0]
        np.testing.assert_allclose(response(payoffs, 0, [weights] * 3, 2.0), weights, atol=1e-9)
        np.testing.assert_allclose(Logit(2.0)(payoffs).marginals[2], weights, atol=1e-9)

    @pytest.mark.parametrize("rationality", [0.3, 2.0, 10.0])
    def test_agrees_with_gambit(self, rationality):
        for seed in range(3):
            payoffs = general_sum(3, 4, seed=seed)
            game = pygambit.StrategicGame.from_arrays(*payoffs)
            profile = pygambit.qre.logit_solve_lambda(game, lam=[rationality])[0].profile
            for weights, player in zip(Logit(rationality)(payoffs).marginals, game.players, strict=True):
                expected = [float(profile[player][strategy]) for strategy in game.get_strategies(player)]
                np.testing.assert_allclose(weights, expected, atol=1e-4)

    def test_grows_into_a_nash_equilibrium(self):
        payoffs = general_sum(4, 3)
        regrets = [
            table_nash_conv(payoffs, Logit(rationality)(payoffs).marginals) for rationality in (1, 10, 100, 1000)
        ]
        assert regrets == sorted(regrets, reverse=True)
        assert regrets[-1] < 3 * 2 * np.log(4) / 1000

    def test_follows_its_branch_where_it_turns_back(self):
        """At lambda 1.83 this table's branch turns back sharply, and straight on lies a neighbouring one.

        A finer path (steps of a tenth of the size) turns at 1.832 and at 1.748 and ends at the same pure equilibrium.
        """
        rng = np.random.default_rng(1016)
        common = rng.normal(size=(6, 6))
        payoffs = np.stack([common + rng.normal(size=(6, 6)), common + rng.normal(size=(6, 6))])
        points = list(Logit(60.0).iterates(payoffs))
        lambdas = np.array([at for at, _ in points])
        assert np.diff(lambdas).min() < -0.001
        assert lambdas[-1] == pytest.approx(60.0)
        for at, marginals in points[:: len(points) // 5]:
            for player, weights in enumerate(marginals):
                np.testing.assert_allclose(response(payoffs, player, marginals, at), weights, atol=1e-8)
        x, y = points[-1][1]
        assert x[3] > 0.999
        assert y[4] > 0.999

    def test_goes_straight_on_where_branches_cross(self):
        """In a symmetric coordination game the branch from uniform stays uniform; others leave it at lambda 2."""
        coordination = np.stack([np.eye(2), np.eye(2)])
        np.testing.assert_allclose(Logit(50.0)(coordination).marginals, 0.5, atol=1e-9)

    def test_rationality_is_per_unit_of_payoff(self):
        payoffs = general_sum(3, 3)
        for one, other in zip(Logit(2.0)(payoffs).marginals, Logit(0.02)(100 * payoffs).marginals, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-9)

    @pytest.mark.parametrize("rationality", [-1.0, np.inf, np.nan])
    def test_refuses_impossible_rationality(self, rationality):
        with pytest.raises(ValueError, match="rationality must be at least 0"):
            Logit(rationality)
