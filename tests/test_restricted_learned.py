"""Anytime and Self-Play PSRO with learned responses: the mixture moves while they train, the newest policy is in it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from pokespiel.core.policy import Tabular, Uniform
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.tree import TreeGame
from pokespiel.learning.learner import Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.schedules import Schedule
from pokespiel.metasolvers.nash import Nash
from pokespiel.oracles import Opponents, RestrictedSolver, last_training
from pokespiel.oracles.common import Learned
from pokespiel.oracles.mmd import MMD
from pokespiel.oracles.nfsp import NFSP
from pokespiel.oracles.ppo import PPO
from pokespiel.oracles.restricted import AnytimePSRO, SelfPlayPSRO
from pokespiel.oracles.restricted_learned import SNAPSHOTS, Newest, RegretPool
from pokespiel.oracles.rnad import RNaD
from pokespiel.payoffs.exact import ExactPayoffs, exact_metrics
from pokespiel.psro import PSROState, psro

SMALL = {"batch": 500, "matches": 500, "network": NetworkOptions(hidden=(16,))}
LEARNER = PPO(decisions=60_000, **SMALL)
EVERY: dict[str, Learned] = {
    "ppo": PPO(decisions=6_000, **SMALL),
    "mmd": MMD(decisions=6_000, self_play=0, **SMALL),
    "rnad": RNaD(decisions=6_000, self_play=0, **SMALL),
    "nfsp": NFSP(decisions=6_000, self_play=False, **SMALL),
}
ROCK, PAPER = (Tabular({seat: np.eye(3)[[action]] for seat in (0, 1)}) for action in (0, 1))
BOTH = [AnytimePSRO, SelfPlayPSRO]


def run(game: TreeGame, oracle: Learned, restricted: RestrictedSolver | None, iterations: int) -> list[PSROState]:
    states = psro(game, Nash(), [oracle], ExactPayoffs(), np.random.default_rng(0), restricted=restricted)
    return list(itertools.islice(states, iterations + 1))


def distances(game: TreeGame, states: list[PSROState]) -> list[float]:
    return [exact_metrics(game, state.populations, state.strategy)["exploitability"] for state in states]


def both_seats(populations) -> dict[int, Opponents]:
    """Each seat meets the first policy of the other's population."""
    rows = np.array([[-1, 0]]), np.array([[0, -1]])
    return {seat: Opponents(populations, rows[seat], np.ones(1)) for seat in (0, 1)}


def kuhn_opponents(game: TreeGame) -> dict[int, Opponents]:
    table = game.policy([player.uniform() for player in game.players])
    return both_seats(((Uniform(), table),) * 2)


def test_a_learned_response_moves_the_mixture_to_the_least_exploitable():
    """Rock a third, paper two thirds: scissors and paper then win a third, the least that a mixture can lose."""
    game = load_game("matrix_rps")
    opponents = {0: Opponents(((ROCK, PAPER),) * 2, np.array([[-1, 0]]), np.ones(1))}
    training = last_training(AnytimePSRO().over(LEARNER)(game, opponents, np.random.default_rng(0)))
    weights = training.mixtures[0]
    assert weights.sum() == pytest.approx(1)
    assert weights[1] == pytest.approx(2 / 3, abs=0.15)
    assert weights[2] == 0


def test_each_seats_mixture_moves_by_what_its_own_members_earn():
    """The first of the row player's actions and the second of the column player's are dominated."""
    game = matrix_game(np.array([[0.0, 3.0], [1.0, 4.0]]))
    populations = tuple(tuple(Tabular({seat: np.eye(2)[[action]]}) for action in (0, 1)) for seat in (0, 1))
    oracle = AnytimePSRO().over(replace(LEARNER, decisions=10_000))
    mixtures = last_training(oracle(game, both_seats(populations), np.random.default_rng(0))).mixtures
    assert mixtures[0][1] > 0.9
    assert mixtures[1][0] > 0.9


@pytest.mark.parametrize("restricted", BOTH)
def test_a_learned_response_that_is_interrupted_repeats_one_that_was_not(restricted):
    game = load_game("kuhn_poker")
    oracle = restricted().over(replace(LEARNER, decisions=9_000, log_every=6))
    opponents = kuhn_opponents(game)
    whole = list(oracle(game, opponents, np.random.default_rng(0)))
    assert len(whole) >= 3
    again = last_training(oracle(game, opponents, np.random.default_rng(9), state=whole[0].state))
    for seat in (0, 1):
        assert np.array_equal(again.mixtures[seat], whole[-1].mixtures[seat])
        assert not np.array_equal(whole[0].mixtures[seat], whole[-1].mixtures[seat])
        assert len(again.responses[seat]) == len(whole[-1].responses[seat])
        for mine, theirs in zip(again.responses[seat], whole[-1].responses[seat], strict=True):
            assert np.array_equal(game.plan(mine, seat), game.plan(theirs, seat))


def test_learned_responses_run_in_the_loop():
    game = load_game("kuhn_poker")
    states = run(game, replace(LEARNER, decisions=10_000), AnytimePSRO(), 4)
    assert distances(game, states)[-1] < 0.35 < distances(game, states)[0]
    assert states[-1].origins[0][-1]["name"] == "ppo"


