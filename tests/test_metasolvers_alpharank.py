"""alpha-Rank, its response graph and the stationary distributions of Markov chains."""

import time
from fractions import Fraction
from itertools import product

import mpmath
import networkx
import numpy as np
import pytest
from open_spiel.python.egt import alpharank as open_spiel
from scipy import sparse

from pokespiel.metasolvers import alpharank, markov
from pokespiel.metasolvers.alpharank import AlphaRank, log_fixation, log_fixation_global
from pokespiel.metasolvers.response_graph import response_graph

ROCK_PAPER_SCISSORS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], float)
BIASED = np.array([[0, -0.5, 1], [0.5, 0, -0.1], [-1, 0.1, 0]])
BATTLE_OF_THE_SEXES = np.array([[[3, 0], [0, 2]], [[2, 0], [0, 3]]], float)


def symmetric_table(own):
    return np.stack([own, np.asarray(own).T])


def with_loser(own, loss):
    """A zero-sum table [2, n + 1, n + 1]: `own` [n, n] and a policy that loses to all others."""
    larger = np.pad(own, (0, 1))
    larger[-1, :-1], larger[:-1, -1] = -loss, loss
    return np.stack([larger, -larger])


def exact_stationary(rates):
    """The stationary distribution of a chain of Fractions, by plain elimination of the balance equations."""
    n = len(rates)
    equations = [[rates[i][j] for i in range(n)] + [0 * rates[0][0]] for j in range(n)]  # inflow of j ...
    for j in range(n):
        equations[j][j] = -sum(rates[j][k] for k in range(n) if k != j)  # ... less its outflow
    equations[-1] = [Fraction(1)] * (n + 1)
    for column in range(n):
        pivot = next(row for row in range(column, n) if equations[row][column] != 0)
        equations[column], equations[pivot] = equations[pivot], equations[column]
        top = equations[column] = [value / equations[column][column] for value in equations[column]]
        for row in range(n):
            if row != column and equations[row][column] != 0:
                factor = equations[row][column]
                equations[row] = [value - factor * above for value, above in zip(equations[row], top, strict=True)]
    return np.array([float(row[-1]) for row in equations])


def stationary_by_trees(rates):
    """The same by the Markov chain tree theorem: a state weighs the sum, over trees that lead to it, of their rates."""
    n = len(rates)
    ways = [[j for j in range(n) if rates[i][j] > 0] for i in range(n)]
    weights = [mpmath.mpf(0)] * n
    for root in range(n):
        others = [state for state in range(n) if state != root]
        for choice in product(*(ways[state] for state in others)):
            onward = dict(zip(others, choice, strict=True))
            if all(leads_to(root, state, onward) for state in others):
                weights[root] += mpmath.fprod(rates[state][onward[state]] for state in others)
    total = mpmath.fsum(weights)
    return np.array([float(weight / total) for weight in weights])


def leads_to(root, state, onward):
    for _ in range(len(onward)):
        state = onward.get(state, root)
    return state == root


def moran(u, m):
    """Probability that one mutant takes over m - 1 residents, by the gambler's ruin sum."""
    return 1 / mpmath.fsum(mpmath.exp(-u * k) for k in range(m))


def perturbed_chain(payoffs, epsilon):
    """Rates among joint choices, one profile at a time: 1 - epsilon uphill, epsilon downhill, 1/2 level."""
    shape = payoffs.shape[1:]
    rates = [[Fraction(0)] * int(np.prod(shape)) for _ in range(int(np.prod(shape)))]
    for node, profile in enumerate(np.ndindex(shape)):
        for player, size in enumerate(shape):
            for policy in set(range(size)) - {profile[player]}:
                other = (*profile[:player], policy, *profile[player + 1 :])
                gain = payoffs[player][other] - payoffs[player][profile]
                target = np.ravel_multi_index(other, shape)
                rates[node][target] = 1 - epsilon if gain > 0 else epsilon if gain < 0 else Fraction(1, 2)
    return rates


