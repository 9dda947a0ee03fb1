"""Losses against hand-computed values; gradients exist where they should and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pokespiel.learning.losses import (
    clipped_policy_loss,
    entropy,
    kl,
    kl_to_uniform,
    log_prob_of,
    neurd_loss,
    value_loss,
)
from pokespiel.learning.networks import expected_value, masked_log_softmax

LEGAL = torch.tensor([[True, True, False]])


def test_an_illegal_action_has_probability_exactly_zero_and_no_gradient() -> None:
    logits = torch.tensor([[0.3, -0.2, 50.0]], requires_grad=True)
    logs, probabilities = masked_log_softmax(logits, LEGAL)
    assert probabilities[0, 2].item() == 0.0
    assert probabilities.sum().item() == pytest.approx(1.0)
    loss = entropy(logs, probabilities).sum() + kl_to_uniform(logs, probabilities, LEGAL).sum() + logs[0, 0]
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0, 2].item() == 0.0
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[0, :2] != 0).all()


def test_policy_loss_has_a_gradient_that_raises_a_good_action() -> None:
    logits = torch.zeros(1, 3, requires_grad=True)
    logs, _ = masked_log_softmax(logits, LEGAL)
    action = torch.tensor([1])
    loss = clipped_policy_loss(log_prob_of(logs, action), torch.log(torch.tensor([0.5])), torch.tensor([2.0]), 0.2)
    loss.backward()
    assert logits.grad is not None
    # d/dlogit of - ratio * A at ratio 1: - 2 * (1[a] - pi)
    np.testing.assert_allclose(logits.grad.numpy(), [[1.0, -1.0, 0.0]], atol=1e-6)


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "moves"), [(1.5, 1.0, -1.2, False), (1.5, -1.0, 1.5, True), (0.5, 1.0, -0.5, True)]
)
def test_clipped_loss_by_hand(ratio: float, advantage: float, loss: float, moves: bool) -> None:
    log_now = torch.tensor([np.log(ratio)], dtype=torch.float32, requires_grad=True)
    value = clipped_policy_loss(log_now, torch.zeros(1), torch.tensor([advantage]), 0.2)
    value.backward()
    assert value.item() == pytest.approx(loss)
    assert log_now.grad is not None
    assert bool(log_now.grad.abs().item() > 0) is moves


def test_kl_and_entropy_by_hand() -> None:
    p, q = torch.tensor([[0.25, 0.75, 0.0]]), torch.tensor([[0.5, 0.5, 1.0]])
    logs = torch.where(p > 0, p.clamp(min=1e-9).log(), torch.zeros(()))
    assert kl(logs, p, q.log()).item() == pytest.approx(0.25 * np.log(0.5) + 0.75 * np.log(1.5))
    assert entropy(logs, p).item() == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))
    assert kl_to_uniform(logs, p, LEGAL).item() == pytest.approx(kl(logs, p, q.log()).item())


def test_neurd_by_hand() -> None:
    """Logits (1, -1) about mean 0, advantages (0.5, -0.5): loss -(0.5 + 0.5); gradient -A, as their mean is 0."""
    logits = torch.tensor([[1.0, -1.0, 9.0]], requires_grad=True)
    loss = neurd_loss(logits, LEGAL, torch.tensor([[0.5, -0.5, 7.0]]), threshold=2.0, clip=10.0)
    loss.backward()
    assert loss.item() == pytest.approx(-1.0)
    assert logits.grad is not None
    np.testing.assert_allclose(logits.grad.numpy(), [[-0.5, 0.5, 0.0]], atol=1e-7)


def test_neurd_stops_at_the_threshold_but_lets_logits_come_back() -> None:
    logits = torch.tensor([[3.0, -3.0, 0.0]], requires_grad=True)
    assert neurd_loss(logits, LEGAL, torch.tensor([[1.0, -1.0, 0.0]]), threshold=2.0, clip=10.0).item() == 0.0
    assert neurd_loss(logits, LEGAL, torch.tensor([[-1.0, 1.0, 0.0]]), threshold=2.0, clip=10.0).item() == 6.0


def test_neurd_clips_large_advantages() -> None:
    logits = torch.tensor([[1.0, -1.0, 0.0]])
    assert neurd_loss(logits, LEGAL, torch.tensor([[100.0, 0.0, 0.0]]), 2.0, 3.0).item() == pytest.approx(-3.0)


def test_value_losses_have_their_minimum_at_the_target() -> None:
    for head in (torch.zeros(1, 1), torch.zeros(1, 3)):
        value = head.clone().requires_grad_()
        optimiser = torch.optim.SGD([value], lr=1.0)
        for _ in range(500):
            optimiser.zero_grad()
            value_loss(value, torch.tensor([-0.3])).backward()
            optimiser.step()
        assert expected_value(value).item() == pytest.approx(-0.3, abs=5e-3)
