"""MMD: its last iterate approaches an equilibrium; its magnet follows the policy and is saved."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch

from pokespiel.game import load_game
from pokespiel.learning.batches import batch_of
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.losses import log_prob_of
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.seating import self_play
from pokespiel.oracles.mmd import MMD, Magnet, divergence
from pokespiel.oracles.proximal import Proximal, former

KUHN = load_game("kuhn_poker")


def learner() -> Learner:
    return Learner.make(KUHN, NetworkOptions(hidden=(16,)), Optimiser(), Compute(), np.random.default_rng(0))


@pytest.mark.parametrize("magnet", ["moving", "copied"])
def test_self_play_comes_near_an_equilibrium_of_kuhn(magnet: Literal["moving", "copied"]) -> None:
    """Uniform play is exploitable by 0.458; this budget, a fraction of the benchmarks', gets below 0.1."""
    network = NetworkOptions(hidden=(64,))
    oracle = MMD(decisions=800_000, batch=8_192, matches=1_024, network=network, magnet=magnet)
    *_, training = oracle(KUHN, {}, np.random.default_rng(0))
    assert KUHN.exploitability(KUHN.plans([training.responses[p][0] for p in (0, 1)])) < 0.1


def test_the_magnet_follows_the_policy_and_is_saved() -> None:
    mine = learner()
    magnet = Magnet(MMD(magnet="moving"), mine)
    assert magnet.network is not None
    before = magnet.network.policy.bias.clone()
    with torch.no_grad():
        mine.network.policy.bias += 4
    magnet.follow(0.25)
    torch.testing.assert_close(magnet.network.policy.bias, before + 1)
    other = Magnet(magnet.options, learner())
    other.load(magnet.state())
    assert other.network is not None
    torch.testing.assert_close(other.network.policy.bias, before + 1)


def test_the_pull_to_the_magnet_has_a_gradient_for_the_policy_alone() -> None:
    mine = learner()
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(60)
    batch = batch_of(rollout.records, np.arange(60), mine.device)
    for kind in ("uniform", "moving", "copied"):
        magnet = Magnet(MMD(magnet=kind), mine)  # type: ignore[arg-type]
        mine.network.zero_grad()
        with torch.no_grad():
            mine.network.policy.bias += torch.tensor([0.5, -0.5])
        logs, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
        divergence(batch, logs, probabilities, magnet.logs(batch)).backward()
        assert mine.network.policy.bias.grad is not None
        assert mine.network.policy.bias.grad[0] > 0 > mine.network.policy.bias.grad[1]
        assert magnet.network is None or magnet.network.policy.bias.grad is None


def test_uniform_play_in_training_is_no_part_of_the_policy_that_played() -> None:
    mine = learner()
    with torch.no_grad():
        mine.network.policy.bias += torch.tensor([2.0, 0.0])
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8, explore=0.3).collect(60)
    batch = batch_of(rollout.records, np.arange(60), mine.device)
    _, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    assert (batch.behaviour - probabilities).abs().max() > 0.05
    torch.testing.assert_close(former(batch, 0.3), probabilities)


def test_a_stale_rollout_is_held_near_the_policy_as_it_is_now() -> None:
    """After steps since it was played, and with the share of uniform play that its actions were drawn with."""
    mine = learner()
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8, explore=0.3).collect(60)
    batch = batch_of(rollout.records, np.arange(60), mine.device)
    _, played = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    with torch.no_grad():
        mine.network.policy.bias += torch.tensor([2.0, 0.0])
    _, now = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    for stale, policy in ((False, played), (True, now)):
        near = Proximal(mine, rollout.records, stale=stale, explore=0.3)
        torch.testing.assert_close(near.logs(batch).exp(), policy)
        drawn = 0.7 * policy + 0.3 * batch.legal / batch.legal.sum(dim=1, keepdim=True)
        torch.testing.assert_close(near.log_played(batch), log_prob_of(drawn.log(), batch.action))