class TestWorkedExamples:
    """Of Omidshafiei et al. 2019."""

    @pytest.mark.parametrize("alpha", [1e-2, 1.0, 100.0, np.inf])
    def test_rock_paper_scissors_ranks_all_alike(self, alpha):
        strategy = AlphaRank(alpha=alpha)(symmetric_table(ROCK_PAPER_SCISSORS), symmetric=True)
        np.testing.assert_allclose(strategy.marginals[0], 1 / 3, atol=1e-12)

    def test_biased_rock_paper_scissors_keeps_its_cycle(self):
        strategy = AlphaRank()(symmetric_table(BIASED), symmetric=True)
        np.testing.assert_allclose(strategy.marginals[0], 1 / 3, atol=1e-12)

    @pytest.mark.parametrize("alpha", [100.0, np.inf])
    def test_battle_of_the_sexes_shares_between_its_pure_equilibria(self, alpha):
        strategy = AlphaRank(alpha=alpha)(BATTLE_OF_THE_SEXES)
        np.testing.assert_allclose(strategy.joint, [[0.5, 0], [0, 0.5]], atol=1e-9)

    def test_population_of_stag_hunters(self):
        """Han et al. 2013's commitment game as OpenSpiel tests it: m = 20, alpha = 0.1, global selection."""
        own = np.array(
            [[0.875, 0.75, 0, 2.75, 0.75], [1, 1, -1, -1, -1], [0, 2, 0, 0, 0], [-2, 2, 0, 0, 0], [1, 2, 0, 0, 0]]
        )
        solver = AlphaRank(alpha=0.1, population=20, selection="global")
        weights = solver(symmetric_table(own), symmetric=True).marginals[0]
        np.testing.assert_allclose(weights, [0.40966787, 0.07959841, 0.20506998, 0.08505983, 0.2206039], atol=1e-7)

    @pytest.mark.parametrize("symmetric", [False, True])
    def test_a_policy_that_beats_all_others_takes_all(self, symmetric):
        # Policy 0 beats the others; on the transposed table it would lose to them.
        own = np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]], float)
        strategy = AlphaRank()(np.stack([own, -own]), symmetric=symmetric)
        np.testing.assert_allclose(strategy.marginals, [[1, 0, 0], [1, 0, 0]], atol=1e-12)


class TestBesideAPolicyThatLosesAll:
    """The others' ranking is the same as without that policy, however much it loses."""

    @pytest.mark.parametrize("loss", [1e3, 9e11, 1e12, 1e15, 1e17, 1e200])
    @pytest.mark.parametrize("scale", [1.0, 0.1, 1e-6])
    @pytest.mark.parametrize("symmetric", [False, True])
    def test_the_cycle_is_all_that_counts(self, loss, scale, symmetric):
        payoffs = with_loser(scale * BIASED, loss)
        weights = AlphaRank()(payoffs, symmetric=symmetric).marginals[0]
        np.testing.assert_allclose(weights, [1 / 3, 1 / 3, 1 / 3, 0], atol=1e-12)

    @pytest.mark.parametrize("loss", [1e3, 1e12, 1e17])
    @pytest.mark.parametrize("symmetric", [False, True])
    def test_and_so_it_is_at_finite_alpha(self, loss, symmetric):
        own = np.array([[0, -1, 2], [1, 0, -1], [-2, 1, 0]], float)
        alone = AlphaRank(alpha=1.0)(np.stack([own, -own]), symmetric=symmetric).marginals[0]
        weights = AlphaRank(alpha=1.0)(with_loser(own, loss), symmetric=symmetric).marginals[0]
        np.testing.assert_allclose(weights, [*alone, 0], atol=1e-12)
        if symmetric:
            rates = [
                [mpmath.mpf(0) if i == j else moran(mpmath.mpf(own[j, i] - own[i, j]), 50) for j in range(3)]
                for i in range(3)
            ]
            np.testing.assert_allclose(alone, stationary_by_trees(rates), atol=1e-12)
            np.testing.assert_allclose(alone, [0.3471, 0.3471, 0.3057], atol=5e-5)

    def test_the_response_graph_has_the_cycle(self):
        graph = response_graph(with_loser(BIASED, 1e15), symmetric=True)
        assert [sink.tolist() for sink in graph.sinks] == [[0, 1, 2]]
        assert (graph.gain != 0).all()


