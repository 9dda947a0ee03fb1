"""PSRO with exact responses and payoffs: known properties of the method, measured exactly."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from pokespiel.core.policy import Mixture, Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame
from pokespiel.metasolvers import METASOLVERS, MetaStrategy
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles.cfr import CFR
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.xdo import XDO
from pokespiel.payoffs.exact import ExactPayoffs, correlated_gaps, exact_metrics, mixed_plans, nash_conv
from pokespiel.payoffs.identity import identity
from pokespiel.payoffs.sampling import SampledPayoffs
from pokespiel.payoffs.tables import interval
from pokespiel.psro import PSROState, psro


def run(name: str, iterations: int, solver=None, seed: int = 0, **options) -> tuple[TreeGame, list[PSROState]]:
    game = load_game(name)
    oracle = options.pop("oracle", Exact())
    payoffs = options.pop("payoffs", ExactPayoffs())
    states = psro(game, solver or Nash(), [oracle], payoffs, np.random.default_rng(seed), **options)
    return game, list(itertools.islice(states, iterations + 1))


def exploitability(game: TreeGame, state: PSROState) -> float:
    return exact_metrics(game, state.populations, state.strategy)["exploitability"]


@pytest.mark.parametrize(("name", "expected"), [("kuhn_poker", 0.4583333), ("leduc_poker", 2.3736111)])
def test_the_uniform_start_has_the_known_exploitability(name, expected):
    game, (start,) = run(name, 0)
    assert exploitability(game, start) == pytest.approx(expected, abs=1e-6)


def test_kuhn_is_solved_within_ten_iterations_for_forty_seeds():
    for seed in range(40):
        game, states = run("kuhn_poker", 10, seed=seed, oracle=Exact(ties="random"))
        best = min(exact_metrics(game, state.populations, state.strategy)["nash_conv"] for state in states)
        assert best < 1e-9, f"seed {seed}"
        value = game.returns(mixed_plans(game, states[-1].populations, states[-1].strategy.marginals))
        assert value[0] == pytest.approx(-1 / 18, abs=1e-9)


def test_leduc_is_nearly_solved_in_240_iterations_and_a_minute():
    began = time.process_time()
    game, states = run("leduc_poker", 240)
    assert time.process_time() - began < 60
    assert exploitability(game, states[-1]) <= 0.005
    value = game.returns(mixed_plans(game, states[-1].populations, states[-1].strategy.marginals))
    assert value[0] == pytest.approx(-0.0856, abs=0.003)


def test_random_ties_cost_little_on_leduc():
    game, states = run("leduc_poker", 240, seed=1, oracle=Exact(tremble=0, ties="random"))
    assert exploitability(game, states[-1]) <= 0.1


@pytest.mark.parametrize("name", sorted(METASOLVERS))
def test_every_meta_solver_runs_in_the_loop_and_leaves_the_uniform_start_behind(name):
    game, states = run("kuhn_poker", 8, METASOLVERS.build(name))
    figures = exact_metrics(game, states[-1].populations, states[-1].strategy)
    distance = figures.get("exploitability", figures.get("cce_gap"))
    if name != "self_play":  # it cycles, and its payoffs say nothing about mixtures
        assert distance < 0.3
    assert all(np.isfinite(value) for state in states for value in state.metrics.values())


def plays(game: TreeGame, state: PSROState) -> list[set[bytes]]:
    """Per seat, the realisation plans of its population."""
    populations = state.populations * (game.num_players if game.symmetric else 1)
    return [{game.plan(policy, seat).tobytes() for policy in own} for seat, own in enumerate(populations)]


GROWING = sorted(name for name in METASOLVERS if not getattr(METASOLVERS[name], "repeats", False))


@pytest.mark.parametrize("name", GROWING)
@pytest.mark.parametrize("game", ["kuhn_poker", "matrix_rps"])
def test_populations_hold_every_policy_once(game, name):
    game, states = run(game, 10, METASOLVERS.build(name))
    for before, after in itertools.pairwise(states):
        assert [len(own) for own in plays(game, after)] == list(after.table.sizes)
        new = sum(map(len, after.populations)) - sum(map(len, before.populations))
        assert after.metrics["responses"] - after.metrics["responses_known"] == new
        if after.idle:
            assert new == 0
            assert np.array_equal(after.table.payoffs, before.table.payoffs)


@pytest.mark.parametrize(("game", "size"), [("matrix_rps", 4), ("kuhn_poker", 5)])
def test_rectified_nash_settles_instead_of_doubling_for_ever(game, size):
    game, states = run(game, 12, METASOLVERS.build("rectified_nash"))
    assert max(map(len, states[-1].populations)) == size
    assert states[-1].idle >= 4
    known = states[-1].metrics["responses"]
    assert known == states[-1].metrics["responses_known"] > 0
    if size == 4:  # uniform and the three pure policies
        assert exploitability(game, states[-1]) == pytest.approx(0, abs=1e-12)


def test_nash_with_exact_responses_is_idle_only_at_an_equilibrium():
    game, states = run("kuhn_poker", 14)
    (first, *_) = (state for state in states if state.idle)
    assert first.iteration < 12
    assert exploitability(game, first) < 1e-12
    assert all(exploitability(game, state) > 1e-3 for state in states[:6])


def test_three_players_reach_a_correlated_equilibrium_and_rest():
    game, states = run("kuhn_poker(players=3)", 14, METASOLVERS.build("correlated"))
    assert states[-1].idle > 0
    assert exact_metrics(game, states[-1].populations, states[-1].strategy)["cce_gap"] < 1e-6


def test_random_ties_are_never_idle_and_bring_no_copies():
    game, states = run("kuhn_poker", 40, oracle=Exact(ties="random"))
    assert [len(own) for own in plays(game, states[-1])] == list(states[-1].table.sizes)
    assert sum(state.metrics.get("responses_known", 0) for state in states) > 0
    assert all(state.idle == 0 for state in states)


def test_policies_that_differ_only_where_they_never_come_are_the_same():
    game = load_game("kuhn_poker")
    betting = game.memoryless(Uniform(), [0]).tables[0].copy()
    rows = [row for row, name in enumerate(game.states[0].names) if name in ("0", "1", "2")]
    betting[rows] = [0.0, 1.0]  # bets at once, so that its answers to a bet after a pass are never asked for
    one, other = betting.copy(), betting.copy()
    after = [row for row in range(6) if row not in rows]
    one[after], other[after] = [1.0, 0.0], [0.0, 1.0]
    alike = [identity(game, Tabular({0: table}), [0]) for table in (one, other, betting)]
    assert alike[0] == alike[1] == alike[2]
    one[rows] = [1.0, 0.0]
    assert identity(game, Tabular({0: one}), [0]) != alike[0]
    assert identity(game, Mixture([Tabular({0: other}), Tabular({0: betting})], [0.5, 0.5]), [0]) == alike[0]


def test_uniform_is_fictitious_play_of_whole_policies():
    """With weights 1/n on all members, the mixture is the running average of the best responses."""
    game, states = run("kuhn_poker", 5, METASOLVERS.build("uniform"))
    for state in states:
        plans = mixed_plans(game, state.populations, state.strategy.marginals)
        for player, population in enumerate(state.populations):
            average = np.mean([game.plan(policy, player) for policy in population], axis=0)
            assert np.allclose(plans[player], average)


def test_each_response_is_a_best_response_to_the_mixture_before():
    game, states = run("leduc_poker", 6, METASOLVERS.build("uniform"), oracle=Exact(tremble=0))
    for before, after in itertools.pairwise(states):
        plans = mixed_plans(game, before.populations, before.training.marginals)
        best = game.best_response_values(plans)
        for player in range(2):
            response = game.plan(after.populations[player][-1], player)
            assert response @ game.gradient(plans, player) == pytest.approx(best[player], abs=1e-9)


def test_exact_tables_hold_the_game_values_of_each_pair():
    game, states = run("kuhn_poker", 4)
    table = states[-1].table.payoffs
    for row, first in enumerate(states[-1].populations[0]):
        for column, second in enumerate(states[-1].populations[1]):
            assert np.allclose(table[:, row, column], game.returns(game.plans([first, second])))


def test_three_players_tables_are_exact_too():
    game, states = run("kuhn_poker(players=3)", 3, METASOLVERS.build("uniform"))
    populations, table = states[-1].populations, states[-1].table.payoffs
    for cell in np.ndindex(*table.shape[1:]):
        profile = [members[index] for members, index in zip(populations, cell, strict=True)]
        assert np.allclose(table[(slice(None), *cell)], game.returns(game.plans(profile)))
    assert np.allclose(table.sum(axis=0), 0)


@pytest.mark.parametrize(("concept", "gap"), [("cce", "cce_gap"), ("ce", "ce_gap")])
def test_jpsro_closes_its_gap_on_three_player_kuhn(concept, gap):
    game, states = run("kuhn_poker(players=3)", 12, METASOLVERS.build("correlated", {"concept": concept}))
    gaps = [exact_metrics(game, state.populations, state.strategy)[gap] for state in states]
    assert gaps[0] == pytest.approx(2.0625)
    assert min(gaps) < 0.02


@pytest.mark.parametrize("name", ["correlated", "alpharank"])
def test_one_player_learns_to_catch(name):
    """A joint strategy of one player: it is drawn together with no one."""
    game, states = run("catch(rows=3,columns=2)", 2, METASOLVERS.build(name))
    figures = exact_metrics(game, states[-1].populations, states[-1].strategy)
    assert figures["cce_gap"] == figures["ce_gap"] == pytest.approx(0, abs=1e-12)
    assert game.returns(mixed_plans(game, states[-1].populations, states[-1].strategy.marginals)).tolist() == [1.0]


def test_a_general_sum_game_reaches_its_correlated_equilibrium():
    """Chicken: two can dare; the uniform start mixes, the loop finds both pure policies and a correlated answer."""
    chicken = matrix_game(np.array([[[0, 7], [2, 6]], [[0, 2], [7, 6]]]))
    solver = METASOLVERS.build("correlated", {"concept": "ce"})
    states = psro(chicken, solver, [Exact()], ExactPayoffs(), np.random.default_rng(0))
    state = next(itertools.islice(states, 4, None))
    assert len(state.populations) == 1, "the game is symmetric: one population"
    assert exact_metrics(chicken, state.populations, state.strategy)["ce_gap"] < 1e-6


def test_a_product_written_as_a_joint_strategy_has_the_same_gap():
    game, states = run("leduc_poker", 5, METASOLVERS.build("uniform"))
    state = states[-1]
    product = nash_conv(game, state.populations, state.strategy.marginals)
    cce, ce = correlated_gaps(game, state.populations, np.multiply.outer(*state.strategy.marginals))
    assert cce == pytest.approx(product, abs=1e-9)
    assert ce == pytest.approx(product, abs=1e-9)  # a recommendation tells nothing about an independent opponent


def test_a_mixtures_weights_count_in_its_exact_value():
    """Against a quarter rock and three quarters paper, scissors earn a half, for either player."""
    game = load_game("matrix_rps")
    rock, paper = (Tabular({p: np.eye(3)[[action]] for p in (0, 1)}) for action in (0, 1))
    weights = np.array([0.25, 0.75])
    assert nash_conv(game, [[rock, paper]], [weights, weights]) == pytest.approx(1.0)
    assert nash_conv(game, [[rock, paper]], [weights[::-1], weights]) == pytest.approx(0.5 + 0.75)


def test_the_direction_of_the_payoffs_on_a_lopsided_matrix():
    """Population regret looks from each player's own side: a transposed table would give other numbers."""
    game = matrix_game(np.array([[1.0, 2.0, 3.0], [0.0, -5.0, 4.0]]))
    states = psro(game, Nash(), [Exact()], ExactPayoffs(), np.random.default_rng(0))
    state = next(itertools.islice(states, 4, None))
    value = game.returns(mixed_plans(game, state.populations, state.strategy.marginals))
    assert value.tolist() == pytest.approx([1.0, -1.0])  # the saddle point: first row, first column
    figures = exact_metrics(game, state.populations, state.strategy)
    assert figures["nash_conv"] == pytest.approx(0, abs=1e-12)
    start = MetaStrategy((np.array([1.0]), np.array([1.0])))
    assert exact_metrics(game, [[Uniform()], [Uniform()]], start)["nash_conv"] == pytest.approx(2 - 5 / 6 + 5 / 6 + 1.5)


