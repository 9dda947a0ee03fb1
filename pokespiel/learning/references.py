"""Damping: a KL penalty that holds a policy near the uniform policy or near earlier copies of itself.

    loss += coefficient(t) * multiplier * KL(policy || reference)

A schedule gives the coefficient, a controller the multiplier. References are copies of the network, taken at a fixed
interval of updates and kept in a small portfolio; they are part of the training state.

Reference: Perolat et al. (2021), From Poincaré Recurrence to Convergence in Imperfect Information Games: Finding
Equilibrium via Regularization.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from pokespiel.core.ranges import Checked, Count
from pokespiel.learning.batches import Batch, outputs
from pokespiel.learning.learner import Learner, set_weights, weights
from pokespiel.learning.losses import kl, kl_to_uniform, weighted_mean
from pokespiel.learning.networks import Network, masked_log_softmax
from pokespiel.learning.schedules import Controller, KLTarget, Schedule


@dataclass(frozen=True)
class Damping(Checked):
    """A KL penalty: its strength and its reference."""

    to: Literal["nothing", "uniform", "references"] = "nothing"
    """What holds the policy: nothing; the uniform policy over legal actions; a portfolio of earlier copies of the
    network."""
    coefficient: Schedule = Schedule(0.05, "power", exponent=0.5, scale=100.0)
    """Coefficient of the KL in the loss, a schedule by updates."""
    adapt: KLTarget | None = None
    """A controller that scales the coefficient to keep the KL near a target; None = the schedule alone."""
    refresh: Count = 50
    """References: updates between two copies of the network."""
    portfolio: Count = 1
    """References: maximum number of copies kept."""
    choose: Literal["recent", "nearest", "diverse", "best"] = "recent"
    """Which copies hold the policy: the newest; the nearest by KL; all equally, dropping the most similar copy when
    full; those with the highest score."""


class References:
    """The portfolio and the controller of a `Damping`."""

    def __init__(self, damping: Damping, learner: Learner):
        self.damping, self.learner = damping, learner
        self.controller = Controller(damping.adapt)
        self.updates = 0
        self.networks: list[Network] = []
        self.scores: list[float] = []
        if damping.to == "references":
            self._add(-math.inf)  # the score of the initial policy is unknown

    def penalty(self, batch: Batch, logs: Tensor, probabilities: Tensor, last_update: float) -> tuple[Tensor, Tensor]:
        """The weighted penalty, and the mean KL itself; `last_update` is the number of updates of the whole
        training."""
        damping = self.damping
        if damping.to == "nothing":
            zero = logs.new_zeros(())
            return zero, zero
        if damping.to == "uniform":
            divergence = weighted_mean(kl_to_uniform(logs, probabilities, batch.legal), batch.weight)
        else:
            divergence = self._divergence(batch, logs, probabilities)
        coefficient = damping.coefficient(self.updates, last_update) * self.controller.multiplier
        return coefficient * divergence, divergence.detach()

    def update_done(self, divergence: float, score: float) -> None:
        """After an update with mean KL `divergence`: adapt, and refresh if due; `score` is the policy's mean score."""
        self.updates += 1
        if self.damping.to == "nothing":
            return
        self.controller.observe(divergence)
        if self.damping.to == "references" and self.updates % self.damping.refresh == 0:
            self._add(score)

    def _divergence(self, batch: Batch, logs: Tensor, probabilities: Tensor) -> Tensor:
        choose = self.damping.choose

        def to(network: Network) -> Tensor:
            return weighted_mean(kl(logs, probabilities, self._logs(network, batch)), batch.weight)

        if choose == "recent":
            return to(self.networks[-1])
        if choose == "best":
            best = max(range(len(self.scores)), key=self.scores.__getitem__)
            return to(self.networks[best])
        each = torch.stack([to(network) for network in self.networks])
        return each.min() if choose == "nearest" else each.mean()

    @torch.no_grad()
    def _logs(self, network: Network, batch: Batch) -> Tensor:
        return masked_log_softmax(outputs(network, batch).logits, batch.legal)[0]

    def _add(self, score: float) -> None:
        self.networks.append(copy.deepcopy(self.learner.network).requires_grad_(False))
        self.scores.append(score)
        while len(self.networks) > self.damping.portfolio:
            drop = self._twin() if self.damping.choose == "diverse" else self._least_wanted()
            del self.networks[drop], self.scores[drop]

    def _least_wanted(self) -> int:
        """The copy to drop: the oldest, or with `best` the one with the lowest score, excluding the newest."""
        if self.damping.choose != "best":
            return 0
        return min(range(len(self.scores) - 1), key=self.scores.__getitem__)

    def _twin(self) -> int:
        """The older of the two networks whose weights are closest to each other."""
        flat = torch.stack([torch.cat([p.detach().flatten() for p in n.parameters()]) for n in self.networks])
        distance = torch.cdist(flat, flat)
        distance.fill_diagonal_(torch.inf)
        first, second = divmod(int(distance.argmin()), len(flat))
        return min(first, second)

    def state(self) -> dict[str, Any]:
        return {
            "controller": self.controller.state(),
            "updates": self.updates,
            "scores": list(self.scores),
            "networks": [weights(network) for network in self.networks],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        self.controller.load(state["controller"])
        self.updates, self.scores = int(state["updates"]), [float(score) for score in state["scores"]]
        self.networks = []
        for arrays in state["networks"]:
            network = copy.deepcopy(self.learner.network).requires_grad_(False)
            set_weights(network, arrays)
            self.networks.append(network)