class TestFiniteAlpha:
    @pytest.mark.parametrize("alpha", [0.01, 0.3, 2.0])
    @pytest.mark.parametrize("sizes", [(3, 4), (2, 3, 2)])
    def test_agrees_with_open_spiel_with_a_population_a_player(self, alpha, sizes):
        payoffs = np.random.default_rng(len(sizes)).normal(size=(len(sizes), *sizes))
        expected = open_spiel.compute(list(payoffs), alpha=alpha, m=20)[2]
        joint = AlphaRank(alpha=alpha, population=20)(payoffs).joint
        np.testing.assert_allclose(joint.ravel(), expected, atol=1e-10)

    @pytest.mark.parametrize("selection", ["local", "global"])
    @pytest.mark.parametrize("zero_sum", [False, True])
    def test_agrees_with_open_spiel_with_one_population(self, selection, zero_sum):
        own = np.random.default_rng(5).normal(size=(5, 5))
        own = own - own.T if zero_sum else own
        expected = open_spiel.compute([own], alpha=0.4, m=15, use_local_selection_model=selection == "local")[2]
        solver = AlphaRank(alpha=0.4, population=15, selection=selection)
        np.testing.assert_allclose(solver(symmetric_table(own), symmetric=True).marginals[0], expected, atol=1e-10)

    @pytest.mark.parametrize("alpha", [1.0, 30.0, 1e4])
    def test_agrees_with_the_tree_theorem_far_beyond_the_range_of_floats(self, alpha):
        for seed in range(3):
            payoffs = np.random.default_rng(seed).integers(-3, 4, size=(2, 2, 3)).astype(float)
            graph = response_graph(payoffs)
            rates = [[mpmath.mpf(0)] * 6 for _ in range(6)]
            for source, target, gain in zip(graph.source, graph.target, graph.gain, strict=True):
                rates[source][target] = moran(mpmath.mpf(alpha) * mpmath.mpf(gain), 50)
            expected = stationary_by_trees(rates)
            np.testing.assert_allclose(AlphaRank(alpha=alpha)(payoffs).joint.ravel(), expected, rtol=1e-9, atol=1e-250)

    def test_approaches_the_limit_without_overflow(self):
        own = np.random.default_rng(8).normal(size=(6, 6))
        payoffs = np.stack([own, -own])
        limit = AlphaRank()(payoffs).joint
        np.testing.assert_allclose(AlphaRank(alpha=1e8)(payoffs).joint, limit, atol=1e-6)

    def test_alpha_zero_is_uniform(self):
        payoffs = np.random.default_rng(9).normal(size=(2, 3, 4))
        np.testing.assert_allclose(AlphaRank(alpha=0.0)(payoffs).joint, 1 / 12, atol=1e-12)

    def test_rare_transitions_are_left_out_only_where_they_do_not_matter(self):
        """With all transitions and with only the frequent ones, for tables with tied payoffs and competing sinks."""
        by_frequent = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            shape = (2, *rng.integers(2, 6, size=2))
            payoffs = rng.normal(size=shape) if seed % 2 else rng.integers(-2, 3, size=shape).astype(float)
            graph = response_graph(payoffs)
            logs = log_fixation((20.0, 200.0)[seed % 3 > 1] * graph.gain, 50)
            logs -= logs.max()
            rates = sparse.coo_array((logs, (graph.source, graph.target)), shape=(graph.num_nodes,) * 2)
            dense = np.full(rates.shape, -np.inf)
            dense[graph.source, graph.target] = logs
            weights = markov.stationary_of_frequent(rates)
            if weights is not None:
                by_frequent += 1
                np.testing.assert_allclose(weights, markov.stationary_from_logs(dense), atol=3e-12)
        assert 20 < by_frequent < 40

    @pytest.mark.parametrize("size", [5, 20])
    def test_equilibria_alike_share_alike_however_rare_the_way_from_one_to_another(self, size):
        """Matching the other pays 1: at alpha 50 a match is left at a rate of exp(-2450), the same for every match."""
        joint = AlphaRank(alpha=50.0)(np.stack([np.eye(size)] * 2)).joint
        np.testing.assert_allclose(joint, np.eye(size) / size, atol=1e-12)

    def test_a_large_table_takes_seconds(self):
        """60 by 60 at alpha 10: 3,600 joint choices whose rates span 3,000 units of their logarithm."""
        payoffs = np.random.default_rng(0).normal(size=(2, 60, 60))
        began = time.process_time()
        joint = AlphaRank(alpha=10.0)(payoffs).joint
        assert time.process_time() - began < 30
        sinks = response_graph(payoffs).sinks
        assert [len(sink) for sink in sinks] == [1, 1, 1]
        assert joint.ravel()[np.concatenate(sinks)].sum() > 0.9, "three pure equilibria share nearly all the time"

    def test_refuses_too_many_states_that_only_the_rarest_transitions_tell_apart(self, monkeypatch):
        monkeypatch.setattr(alpharank, "LOG_STATES", 24)
        with pytest.raises(ValueError, match=r"25 joint choices .+ at most 24 can be ranked"):
            AlphaRank(alpha=50.0)(np.stack([np.eye(5)] * 2))

    def test_a_refusal_names_the_alpha_that_was_asked_for(self, monkeypatch):
        monkeypatch.setattr(alpharank, "DENSE_STATES", 8)
        with pytest.raises(ValueError, match=r"9 joint choices at alpha 1, where rates .+ at most 8 can"):
            AlphaRank(alpha=1.0)(1e3 * np.stack([BIASED, -BIASED]))

    def test_log_fixation_is_the_logarithm_of_the_moran_process(self):
        with mpmath.workdps(50):
            for u in (-800.0, -3.0, -1e-9, 0.0, 1e-12, 0.5, 40.0, 800.0):
                expected = float(mpmath.log(moran(mpmath.mpf(u), 50)))
                assert log_fixation(np.array(u), 50) == pytest.approx(expected, rel=1e-9, abs=1e-14)

    def test_global_selection_is_local_selection_where_fitness_is_constant(self):
        # Two policies whose payoffs depend only on oneself: the advantage is the same however many mutants there are.
        own = np.array([[1.0, 1.0], [1.3, 1.3]])
        logs = log_fixation_global(own, np.array([0, 1]), np.array([1, 0]), 2.0, 10)
        np.testing.assert_allclose(logs, log_fixation(2.0 * np.array([0.3, -0.3]), 10), atol=1e-12)

    @pytest.mark.parametrize("alpha", [1e13, 1e300, 1.7e308])
    def test_refuses_an_alpha_that_rounding_hides_the_answer_at(self, alpha):
        """Two equilibria whose exits cost the same except for the last digit of a logarithm."""
        with pytest.raises(ValueError, match=r"alpharank: alpha .+ is too large to tell rare transitions apart"):
            AlphaRank(alpha=alpha)(np.array([[[3, 0], [0.1, 2]], [[2, 0.1], [0, 3]]]))

    @pytest.mark.parametrize("options", [{"alpha": -1.0}, {"alpha": np.nan}, {"population": 1}])
    def test_refuses_impossible_parameters(self, options):
        with pytest.raises(ValueError, match=f"{next(iter(options))} must be at least"):
            AlphaRank(**options)


