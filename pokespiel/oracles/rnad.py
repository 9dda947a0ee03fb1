"""Regularised Nash dynamics: learn a game regularised towards a reference policy to its fixed point, then move the
reference.

The transformed reward of a decision by player i is  r_i - eta log(pi_i / ref_i) + eta log(pi_-i / ref_-i).  Its V-trace
gives a value for every action, with w the return after the one played,

    q(a) = v - eta log(pi(a) / ref(a)) + 1[a = a_t] / mu(a_t) (w + eta KL - v),        KL = sum_a pi log(pi / ref),

and NeuRD moves the logits by q(a) - sum pi q. Values come from a slow average of the network. After `refresh` updates
the reference becomes that average; the two references are blended log-linearly over the first half of the next span.

The `kl` form is what practitioners use instead: PPO with a KL penalty to past policies (`learning/references.py`).

Reference: Perolat et al. (2022), Mastering the Game of Stratego with Model-Free Multiagent Reinforcement Learning;
Hennes et al. (2020), Neural Replicator Dynamics.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Count, NotNegative, Positive, PositiveShare, Share
from pokespiel.game.protocols import Game
from pokespiel.learning.learner import Estimates, Learner, Optimiser, blend, set_weights, unread, weights
from pokespiel.learning.losses import entropy, neurd_loss, value_loss
from pokespiel.learning.networks import masked_log_softmax
from pokespiel.learning.references import Damping
from pokespiel.learning.returns import VTrace, transformed, vtrace
from pokespiel.learning.rollout import Records, Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Opponents
from pokespiel.oracles.common import Learned, Run, Student
from pokespiel.oracles.ppo import Clipped, auxiliary_loss, clipped_student, earned, means, on, passes


@dataclass(frozen=True)
class RNaD(Clipped, Learned):
    """Regularised Nash dynamics (DeepNash's learner): self-play towards an equilibrium through moving references."""

    form: Literal["neurd", "kl"] = "neurd"
    """The reward transform with NeuRD and V-trace, or PPO with a KL penalty to references."""
    self_play: Share = 1.0
    """Share (0..1) of the matches played against itself; the others are against the mixture."""
    batch: Count = 16384
    """Decisions collected per update."""
    optimiser: Optimiser = Optimiser(Schedule(2e-3, "linear", end=5e-5), max_norm=10.0, beta1=0.0, average=0.99)
    """The optimiser; the average of the network's weights is the resulting policy."""
    epochs: Count = 8
    """Passes over a rollout."""
    minibatches: Count | Literal["auto"] = 1
    """Minibatches per pass. With more than one, neurd learns less on small games; for auto, see `Learning`."""
    gae_lambda: Share = 1.0
    """Lambda of V-trace (neurd) or of the advantages (kl)."""
    eta: NotNegative = 0.1
    """For neurd (eta): strength of the reward transform, for rewards of at most 1."""
    refresh: Count = 20
    """For neurd: updates between two moves of the reference."""
    target_rate: PositiveShare = 0.1
    """For neurd: step (0..1) of the slow average towards the network at each update."""
    ratio_clip: Positive = 1.0
    """For neurd: V-trace's largest importance ratio."""
    threshold: Positive = 4.0
    """For neurd (beta; 2 in DeepNash): logits are pushed no further than this from their mean."""
    push_clip: Positive = 1e4
    """For neurd: the largest absolute advantage."""
    value_weight: NotNegative = 1.0
    """Weight of the critic's loss."""
    entropy: Schedule = Schedule(0.0)
    """For kl: weight of the entropy bonus, a schedule over the training."""
    damping: Damping = Damping(to="references", coefficient=Schedule(0.3), refresh=10)
    """For kl: the penalty and its references."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.form == "neurd" and self.explore_weight < 1:
            raise ValueError("rnad corrects the exploration of others in form kl only: leave explore_weight at 1")

    @property
    def own_share(self) -> float:
        return self.self_play

    def student(
        self, game: Game, rng: np.random.Generator, start: Sequence[Policy], opponents: Mapping[int, Opponents]
    ) -> Student:
        if self.form == "neurd" and self.network.recurrent:
            raise ValueError("rnad with form neurd re-evaluates single decisions: use a memoryless network or form kl")
        learner = self.make_learner(game, rng, start, opponents)
        return self._neurd(learner) if self.form == "neurd" else clipped_student(self, learner)

    def _neurd(self, learner: Learner) -> Student:
        regulariser = Regulariser(self, learner)

        def improve(run: Run, rollout: Rollout) -> dict[str, float]:
            records = rollout.records
            now = learner.estimates(records)
            logs = regulariser.log_ratio(records, now)
            divergence = (now.probabilities * logs).sum(axis=1)
            targets = self._targets(rollout, regulariser.values(records), now, divergence)
            pushes = action_advantages(rollout.records, targets, now, logs, divergence, self.eta)
            metrics = self._descend(run, learner, rollout, targets, pushes)
            regulariser.update_done()
            return metrics | {"kl/reference": float(divergence.mean()), "return": earned(rollout)}

        return Student((learner,), {"regulariser": regulariser}, improve, lambda: (learner.policy(),))

    def _targets(self, rollout: Rollout, values: np.ndarray, now: Estimates, divergence: np.ndarray) -> Targets:
        reward = transformed(rollout, divergence, self.eta)
        records = rollout.records
        ratios = likelihoods(records, now.probabilities) / likelihoods(records, records.behaviour)
        bent = rollout._replace(reward=reward)
        clips = {"discount": self.discount, "trace": self.gae_lambda, "clip": self.ratio_clip}
        return Targets(values, vtrace(bent, values, ratios, **clips))

    def _descend(
        self, run: Run, learner: Learner, rollout: Rollout, targets: Targets, pushes: np.ndarray
    ) -> dict[str, float]:
        measured = []
        for batch in passes(run, learner, rollout):
            output = learner.outputs(batch)
            policy = neurd_loss(output.logits, batch.legal, on(learner, pushes, batch), self.threshold, self.push_clip)
            critic = value_loss(output.value, on(learner, targets.trace.target, batch))
            loss = policy + self.value_weight * critic + self.auxiliary * auxiliary_loss(output, batch)
            norm = learner.descend(loss, run.progress)
            spread = entropy(*masked_log_softmax(output.logits.detach(), batch.legal)).mean()
            measured.append(unread(policy, critic, spread, norm))
        return means(("loss/policy", "loss/value", "entropy", "gradient_norm"), measured)


class Targets:
    """The values [N] of the critic and their V-trace."""

    def __init__(self, values: np.ndarray, trace: VTrace):
        self.values, self.trace = values, trace


def action_advantages(
    records: Records, targets: Targets, now: Estimates, log_ratio: np.ndarray, divergence: np.ndarray, eta: float
) -> np.ndarray:
    """[N, A] float32: q(a) - sum pi q of the module's equation, zero where illegal."""
    q = targets.values[:, None] - eta * log_ratio
    rows = np.arange(len(q))
    surprise = targets.trace.after + eta * divergence - targets.values
    q[rows, records.action] += surprise / likelihoods(records, records.behaviour)
    return ((q - (now.probabilities * q).sum(axis=1, keepdims=True)) * records.legal).astype(np.float32)


def likelihoods(records: Records, probabilities: np.ndarray) -> np.ndarray:
    """[N] the probabilities [N, A] of the actions played."""
    return probabilities[np.arange(len(records.action)), records.action]


class Regulariser:
    """The slow average of the network, and the reference now and before."""

    def __init__(self, options: RNaD, learner: Learner):
        self.options, self.learner = options, learner
        self.target, self.reference, self.former = (
            copy.deepcopy(learner.network).requires_grad_(False) for _ in range(3)
        )
        self.updates = 0

    def log_ratio(self, records: Records, now: Estimates) -> np.ndarray:
        """[N, A] log(pi / reference), the reference blended with its predecessor early in its span; 0 where illegal."""
        share = min(1.0, 2 * (self.updates % self.options.refresh) / self.options.refresh)
        reference = share * self.learner.estimates(records, self.reference).logs
        if share < 1:
            reference += (1 - share) * self.learner.estimates(records, self.former).logs
        return now.logs - reference

    def values(self, records: Records) -> np.ndarray:
        """[N] the slow average's values."""
        return self.learner.estimates(records, self.target).value

    def update_done(self) -> None:
        """After an update: the average follows; at the end of a span the reference becomes the average."""
        blend(self.target, self.learner.network, self.options.target_rate)
        self.updates += 1
        if self.updates % self.options.refresh == 0:
            self.former, self.reference = self.reference, copy.deepcopy(self.target)

    def state(self) -> dict[str, Any]:
        networks = {"target": self.target, "reference": self.reference, "former": self.former}
        return {"updates": self.updates, **{name: weights(network) for name, network in networks.items()}}

    def load(self, state: Mapping[str, Any]) -> None:
        self.updates = int(state["updates"])
        for name in ("target", "reference", "former"):
            set_weights(getattr(self, name), state[name])
