"""Anytime PSRO and Self-Play PSRO: what they solve, that exploitability never rises, and that runs repeat."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from pokespiel.core.options import Choice
from pokespiel.core.policy import Tabular
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame
from pokespiel.metasolvers.nash import Nash
from pokespiel.metasolvers.uniform import UniformSolver
from pokespiel.oracles import Opponents, last_training
from pokespiel.oracles.cfr import CFR
from pokespiel.oracles.exact import Exact
from pokespiel.oracles.exploiter import Exploiter
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.nfsp import NFSP
from pokespiel.oracles.offline import Offline
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.regret_matcher import RegretMatcher
from pokespiel.oracles.restricted import AnytimePSRO, SelfPlayPSRO
from pokespiel.oracles.rnad import RNaD
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics, mixed_plans
from pokespiel.payoffs.identity import over_distinct
from pokespiel.psro import InitialPopulations, PSROState, psro
from pokespiel.runs.run import PSROConfig, RunFolder
from pokespiel.runs.session import work

BOTH = [AnytimePSRO, SelfPlayPSRO]


def run(game: TreeGame, restricted, iterations: int, **options) -> list[PSROState]:
    states = psro(game, Nash(), [Exact()], ExactPayoffs(), np.random.default_rng(0), restricted=restricted, **options)
    return list(itertools.islice(states, iterations + 1))


def distances(game: TreeGame, states: list[PSROState]) -> list[float]:
    return [exact_metrics(game, state.populations, state.strategy)["exploitability"] for state in states]


def pure(action: int, actions: int, seat: int) -> Tabular:
    return Tabular({seat: np.eye(actions)[[action]]})


def least_exploitable(payoffs: np.ndarray, rows: list[int]) -> float:
    """The most that a mixture of these rows guarantees the row player, by linear programming."""
    own = payoffs[rows]
    objective = np.append(np.zeros(len(rows)), -1.0)
    bounds = [(0, None)] * len(rows) + [(None, None)]
    below = np.hstack([-own.T, np.ones((own.shape[1], 1))])
    total = np.append(np.ones(len(rows)), 0.0)[None]
    return -linprog(objective, below, np.zeros(own.shape[1]), total, [1.0], bounds).fun


@pytest.mark.parametrize("seed", range(4))
def test_the_mixture_is_the_least_exploitable_of_its_population(seed):
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(7, 9))
    game, rows = matrix_game(payoffs), [0, 2, 3, 6]
    population = tuple(pure(row, 9, 0) for row in rows), (pure(0, 9, 1),)
    opponents = {
        0: Opponents(population, np.array([[-1, 0]]), np.ones(1)),
        1: Opponents(population, np.array([[0, -1]]), np.ones(1)),
    }
    training = last_training(AnytimePSRO(steps=4000).over(Exact())(game, opponents, rng))
    weights = training.mixtures[0]
    assert weights.shape == (5,)
    assert weights[-1] == 0, "the response has no weight in the mixture that it responds to"
    assert weights.sum() == pytest.approx(1)
    guaranteed = (weights[:-1] @ payoffs[rows]).min()
    assert guaranteed == pytest.approx(least_exploitable(payoffs, rows), abs=0.01)
    assert training.metrics["value/1"] == pytest.approx(-guaranteed)


@pytest.mark.parametrize("restricted", BOTH)
@pytest.mark.parametrize(("name", "iterations"), [("leduc_poker", 8), ("matrix_rps", 4), ("kuhn_poker", 10)])
def test_exploitability_never_rises_where_that_of_double_oracle_does(name, iterations, restricted):
    game = load_game(name)
    plain, anytime = (distances(game, run(game, one, iterations)) for one in (None, restricted(steps=60)))
    assert all(after <= before + 1e-9 for before, after in itertools.pairwise(anytime))
    if name != "kuhn_poker":
        assert max(after - before for before, after in itertools.pairwise(plain)) > 0.3


def test_anytime_psro_solves_kuhn_poker():
    game = load_game("kuhn_poker")
    states = run(game, AnytimePSRO(steps=1000), 10)
    assert distances(game, states)[-1] < 0.004
    value = game.returns(mixed_plans(game, states[-1].populations, states[-1].strategy.marginals))
    assert value[0] == pytest.approx(-1 / 18, abs=0.005)


@pytest.mark.parametrize("seed", range(3))
def test_random_asymmetric_games_are_solved(seed):
    game = matrix_game(np.random.default_rng(seed).normal(size=(8, 11)))
    for restricted, iterations in ((AnytimePSRO(steps=2000), 12), (SelfPlayPSRO(steps=2000), 3)):
        states = run(game, restricted, iterations)
        assert distances(game, states)[-1] < 0.015
        assert len(states[-1].populations) == 2


def test_the_constant_that_returns_sum_to_does_not_matter():
    payoffs = np.random.default_rng(0).normal(size=(4, 5))
    plain, shifted = matrix_game(payoffs), matrix_game(np.stack([payoffs, 3 - payoffs]))
    found = [run(game, AnytimePSRO(steps=50), 3)[-1].strategy for game in (plain, shifted)]
    assert np.allclose(found[0].marginals[0], found[1].marginals[0])


@pytest.mark.parametrize("restricted", BOTH)
def test_a_symmetric_game_keeps_one_population(restricted):
    beaten = np.array([[0, -1, 3], [1, 0, -1], [-3, 1, 0]])
    game = matrix_game(beaten)
    assert game.symmetric
    rock = Tabular({seat: np.eye(3)[[0]] for seat in (0, 1)})
    states = run(game, restricted(steps=3000), 4, beginning=InitialPopulations.of(game, {"rock": rock}))
    assert len(states[-1].populations) == 1
    assert distances(game, states)[0] == 1
    assert distances(game, states)[-1] < 0.02
    plans = mixed_plans(game, states[-1].populations, states[-1].strategy.marginals)
    assert np.allclose(plans[0][1:], np.array([1, 3, 1]) / 5, atol=0.03)  # each action by what the other two exchange


def test_self_play_psro_is_near_equilibrium_after_one_iteration_and_anytime_is_not():
    game = load_game("leduc_poker")
    anytime, self_play = (distances(game, run(game, one(steps=400), 1))[-1] for one in BOTH)
    assert self_play < 0.1 < 2 < anytime


def test_self_play_psro_adds_a_response_and_a_stochastic_policy():
    game = load_game("kuhn_poker")
    before, after = run(game, SelfPlayPSRO(steps=300), 1)
    for seat, (old, new) in enumerate(zip(before.populations, after.populations, strict=True)):
        assert len(new) == len(old) + 2
        response, average = (game.plan(policy, seat) for policy in new[-2:])
        assert set(np.unique(response)) == {0, 1}
        assert ((average > 0.05) & (average < 0.95)).any()
    names = [origin["name"] for origin in after.origins[0][-2:]]
    assert names == ["exact 1", "exact 2"]
    assert after.metrics["oracle/updates"] == 600
    assert all(marginal[-2] == 0 < marginal[-1] for marginal in after.strategy.marginals)


def test_responses_are_new_as_long_as_the_mixture_can_be_improved():
    """Several responses to a least exploitable mixture tie; always adding the same would end far from equilibrium."""
    game = load_game("kuhn_poker")
    states = run(game, AnytimePSRO(steps=300), 8)
    for before, after in itertools.pairwise(states[:8]):
        assert sum(map(len, after.populations)) > sum(map(len, before.populations))


def test_another_solver_can_judge_and_the_mixture_is_still_trained_against():
    game = load_game("kuhn_poker")
    state = run(game, AnytimePSRO(steps=50), 3, evaluator=UniformSolver())[-1]
    assert len(set(state.strategy.marginals[0])) == 1
    assert len(set(state.training.marginals[0])) > 1
    assert state.training.marginals[0][-1] == 0


@pytest.mark.parametrize("restricted", BOTH)
def test_a_run_that_is_resumed_repeats_one_that_was_not_stopped(tmp_path, restricted):
    choice = Choice({AnytimePSRO: "anytime", SelfPlayPSRO: "self_play"}[restricted], {"steps": 40})
    folders = []
    for name, ends in (("whole", [4]), ("stopped", [2, 4]), ("side by side", [4])):
        config = PSROConfig("kuhn_poker", restricted=choice, side_by_side=name == "side by side")
        for number, iterations in enumerate(ends):
            asked = PSROConfig(**{**vars(config), "iterations": iterations})
            opened = RunFolder.resume if number else RunFolder.create
            with opened(tmp_path / name, asked) as folder:
                work(folder)
        folders.append(folder.standing())
    whole = folders[0]
    for other in folders[1:]:
        assert len(other.rows) == 5
        for mine, theirs in zip(whole.state.strategy.marginals, other.state.strategy.marginals, strict=True):
            assert np.array_equal(mine, theirs)
        assert other.rows[-1]["exploitability"] == whole.rows[-1]["exploitability"]


@pytest.mark.parametrize(
    ("name", "oracles", "why"),
    [
        ("kuhn_poker", [CFR()], "not solved against responses of cfr"),
        ("kuhn_poker", [Exploiter()], "responses of exploiter: choose exact, mmd, nfsp, ppo or rnad"),
        ("kuhn_poker", [Offline()], "responses of offline: choose exact, mmd, nfsp, ppo or rnad"),
        ("kuhn_poker", [PPO(self_play=0.5)], "set the oracle's self_play to 0"),
        ("kuhn_poker", [MMD()], "set the oracle's self_play to 0"),
        ("kuhn_poker", [RNaD()], "set the oracle's self_play to 0"),
        ("kuhn_poker", [NFSP()], "set the oracle's self_play to false"),
        ("kuhn_poker", [PPO(opponent="self")], "leave the oracle's opponent at mixture"),
        ("kuhn_poker", [PPO(learners=2)], "leave learners at 1"),
        ("kuhn_poker(players=3)", [PPO()], "two-player zero-sum game"),
        ("kuhn_poker", [Exact(), Exact()], "not with 2"),
        ("kuhn_poker(players=3)", [Exact()], "two-player game of constant sum"),
        ("matrix_pd", [Exact()], "two-player game of constant sum"),
    ],
)
@pytest.mark.parametrize("restricted", BOTH)
def test_what_cannot_be_solved_is_refused(name, oracles, why, restricted):
    states = psro(
        load_game(name),
        UniformSolver(),
        oracles,
        ExactPayoffs(),
        np.random.default_rng(0),
        restricted=restricted(),
    )
    with pytest.raises(ValueError, match=why):
        next(states)


def test_steps_must_be_at_least_one():
    with pytest.raises(ValueError, match="steps must be at least 1"):
        SelfPlayPSRO(steps=0)


def test_the_weight_of_a_response_that_is_known_goes_to_its_twin():
    weights = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    assert over_distinct(weights, ["a", "b", "b", "c", "c"], 3).tolist() == [0.1, 0.2, 0.3, 0.4]
    assert over_distinct(weights, ["a", "b", "c", "a", "d"], 3).tolist() == [0.25, 0.2, 0.3, 0.25]


def test_regret_matching_plus_by_hand():
    """Two choices that earn 1 and 0: regrets 1/2 and -1/2, so all weight on the first; the average weighs it double."""
    matcher = RegretMatcher(2)
    matcher.observe(np.array([1.0, 0.0]))
    assert matcher.current.tolist() == [1, 0]
    matcher.observe(np.array([0.0, 2.0]))  # regrets 1/2 and 2: the second's loss was forgotten
    assert matcher.current.tolist() == pytest.approx([0.2, 0.8])
    assert matcher.average.tolist() == pytest.approx([(0.5 + 2) / 3, 0.5 / 3])
