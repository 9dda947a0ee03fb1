"""Learning rules: fictitious play, regret matching, replicator dynamics and their projected form."""

from itertools import islice, pairwise

import numpy as np
import pytest
from open_spiel.python.algorithms import projected_replicator_dynamics as open_spiel
from open_spiel.python.egt import dynamics as open_spiel_dynamics
from scipy.integrate import solve_ivp
from scipy.optimize import minimize

from pokespiel.metasolvers.dynamics import _projected, replicator_flow
from pokespiel.metasolvers.fictitious_play import FictitiousPlay
from pokespiel.metasolvers.prd import ProjectedReplicator
from pokespiel.metasolvers.regret import cce_gap, table_nash_conv
from pokespiel.metasolvers.regret_matching import RegretMatching
from pokespiel.metasolvers.replicator import Replicator
from pokespiel.metasolvers.tables import checked_table

BIASED_ROCK_PAPER_SCISSORS = np.array([[0, -0.5, 1], [0.5, 0, -0.1], [-1, 0.1, 0]])
EQUILIBRIUM = [1 / 16, 10 / 16, 5 / 16]
LEARNERS = [
    FictitiousPlay(),
    RegretMatching("vanilla"),
    RegretMatching("plus"),
    RegretMatching("predictive"),
    Replicator(),
    ProjectedReplicator(),
]


def table(matrix):
    return np.stack([matrix, -np.asarray(matrix)])


@pytest.mark.parametrize("solver", LEARNERS, ids=repr)
class TestLearners:
    def test_lose_their_regret_in_zero_sum_tables(self, solver):
        for seed in range(5):
            rng = np.random.default_rng(seed)
            matrix = rng.normal(size=rng.integers(2, 9, size=2))
            regret = table_nash_conv(table(matrix), solver(table(matrix)).marginals)
            assert regret < 0.02 * np.ptp(matrix)

    def test_average_to_the_equilibrium_of_biased_rock_paper_scissors(self, solver):
        both = solver(table(BIASED_ROCK_PAPER_SCISSORS))
        one = solver(table(BIASED_ROCK_PAPER_SCISSORS), symmetric=True)
        np.testing.assert_allclose([*both.marginals, one.marginals[0]], [EQUILIBRIUM] * 3, atol=0.06)

    def test_average_to_the_equilibrium_of_an_asymmetric_table_and_not_of_its_transpose(self, solver):
        x, y = solver(table([[4.0, 1.0], [2.0, 3.0]])).marginals
        np.testing.assert_allclose(x, [1 / 4, 3 / 4], atol=0.04)
        np.testing.assert_allclose(y, [1 / 2, 1 / 2], atol=0.04)

    def test_settle_on_dominant_policies_of_three_players(self, solver):
        # Everybody gains 1 by playing policy 1 whatever the others do.
        payoffs = np.random.default_rng(0).normal(size=(3, 1, 1, 1)) * np.ones((3, 2, 2, 2))
        for player in range(3):
            payoffs[player] += np.moveaxis(np.arange(2.0).reshape(2, 1, 1), 0, player)
        for weights in solver(payoffs).marginals:
            assert weights[1] > 0.99

    def test_stream_the_iterates_whose_last_average_they_return(self, solver):
        payoffs = np.random.default_rng(1).normal(size=(2, 3, 4))
        last = next(islice(solver.iterates(payoffs), solver.steps, None))
        for streamed, returned in zip(last.average, solver(payoffs).marginals, strict=True):
            np.testing.assert_array_equal(streamed, returned)

    def test_stream_iterates_that_later_ones_do_not_change(self, solver):
        stream = solver.iterates(np.random.default_rng(2).normal(size=(2, 3, 4)))
        early = [next(stream) for _ in range(3)]
        copies = [[np.concatenate(part).copy() for part in iterate] for iterate in early]
        next(islice(stream, 50, None))
        for iterate, kept in zip(early, copies, strict=True):
            np.testing.assert_array_equal([np.concatenate(part) for part in iterate], kept)

    def test_refuse_a_negative_number_of_steps(self, solver):
        with pytest.raises(ValueError, match="steps"):
            type(solver)(steps=-1)(table(BIASED_ROCK_PAPER_SCISSORS))