class TestLimit:
    def test_is_that_of_the_perturbed_chain_in_exact_arithmetic(self):
        """Small integer payoffs: many ties, several sinks, excursions through several worsening moves."""
        several = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            sizes = [(3, 4), (2, 2, 3), (2, 5)][seed % 3]
            common = 2 * rng.integers(0, 4, size=sizes) if seed % 2 else 0
            payoffs = (common + rng.integers(0, 3, size=(len(sizes), *sizes))).astype(float)
            several += len(response_graph(payoffs).sinks) > 1
            expected = exact_stationary(perturbed_chain(payoffs, Fraction(1, 10**40)))
            np.testing.assert_allclose(AlphaRank()(payoffs).joint.ravel(), expected, atol=1e-12)
        assert several >= 10

    def test_weighs_sinks_by_how_easily_they_are_left(self):
        """Two pure equilibria, (0, 0) and (1, 1), and a third row that leads from the first to the second only.

        Leaving (0, 0) by row 1, row 2 or column 1, and (1, 1) by row 0, row 2 or column 0, is worse for the mover. From
        (2, 0) the column player moves on to (2, 1), and from there the row player to (1, 1): so (2, 0) is a second way
        out of (0, 0). The exact chain gives the weights.
        """
        rows = np.array([[2, 0], [0, 2], [1, 1]], float)
        columns = np.array([[2, 0], [0, 2], [0, 2]], float)
        payoffs = np.stack([rows, columns])
        graph = response_graph(payoffs)
        assert [list(sink) for sink in graph.sinks] == [[0], [3]]
        expected = exact_stationary(perturbed_chain(payoffs, Fraction(1, 10**40)))
        joint = AlphaRank()(payoffs).joint
        np.testing.assert_allclose(joint.ravel(), expected, atol=1e-12)
        assert joint[1, 1] > joint[0, 0] > 0.1

    def test_agrees_with_open_spiel_at_a_small_perturbation(self):
        for seed in range(5):
            own = np.random.default_rng(seed).normal(size=(7, 7))
            own -= own.T
            expected = open_spiel.compute([own], use_inf_alpha=True, inf_alpha_eps=1e-7)[2]
            weights = AlphaRank()(symmetric_table(own), symmetric=True).marginals[0]
            np.testing.assert_allclose(weights, expected, atol=1e-5)

    def test_rounding_does_not_break_ties(self):
        payoffs = np.random.default_rng(3).integers(0, 2, size=(2, 4, 4)).astype(float)
        noise = 1e-15 * np.random.default_rng(4).normal(size=payoffs.shape)
        np.testing.assert_allclose(AlphaRank()(payoffs + noise).joint, AlphaRank()(payoffs).joint, atol=1e-12)

    def test_refuses_too_many_states_with_several_sinks(self, monkeypatch):
        monkeypatch.setattr(alpharank, "DENSE_STATES", 3)
        with pytest.raises(ValueError, match="4 joint choices with 2 sinks: at most 3"):
            AlphaRank()(BATTLE_OF_THE_SEXES)


