"""OpenSpiel games stepped through their states: simultaneous moves, rewards on the way, chance inside the game."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from pokespiel.game import from_openspiel, load_game
from pokespiel.game.spiel import SpielGame
from pokespiel.matches import play
from pokespiel.policy import Uniform


def test_simultaneous_players_are_awaited_together() -> None:
    game = load_game("matrix_rps", "step")
    matches = game.start([0, 1])
    assert [matches.observe(player)[0].tolist() for player in range(2)] == [[0, 1], [0, 1]]
    utilities = matches.step(np.array([[0, 1], [1, 0]]))  # rock against paper, paper against rock
    assert utilities.tolist() == [[-1, 1], [1, -1]]
    assert matches.finished().all()


def test_only_players_with_a_move_are_awaited_at_a_simultaneous_node() -> None:
    game = load_game("oshi_zumo(coins=1)", "step")
    matches = game.start([0])
    matches.step(np.array([[1], [0]]))  # the first player's coin is gone: only 0 is left to bid
    for player, legal in ((0, [0]), (1, [0, 1])):
        awaiting, seen = matches.observe(player)
        if len(awaiting):
            assert np.flatnonzero(seen.legal[0]).tolist() == legal


def test_rewards_on_the_way_are_paid_when_they_fall() -> None:
    game = load_game("coop_box_pushing(horizon=5)", "step")
    matches = game.start([0])
    paid = []
    while not matches.finished()[0]:
        paid.append(matches.step(np.full((2, 1), 3))[0, 0])
    assert len(paid) == 5
    assert all(value == pytest.approx(paid[0]) for value in paid)
    assert paid[0] != 0


def test_utilities_sum_to_openspiels_returns() -> None:
    game = load_game("backgammon", "step")
    assert isinstance(game, SpielGame)
    matches = game.start([3])
    total, rng = np.zeros(2), np.random.default_rng(0)
    while not matches.finished()[0]:
        actions = np.zeros((2, 1), int)
        for player in range(2):
            awaiting, seen = matches.observe(player)
            if len(awaiting):
                actions[player, 0] = rng.choice(np.flatnonzero(seen.legal[0]))
        total += matches.step(actions)[0]
    assert total.tolist() == matches.states[0].returns()


def test_chance_follows_its_probabilities() -> None:
    """In Leduc the six first cards are dealt evenly, and the second from the five left."""
    matches = load_game("leduc_poker", "step").start(np.arange(6000))
    cards = np.array([state.history()[:2] for state in matches.states])
    assert (cards[:, 0] != cards[:, 1]).all()
    assert np.abs(np.bincount(cards[:, 0], minlength=6) / 6000 - 1 / 6).max() < 0.02
    assert np.abs(np.bincount(cards[:, 1], minlength=6) / 6000 - 1 / 6).max() < 0.02


def test_chance_inside_is_seeded_by_match() -> None:
    game = load_game("negotiation")
    assert isinstance(game, SpielGame)
    first, second = (str(game.start([seed]).states[0]) for seed in (1, 2))
    assert str(game.start([1]).states[0]) == first
    assert first != second


def test_any_openspiel_game_object() -> None:
    game = from_openspiel(pyspiel.load_game("leduc_poker(players=3)"), form="step")
    assert game.num_players == 3
    played = play(game, [[Uniform()]] * 3, np.zeros((50, 3), int), np.arange(50), np.random.default_rng(0))
    assert played.finished.all()
    np.testing.assert_allclose(played.utilities.sum(axis=1), 0, atol=1e-9)