class TestFictitiousPlay:
    def test_first_rounds_of_matching_pennies(self):
        # Round 1 answers uniform opponents: all tie, lowest index. Then the evader leaves, then the matcher follows.
        stream = FictitiousPlay().iterates(table([[1.0, -1.0], [-1.0, 1.0]]))
        played = [tuple(int(weights.argmax()) for weights in iterate.current) for iterate in islice(stream, 1, 6)]
        assert played == [(0, 0), (0, 1), (0, 1), (1, 1), (1, 1)]

    @pytest.mark.parametrize("unit", [1, 0.7, 0.1, 1 / 3, 1e-9, 1e9])
    def test_the_lowest_of_equal_policies_is_played_whatever_the_unit(self, unit):
        """Ten rounds of rock, paper, scissors by hand: R P P P S S S S S R, ties at the first, fourth and last."""
        matrix = unit * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        for weights in FictitiousPlay(10)(table(matrix)).marginals:
            np.testing.assert_array_equal(weights, [0.2, 0.3, 0.5])

    @pytest.mark.parametrize("unit", [1, 0.7, 0.1])
    def test_ties_are_those_of_exact_arithmetic(self, unit):
        for seed in range(40):
            rng = np.random.default_rng(seed)
            payoffs = rng.integers(-2, 3, size=(2, *rng.integers(1, 6, size=2)))
            rounds = islice(FictitiousPlay().iterates(unit * payoffs), 1, 201)
            played = [tuple(int(weights.argmax()) for weights in iterate.current) for iterate in rounds]
            assert played == self.in_whole_numbers(payoffs.tolist(), 200)

    @staticmethod
    def in_whole_numbers(payoffs, rounds):
        rows, columns = payoffs[0], list(zip(*payoffs[1], strict=True))
        x, y = [1] * len(rows), [1] * len(columns)  # uniform before the first round
        played = []
        for _ in range(rounds):
            values = [
                [sum(a * count for a, count in zip(line, other, strict=True)) for line in own]
                for own, other in ((rows, y), (columns, x))
            ]
            i, j = (value.index(max(value)) for value in values)
            if not played:
                x, y = [0] * len(rows), [0] * len(columns)
            x[i] += 1
            y[j] += 1
            played.append((i, j))
        return played

    def test_three_players_break_ties_alike(self):
        payoffs = np.random.default_rng(4).integers(-1, 2, size=(3, 3, 3, 3))
        streams = [islice(FictitiousPlay().iterates(unit * payoffs), 100) for unit in (1, 0.7)]
        for one, other in zip(*streams, strict=True):
            np.testing.assert_array_equal(np.concatenate(one.current), np.concatenate(other.current))

    def test_every_choice_answers_the_frequencies_before_it(self):
        rng = np.random.default_rng(3)
        for payoffs in (rng.normal(size=(2, 4, 5)), rng.normal(size=(3, 3, 2, 4))):
            steps = list(islice(FictitiousPlay().iterates(payoffs), 60))
            for before, after in pairwise(steps):
                for player, choice in enumerate(after.current):
                    others = [w for seat, w in enumerate(before.average) if seat != player]
                    value = np.moveaxis(payoffs[player], player, 0)
                    for weights in reversed(others):
                        value = value @ weights
                    assert value[choice.argmax()] >= value.max() - 1e-12


