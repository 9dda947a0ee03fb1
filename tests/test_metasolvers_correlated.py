"""Correlated and coarse correlated equilibria: optimality, scales, structure, and the guarantee in exact arithmetic."""

import time

import numpy as np
import pytest
from exact_tables import correlated_gap, random_matrix, random_table, zero_sum
from scipy.optimize import linprog

from pokespiel.metasolvers import correlated
from pokespiel.metasolvers.correlated import Correlated
from pokespiel.metasolvers.incentives import Refusals, regrets, swaps
from pokespiel.metasolvers.polytope import faces
from pokespiel.metasolvers.regret import cce_gap, ce_gap

CHICKEN = np.array([[[6, 2], [7, 0]], [[6, 7], [2, 0]]], float)
"""Aumann 1974: telling (6, 6), (2, 7) and (7, 2) a third of the time each is a correlated equilibrium."""
PRISONERS = np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], float)
GAP = {"ce": ce_gap, "cce": cce_gap}


def general_sum(*sizes, seed=0):
    return np.random.default_rng(seed).normal(size=(len(sizes), *sizes))


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


def incentives(payoffs, concept):
    regret = regrets(payoffs)
    return Refusals(regret) if concept == "cce" else swaps(regret)


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
        for epsilon in (100.0, 1e300, np.inf):
            joint = Correlated(concept, objective, epsilon=epsilon)(payoffs).joint
            np.testing.assert_allclose(joint, 1 / 12, atol=1e-9)

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
        rows = [incentives(payoffs, concept).times(choice) for choice in np.eye(payoffs[0].size)]
        np.testing.assert_allclose(np.unique(np.transpose(rows), axis=0), np.unique(expected, axis=0), atol=1e-14)

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
    face = next(faces(incentives(PRISONERS, "ce"), np.zeros(4), 12))
    assert list(face.played) == [False, False, False, True]
    # told to cooperate (never) leaves nothing to spare; told to defect leaves 1 to both
    assert list(face.tight) == [True, False, True, False]
    np.testing.assert_array_equal(face.inside, [0, 0, 0, 1])