class TestResponseGraph:
    def test_of_the_battle_of_the_sexes(self):
        graph = response_graph(BATTLE_OF_THE_SEXES)
        edges = {(int(a), int(b)) for a, b in zip(*graph.improving.nonzero(), strict=True)}
        assert edges == {(1, 0), (1, 3), (2, 0), (2, 3)}  # from both mismatches to both matches
        assert [list(sink) for sink in graph.sinks] == [[0], [3]]

    def test_of_a_single_population(self):
        graph = response_graph(symmetric_table(ROCK_PAPER_SCISSORS), symmetric=True)
        edges = {(int(a), int(b)) for a, b in zip(*graph.improving.nonzero(), strict=True)}
        assert edges == {(0, 1), (1, 2), (2, 0)}  # paper replaces rock, ...
        assert [list(sink) for sink in graph.sinks] == [[0, 1, 2]]

    def test_holds_every_deviation_with_its_player_and_gain(self):
        payoffs = np.random.default_rng(0).normal(size=(3, 2, 3, 4))
        graph = response_graph(payoffs)
        assert len(graph.gain) == 2 * 3 * 4 * (1 + 2 + 3)
        for source, target, player, gain in zip(graph.source, graph.target, graph.player, graph.gain, strict=True):
            here, there = np.unravel_index(source, graph.shape), np.unravel_index(target, graph.shape)
            assert [seat for seat in range(3) if here[seat] != there[seat]] == [player]
            assert gain == payoffs[player][there] - payoffs[player][here]

    def test_sinks_are_the_attracting_components(self):
        for seed in range(20):
            payoffs = np.random.default_rng(seed).integers(0, 4, size=(2, 4, 3)).astype(float)
            graph = response_graph(payoffs)
            edges = networkx.from_scipy_sparse_array(graph.improving, create_using=networkx.DiGraph)
            reference = networkx.attracting_components(edges)
            assert {frozenset(map(int, sink)) for sink in graph.sinks} == {frozenset(sink) for sink in reference}

    def test_ties_lead_both_ways_at_half_the_rate(self):
        graph = response_graph(np.zeros((2, 1, 2)))
        np.testing.assert_array_equal(graph.improving.toarray(), [[0, 0.5], [0.5, 0]])


