"""Neural fictitious self-play: a best response learns against an average of itself, and the average learns from it.

In each match every seat plays the best response with probability eta (the anticipatory parameter), else the average
policy; a seat's choice holds for the match. The best response learns by reinforcement from its own matches, here with
PPO's update. Its behaviour goes to a reservoir, a uniform sample of everything it ever played, from which the average
learns by cross-entropy. Matches without a best response would teach nothing and are not played.

Against a mixture, the best response meets the mixture's policies instead, and the average is that of its history.

Reference: Heinrich and Silver (2016), Deep Reinforcement Learning from Self-Play in Imperfect-Information Games.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Count, PositiveShare
from pokespiel.game.protocols import Game
from pokespiel.learning.batches import batch_of
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.networks import masked_log_softmax, shares_states
from pokespiel.learning.references import References
from pokespiel.learning.replay import Reservoir
from pokespiel.learning.rollout import Records, Rollout
from pokespiel.learning.schedules import Schedule
from pokespiel.learning.seating import Seating, seat
from pokespiel.oracles import Opponents
from pokespiel.oracles.common import Acting, Learned, Run, Stateful, Student
from pokespiel.oracles.ppo import Clipped, ClippedLoss, clipped_update
from pokespiel.oracles.seats import against

KEPT = ("features", "legal", "key", "player", "behaviour")


@dataclass(frozen=True)
class NFSP(Clipped, Learned):
    """Neural fictitious self-play: returns the average policy and the best response to it, in this order."""

    anticipatory: PositiveShare = 0.1
    """The anticipatory parameter eta: probability that a seat plays the best response."""
    self_play: bool = True
    """Play against its own average; if false, the best response is to the given mixture."""
    reservoir: Count = 2_000_000
    """Capacity of the reservoir in decisions. Each takes 4 bytes per feature, so choose fewer for games with many
    features."""
    average_steps: Count = 16
    """Gradient steps of the average after each update of the best response."""
    average_batch: Count = 2048
    """Decisions per gradient step of the average."""
    average_optimiser: Optimiser = Optimiser(rate=Schedule(1e-3, "linear", end=1e-4))
    """The optimiser of the average policy."""
    optimiser: Optimiser = Optimiser(rate=Schedule(1e-3))
    """The options of PPO's update, which trains the best response."""
    entropy: Schedule = Schedule(0.05)
    """Weight of the best response's entropy bonus; it must not become deterministic while the average moves."""

    @property
    def own_share(self) -> float:
        return float(self.self_play)

    def student(
        self, game: Game, rng: np.random.Generator, start: Sequence[Policy], opponents: Mapping[int, Opponents]
    ) -> Student:
        if self.network.recurrent:
            raise ValueError("nfsp's average learns from single decisions: use a memoryless network")
        response = self.make_learner(game, rng, start, opponents)
        plain = replace(self.network, privileged=False, auxiliary=False)
        average = Learner.make(game, plain, self.average_optimiser, self.compute, rng)
        memory = Reservoir(self.reservoir)
        references = References(self.damping, response)
        clipped = ClippedLoss(self, references)

        def improve(run: Run, rollout: Rollout) -> dict[str, float]:
            own = ~rollout.pending
            memory.add({name: getattr(rollout.records, name)[own] for name in KEPT}, rng)
            metrics = clipped_update(self, run, response, clipped, rollout)
            loss = fit_average(average, memory, self.average_steps, self.average_batch, run.progress, rng)
            return metrics | {"loss/average": loss, "reservoir": float(len(memory))}

        parts: dict[str, Stateful] = {"reservoir": Remembering(memory), "references": references}
        return Student((response, average), parts, improve, lambda: (average.policy(), response.policy()))

    def seating(self, game: Game, opponents: Mapping[int, Opponents], student: Student) -> Seating:
        return self._seating(game, student.learners[1]) if self.self_play else against(game, opponents)

    def _seating(self, game: Game, average: Learner) -> Seating:
        """Every non-empty choice of seats for the best response (participant 0); the other seats are participant 1."""
        if not 0 < self.anticipatory <= 1:
            raise ValueError(f"the anticipatory parameter must be in (0, 1], not {self.anticipatory}")
        rows = [row for row in itertools.product((0, 1), repeat=game.num_players) if 0 in row]
        chance = (self.anticipatory, 1 - self.anticipatory)
        return seat(rows, [float(np.prod([chance[who] for who in row])) for row in rows], 1, [Acting(average)])


class Remembering:
    """A reservoir as a part of a run."""

    def __init__(self, memory: Reservoir):
        self.state, self.load = memory.state, memory.load


def fit_average(
    average: Learner, memory: Reservoir, steps: int, size: int, progress: float, rng: np.random.Generator
) -> float:
    """Gradient steps of the average policy on the cross-entropy to the remembered behaviour; the mean loss in nats."""
    losses = []
    for _ in range(steps):
        batch = batch_of(
            remembered(memory.sample(size, rng)),
            np.arange(size),
            average.device,
            distinct=shares_states(average.network),
        )
        logs, _ = masked_log_softmax(average.outputs(batch).logits, batch.legal)
        loss = -(batch.behaviour * logs).sum(dim=1).mean()
        average.descend(loss, progress)
        losses.append(loss.item())
    return float(np.mean(losses))


def remembered(rows: Mapping[str, np.ndarray]) -> Records:
    """Reservoir rows as records; columns that the average does not need are empty."""
    n = len(rows["key"])
    none, nothing, one = np.zeros(n, np.int64), np.zeros((n, 0), np.float32), np.ones(n, np.float32)
    empty = {"memory": nothing, "state": nothing, "ratio": one, "reach": one}
    return Records(**rows, learner=none, action=none, value=np.zeros_like(one), **empty)