@pytest.mark.parametrize("offset", [0.0, 1e5, 5e9])
def test_an_asymmetric_game_stays_one_however_large_its_payoffs(offset):
    """The first player's second action and the second player's first are dominant."""
    game = matrix_game(np.array([[[0, 0], [1, 1]], [[1, 0], [1, 0]]]) + offset)
    assert not game.symmetric
    states = psro(game, METASOLVERS.build("correlated"), [Exact()], ExactPayoffs(), np.random.default_rng(0))
    state = next(state for state in states if state.idle)
    plans = mixed_plans(game, state.populations, state.strategy.marginals)
    assert np.allclose(plans[0], [1, 0, 1], atol=1e-6)
    assert np.allclose(plans[1], [1, 1, 0], atol=1e-6)


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e12])
def test_a_prisoners_dilemma_is_general_sum_at_every_scale(scale):
    game = matrix_game(np.array([[[3, 0], [5, 1]], [[3, 5], [0, 1]]]) * scale)
    assert game.symmetric
    assert not game.zero_sum
    assert np.allclose(game.returns(game.plans(Uniform())) / scale, [2.25, 2.25])
    table = ExactPayoffs()(game, [[Uniform()]], None, np.random.default_rng(0)).payoffs
    assert np.allclose(table / scale, 2.25)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e8])
