"""Equilibria of general-sum tables: logit (quantal response) and correlated (CE and CCE)."""

import numpy as np
import pygambit
import pytest
from scipy.optimize import linprog

from pokespiel.metasolvers.correlated import Correlated, face, incentive_rows
from pokespiel.metasolvers.logit import Logit
from pokespiel.metasolvers.regret import cce_gap, ce_gap, nash_conv

CHICKEN = np.array([[[6, 2], [7, 0]], [[6, 7], [2, 0]]], float)
"""Aumann 1974: telling (6, 6), (2, 7) and (7, 2) a third of the time each is a correlated equilibrium."""
PRISONERS = np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], float)
GAP = {"ce": ce_gap, "cce": cce_gap}


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
        regrets = [nash_conv(payoffs, Logit(rationality)(payoffs).marginals) for rationality in (1, 10, 100, 1000)]
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
        with pytest.raises(ValueError, match="logit: rationality"):
            Logit(rationality)


def deviation_matrix(payoffs, concept):
    """Every incentive constraint written out, one joint choice at a time."""
    shape = payoffs.shape[1:]
    rows = []
    for player, size in enumerate(shape):
        tolds = range(size) if concept == "ce" else [None]
        for told in tolds:
            for played in range(size):
                row = np.zeros(shape)
                for profile in np.ndindex(shape):
                    if told in (None, profile[player]):
                        changed = (*profile[:player], played, *profile[player + 1 :])
                        row[profile] = payoffs[player][changed] - payoffs[player][profile]
                rows.append(row.ravel())
    return np.array(rows)


def slope(objective, joint):
    return -np.log(np.maximum(joint, 1e-300)) - 1 if objective == "entropy" else -2 * joint


@pytest.mark.parametrize("objective", ["entropy", "gini"])
@pytest.mark.parametrize("concept", ["ce", "cce"])
class TestCorrelated:
    @pytest.mark.parametrize(
        "payoffs",
        [
            general_sum(4, 5),
            general_sum(3, 2, 4),
            general_sum(2, 2, 2, 2),
            np.stack([general_sum(4, 6)[0], -general_sum(4, 6)[0]]),
            np.random.default_rng(1).integers(-1, 2, size=(2, 5, 5)).astype(float),
            CHICKEN,
            PRISONERS,
        ],
        ids=["4x5", "3x2x4", "2x2x2x2", "zero-sum", "integers", "chicken", "prisoners"],
    )
    def test_nobody_gains_and_nothing_spreads_more(self, concept, objective, payoffs):
        """Optimality by its first-order condition: no equilibrium lies uphill, by a linear program of its own."""
        joint = Correlated(concept, objective)(payoffs).joint
        assert GAP[concept](payoffs, joint) < 1e-8
        uphill = slope(objective, joint.ravel())
        played = joint.ravel() > 1e-7 if objective == "entropy" else np.ones(joint.size, bool)
        constraints = deviation_matrix(payoffs, concept)
        best = linprog(
            -uphill[played],
            A_ub=constraints[:, played],
            b_ub=np.full(len(constraints), 1e-10),
            A_eq=np.ones((1, played.sum())),
            b_eq=[1],
        )
        assert -best.fun <= uphill @ joint.ravel() + 1e-5

    def test_prisoners_defect(self, concept, objective):
        joint = Correlated(concept, objective)(PRISONERS).joint
        np.testing.assert_allclose(joint, [[0, 0], [0, 1]], atol=1e-7)

    def test_slack_makes_uniform_an_equilibrium(self, concept, objective):
        payoffs = general_sum(3, 4)
        joint = Correlated(concept, objective, epsilon=100.0)(payoffs).joint
        np.testing.assert_allclose(joint, 1 / 12, atol=1e-5)

    def test_slack_is_used_and_kept(self, concept, objective):
        rows = deviation_matrix(CHICKEN, concept)
        joint = Correlated(concept, objective, epsilon=0.1)(CHICKEN).joint
        assert (rows @ joint.ravel()).max() == pytest.approx(0.1, abs=1e-6)

    def test_does_not_depend_on_the_order_of_policies_and_players(self, concept, objective):
        payoffs = general_sum(3, 4)
        joint = Correlated(concept, objective)(payoffs).joint
        turned = np.stack([payoffs[1].T, payoffs[0].T])[:, ::-1]
        np.testing.assert_allclose(Correlated(concept, objective)(turned).joint, joint.T[::-1], atol=1e-5)

    def test_symmetric_tables_have_symmetric_equilibria(self, concept, objective):
        own = np.random.default_rng(2).normal(size=(4, 4))
        payoffs = np.stack([own, own.T])
        joint = Correlated(concept, objective)(payoffs, symmetric=True).joint
        np.testing.assert_array_equal(joint, joint.T)
        assert GAP[concept](payoffs, joint) < 1e-8
        np.testing.assert_allclose(joint, Correlated(concept, objective)(payoffs).joint, atol=1e-5)

    def test_constraints_are_all_deviations(self, concept, objective):
        payoffs = general_sum(3, 2, 2)
        expected = deviation_matrix(payoffs, concept)
        expected = expected[np.abs(expected).sum(axis=1) > 0]
        np.testing.assert_allclose(
            np.unique(incentive_rows(payoffs, concept).toarray(), axis=0), np.unique(expected, axis=0)
        )

    def test_refuses_negative_slack(self, concept, objective):
        with pytest.raises(ValueError, match="epsilon"):
            Correlated(concept, objective, epsilon=-0.1)


def test_maximum_entropy_is_more_entropic_and_maximum_gini_more_even():
    payoffs = np.random.default_rng(3).normal(size=(2, 4, 4))
    entropic, even = (Correlated("ce", objective)(payoffs).joint for objective in ("entropy", "gini"))
    positive = [joint[joint > 0] for joint in (entropic, even)]
    assert -(positive[0] * np.log(positive[0])).sum() >= -(positive[1] * np.log(positive[1])).sum() - 1e-9
    assert (even**2).sum() <= (entropic**2).sum() + 1e-9


def test_face_of_the_prisoners_dilemma():
    played, free = face(incentive_rows(PRISONERS, "ce"))
    assert list(played) == [False, False, False, True]
    # told to cooperate (never) leaves nothing to spare; told to defect leaves 1 to both
    assert list(free) == [False, True, False, True]
