"""Offline critics: their targets, computed by hand."""

from __future__ import annotations

import numpy as np
import torch

from pokespiel.core.policy import Uniform
from pokespiel.game import load_game
from pokespiel.learning.batches import batch_of
from pokespiel.learning.compute import Compute
from pokespiel.learning.critics import Critics
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.recording import RecordedPolicy, record_matches
from pokespiel.learning.sampler import InMemory, Sampler, Transitions
from pokespiel.learning.seating import self_play
from pokespiel.oracles.offline import Offline

KUHN = load_game("kuhn_poker")
NETWORK = NetworkOptions(hidden=(8,))


def parts() -> tuple[Critics, Learner, Transitions]:
    """Critics that differ, a policy, and transitions, some of which end a match."""
    rng = np.random.default_rng(0)
    setup = (NETWORK, Optimiser(), Compute(), rng)
    critics = Critics(KUHN, 2, 0.1, *setup)
    with torch.no_grad():
        for number, network in enumerate(critics.targets):
            network.policy.bias += 1.0 + number
            network.policy.weight += torch.randn(network.policy.weight.shape, generator=torch.manual_seed(number))
    part = record_matches(KUHN, self_play(KUHN), [RecordedPolicy(Uniform())], 100, rng)
    return critics, Learner.make(KUHN, *setup), Sampler(InMemory([part]), rng).sample(len(part["action"]))


def test_a_target_goes_on_by_the_lower_critic_and_stops_at_the_end() -> None:
    critics, policy, data = parts()
    batch = batch_of(data.next, np.arange(len(data.last)), policy.device)
    _, play = masked_log_softmax(policy.outputs(batch).logits, batch.legal)
    each = [(play * critics._q(network, data.next)[0]).sum(dim=1).detach().numpy() for network in critics.targets]
    assert (each[0] < each[1]).any()
    expected = data.reward + np.where(data.last, 0.0, 0.5 * np.minimum(*each))
    found = critics._target(data, policy, critics.targets, "crr", 0.5).numpy()
    assert 0 < data.last.mean() < 1
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_implicit_q_learning_goes_on_by_its_value() -> None:
    critics, policy, data = parts()
    value = critics._q(critics.targets[0], data.next)[1].numpy()
    found = critics._target(data, policy, critics.targets, "iql", 0.5).numpy()
    np.testing.assert_allclose(found, data.reward + np.where(data.last, 0.0, 0.5 * value), atol=1e-5)


def test_slow_copies_follow_their_critics_by_the_rate() -> None:
    critics, policy, data = parts()
    before = [network.policy.bias.clone() for network in critics.targets]
    critics.learn(data, policy, "crr", Offline(), 0.0)
    for old, slow, learner in zip(before, critics.targets, critics.learners, strict=True):
        assert (learner.network.policy.bias - old).abs().min() > 0.5
        torch.testing.assert_close(slow.policy.bias, old + 0.1 * (learner.network.policy.bias - old))
