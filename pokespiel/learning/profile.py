"""Measure where training time goes on this machine: the game, inference, collection and the update, each alone.

    play        observe and step with random legal actions, no network
    inference   the policy's probabilities for one batch
    collection  play with inference and recording, as in training
    update      one forward and backward pass and optimiser step on a minibatch

All figures are decisions per second, for several batch sizes; the smallest that reaches 90 % of the best is proposed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Observations, Uniform, sample_actions
from pokespiel.core.progress import stage
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Enumerable, Game
from pokespiel.learning.batches import minibatches
from pokespiel.learning.collection import Collector
from pokespiel.learning.compute import Compute, minibatch_size
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.losses import log_prob_of, value_loss
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax
from pokespiel.learning.rollout import Rollout
from pokespiel.learning.seating import self_play

ENOUGH = 0.9
"""Share of the best speed that a proposed batch size must reach."""


class Proposal(NamedTuple):
    """Proposed settings for this machine."""

    matches: int
    minibatch: int
    bf16: bool
    """Autocast to bfloat16 is over 10 % faster; this does not say whether it learns as well."""
    decisions_per_second: float
    """Decisions per second of the whole training loop."""
    update_share: float
    """Share of the time that updates take, 0..1."""


class StageSpeeds(NamedTuple):
    """Decisions per second by batch size."""

    play: Mapping[int, float]
    inference: Mapping[int, float]
    collection: Mapping[int, float]
    update: Mapping[int, float]
    update_bf16: Mapping[int, float]

    def proposal(self, epochs: int) -> Proposal:
        """Proposed batch sizes, and the speed of training with them if each decision is learnt from `epochs` times."""
        matches, minibatch = proposed(self.collection), proposed(self.update)
        bf16 = self.update_bf16[proposed(self.update_bf16)] > 1.1 * self.update[minibatch]
        update = max(self.update[minibatch], max(self.update_bf16.values()) if bf16 else 0.0)
        collect = 1 / self.collection[matches]
        learn = epochs / update
        return Proposal(matches, minibatch, bf16, 1 / (collect + learn), learn / (collect + learn))


@dataclass(frozen=True)
class Profiler:
    """Measures a game and a network; a call returns the speeds."""

    network: NetworkOptions = NetworkOptions()
    """The network to measure."""
    compute: Compute = Compute()
    """Device, precision and threads."""
    seconds: float = 1.0
    """Minimum length of each measurement, in seconds."""
    matches: tuple[int, ...] = (64, 256, 1024)
    """Numbers of matches side by side."""
    minibatches: tuple[int, ...] = (512, 2048, 8192)
    """Decisions of a gradient step."""

    def __call__(self, game: Game, rng: np.random.Generator) -> StageSpeeds:
        learner, bf16 = (
            Learner.make(game, self.network, Optimiser(), replace(self.compute, bf16=half), rng)
            for half in (False, True)
        )
        with limited(learner.settled.threads):
            return self._measured(game, learner, bf16, rng)

    def _measured(self, game: Game, learner: Learner, bf16: Learner, rng: np.random.Generator) -> StageSpeeds:
        rollout = Collector(game, self_play(game), [learner], rng, matches=256).collect(max(self.minibatches))
        with stage("measurements", 3 * len(self.matches) + 2 * len(self.minibatches)) as told:

            def each(sizes: Sequence[int], rate: Callable[[int], float]) -> dict[int, float]:
                rates = {}
                for size in sizes:
                    rates[size] = rate(size)
                    told.update(told.done + 1)
                return rates

            return StageSpeeds(
                each(self.matches, lambda size: self._play(game, size, rng)),
                each(self.matches, lambda size: self._inference(learner, rollout, size)),
                each(self.matches, lambda size: self._collection(game, learner, size, rng)),
                each(self.minibatches, lambda size: self._update(learner, rollout, size, rng)),
                each(self.minibatches, lambda size: self._update(bf16, rollout, size, rng)),
            )

    def _play(self, game: Game, size: int, rng: np.random.Generator) -> float:
        matches, uniform = game.start(rng.integers(2**63, size=size)), Uniform()

        def once() -> int:
            actions = np.zeros((game.num_players, size), np.int64)
            decisions = 0
            for player in range(game.num_players):
                indices, seen = matches.observe(player)
                actions[player, indices] = sample_actions(uniform.probabilities(seen), rng)
                decisions += int((seen.legal.sum(axis=1) > 1).sum())
            matches.step(actions)
            over = np.flatnonzero(matches.finished())
            matches.restart(over, rng.integers(2**63, size=len(over)))
            return decisions

        return self._rate(once)

    def _inference(self, learner: Learner, rollout: Rollout, size: int) -> float:
        records = rollout.records
        rows = np.flatnonzero(records.player == records.player[0])[:size]
        fields = (records.features[rows], records.legal[rows], records.key[rows])
        seen = Observations(int(records.player[0]), *fields)

        def once() -> int:
            learner.decide(seen, records.memory[rows], records.state[rows])
            return len(rows)

        return self._rate(once)

    def _collection(self, game: Game, learner: Learner, size: int, rng: np.random.Generator) -> float:
        collector = Collector(game, self_play(game), [learner], rng, matches=size)

        def once() -> int:
            learner.tabulate(game)
            return len(collector.collect(8 * size).records.action)

        return self._rate(once)

    def _update(self, learner: Learner, rollout: Rollout, size: int, rng: np.random.Generator) -> float:
        wanted = np.zeros(len(rollout.pending), bool)
        wanted[:size] = True
        advantage = rng.normal(size=len(wanted)).astype(np.float32)

        def once() -> int:
            for batch in minibatches(rollout, wanted, 1, rng, learner.network, learner.device):
                output = learner.outputs(batch)
                logs, _ = masked_log_softmax(output.logits, batch.legal)
                target = output.value.new_tensor(advantage[batch.rows])
                loss = value_loss(output.value, target) - (log_prob_of(logs, batch.action) * target).mean()
                learner.descend(loss, 0.0)
            return int(wanted.sum())

        return self._rate(once)

    def _rate(self, once: Callable[[], int]) -> float:
        """Decisions per second, after one call to warm up."""
        once()
        decisions, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < self.seconds or not decisions:
            decisions += once()
        return decisions / spent


def automatic(game: Game, network: NetworkOptions, compute: Compute, rng: np.random.Generator) -> str:
    """What a training with these options uses, as a line of text."""
    learner = Learner.make(game, network, Optimiser(), compute, rng)
    settled = learner.settled
    size = f"minibatches of {minibatch_size(learner.network, settled):,}"
    parts = "as few minibatches as its oracle allows" if isinstance(game, Enumerable) else size
    threads = f"{settled.threads} thread{'s' * (settled.threads != 1)}"
    return f"training by auto: {'bfloat16' if settled.bf16 else 'float32'}, {threads}, {parts}"


def proposed(rates: Mapping[int, float]) -> int:
    """The smallest size whose rate is near the best."""
    best = max(rates.values())
    return min(size for size, rate in rates.items() if rate >= ENOUGH * best)


def speed_table(speeds: StageSpeeds, epochs: int) -> Sequence[str]:
    """The speeds and the proposal as lines of text."""
    lines = []
    for name, rates in speeds._asdict().items():
        shown = "  ".join(f"{size}: {rate:,.0f}" for size, rate in rates.items())
        lines.append(f"{name:12s} {shown}  decisions/s")
    best = speeds.proposal(epochs)
    lines.append(
        f"fastest: {best.matches} matches, minibatches of {best.minibatch}{', bf16' if best.bf16 else ''}; "
        f"{best.decisions_per_second:,.0f} decisions/s with {epochs} epochs, {best.update_share:.0%} in the update"
    )
    return lines