@pytest.mark.parametrize("restricted", BOTH)
@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("game", ["matrix_rps", "kuhn_poker"])
def test_every_learning_oracle_solves_the_restricted_game(game, name, restricted):
    tree = load_game(game)
    state = run(tree, EVERY[name], restricted(), 1)[-1]
    added = len(EVERY[name].student(tree, np.random.default_rng(0), (), {}).policies()) + (restricted is SelfPlayPSRO)
    for population, marginal in zip(state.populations, state.training.marginals, strict=False):
        assert len(population) == len(marginal) == 1 + added
        assert marginal.sum() == pytest.approx(1)
    weighs = state.training.marginals[0] > 0
    assert weighs.tolist() == [True, restricted is SelfPlayPSRO, *[False] * (len(weighs) - 2)]


def test_the_newest_policy_makes_the_mixture_safer_than_the_population_allows():
    """A population that holds only uniform play is as exploitable as that, whatever its mixture."""
    game = load_game("kuhn_poker")
    oracle = replace(LEARNER, decisions=15_000, entropy=Schedule(0.05), optimiser=Optimiser(Schedule(3e-3)))
    anytime, self_play = (run(game, oracle, one(), 1) for one in BOTH)
    assert distances(game, anytime)[1] == pytest.approx(distances(game, anytime)[0])
    assert distances(game, self_play)[1] < 0.6 * distances(game, self_play)[0]
    for seat, population in enumerate(self_play[-1].populations):
        average, response = population[-2:]
        assert isinstance(average, Tabular), "on a game in sequence form the snapshots become one table"
        assert ((game.plan(average, seat) > 0.05) & (game.plan(average, seat) < 0.95)).any()
        assert not np.array_equal(game.plan(average, seat), game.plan(response, seat))


def test_in_a_symmetric_game_the_average_is_for_both_seats():
    game = matrix_game(np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]))
    opponents = {0: Opponents(((ROCK,),) * 2, np.array([[-1, 0]]), np.ones(1))}
    oracle = SelfPlayPSRO().over(replace(LEARNER, decisions=20_000))
    training = last_training(oracle(game, opponents, np.random.default_rng(0)))
    average, _ = training.responses[0]
    assert set(average.tables) == {0, 1}
    mixed = training.mixtures[0][0] * np.eye(3)[0] + training.mixtures[0][1] * average.tables[0][0]
    assert np.abs(mixed - 1 / 3).max() < 0.2, "rock alone would lose every match"


def newest(game: TreeGame, share: float = 0.1) -> Newest:
    students = (LEARNER.student(game, np.random.default_rng(seed), (), {}) for seed in (0, 1))
    return Newest(game, *students, share)


def test_the_average_weighs_its_snapshots_by_seat():
    game = load_game("kuhn_poker")
    one = newest(game)
    one.weights = {0: [1.0, 3.0], 1: [1.0, 0.0]}
    one.snapshots = [game.policy([player.uniform() for player in game.players]), Uniform()]
    one.snapshots[1] = Tabular({seat: np.eye(2)[np.zeros(6, int)] for seat in (0, 1)})
    first, second = (game.plan(snapshot, 0) for snapshot in one.snapshots)
    assert np.allclose(game.plan(one.average(0), 0), (first + 3 * second) / 4)
    assert np.allclose(game.plan(one.average(1), 1), game.plan(one.snapshots[0], 1))


def test_thinned_snapshots_keep_all_weight():
    one = newest(load_game("kuhn_poker"))
    one.weights = {0: [], 1: []}
    for step in range(SNAPSHOTS + 3):
        one.remember({0: step + 1.0} if step % 2 else {0: step + 1.0, 1: 1.0})
    assert len(one.snapshots) == len(one.weights[0]) == len(one.weights[1]) == SNAPSHOTS
    assert sum(one.weights[0]) == sum(range(SNAPSHOTS + 4))
    assert one.weights[0][-1] == SNAPSHOTS + 3, "the newest and heaviest stay as they are"


def test_a_step_counts_by_its_number_and_the_newest_policys_weight():
    game = load_game("kuhn_poker")
    one = newest(game)
    pool = RegretPool(game, kuhn_opponents(game), one, None)
    utilities = np.array([[1.0, -1.0], [0.5, -0.5], [-2.0, 2.0]])
    seated = np.array([[0, 2], [0, 3], [0, 1]])  # seat 0 responds to both members and to the newest policy
    for _ in range(10):
        pool.observe(seated, utilities)
    weights = one.weights[1]
    assert weights[0] == pytest.approx(1 / 3), "uniform at first"
    assert weights[1] == pytest.approx(2.0), "it alone gained against the response, and the second step counts twice"
    assert one.weights[0] == [0.0, 0.0], "seat 1 had no matches, so nothing moved there"
    assert pool.matchers[0].current.tolist() == [0, 0, 1]


def test_the_response_does_not_learn_from_the_newest_policys_own_matches():
    game = load_game("kuhn_poker")
    pool = RegretPool(game, kuhn_opponents(game), newest(game, share=0.25), None)
    seating = pool.seating()
    weight = {tuple(row): weight for row, weight in zip(seating.rows.tolist(), seating.weights, strict=True)}
    teacher = 1 + len(seating.policies)
    assert weight[teacher, 1] == weight[1, teacher] == pytest.approx(0.125)
    assert weight[0, 1] == pytest.approx(0.75 / 2 / 3), "its share of the mixture that the response meets"
    assert seating.learners == 2


def test_a_share_is_a_probability():
    with pytest.raises(ValueError, match="share must be at least 0 and below 1"):
        SelfPlayPSRO(share=1.0)
