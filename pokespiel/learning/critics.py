"""Critics of offline learning: several networks Q(h, .), their slow copies as targets, and V for implicit Q-learning.

The target is r + gamma min_k sum_a pi(a|h') Q_k(h', a) over two target critics drawn anew at each step. For iql it is r
+ gamma V(h'), where V minimises |tau - 1[u < 0]| u^2 with u = min_k Q_k(h, a) - V(h).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from pokespiel.game.protocols import Game
from pokespiel.learning.batches import batch_of, outputs
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser, blend, set_weights, weights
from pokespiel.learning.losses import log_prob_of
from pokespiel.learning.networks import Network, NetworkOptions, expected_value, masked_log_softmax, shares_states
from pokespiel.learning.rollout import Records
from pokespiel.learning.sampler import Transitions


class CriticOptions(Protocol):
    """The options that the critics' loss depends on; see `Offline`."""

    @property
    def discount(self) -> float: ...
    @property
    def expectile(self) -> float: ...
    @property
    def conservative(self) -> float: ...


class Critics:
    """`count` Q networks, their slow copies, and V as the value head of the first network."""

    def __init__(
        self,
        game: Game,
        count: int,
        target_rate: float,
        network: NetworkOptions,
        optimiser: Optimiser,
        compute: Compute,
        rng: np.random.Generator,
    ):
        self.rng, self.target_rate = rng, target_rate
        self.learners = [Learner.make(game, network, optimiser, compute, rng) for _ in range(count)]
        self.targets = [copy.deepcopy(learner.network).requires_grad_(False) for learner in self.learners]

    def learn(
        self, data: Transitions, policy: Learner, form: str, options: CriticOptions, progress: float
    ) -> dict[str, float]:
        """One step of every critic on the transitions; rewards are at most about 1. Returns the losses by name."""
        pair = [self.targets[k] for k in self.rng.choice(len(self.targets), size=2, replace=False)]
        target = self._target(data, policy, pair, form, options.discount)
        rows = np.arange(len(data.reward))
        sums = {"loss/q": 0.0}
        for number, learner in enumerate(self.learners):
            batch = batch_of(data.now, rows, learner.device, distinct=shares_states(learner.network))
            output = learner.outputs(batch)
            played = log_prob_of(output.logits, batch.action)
            loss = 0.5 * (played - target).square().mean()
            sums["loss/q"] += loss.item() / len(self.learners)
            if form == "cql":
                spread = output.logits.masked_fill(~batch.legal, -torch.inf).logsumexp(1)
                loss = loss + options.conservative * (spread - played).mean()
            if form == "iql" and number == 0:
                value = self._value_loss(data.now, expected_value(output.value), pair, options.expectile)
                sums["loss/v"] = value.item()
                loss = loss + value
            learner.descend(loss, progress)
        for slow, learner in zip(self.targets, self.learners, strict=True):
            blend(slow, learner.network, self.target_rate)
        return sums

    def values(self, records: Records) -> Tensor:
        """[n, A] minimum Q over the slow critics, without gradient."""
        return torch.stack([self._q(network, records)[0] for network in self.targets]).min(dim=0).values

    def advantages(self, records: Records, probabilities: Tensor, form: str) -> Tensor:
        """[n] advantage of the actions played, by the mean Q of the slow critics: Q minus the policy's mean of Q, or
        minus V for iql."""
        answers = [self._q(network, records) for network in self.targets]
        q = torch.stack([answer[0] for answer in answers]).mean(dim=0)
        action = torch.from_numpy(records.action).to(q.device)
        return log_prob_of(q, action) - (answers[0][1] if form == "iql" else (probabilities * q).sum(dim=1))

    def _target(self, data: Transitions, policy: Learner, pair: list[Network], form: str, discount: float) -> Tensor:
        device = policy.device
        if form == "iql":
            after = self._q(self.targets[0], data.next)[1]
        else:
            batch = batch_of(data.next, np.arange(len(data.reward)), device, distinct=shares_states(policy.network))
            with torch.no_grad():
                _, probabilities = masked_log_softmax(policy.outputs(batch).logits, batch.legal)
            each = [(probabilities * self._q(network, data.next)[0]).sum(dim=1) for network in pair]
            after = torch.minimum(*each)
        going_on = torch.from_numpy(~data.last).to(device)
        return torch.from_numpy(data.reward).to(device) + discount * after * going_on

    def _value_loss(self, now: Records, value: Tensor, pair: list[Network], expectile: float) -> Tensor:
        action = torch.from_numpy(now.action).to(value.device)
        q = torch.minimum(*(log_prob_of(self._q(network, now)[0], action) for network in pair))
        gap = q - value
        return (torch.where(gap < 0, 1 - expectile, expectile) * gap.square()).mean()

    def _q(self, network: Network, records: Records) -> tuple[Tensor, Tensor]:
        """Q [n, A] and V [n] of a network, without gradient."""
        device = next(network.parameters()).device
        batch = batch_of(records, np.arange(len(records.action)), device, distinct=shares_states(network))
        with torch.no_grad():
            output = outputs(network, batch)
        return output.logits, expected_value(output.value)

    def state(self) -> dict[str, Any]:
        return {
            "learners": [learner.state() for learner in self.learners],
            "targets": [weights(network) for network in self.targets],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        for learner, saved in zip(self.learners, state["learners"], strict=True):
            learner.load(saved)
        for network, arrays in zip(self.targets, state["targets"], strict=True):
            set_weights(network, arrays)