class TestMarkov:
    def test_stationary_is_exact_for_rates_of_any_size(self):
        for seed in range(10):
            rng = np.random.default_rng(seed)
            rates = 10.0 ** rng.integers(-30, 1, size=(8, 8)) * (1 + rng.random((8, 8)))
            expected = exact_stationary([[Fraction(float(rate)) for rate in row] for row in rates])
            np.testing.assert_allclose(markov.stationary(rates), expected, rtol=1e-13)
            np.testing.assert_allclose(markov.stationary_from_logs(np.log(rates)), expected, rtol=1e-12)

    def test_stationary_balances_the_flow(self):
        rates = np.random.default_rng(0).random((101, 101))
        weights = markov.stationary(rates)
        flow = rates * weights[:, None]
        np.testing.assert_allclose(flow.sum(axis=0), flow.sum(axis=1), rtol=1e-12)

    def test_elimination_by_logarithms_balances_the_flow_in_tiles(self, monkeypatch):
        monkeypatch.setattr(markov, "TILE", 64)
        rates = np.random.default_rng(0).random((101, 101))
        weights = markov.stationary_from_logs(np.log(rates))
        np.testing.assert_allclose(weights, markov.stationary(rates), rtol=1e-12)

    def test_frequent_transitions_must_tell_all_that_matters(self):
        """Two states that are left at rates of exp(-400) and exp(-410): leaving either out would be wrong."""
        rare = sparse.coo_array(([-400.0, -410.0], ([0, 1], [1, 0])), shape=(2, 2))
        assert markov.stationary_of_frequent(rare) is None
        common = sparse.coo_array(([-10.0, -12.0, -400.0], ([0, 1, 1], [1, 0, 2])), shape=(3, 3))
        assert markov.stationary_of_frequent(common) is None, "the third state is never left"
        common = sparse.coo_array(([-10.0, -12.0, -400.0, 0.0], ([0, 1, 1, 2], [1, 0, 2, 0])), shape=(3, 3))
        expected = np.array([np.exp(-12), np.exp(-10), 0]) / (np.exp(-12) + np.exp(-10))
        np.testing.assert_allclose(markov.stationary_of_frequent(common), expected, atol=1e-15)

    def test_one_state_needs_no_rates(self):
        assert markov.stationary(np.zeros((1, 1))) == [1]
        assert markov.stationary_from_logs(np.full((1, 1), -np.inf)) == [1]

    def test_iteration_agrees_with_elimination(self, monkeypatch):
        own = np.random.default_rng(1).normal(size=(9, 9))
        payoffs = np.stack([own, -own])
        eliminated = AlphaRank()(payoffs).joint
        monkeypatch.setattr(markov, "EXACT_STATES", 5)
        np.testing.assert_allclose(AlphaRank()(payoffs).joint, eliminated, atol=1e-10)

    def test_closed_classes_of_a_chain_with_transient_states(self):
        rates = sparse.csr_array(np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 0]], float))
        assert [list(states) for states in markov.closed_classes(rates)] == [[2], [1, 3]] or [
            list(states) for states in markov.closed_classes(rates)
        ] == [[1, 3], [2]]
