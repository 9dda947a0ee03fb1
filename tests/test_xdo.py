"""Extensive-form double oracle: restricted games grow, their solutions converge, and a resumed call continues
exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from trees import tree

from pokespiel.oracles.xdo import XDO, restricted_nash_conv


@pytest.mark.parametrize(("name", "games", "bound"), [("kuhn_poker", 6, 1e-3), ("leduc_poker", 10, 2e-3)])
def test_solutions_converge_with_part_of_the_actions(name: str, games: int, bound: float) -> None:
    game = tree(name)
    *_, done = itertools.islice(XDO(max_sweeps=2000).restricted_games(game), games)
    assert game.exploitability(done.plans) < bound
    assert done.metrics(game)["allowed"] < 0.9


def test_restricted_games_grow_and_contain_their_solutions() -> None:
    game = tree("leduc_poker")
    before = None
    for done in itertools.islice(XDO().restricted_games(game), 5):
        for player, treeplex in enumerate(game.players):
            assert (treeplex.sums(done.allowed[player] * 1.0) >= 1).all()
            assert (done.plans[player][~done.allowed[player]] == 0).all()
            if before is not None:
                np.testing.assert_array_equal(done.allowed[player], before.wanted[player])
        inner = restricted_nash_conv(game, done.plans, done.allowed)
        assert -1e-12 <= inner <= game.nash_conv(done.plans) + 1e-12
        before = done


def test_unrestricted_gains_are_the_games_own() -> None:
    game = tree("leduc_poker")
    plans = tuple(player.plan(player.uniform()) for player in game.players)
    everything = tuple(np.ones(player.num_sequences, bool) for player in game.players)
    assert restricted_nash_conv(game, plans, everything) == pytest.approx(game.nash_conv(plans))


def test_resumed_call_gives_the_same_numbers() -> None:
    game, rng = tree("leduc_poker"), np.random.default_rng(0)
    oracle = XDO(iterations=4)
    whole = list(oracle(game, {}, rng))
    assert [training.metrics["iterations"] for training in whole] == [1, 2, 3, 4]
    rest = list(oracle(game, {}, rng, state=whole[1].state))
    assert [training.metrics["nash_conv"] for training in rest] == [
        training.metrics["nash_conv"] for training in whole[1:]
    ]


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="accuracy must be above 0"):
        XDO(accuracy=0)
    with pytest.raises(ValueError, match="sweeps must be at least 1"):
        XDO(sweeps=0)
