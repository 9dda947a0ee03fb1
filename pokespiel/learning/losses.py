"""Losses, each defined once. Policies are log-probabilities and probabilities [b, A] of `masked_log_softmax`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def log_prob_of(logs: Tensor, action: Tensor) -> Tensor:
    """[b] log-probabilities of `action` [b]."""
    return logs.gather(1, action[:, None]).squeeze(1)


def weighted_mean(values: Tensor, weight: Tensor | None) -> Tensor:
    """The mean of values [b] by weights [b]; None = equal."""
    return values.mean() if weight is None else (values * weight).sum() / weight.sum()


def clipped_policy_loss(
    log_now: Tensor, log_then: Tensor, advantage: Tensor, clip: float, weight: Tensor | None = None
) -> Tensor:
    """Negative mean of PPO's clipped surrogate (Schulman et al. 2017, eq. 7): ratios beyond 1 +- clip gain nothing
    more."""
    ratio = (log_now - log_then).exp()
    return -weighted_mean(torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage), weight)


def entropy(logs: Tensor, probabilities: Tensor) -> Tensor:
    """[b] entropy in nats."""
    return -(probabilities * logs).sum(dim=1)


def kl(logs: Tensor, probabilities: Tensor, other_logs: Tensor) -> Tensor:
    """[b] KL(policy || other) in nats; `other_logs` [b, A] are finite where the policy is positive."""
    return (probabilities * (logs - other_logs)).sum(dim=1)


def kl_to_uniform(logs: Tensor, probabilities: Tensor, legal: Tensor) -> Tensor:
    """[b] KL(policy || uniform over legal actions) in nats."""
    return legal.sum(dim=1).to(logs.dtype).log() - entropy(logs, probabilities)


def neurd_loss(logits: Tensor, legal: Tensor, advantages: Tensor, threshold: float, clip: float) -> Tensor:
    """Negative NeuRD objective: the mean of sum over legal a of y(a) A(a), where y are the logits minus their legal
    mean.

    The advantages [b, A] (no gradient) are clipped at +-clip. An action's term is dropped if it would push its logit
    further beyond +-threshold (Hennes et al. 2020; DeepNash, supplement).
    """
    count = legal.sum(dim=1, keepdim=True)
    mean = (logits * legal).sum(dim=1, keepdim=True) / count
    y = (logits - mean) * legal
    push = advantages.detach().clamp(-clip, clip) * legal
    free = ((y.detach() < threshold) & (push > 0)) | ((y.detach() > -threshold) & (push < 0))
    return -(y * push * free).sum(dim=1).mean()


def value_loss(output: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """The critic's loss for `target` [b]: half the squared error, or the cross-entropy of an outcome head [b, 3].

    For an outcome head, a target g in [-1, 1] becomes the distribution over draw and win (or loss) with mean g.
    """
    if output.shape[-1] == 1:
        return 0.5 * weighted_mean((output.squeeze(-1) - target).square(), weight)
    target = target.clamp(-1, 1)
    outcomes = torch.stack([(-target).clamp(min=0), 1 - target.abs(), target.clamp(min=0)], dim=-1)
    return weighted_mean(functional.cross_entropy(output, outcomes, reduction="none"), weight)