class TestRegretMatching:
    @pytest.mark.parametrize("variant", ["vanilla", "plus", "predictive"])
    def test_joint_play_becomes_a_coarse_correlated_equilibrium(self, variant):
        for sizes in [(4, 6), (3, 4, 2)]:
            payoffs = np.random.default_rng(4).normal(size=(len(sizes), *sizes))
            joint = RegretMatching(variant, steps=4000, joint=True)(payoffs).joint
            assert cce_gap(payoffs, joint) < 0.03 * np.ptp(payoffs)

    @pytest.mark.parametrize("unit", [1, 0.7, 0.1, 1 / 3, 1e-9, 1e9])
    @pytest.mark.parametrize("variant", ["vanilla", "plus", "predictive"])
    def test_rounding_is_not_regretted(self, variant, unit):
        """Uniform play of rock, paper and scissors earns what every policy earns."""
        matrix = unit * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
        for iterate in islice(RegretMatching(variant).iterates(table(matrix)), 50):
            np.testing.assert_allclose(iterate.current, 1 / 3, rtol=1e-15)

    def test_vanilla_keeps_the_bound_of_blackwell(self):
        for seed in range(5):
            payoffs = np.random.default_rng(seed).random(size=(2, 5, 7))
            joint = RegretMatching("vanilla", steps=900, joint=True)(payoffs).joint
            assert cce_gap(payoffs, joint) <= (np.sqrt(5) + np.sqrt(7)) / np.sqrt(900)

    @pytest.mark.parametrize("variant", ["plus", "predictive"])
    def test_better_variants_are_those_of_their_papers(self, variant):
        """Regrets never fall below zero, columns answer the rows' new strategy, round t weighs t; and "predictive"
        expects the last regrets again."""

        def matched(regret):
            positive = np.maximum(regret, 0)
            return positive / positive.sum() if positive.any() else np.full(len(regret), 1 / len(regret))

        matrix, again = np.random.default_rng(3).normal(size=(3, 4)), float(variant == "predictive")
        (left, right), (x, y) = (np.zeros(3), np.zeros(4)), (np.full(3, 1 / 3), np.full(4, 1 / 4))
        sums = [np.zeros(3), np.zeros(4)]
        for round_ in range(1, 31):
            new = matrix @ y - x @ matrix @ y
            left = np.maximum(left + new, 0)
            x = matched(left + again * new)
            new = x @ matrix @ y - x @ matrix
            right = np.maximum(right + new, 0)
            y = matched(right + again * new)
            sums = [total + round_ * played for total, played in zip(sums, (x, y), strict=True)]
        for found, total in zip(RegretMatching(variant, 30)(table(matrix)).marginals, sums, strict=True):
            np.testing.assert_allclose(found, total / total.sum(), atol=1e-10)

    def test_better_variants_are_better(self):
        payoffs = table(np.random.default_rng(5).normal(size=(30, 40)))
        variants = ("vanilla", "plus", "predictive")
        vanilla, plus, predictive = (table_nash_conv(payoffs, RegretMatching(v)(payoffs).marginals) for v in variants)
        assert max(plus, predictive) < vanilla / 10


class TestReplicator:
    def test_follows_the_differential_equation(self):
        payoffs = np.random.default_rng(6).normal(size=(3, 3, 2, 4))
        reference = open_spiel_dynamics.MultiPopulationDynamics(payoffs, open_spiel_dynamics.replicator)
        start = np.concatenate([np.full(size, 1 / size) for size in (3, 2, 4)])
        solution = solve_ivp(lambda t, state: reference(state), (0, 8), start, rtol=1e-10, atol=1e-12)
        last = next(islice(replicator_flow(checked_table(payoffs, symmetric=False, solver="test"), 0.02), 400, None))
        np.testing.assert_allclose(np.concatenate(last.current), solution.y[:, -1], atol=1e-7)

    def test_single_population_follows_the_differential_equation(self):
        own = np.random.default_rng(7).normal(size=(4, 4))
        payoffs = np.stack([own, own.T])
        reference = open_spiel_dynamics.SinglePopulationDynamics(payoffs, open_spiel_dynamics.replicator)
        solution = solve_ivp(lambda t, state: reference(state), (0, 5), np.full(4, 0.25), rtol=1e-10, atol=1e-12)
        last = next(islice(replicator_flow(checked_table(payoffs, symmetric=True, solver="test"), 0.02), 250, None))
        np.testing.assert_allclose(last.current[0], solution.y[:, -1], atol=1e-7)

    def test_stays_where_all_policies_earn_alike_but_for_rounding(self):
        """Each row sums to 2, in another order each time; whatever leaves the uniform mixture goes on to a pure one."""
        own = np.array([[1.1, 0.3, 0.6], [0.6, 1.1, 0.3], [0.3, 0.6, 1.1]])
        last = next(islice(Replicator().iterates(np.stack([own, own.T])), 3000, None))
        np.testing.assert_allclose(last.current, 1 / 3, rtol=1e-14)

    def test_orbits_of_zero_sum_tables_close(self):
        """The cross entropy to the equilibrium is a constant of motion; at the default step it hardly drifts."""
        stream = Replicator().iterates(table(BIASED_ROCK_PAPER_SCISSORS), symmetric=True)
        constants = [-(EQUILIBRIUM @ np.log(iterate.current[0])) for iterate in islice(stream, 500)]
        lowest = -(EQUILIBRIUM @ np.log(EQUILIBRIUM))
        assert np.ptp(constants) < 0.01 * (constants[0] - lowest)

    def test_average_has_the_regret_that_theory_allows(self):
        matrix = np.random.default_rng(8).normal(size=(6, 9))
        regret = table_nash_conv(table(matrix), Replicator(steps=1000, step=1.0)(table(matrix)).marginals)
        assert regret <= 1.01 * np.ptp(matrix) * (np.log(6) + np.log(9)) / 1000

    def test_last_state_is_an_option(self):
        payoffs = np.random.default_rng(9).normal(size=(2, 3, 3))
        last = next(islice(Replicator().iterates(payoffs), 2000, None))
        np.testing.assert_array_equal(Replicator(average=False)(payoffs).marginals, last.current)


