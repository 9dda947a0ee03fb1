"""Magnetic mirror descent with a network: a policy gradient held by a magnet and by the policy that played.

Mirror descent on <q, pi> with step eta and regularisation alpha towards the magnet rho,

    pi' = argmax  <q, pi> - alpha KL(pi || rho) - 1/eta KL(pi || pi_t),

is followed by gradient steps on  - w A + alpha KL(pi || rho) + 1/eta KL(pi || mu). With alpha falling to zero, or with
a magnet that follows the policy, the last iterate converges to a Nash equilibrium in two-player zero-sum games. A
magnet that is copied from the policy every so many updates keeps alpha fixed: each copy begins another regularised
game, whose solution is nearer to equilibrium than its magnet (NashPG).

Reference: Sokota et al. (2023), A Unified Approach to Reinforcement Learning, Quantal Response Equilibria, and
Two-Player Zero-Sum Games; Yu et al. (2025), Nash Policy Gradient: A Policy Gradient Method with Iteratively Refined
Regularization for Finding Nash Equilibria.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Count, NotNegative, Share
from pokespiel.game.protocols import Game
from pokespiel.learning.batches import Batch, outputs
from pokespiel.learning.learner import Learner, Optimiser, blend, set_weights, weights
from pokespiel.learning.losses import entropy, kl, kl_to_uniform, log_prob_of, value_loss, weighted_mean
from pokespiel.learning.networks import Output, masked_log_softmax
from pokespiel.learning.returns import gae
from pokespiel.learning.rollout import Records, Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Opponents
from pokespiel.oracles.common import Learned, Run, Student, trainable
from pokespiel.oracles.ppo import auxiliary_loss, earned, means, on, passes, reached, scaled
from pokespiel.oracles.proximal import Proximal, played_log


@dataclass(frozen=True)
class MMD(Learned):
    """Magnetic mirror descent: regularised self-play whose last iterate converges, or a response to the mixture."""

    self_play: Share = 1.0
    """Share (0..1) of the matches played against itself; the others are against the mixture. 0 = a response to the
    mixture alone."""
    batch: Count = 16384
    """Decisions collected per update."""
    optimiser: Optimiser = Optimiser(rate=Schedule(2e-3, "linear", end=5e-5), average=0.995)
    """The optimiser; the average of the network's weights is the resulting policy."""
    epochs: Count = 8
    """Passes over a rollout."""
    gae_lambda: Share = 0.95
    """Lambda of the advantages and of the critic's targets."""
    magnet: Literal["uniform", "moving", "copied"] = "moving"
    """The magnet: the uniform policy; a moving average of the network's weights; or a copy of the network from time to
    time, as in NashPG."""
    magnet_rate: Schedule = Schedule(0.04, "linear", end=0.001)
    """Moving magnet: its step towards the policy at each update (0..1), a schedule by updates. It should fall with the
    learning rate; otherwise the magnet catches up with the policy and no longer holds it."""
    magnet_updates: Count = 25
    """Copied magnet: updates between two copies; between them it does not move."""
    alpha: Schedule = Schedule(0.3)
    """Weight of the KL to the magnet, a schedule by updates; advantages are scaled to standard deviation 1."""
    eta: Schedule = Schedule(0.3)
    """Step size, a schedule by updates: 1 / eta is the weight of the KL to the policy that played."""
    value_weight: NotNegative = 0.5
    """Weight of the critic's loss."""
    auxiliary: NotNegative = 0.1
    """Weight of the auxiliary head's squared error, if the network has that head."""

    fewest_minibatches: ClassVar[int] = 1

    @property
    def own_share(self) -> float:
        return self.self_play

    def student(
        self, game: Game, rng: np.random.Generator, start: Sequence[Policy], opponents: Mapping[int, Opponents]
    ) -> Student:
        learner = self.make_learner(game, rng, start, opponents)
        magnet = Magnet(self, learner)
        loss = MMDLoss(self.value_weight, self.auxiliary)

        def improve(run: Run, rollout: Rollout) -> dict[str, float]:
            return self._improve(run, learner, magnet, loss, rollout)

        return Student((learner,), {"magnet": magnet}, improve, lambda: (learner.policy(),))

    def _improve(self, run: Run, learner: Learner, magnet: Magnet, loss: MMDLoss, rollout: Rollout) -> dict[str, float]:
        records = rollout.records
        counted = reached(self, rollout)
        advantages = gae(rollout, self.discount, self.gae_lambda, corrected=counted is not None)
        targets = advantages + records.value
        weight = scaled(advantages, trainable(rollout), 1.0)
        alpha, eta = (schedule(run.updates, run.last_update) for schedule in (self.alpha, self.eta))
        magnet.look(records)
        before = Proximal(learner, records, stale=run.stale, explore=run.collector.explore)
        measured = []
        pool = learner.network.options.value == "scalar"
        for batch in passes(run, learner, rollout, weight=counted, pool=pool):
            columns = (on(learner, weight, batch), on(learner, targets, batch), before.logs(batch), magnet.logs(batch))
            measured.append(learner.step(loss, batch, columns, (alpha, eta), run.progress))
        self._move(magnet, run)
        names = ("loss/policy", "loss/value", "entropy", "kl/magnet", "kl/behaviour", "gradient_norm")
        return {**means(names, measured), "alpha": alpha, "eta": eta, "return": earned(rollout)}

    def _move(self, magnet: Magnet, run: Run) -> None:
        """After an update: a copied magnet waits until its next copy, a moving one takes a step."""
        if self.magnet != "copied":
            magnet.follow(self.magnet_rate(run.updates, run.last_update))
        elif (run.updates + 1) % self.magnet_updates == 0:
            magnet.follow(1.0)


