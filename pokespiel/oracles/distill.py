"""Distillation: replace a mixture by one network that clones its play.

The mixture plays itself, a member drawn for each match and seat, and the network learns

    - sum_a b(a) log pi(a)

at every decision, where b is the distribution that the drawn member played there. The network does not know which
member it was: at best it plays the average of the members, each weighted by how likely it is to have reached this
state. That is the mixture's realised average policy (as far as the player's view reveals the past), so the divergence
measured here does not fall to zero, and the score against the mixture is what counts. Each batch is measured before the
network learns from it.

Reference: Rusu et al. (2016), Policy Distillation; Kuhn (1953), Extensive Games and the Problem of Information.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Checked, Count
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Game
from pokespiel.learning.batches import minibatches
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.recording import RecordedPolicy
from pokespiel.learning.rollout import Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.learning.seating import self_play
from pokespiel.oracles.seats import opponents_of
from pokespiel.oracles.starts import heaviest


@dataclass(frozen=True)
class Distillation(Checked):
    """How a mixture is distilled into one network."""

    decisions: Count = 2_000_000
    """Budget: decisions of the mixture to learn from."""
    batch: Count = 32_768
    """Decisions collected at a time."""
    matches: Count = 512
    """Matches played side by side."""
    epochs: Count = 2
    """Passes over a batch."""
    minibatches: Count = 16
    """Minibatches per pass."""
    warm_start: bool = True
    """Start from the mixture's heaviest network; if false, or if it has none, from fresh weights."""
    network: NetworkOptions = NetworkOptions()
    """The network, if it starts from fresh weights."""
    optimiser: Optimiser = Optimiser(rate=Schedule(1e-3, "linear", end=1e-5))
    """The optimiser of the network."""
    compute: Compute = Compute()
    """Device, precision and threads of the training."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not single_decisions(self.network):
            raise ValueError("distillation learns from single decisions: no recurrent, privileged or auxiliary network")
        if self.batch <= 2 * self.matches:
            raise ValueError(
                f"a batch must hold more decisions than its matches have players ({2 * self.matches}), got {self.batch}"
            )


class Distilled(NamedTuple):
    """The state of a distillation."""

    policy: NetworkPolicy
    decisions: int
    """Decisions learnt from so far."""
    cross_entropy: float
    """Cross-entropy of the network to the drawn members' play, in nats, on fresh decisions."""
    divergence: float
    """KL from the drawn members to the network: the cross-entropy minus the members' entropy."""


def distill(game: Game, mixture: Policy, options: Distillation, rng: np.random.Generator) -> Iterator[Distilled]:
    """Yield the network before it learns from each batch; the last one has learnt from the whole budget."""
    start = heaviest(opponents_of(mixture)) if options.warm_start else None
    if start is not None and not single_decisions(start.network.options):
        start = None
    learner = Learner.make(game, options.network, options.optimiser, options.compute, rng, start)
    collector = Collector(game, self_play(game), [RecordedPolicy(mixture)], rng, matches=options.matches)
    done = 0
    while True:
        progress = min(1.0, done / options.decisions)
        with limited(learner.settled.threads):
            rollout = collector.collect(options.batch, progress)
            distance = _distance(learner, rollout)
        yield Distilled(learner.policy(), done, *distance)
        if done >= options.decisions:
            return
        done += int((~rollout.pending).sum())
        with limited(learner.settled.threads):
            _imitate(learner, rollout, options, progress, rng)


def single_decisions(options: NetworkOptions) -> bool:
    """Whether a network with these options can learn from the player's view at single decisions."""
    return not (options.recurrent or options.privileged or options.auxiliary)


def _imitate(
    learner: Learner, rollout: Rollout, options: Distillation, progress: float, rng: np.random.Generator
) -> None:
    for _ in range(options.epochs):
        parts = minibatches(rollout, ~rollout.pending, options.minibatches, rng, learner.network, learner.device)
        for batch in parts:
            logs, _ = masked_log_softmax(learner.outputs(batch).logits, batch.legal)
            learner.descend(-(batch.behaviour * logs).sum(dim=1).mean(), progress)


def _distance(learner: Learner, rollout: Rollout) -> tuple[float, float]:
    """Cross-entropy and divergence over the rollout's decisions."""
    own = ~rollout.pending
    played = rollout.records.behaviour[own]
    crossed = -(played * learner.estimates(rollout.records).logs[own]).sum(axis=1).mean()
    entropy = -(played * np.log(np.maximum(played, 1e-30))).sum(axis=1).mean()
    return float(crossed), float(crossed - entropy)