class TestProjectedReplicator:
    @pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 2)])
    def test_agrees_with_open_spiel_over_the_same_time(self, sizes):
        payoffs = np.random.default_rng(10).normal(size=(len(sizes), *sizes))
        expected = open_spiel.projected_replicator_dynamics(list(payoffs), prd_iterations=10_000, prd_gamma=0.01)
        spread = np.ptp(payoffs, axis=tuple(range(1, payoffs.ndim))).max()
        marginals = ProjectedReplicator(steps=1000, step=0.01 * spread, floor=0.01)(payoffs).marginals
        for one, other in zip(marginals, expected, strict=True):
            np.testing.assert_allclose(one, other, atol=2e-3)

    def test_no_policy_falls_below_the_floor(self):
        payoffs = np.random.default_rng(11).normal(size=(2, 4, 4))
        for iterate in islice(ProjectedReplicator(floor=0.05).iterates(payoffs), 300):
            for profile in iterate:
                assert min(weights.min() for weights in profile) >= 0.05 - 1e-15

    def test_a_dominated_policy_keeps_the_floor_on_average(self):
        x, _ = ProjectedReplicator(floor=0.05)(np.array([[[1, 1], [0, 0]], [[0, 0], [0, 0]]])).marginals
        assert 0.05 <= x[1] < 0.051  # the start is uniform

    @pytest.mark.parametrize("size", range(1, 15))
    def test_the_highest_floor_is_uniform(self, size):
        payoffs = np.random.default_rng(size).normal(size=(2, size, size))
        for weights in ProjectedReplicator(floor=1 / size, steps=50)(payoffs).marginals:
            np.testing.assert_allclose(weights, 1 / size, rtol=1e-14)

    def test_projection_is_the_nearest_point(self):
        for seed in range(20):
            weights = np.random.default_rng(seed).dirichlet(np.full(6, 0.3))
            projected = _projected(weights, 0.04)
            assert projected.sum() == pytest.approx(1)
            nearest = minimize(
                lambda point, weights=weights: ((point - weights) ** 2).sum(),
                np.full(6, 1 / 6),
                bounds=[(0.04, 1)] * 6,
                constraints={"type": "eq", "fun": lambda point: point.sum() - 1},
                method="SLSQP",
                options={"ftol": 1e-14},
            )
            np.testing.assert_allclose(projected, nearest.x, atol=1e-6)

    @pytest.mark.parametrize("floor", [-0.1, 0.3])
    def test_refuses_a_floor_that_no_distribution_keeps(self, floor):
        with pytest.raises(ValueError, match=r"floor must be (at least 0|between 0 and 1 / 4)"):
            ProjectedReplicator(floor=floor)(np.zeros((2, 4, 3)))
