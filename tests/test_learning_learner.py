"""A learner's gradient step: its rate, its warm-up, the clipping of gradients, and the average of its weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from pokespiel.core.policy import take
from pokespiel.game import load_game
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.schedules import Schedule

KUHN = load_game("kuhn_poker")


def learner(**options: object) -> Learner:
    network = NetworkOptions(hidden=(8,))
    return Learner.make(KUHN, network, Optimiser(**options), Compute(), np.random.default_rng(0))  # type: ignore[arg-type]


def step(mine: Learner, progress: float = 0.0, scale: float = 1.0) -> float:
    """A gradient step on a loss that is linear in the weights; the norm of its gradient."""
    loss = scale * torch.stack([parameter.sum() for parameter in mine.network.parameters()]).sum()
    return float(mine.descend(loss, progress))


def rate(mine: Learner) -> float:
    return mine.optimiser.param_groups[0]["lr"]


def flat(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_the_rate_follows_its_schedule_over_the_training() -> None:
    mine = learner(rate=Schedule(0.1, "linear", end=0.02))
    for progress, expected in ((0.0, 0.1), (0.5, 0.06), (1.0, 0.02)):
        before = flat(mine.network)
        step(mine, progress)
        assert rate(mine) == pytest.approx(expected)
        assert (before - flat(mine.network)).mean().item() == pytest.approx(expected, rel=1e-3), "Adam's step"


def test_the_rate_warms_up_over_the_first_steps() -> None:
    mine = learner(rate=Schedule(0.1), warm_up=4)
    rates = []
    for _ in range(6):
        step(mine)
        rates.append(rate(mine))
    assert rates == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.1, 0.1])


def test_gradients_are_scaled_down_to_the_largest_norm() -> None:
    mine = learner(max_norm=0.5)
    size = flat(mine.network).numel() ** 0.5
    assert step(mine, scale=3.0) == pytest.approx(3 * size, rel=1e-5), "the norm told is that before"
    left = torch.cat([parameter.grad.flatten() for parameter in mine.network.parameters()]).norm().item()
    assert left == pytest.approx(0.5, rel=1e-4)
    step(mine, scale=0.1 / size)
    left = torch.cat([parameter.grad.flatten() for parameter in mine.network.parameters()]).norm().item()
    assert left == pytest.approx(0.1, rel=1e-4), "small gradients stay as they are"


def test_moments_are_those_that_were_asked_for() -> None:
    """beta1 = 0 forgets the previous gradient: after a step up, a step down moves all the way back."""
    mine = learner(rate=Schedule(0.1), beta1=0.0)
    before = flat(mine.network)
    step(mine)
    step(mine, scale=-1.0)
    torch.testing.assert_close(flat(mine.network), before, atol=1e-3, rtol=0)
    assert mine.optimiser.param_groups[0]["betas"] == (0.0, 0.999)
    assert learner(beta2=0.9).optimiser.param_groups[0]["betas"] == (0.9, 0.9)


def test_the_average_of_the_weights_leaves_its_start_and_is_the_policy() -> None:
    """By hand: after step t the average goes 1 - min(0.9, (1 + t) / (10 + t)) of the way to the weights."""
    mine = learner(rate=Schedule(0.1), average=0.9)
    expected = flat(mine.network)
    for number in range(1, 201):
        step(mine)
        expected += (1 - min(0.9, (1 + number) / (10 + number))) * (flat(mine.network) - expected)
        if number in (1, 3, 200):
            torch.testing.assert_close(flat(mine.policy().network), expected, atol=1e-4, rtol=1e-4)
    assert (expected - flat(mine.network)).abs().max() > 0.1


def test_a_loaded_learner_makes_the_same_steps() -> None:
    options = {"rate": Schedule(0.1), "warm_up": 10, "average": 0.9}
    mine, other = learner(**options), learner(**options)
    for scale in (1.0, -2.0, 0.5):
        step(mine, scale=scale)
    other.load(copy.deepcopy(mine.state()))
    for one in (mine, other):
        step(one, scale=0.1)
    assert torch.equal(flat(mine.network), flat(other.network))
    assert torch.equal(flat(mine.policy().network), flat(other.policy().network))
    assert rate(mine) == rate(other) == pytest.approx(0.04)


def test_each_information_state_is_evaluated_once_until_the_weights_change() -> None:
    mine, game = learner(), load_game("kuhn_poker")
    evaluated = []
    inner = mine.answer
    mine.answer = lambda features, *rest: evaluated.append(len(features)) or inner(features, *rest)  # type: ignore[method-assign]
    seen, nothing = game.information_states(0), np.zeros((6, 0), np.float32)
    alone = mine.decide(seen, nothing, nothing)
    mine.tabulate(game)
    for rows in ([0, 3, 0, 3, 3], [3, 4], [0, 3, 4]):
        tabulated = mine.decide(take(seen, np.array(rows)), nothing[rows], nothing[rows])
        np.testing.assert_allclose(tabulated.probabilities, alone.probabilities[rows], atol=1e-6)
        np.testing.assert_allclose(tabulated.value, alone.value[rows], atol=1e-6)
    assert evaluated == [6, 2, 1]
    step(mine)
    mine.tabulate(game)
    after = mine.decide(seen, nothing, nothing)
    assert evaluated == [6, 2, 1, 6]
    assert not np.allclose(after.probabilities, alone.probabilities, atol=1e-6)
