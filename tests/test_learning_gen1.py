"""The learning stack on Gen 1 OU: simultaneous choices, the layout, the full state and shaped rewards together."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.rewards import Reward, Shaper
from pokespiel.learning.seating import self_play
from pokespiel.oracles import ORACLES, Opponents

pytest.importorskip("pokespiel.game.gen1._engine", reason="the engine is not built")

GAME = load_game("gen1ou(party=2)")
SHORT: dict[str, Any] = {"decisions": 600, "batch": 200, "matches": 16, "log_every": 1}
AGAINST = {0: Opponents(((), (Uniform(),)), np.array([[-1, 0]]), np.ones(1))}


@pytest.mark.parametrize(
    "options",
    [
        {"opponent": "self"},
        {"reward": {"kind": "shaped"}},
        {"reward": {"kind": "aggressive"}, "opponent": "pool"},
        {"network": {"hidden": [16], "row_width": 8, "privileged": True, "auxiliary": True, "value": "outcome"}},
        {"network": {"hidden": [16], "row_width": 8, "recurrent": 8, "attention": 2}},
        {"compute": {"bf16": True}},
    ],
    ids=["self", "shaped", "aggressive-pool", "privileged-auxiliary-outcome", "recurrent-attention", "bf16"],
)
def test_ppo_learns_and_resumes_to_the_same_numbers(options: dict[str, Any]) -> None:
    oracle = ORACLES.build("ppo", SHORT | {"network": {"hidden": [16], "row_width": 8}} | options)
    yields = [copy.deepcopy(t) for t in oracle(GAME, AGAINST, np.random.default_rng(0))]
    resumed = list(oracle(GAME, AGAINST, np.random.default_rng(9), state=copy.deepcopy(yields[0].state)))
    mine, theirs = (t.state["parts"]["learner_0"]["network"] for t in (yields[-1], resumed[-1]))
    for name, value in mine.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    assert set(yields[-1].responses) == {0}
    policy = yields[-1].responses[0][0]
    matches = GAME.start(np.arange(6))
    for seat in (0, 1):
        _, seen = matches.observe(seat)
        probabilities, _ = policy(seen, policy.start(len(seen.legal), np.random.default_rng(0)))
        assert (probabilities[~seen.legal] == 0).all()


def test_both_seats_of_a_match_are_streams_of_their_own_and_sum_to_zero() -> None:
    learner = Learner.make(
        GAME, NetworkOptions(hidden=(16,), row_width=8), Optimiser(), Compute(), np.random.default_rng(0)
    )
    collector = Collector(GAME, self_play(GAME), [learner], np.random.default_rng(0), matches=32, refill=False)
    rollout = collector.collect_all()
    seats = rollout.reward.reshape(len(rollout.reward), 32, 2)
    np.testing.assert_array_equal(seats.sum(axis=2), 0)
    np.testing.assert_array_equal(seats.sum(axis=0), collector.totals)
    assert (rollout.records.legal.sum(axis=1) > 1).all()
    assert not rollout.pending.any()


def test_shaped_rewards_are_zero_sum_and_add_up_to_the_result() -> None:
    """Both teams start with full HP, so the potential is 0 at the start as at the end."""
    matches, rng = GAME.start(np.arange(64)), np.random.default_rng(0)
    shaper = Shaper(GAME, Reward(kind="shaped"))
    shaper.begin(matches, np.arange(64))
    rewards, utilities = np.zeros((64, 2)), np.zeros((64, 2))
    for _ in range(60):
        actions = np.zeros((2, 64), int)
        for seat in (0, 1):
            indices, seen = matches.observe(seat)
            actions[seat, indices] = (rng.random(seen.legal.shape) * seen.legal).argmax(axis=1)
        gained = matches.step(actions)
        shaped = shaper(matches, gained, matches.finished())
        np.testing.assert_allclose(shaped.sum(axis=1), 0, atol=1e-6)
        utilities += gained
        rewards += shaped
    over = matches.finished()
    assert over.any()
    np.testing.assert_allclose(rewards[over], utilities[over], atol=1e-5)