class TestIncentives:
    """The structured products of coarse incentives against the matrix written out."""

    @pytest.mark.parametrize("sizes", [(4, 5), (3, 2, 4), (2, 2, 3, 2), (1, 4), (5,)])
    def test_products_are_those_of_the_matrix(self, sizes):
        payoffs = general_sum(*sizes)
        matrix, structured = deviation_matrix(payoffs, "cce"), incentives(payoffs, "cce")
        rng = np.random.default_rng(0)
        rows, columns = rng.random(structured.shape[0]), rng.random(structured.shape[1])
        signed = rng.normal(size=structured.shape[1])
        assert structured.shape == matrix.shape
        np.testing.assert_allclose(structured.times(columns), matrix @ columns, atol=1e-13)
        np.testing.assert_allclose(structured.times(signed), matrix @ signed, atol=1e-13)
        np.testing.assert_allclose(structured.transposed_times(rows), rows @ matrix, atol=1e-13)
        np.testing.assert_allclose(structured.gram(columns), (matrix * columns) @ matrix.T, atol=1e-13)
        np.testing.assert_allclose(structured.squares(columns), matrix**2 @ columns, atol=1e-13)
        np.testing.assert_allclose(structured.transposed_squares(rows), rows @ matrix**2, atol=1e-13)

    def test_small_gains_beside_large_payoffs_keep_their_digits(self):
        """1/3 of a unit at stake for one policy, 1e12 for another: as in the matrix, not rounded to 1e12's units."""
        payoffs = np.array([[[1e12, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])
        joint = np.array([[1e-24, 1 / 3], [1e-12, 2 / 3]])
        gains = incentives(payoffs, "cce").times(joint.ravel())
        assert gains[1] == pytest.approx(1 / 3 - 1e-12, rel=1e-15)

    def test_regrets_see_through_rounding_and_offsets(self):
        tied = np.array([[[0.1 + 0.2, 5e9 + 1], [0.3, 5e9]], [[1e-300, 0], [3, 3]]])
        np.testing.assert_array_equal(regrets(tied), [[[0, 0], [0, 1]], [[0, 1e-300], [0, 0]]])


class TestScales:
    """Payoffs of very different sizes, and what is promised of the answer."""

    @pytest.mark.parametrize("objective", ["entropy", "gini"])
    @pytest.mark.parametrize("concept", ["ce", "cce"])
    @pytest.mark.parametrize("k", [1.0, 1e5, 1e7, 1e10])
    def test_a_large_payoff_beside_a_small_one(self, concept, objective, k):
        """[[k, 0], [0, 1]]: both play the first policy 1 / (1 + k) of the time, k times less often than the second."""
        matrix = np.array([[k, 0], [0, 1.0]])
        strategy = Correlated(concept, objective)(np.stack([matrix, -matrix]))
        for weights in strategy.marginals:
            assert weights[0] == pytest.approx(1 / (1 + k), rel=1e-8)
        assert (matrix * strategy.joint).sum() == pytest.approx(k / (1 + k), rel=1e-8)

    @pytest.mark.parametrize("objective", ["entropy", "gini"])
    @pytest.mark.parametrize("concept", ["ce", "cce"])
    @pytest.mark.parametrize("loss", [1e6, 1e8, 1e12])
    def test_a_policy_that_loses_much_changes_nothing(self, concept, objective, loss):
        own = np.array([[0, -1, 2, loss], [1, 0, -1, loss], [-2, 1, 0, loss], [-loss, -loss, -loss, 0]])
        strategy = Correlated(concept, objective)(np.stack([own, own.T]), symmetric=True)
        np.testing.assert_allclose(strategy.marginals[0], [0.25, 0.5, 0.25, 0], atol=1e-9)

    @pytest.mark.parametrize("concept", ["ce", "cce"])
    @pytest.mark.parametrize(("factor", "offset"), [(1e-300, 0), (1e-6, 0), (1e9, 0), (1e300, 0), (1, 5e9), (1, -1e5)])
    def test_scaled_and_shifted_tables_have_the_same_equilibrium(self, concept, factor, offset):
        payoffs = np.random.default_rng(4).integers(-8, 9, size=(2, 4, 4)).astype(float)
        expected = Correlated(concept)(payoffs).joint
        np.testing.assert_allclose(Correlated(concept)(factor * payoffs + offset).joint, expected, atol=1e-7)

    def test_players_may_count_in_different_units(self):
        payoffs = general_sum(3, 4)
        expected = Correlated("ce")(payoffs).joint
        unlike = payoffs * np.array([1e-150, 1e150]).reshape(2, 1, 1)
        np.testing.assert_allclose(Correlated("ce")(unlike).joint, expected, atol=1e-7)

    def test_rounding_does_not_break_ties(self):
        """Two thirds is not a binary fraction: of six equal policies, computed in six ways, none is better."""
        ways = [2 / 3, 1 - 1 / 3, 0.5 + 1 / 6, 1 / 3 + 1 / 3, 2 * (1 / 3), 4 / 6]
        payoffs = np.stack([np.outer(ways, [1, 1]), np.outer(np.ones(6), [1.0, 1.0])])
        np.testing.assert_allclose(Correlated("ce")(payoffs).joint, 1 / 12, atol=1e-9)

    def test_refuses_what_rounding_does_not_allow(self, monkeypatch):
        monkeypatch.setattr(correlated, "TOLERANCE", -1.0)
        with pytest.raises(ArithmeticError, match=r"leaves a gap of .+ of what knowing the others' choices would gain"):
            Correlated()(CHICKEN)

    @pytest.mark.parametrize(("concept", "fits"), [("ce", 10), ("cce", 6)])
    def test_refuses_what_is_too_large(self, monkeypatch, concept, fits):
        monkeypatch.setattr(correlated, "MOST_ORDER", fits)
        Correlated(concept)(general_sum(2, 4) if concept == "cce" else general_sum(2, 5))
        with pytest.raises(ValueError, match=f"at most {fits} fit"):
            Correlated(concept)(general_sum(3, 4))


def table_of_any_players(seed):
    """1 to 4 players; ties, copies, single policies, large losses, cells of unlike size, win rates; 1e-6 to 1e9."""
    rng = np.random.default_rng(seed)
    players = [2, 2, 3, 2, 1, 2, 4, 3][seed % 8]
    shape = (players, *rng.integers(1, [0, 7, 7, 5, 4][players], size=players))
    payoffs = KINDS[seed % len(KINDS)](rng, shape)
    if rng.random() < 0.4:
        player = int(rng.integers(players))
        size = shape[player + 1]
        payoffs = np.take(payoffs, rng.integers(0, size, size=size + 1), axis=player + 1)
    return payoffs * 10.0 ** rng.integers(-6, 10)


KINDS = (
    lambda rng, shape: rng.normal(size=shape),
    lambda rng, shape: rng.integers(-1, 2, size=shape) * 1.0,
    lambda rng, shape: rng.integers(-1000, 1001, size=shape) * 1.0,
    lambda rng, shape: constant_sum(rng.integers(-3, 4, size=shape) * 1.0),
    lambda rng, shape: constant_sum(np.round(rng.random(shape), 2)),
    lambda rng, shape: rng.normal(size=shape) - (rng.random(shape) < 0.2) * 10.0 ** rng.integers(1, 9),
    lambda rng, shape: rng.integers(-3, 4, size=shape) * 10.0 ** rng.integers(-3, 4, size=shape),
    lambda rng, shape: rng.integers(0, 3, size=shape[1:]) + rng.integers(0, 2, size=shape) * 1.0,
    lambda rng, shape: rng.integers(-2, 3, size=shape) + 10.0 ** rng.integers(3, 10),
)
"""Nine, so that every kind meets every number of players."""


def constant_sum(payoffs):
    """The last player gets what the others leave."""
    payoffs[-1] = -payoffs[:-1].sum(axis=0)
    return payoffs


HARD = {"columns of mixed size", "cells of mixed size", "diagonal", "near ties"}
"""Kinds of tables whose payoffs may differ in size by 1e15, or equal payoffs by 1e-12."""


@pytest.mark.parametrize("concept", ["ce", "cce"])
def test_hard_tables_keep_the_promise_or_are_refused(concept):
    refused = []
    for seed in range(33):
        for kind, payoffs in (random_table(seed), of_zero_sum(seed)):
            try:
                joint = Correlated(concept)(payoffs).joint
            except ArithmeticError:
                refused.append(kind)
            else:
                assert correlated_gap(payoffs, joint, concept) < 1.1e-9, (seed, kind)
    assert set(refused) <= HARD
    assert len(refused) < 8


def of_zero_sum(seed):
    kind, matrix = random_matrix(seed)
    return kind, zero_sum(matrix)


@pytest.mark.parametrize("objective", ["entropy", "gini"])
@pytest.mark.parametrize("concept", ["ce", "cce"])
def test_the_promise_is_kept_exactly_on_random_tables(concept, objective):
    for seed in range(45):
        payoffs = table_of_any_players(seed)
        joint = Correlated(concept, objective)(payoffs).joint
        assert correlated_gap(payoffs, joint, concept) < 1.1e-9, seed


def test_a_large_coarse_equilibrium_takes_seconds():
    """286 by 286: 81,796 joint choices; a general convex program did not finish."""
    matrix = np.random.default_rng(0).normal(size=(286, 286))
    began = time.process_time()
    joint = Correlated()(np.stack([matrix, -matrix])).joint
    assert time.process_time() - began < 30
    assert cce_gap(np.stack([matrix, -matrix]), joint) < 1e-12