@dataclass(frozen=True)
class MMDLoss:
    """The loss of a batch; its columns are advantages, the critic's targets, and the log-probabilities of the policy to
    stay near and of the magnet (None = uniform), its numbers alpha and eta."""

    value_weight: float
    auxiliary: float

    def __call__(
        self, output: Output, batch: Batch, columns: tuple[Tensor | None, ...], numbers: tuple[Any, ...]
    ) -> tuple[Tensor, ...]:
        advantage, target, before, magnet = columns
        assert advantage is not None
        assert target is not None
        assert before is not None
        alpha, eta = numbers
        logs, probabilities = masked_log_softmax(output.logits, batch.legal)
        ratio = (log_prob_of(logs, batch.action) - played_log(batch)).exp()
        policy = -weighted_mean(ratio * advantage, batch.weight)
        to_magnet = divergence(batch, logs, probabilities, magnet)
        to_played = weighted_mean(kl(logs, probabilities, before), batch.weight)
        critic = value_loss(output.value, target, batch.weight)
        loss = policy + alpha * to_magnet + to_played / eta + self.value_weight * critic
        spread = weighted_mean(entropy(logs, probabilities), batch.weight)
        whole = loss + self.auxiliary * auxiliary_loss(output, batch)
        return whole, policy, critic, spread, to_magnet, to_played


def divergence(batch: Batch, logs: Tensor, probabilities: Tensor, magnet: Tensor | None) -> Tensor:
    """Mean KL of the policy to the magnet's log-probabilities [b, A]; None = uniform."""
    if magnet is None:
        return weighted_mean(kl_to_uniform(logs, probabilities, batch.legal), batch.weight)
    return weighted_mean(kl(logs, probabilities, magnet), batch.weight)


class Magnet:
    """The magnet: a network that follows the learner's, or without state if uniform."""

    def __init__(self, options: MMD, learner: Learner):
        self.options, self.learner = options, learner
        fixed = options.magnet == "uniform"
        self.network = None if fixed else copy.deepcopy(learner.network).requires_grad_(False)
        self._seen: Tensor | None = None

    def look(self, records: Records) -> None:
        """Evaluate the magnet once for all passes over a rollout, if it is fixed and no states are shared."""
        self._seen = None
        if self.network is not None and not self.network.memory_size and (records.key < 0).all():
            self._seen = self.learner.estimated_logs(records, self.network)

    def logs(self, batch: Batch) -> Tensor | None:
        """[b, A] the magnet's log-probabilities; None if it is uniform."""
        if self.network is None:
            return None
        if self._seen is not None:
            return self._seen.index_select(0, batch.places)
        with torch.no_grad():
            return masked_log_softmax(outputs(self.network, batch).logits, batch.legal)[0]

    def follow(self, rate: float) -> None:
        """Move the magnet a share `rate` of the way towards the policy."""
        if self.network is not None:
            blend(self.network, self.learner.network, rate)

    def state(self) -> dict[str, Any]:
        return {"network": None if self.network is None else weights(self.network)}

    def load(self, state: Mapping[str, Any]) -> None:
        if self.network is not None:
            set_weights(self.network, state["network"])
