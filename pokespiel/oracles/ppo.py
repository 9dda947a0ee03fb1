"""Proximal policy optimisation, as a best response to a mixture or in self-play.

With ratio w = pi(a)/mu(a) and GAE's advantage A, each update minimises, over a few epochs of minibatches,

    - min(w A, clip(w, 1 - e, 1 + e) A) + c_v value loss - c_h entropy [+ damping]

Against the mixture it is the best-response oracle of PSRO; against itself, with annealed entropy, it is the plain
self-play baseline; against a pool it also plays past selves and given opponents by a curriculum.

Reference: Schulman et al. (2017), Proximal Policy Optimization Algorithms; Rudolph et al. (2025), Reevaluating Policy
Gradient Methods for Imperfect-Information Games.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import NotNegative, Positive, PositiveShare, Share
from pokespiel.game.protocols import Game
from pokespiel.learning.batches import Batch, minibatches
from pokespiel.learning.learner import Learner
from pokespiel.learning.losses import clipped_policy_loss, entropy, log_prob_of, value_loss, weighted_mean
from pokespiel.learning.networks import Output, masked_log_softmax, to_tensor
from pokespiel.learning.pool import Curriculum, OpponentPool
from pokespiel.learning.references import Damping, References
from pokespiel.learning.returns import gae
from pokespiel.learning.rollout import Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Opponents
from pokespiel.oracles.common import ChangingOpponents, Learned, Run, Student, trainable
from pokespiel.oracles.options import Learning
from pokespiel.oracles.proximal import Proximal, played_log


@dataclass(frozen=True)
class Clipped(Learning):
    """The options of PPO's update, wherever it is used."""

    clip: Positive = 0.2
    """Clipping range of the ratio around 1 (epsilon)."""
    gae_lambda: Share = 0.95
    """Lambda of the advantages and of the critic's targets."""
    entropy: Schedule = Schedule(0.02, "linear", end=0.0)
    """Weight of the entropy bonus, a schedule over the training."""
    value_weight: NotNegative = 0.5
    """Weight of the critic's loss."""
    auxiliary: NotNegative = 0.1
    """Weight of the auxiliary head's squared error, if the network has that head."""
    largest: PositiveShare = 1.0
    """Share of decisions that the policy learns from: those with the largest absolute advantage."""
    damping: Damping = Damping()
    """A KL penalty that holds the policy near a reference; see `learning/references.py`."""


@dataclass(frozen=True)
class PPO(Clipped, Learned):
    """Proximal policy optimisation: a best response to the mixture, or self-play."""

    opponent: Literal["mixture", "self", "pool"] = "mixture"
    """Whom it trains against: the mixture, itself at every seat, or a pool by `curriculum` that includes the whole
    populations."""
    self_play: Share = 0.0
    """With opponent mixture: share (0..1) of the matches played against itself instead."""
    curriculum: Curriculum = Curriculum(self_play=0.7, past=0.2, given=0.1)
    """With opponent pool: how often each kind of opponent is played."""

    @property
    def own_share(self) -> float:
        return 1.0 if self.opponent == "self" else self.self_play

    def student(
        self, game: Game, rng: np.random.Generator, start: Sequence[Policy], opponents: Mapping[int, Opponents]
    ) -> Student:
        learner = self.make_learner(game, rng, start, opponents)
        return clipped_student(self, learner)

    def changing(
        self, game: Game, opponents: Mapping[int, Opponents], kept: Mapping[str, Any] | None
    ) -> ChangingOpponents | None:
        if self.opponent != "pool":
            return None
        return OpponentPool(game, self.curriculum, given_policies(opponents), kept)


def clipped_student(options: Clipped, learner: Learner) -> Student:
    """A learner that PPO's update improves."""
    references = References(options.damping, learner)
    loss = ClippedLoss(options, references)

    def improve(run: Run, rollout: Rollout) -> dict[str, float]:
        return clipped_update(options, run, learner, loss, rollout)

    return Student((learner,), {"references": references}, improve, lambda: (learner.policy(),))


class ClippedLoss:
    """The loss of a batch; its columns are advantages, the critic's targets and the log-probabilities of the actions
    when they were played, its numbers the weight of the entropy bonus and the number of updates of the training."""

    def __init__(self, options: Clipped, references: References):
        self.options, self.references = options, references

    def __call__(
        self, output: Output, batch: Batch, columns: tuple[Tensor | None, ...], numbers: tuple[Any, ...]
    ) -> tuple[Tensor, ...]:
        advantage, target, then = columns
        assert advantage is not None
        assert target is not None
        assert then is not None
        bonus, last_update = numbers
        logs, probabilities = masked_log_softmax(output.logits, batch.legal)
        now = log_prob_of(logs, batch.action)
        policy = clipped_policy_loss(now, then, advantage, self.options.clip, batch.weight)
        critic = value_loss(output.value, target, batch.weight)
        spread = weighted_mean(entropy(logs, probabilities), batch.weight)
        penalty, divergence = self.references.penalty(batch, logs, probabilities, last_update)
        loss = policy + self.options.value_weight * critic - bonus * spread + penalty
        loss = loss + self.options.auxiliary * auxiliary_loss(output, batch)
        return loss, policy, critic, spread, divergence, weighted_mean(then - now, batch.weight)