def test_a_symmetric_games_table_is_symmetric_to_the_last_digit(scale, offset):
    """Uniform policies bring rounding errors into it, which the solvers need not judge."""
    beaten = np.array([[0, -2, 1, 0.1], [2, 0, -1, 0.3], [-1, 1, 0, 0.7], [-0.1, -0.3, -0.7, 0]])
    game = matrix_game((np.stack([beaten, -beaten]) + offset) * scale)
    assert game.symmetric
    states = psro(game, METASOLVERS.build("nash"), [Exact()], ExactPayoffs(), np.random.default_rng(0))
    table = next(state for state in states if state.idle).table.payoffs
    assert np.array_equal(table[1], table[0].T)
    if scale == 1:
        assert np.ptp(table.sum(axis=0)) == 0


def test_rounding_is_no_asymmetry():
    """Uniform play of this game pays 4e-17, and the table of that alone must still count as symmetric."""
    _, states = run("matrix_brps", 3, Nash())
    assert states[-1].iteration == 3


@pytest.mark.parametrize("oracle", [Exact(), CFR(iterations=50), XDO(iterations=3)])
@pytest.mark.parametrize("solver", ["uniform", "alpharank", "correlated", "prd", "regret_matching"])
def test_one_player_finds_its_best_return(solver, oracle):
    """The ball falls into one of two columns, and one step is left to get there: the best player always catches it."""
    game, states = run("catch(rows=3,columns=2)", 3, METASOLVERS.build(solver), oracle=oracle)
    assert game.num_players == 1
    best = game.best_response_values((np.ones(1),))[0]
    last = states[-1]
    assert game.returns(game.plans([last.populations[0][-1]]))[0] == pytest.approx(best, abs=0.02)
    figures = exact_metrics(game, last.populations, last.strategy)
    assert figures["nash_conv"] == pytest.approx(figures.get("cce_gap", figures["nash_conv"]), abs=1e-9)
    if solver != "uniform":
        assert figures["nash_conv"] < 0.02


