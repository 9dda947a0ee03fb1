"""References: which members of the portfolio hold the policy, and how strongly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pokespiel.game import load_game
from pokespiel.learning.batches import batch_of
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.losses import kl
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.references import Damping, References
from pokespiel.learning.schedules import KLTarget, Schedule
from pokespiel.learning.seating import self_play

KUHN = load_game("kuhn_poker")


def references(choose: str, **options: object) -> References:
    """The start and networks of scores 5, 1 and 3, each further from passing; the learner is half the way back."""
    mine = Learner.make(KUHN, NetworkOptions(hidden=(8,)), Optimiser(), Compute(), np.random.default_rng(0))
    damping = Damping(to="references", choose=choose, portfolio=4, refresh=1, **options)  # type: ignore[arg-type]
    held = References(damping, mine)
    for score in (5.0, 1.0, 3.0):
        with torch.no_grad():
            mine.network.policy.bias += torch.tensor([-1.0, 1.0])
        held.update_done(0.0, score)
    with torch.no_grad():
        mine.network.policy.bias += torch.tensor([1.5, -1.5])
    return held


@pytest.mark.parametrize(
    ("choose", "pulls"),
    [("recent", lambda each: each[3]), ("best", lambda each: each[1]), ("nearest", min), ("diverse", np.mean)],
)
def test_the_chosen_references_pull(choose, pulls) -> None:
    held = references(choose, coefficient=Schedule(0.5))
    mine = held.learner
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(50)
    batch = batch_of(rollout.records, np.arange(50), mine.device)
    logs, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    each = [kl(logs, probabilities, held._logs(network, batch)).mean().item() for network in held.networks]
    assert np.ptp(each) > 0.1
    penalty, divergence = held.penalty(batch, logs, probabilities, 10)
    assert divergence.item() == pytest.approx(pulls(each), rel=1e-4)
    assert penalty.item() == pytest.approx(0.5 * pulls(each), rel=1e-4)


def test_the_pulls_weight_is_the_schedules_times_the_controllers() -> None:
    held = references("recent", coefficient=Schedule(1.0, "linear", end=0.0), adapt=KLTarget(target=0.01))
    held.controller.multiplier = 1.5
    mine = held.learner
    rollout = Collector(KUHN, self_play(KUHN), [mine], np.random.default_rng(0), matches=8).collect(50)
    batch = batch_of(rollout.records, np.arange(50), mine.device)
    logs, probabilities = masked_log_softmax(mine.outputs(batch).logits, batch.legal)
    penalty, divergence = held.penalty(batch, logs, probabilities, 10)
    assert penalty.item() == pytest.approx(0.7 * 1.5 * divergence.item(), rel=1e-5), "three of ten updates are made"