def clipped_update(
    options: Clipped, run: Run, learner: Learner, loss: ClippedLoss, rollout: Rollout
) -> dict[str, float]:
    """PPO's epochs over one rollout: the learner's own decisions that are not pending; mean metrics."""
    weight = reached(options, rollout)
    advantages = gae(rollout, options.discount, options.gae_lambda, corrected=weight is not None)
    targets = advantages + rollout.records.value
    policy_weight = scaled(advantages, trainable(rollout), options.largest)
    before = Proximal(learner, rollout.records, stale=run.stale, explore=run.collector.explore)
    bonus, free, measured = options.entropy(run.progress, 1.0), options.damping.to == "nothing", []
    for batch in passes(run, learner, rollout, weight=weight):
        then = before.log_played(batch)
        advantage = on(learner, policy_weight, batch) * (then - played_log(batch)).exp()
        columns, numbers = (advantage, on(learner, targets, batch), then), (bonus, run.last_update)
        measured.append(learner.step(loss, batch, columns, numbers, run.progress, recorded=free))
    names = ("loss/policy", "loss/value", "entropy", "kl/reference", "kl/behaviour", "gradient_norm")
    metrics = means(names, measured)
    metrics = run.agreed(metrics | {"return": earned(rollout)})
    loss.references.update_done(metrics["kl/reference"], metrics["return"])
    return metrics


def reached(options: Learning, rollout: Rollout) -> np.ndarray | None:
    """[N] weights of a rollout's records: the others' importance ratios before them; None = exploration counts as
    play.

    On a game in sequence form they are divided by their mean at each information state, so that states that are only
    explored learn as fast as others.
    """
    if options.explore_weight == 1:
        return None
    records = rollout.records
    weight = records.reach.clip(min=options.explore_weight)
    if not (records.key >= 0).all():
        return weight
    state = records.key * (records.player.max() + 1) + records.player
    mean = np.bincount(state, weight) / np.maximum(np.bincount(state), 1)
    return (weight / mean[state]).astype(np.float32)


def passes(
    run: Run, learner: Learner, rollout: Rollout, *, weight: np.ndarray | None = None, pool: bool = False
) -> Iterator[Batch]:
    """The minibatches of an update of `learner`, which is learner 0 of the rollout: `epochs` passes; see
    `minibatches`."""
    wanted, network, device = trainable(rollout), learner.network, learner.device
    records = None if network.memory_size else learner.on_device(rollout.records)
    how = {"epochs": run.options.epochs, "weight": weight, "pool": pool, "records": records}
    return minibatches(rollout, wanted, run.minibatches, run.rng, network, device, **how)  # type: ignore[arg-type]


def means(names: Sequence[str], measured: Sequence[Tensor]) -> dict[str, float]:
    """The means over gradient steps of what `Learner.step` measured at each."""
    return dict(zip(names, torch.stack(list(measured)).double().mean(dim=0).tolist(), strict=True))


def scaled(advantages: np.ndarray, wanted: np.ndarray, largest: float) -> np.ndarray:
    """Advantages [N] less their mean, over their spread; zero except for the `largest` share of the wanted ones by
    absolute value."""
    own = advantages[wanted]
    result = np.where(wanted, (advantages - own.mean()) / (own.std() + 1e-8), 0).astype(np.float32)
    if largest < 1:
        result[np.abs(result) < np.quantile(np.abs(result[wanted]), 1 - largest)] = 0
    return result


def on(learner: Learner, values: np.ndarray, batch: Batch) -> Tensor:
    """A batch's part of per-record values [N], on the learner's device."""
    return to_tensor(batch.of(values), learner.device)


def auxiliary_loss(output: Output, batch: Batch) -> Tensor:
    """Mean squared error of the predicted full state; zero without that head."""
    if output.auxiliary is None:
        return output.logits.new_zeros(())
    return weighted_mean((output.auxiliary - batch.inputs[3]).square().mean(dim=1), batch.weight)


def earned(rollout: Rollout) -> float:
    """Mean utility of learner 0 in the matches that ended; 0 if none did."""
    own = rollout.seated == 0
    return float(rollout.utilities[own].mean()) if own.any() else 0.0


def given_policies(opponents: Mapping[int, Opponents]) -> dict[int, list[Policy]]:
    """The distinct policies of all populations by the seat they play, in a fixed order, whatever the mixture weighs."""
    given: dict[int, dict[int, Policy]] = {}
    for responder, mixture in opponents.items():
        for at, policies in enumerate(mixture.policies):
            if at != responder:
                given.setdefault(at, {}).update((id(policy), policy) for policy in policies)
    return {at: list(policies.values()) for at, policies in given.items()}
