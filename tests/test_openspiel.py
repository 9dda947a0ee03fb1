"""Policies to OpenSpiel and back: the same probabilities, the same exploitability, bots that keep a match's memory."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as openspiel_policy
from open_spiel.python.algorithms import exploitability
from trees import random_policy, tree

from pokespiel.core.policy import Mixture, Observations, Uniform, memoryless
from pokespiel.game import load_game
from pokespiel.game.matrix import matrix_game
from pokespiel.game.openspiel import policy_from_openspiel, policy_to_bot, policy_to_openspiel, state_at
from pokespiel.oracles.cfr import CFR, solve_by_cfr

GAMES = ("kuhn_poker", "leduc_poker", "kuhn_poker(players=3)", "goofspiel(num_cards=3,imp_info=True)", "matrix_rps")


@pytest.mark.parametrize("name", GAMES)
def test_there_and_back(name: str) -> None:
    game = tree(name)
    policy = random_policy(game, np.random.default_rng(0))
    back = policy_from_openspiel(policy_to_openspiel(policy, game), game)
    for player in range(game.num_players):
        np.testing.assert_allclose(back.tables[player], policy.tables[player], atol=1e-15)


@pytest.mark.parametrize("name", GAMES)
def test_their_uniform_policies_are_ours(name: str) -> None:
    game = tree(name)
    for theirs in (openspiel_policy.UniformRandomPolicy(game.openspiel), pyspiel.UniformPolicy()):
        found = policy_from_openspiel(theirs, game)
        for player in range(game.num_players):
            np.testing.assert_allclose(game.plan(found, player), game.plan(Uniform(), player), atol=1e-15)


def test_their_solver_is_exploited_alike() -> None:
    game = tree("leduc_poker")
    solver = pyspiel.CFRPlusSolver(game.openspiel)
    for _ in range(5):
        solver.evaluate_and_update_policy()
    theirs = solver.average_policy()
    ours = policy_from_openspiel(theirs, game)
    assert game.nash_conv(game.plans(ours)) == pytest.approx(pyspiel.nash_conv(game.openspiel, theirs), abs=1e-12)


def test_their_exploitability_of_our_mixture_is_ours() -> None:
    game, rng = tree("leduc_poker"), np.random.default_rng(1)
    mixture = Mixture([random_policy(game, rng) for _ in range(3)], [0.5, 0.3, 0.2])
    theirs = policy_to_openspiel(mixture, game)
    assert exploitability.nash_conv(game.openspiel, theirs) == pytest.approx(game.nash_conv(game.plans(mixture)))


def test_stepped_games_ask_the_policy_with_features() -> None:
    game = load_game("tic_tac_toe", "step")
    seen: list[Observations] = []

    def first(observations: Observations) -> np.ndarray:
        seen.append(observations)
        return np.eye(9)[observations.legal.argmax(axis=1)]

    theirs = policy_to_openspiel(memoryless(first), game)
    state = pyspiel.load_game("tic_tac_toe").new_initial_state()
    state.apply_action(0)
    assert theirs.action_probabilities(state)[1] == 1
    np.testing.assert_array_equal(seen[0].features[0], np.float32(state.observation_tensor(1)))
    with pytest.raises(ValueError, match="use policy_to_bot"):
        policy_to_openspiel(Mixture([Uniform()], [1.0]), game)
    with pytest.raises(ValueError, match="must be an OpenSpiel game in sequence form"):
        policy_from_openspiel(pyspiel.UniformPolicy(), game)


def test_bots_earn_what_their_policies_do() -> None:
    game, rng = tree("kuhn_poker"), np.random.default_rng(2)
    strong, weak = solve_by_cfr(game, CFR(iterations=100)), random_policy(game, rng)
    bots = [policy_to_bot(policy, game, player, rng) for player, policy in enumerate((strong, weak))]
    earned = [pyspiel.evaluate_bots(game.openspiel.new_initial_state(), bots, seed)[0] for seed in range(4000)]
    error = np.std(earned) / np.sqrt(len(earned))
    assert abs(np.mean(earned) - game.returns(game.plans([strong, weak]))[0]) < 4 * error


def test_a_mixtures_bot_keeps_its_member_through_a_match() -> None:
    """With two pure members, a match shows only one's actions, and each member plays about its share of matches."""
    game = load_game("leduc_poker", "step")
    call = memoryless(lambda seen: np.tile([0.0, 1.0, 0.0], (len(seen.legal), 1)))
    raising = memoryless(lambda seen: np.where(seen.legal[:, [2]], [[0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0]]))
    mixture = Mixture([call, raising], [0.25, 0.75])
    bot = policy_to_bot(mixture, game, 0, np.random.default_rng(0))
    caller = policy_to_bot(call, game, 1)
    raised = []
    for seed in range(400):
        state, rng, own = pyspiel.load_game("leduc_poker").new_initial_state(), np.random.default_rng(seed), []
        bot.restart()
        caller.restart()
        while not state.is_terminal():
            if state.is_chance_node():
                state.apply_action(int(rng.choice([action for action, _ in state.chance_outcomes()])))
            elif state.current_player() == 0:
                distribution, action = bot.step_with_policy(state)
                assert dict(distribution)[action] == 1
                own.append(action)
                state.apply_action(action)
            else:
                state.apply_action(caller.step(state))
        assert set(own) in ({1}, {2})
        raised.append(own[0] == 2)
    assert abs(np.mean(raised) - 0.75) < 0.1


def test_state_at_finds_the_information_state() -> None:
    for name in GAMES:
        game = tree(name)
        for player, states in enumerate(game.states):
            for row in range(0, len(states.names), 7):
                state = state_at(game, int(states.node[row]))
                assert state.information_state_string(player) == states.names[row]


def test_a_bot_that_tells_its_policy_becomes_a_table() -> None:
    game = tree("kuhn_poker")
    found = policy_from_openspiel(pyspiel.make_uniform_random_bot(1, 0), game, [1])
    assert list(found.tables) == [1]
    np.testing.assert_array_equal(found.tables[1], 0.5)


class Silent(pyspiel.Bot):
    """A bot that keeps its policy to itself."""

    def provides_policy(self) -> bool:
        return False


def test_bad_input() -> None:
    game = tree("kuhn_poker")
    with pytest.raises(ValueError, match="plays the seats"):
        policy_to_openspiel(Uniform(), game, [1]).action_probabilities(state_at(game, int(game.states[0].node[0])))
    leduc = tree("leduc_poker")
    elsewhere = state_at(leduc, int(leduc.states[0].node[9]))
    with pytest.raises(ValueError, match="not an information state"):
        policy_to_openspiel(Uniform(), game).action_probabilities(elsewhere)
    with pytest.raises(ValueError, match="does not tell its policy"):
        policy_from_openspiel(Silent(), game)
    with pytest.raises(ValueError, match="must be an OpenSpiel game"):
        policy_from_openspiel(pyspiel.UniformPolicy(), matrix_game([[1.0, 0.0]]))