def test_one_player_and_nash_is_one_line():
    with pytest.raises(ValueError, match="got 1 player; alpharank, correlated"):
        run("catch(rows=3,columns=2)", 1)


def test_sampled_payoffs_agree_with_exact_ones():
    game, states = run("kuhn_poker", 4, payoffs=SampledPayoffs(units=3000), seed=2)
    state = states[-1]
    exact = ExactPayoffs()(game, state.populations, None, np.random.default_rng(0)).payoffs
    low, high = interval(state.table, game.utility_range, confidence=0.999)
    assert ((low <= exact) & (exact <= high)).all()
    assert exploitability(game, state) < 0.3


def test_exactness_is_not_claimed_where_it_is_not():
    class Remembers(Uniform):
        memory_size = 1

    game = load_game("kuhn_poker")
    strategy = MetaStrategy((np.ones(1), np.ones(1)))
    assert exact_metrics(game, [[Remembers()], [Uniform()]], strategy) == {}
    assert exact_metrics(game, [[Mixture([Remembers()], [1.0])], [Uniform()]], strategy) == {}
    assert exact_metrics(load_game("kuhn_poker", "step"), [[Uniform()], [Uniform()]], strategy) == {}
    with pytest.raises(ValueError, match="memoryless"):
        ExactPayoffs()(game, [[Remembers()], [Uniform()]], None, np.random.default_rng(0))
