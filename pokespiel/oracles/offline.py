"""Offline reinforcement learning as a best response: collect once, then learn from the records alone.

Matches against the mixture are collected with a behaviour policy and can be mixed with older data sets by weight.
Critics learn Q by temporal differences to the policy in training (or, for iql, to an expectile V of the data), and the
policy descends one of

    bc, filtered_bc - log pi(a|h), for all decisions or those of players who gained enough
    crr               - 1[A > 0] log pi(a|h)                         A = Q(h, a) - sum_a' pi(a'|h) Q(h, a')
    awac, iql         - min(exp(beta A), cap) log pi(a|h)            iql: A = Q(h, a) - V(h)
    expected, cql     - sum_a p(a|h) log pi(a|h)                     p ~ behaviour(a|h) exp(Q(h, a) / kl)

where p maximises sum_a p(a) Q(h, a) - kl KL(p || behaviour), computed exactly over all actions, and cql also pushes
down the Q of actions that are not in the data.

Reference: Nair et al. (2020), AWAC; Wang et al. (2020), Critic Regularized Regression; Kostrikov et al. (2022), Offline
Reinforcement Learning with Implicit Q-Learning; Kumar et al. (2020), Conservative Q-Learning for Offline RL.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from pokespiel.core.policy import Policy, Uniform
from pokespiel.core.progress import stage
from pokespiel.core.ranges import (
    Checked,
    Count,
    Finite,
    InnerShare,
    NotNegative,
    Positive,
    PositiveShare,
    Share,
    TwoOrMore,
    Whole,
)
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Game
from pokespiel.learning.batches import batch_of
from pokespiel.learning.compute import Compute
from pokespiel.learning.critics import Critics
from pokespiel.learning.datasets import Columns, Dataset, Filter, policy_name
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.losses import entropy, log_prob_of
from pokespiel.learning.network_policy import tabulated
from pokespiel.learning.networks import NetworkOptions, masked_log_softmax, shares_states
from pokespiel.learning.recording import RecordedPolicy, record_matches
from pokespiel.learning.sampler import InMemory, OnDisk, Sampler, Source, Transitions, joined
from pokespiel.learning.schedules import Schedule
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.common import every_seat, seats_of
from pokespiel.oracles.seats import against
from pokespiel.oracles.starts import pick_start

PART = 4096
"""Matches collected at a time; an eighth of this if seconds limit the training."""


@dataclass(frozen=True)
class Offline(Checked):
    """Offline reinforcement learning from collected matches and older data sets; also behaviour cloning."""

    form: Literal["crr", "awac", "expected", "iql", "cql", "bc", "filtered_bc"] = "crr"
    """The policy's loss; see the equations in `oracles/offline.py`."""
    collect: Whole = 20_000
    """Matches to collect against the mixture; 0 = learn from `replay` alone."""
    behaviour: Literal["uniform", "newest"] = "uniform"
    """The behaviour policy: uniform play, or the population's newest policy."""
    explore: Share = 0.3
    """Share of uniform play in the behaviour policy."""
    folder: str = ""
    """Append the collected matches to the dataset in this folder; empty = keep them in memory only."""
    replay: tuple[str, ...] = ()
    """Folders of further datasets to learn from."""
    replay_weight: Share = 0.5
    """Share (0..1) of each minibatch that comes from `replay`."""
    chosen: Filter = Filter()
    """Which decisions of `replay` to learn from."""
    least_utility: Finite = 0.0
    """For filtered_bc: learn only from players whose utility is above this."""
    epochs: Positive = 20.0
    """Passes over the collected decisions, or over `replay` if none are collected."""
    seconds: Positive | None = None
    """Also stop after this many seconds, whichever comes first; collecting takes at most half of them. The result then
    depends on the machine's speed, so the seed does not repeat it. None = only `collect` and `epochs` count."""
    batch: Count = 512
    """Decisions per gradient step."""
    log_every: Count = 200
    """Gradient steps between two reports."""
    discount: PositiveShare = 1.0
    """Discount factor of rewards per decision, in (0, 1]."""
    beta: Positive = 1.0
    """For awac and iql (beta): how sharply a decision's weight grows with its advantage; utilities are scaled to at
    most 1."""
    cap: Positive = 100.0
    """For awac and iql: the largest weight of a decision."""
    kl: NotNegative = 0.01
    """For expected and cql: weight of the KL to the behaviour policy."""
    expectile: InnerShare = 0.7
    """For iql: the expectile (tau) of Q that V learns."""
    conservative: NotNegative = 1.0
    """For cql (alpha): weight of the term that pushes Q down."""
    critics: TwoOrMore = 4
    """Number of Q networks; the target is the lower of two drawn at each step."""
    target_rate: PositiveShare = 0.05
    """Step (0..1) of the target critics towards the critics at each gradient step."""
    warm_start: Literal["scratch", "newest", "heaviest", "member"] = "scratch"
    """Where the weights start: fresh, from the population's newest network, from the network with the most weight in
    the mixture, or from `member`."""
    member: Whole = 0
    """Index of the population's policy to start from, for warm_start member."""
    network: NetworkOptions = NetworkOptions()
    """The network of the policy and of the critics."""
    optimiser: Optimiser = Optimiser(rate=Schedule(2e-3, "linear", end=1e-4), max_norm=1.5)
    """The optimiser of the policy and the critics; for a warm start, a rate near 3e-5 is usual."""
    compute: Compute = Compute()
    """Device, precision and threads of the training."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.network.recurrent or self.network.privileged or self.network.auxiliary:
            raise ValueError("offline learns from single decisions: no recurrent, privileged or auxiliary network")
        if not self.collect and not self.replay:
            raise ValueError("nothing to learn from: set collect, or name replay folders")

    def as_in(self, metrics: Mapping[str, Any]) -> Self:
        """The same options, with each `auto` of computing replaced by the choice recorded in `metrics`."""
        return replace(self, compute=self.compute.as_in(metrics))

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        if state:
            rng.bit_generator.state = state["began"]
        began, clock = rng.bit_generator.state, time.perf_counter()
        fresh = self._collected(game, opponents, rng, start, state.get("parts") if state else None)
        learning = _Learning(self, game, fresh, rng, start, opponents)
        learning.seconds = time.perf_counter() - clock
        if state:
            learning.load(state)
            rng.bit_generator.state = state["rng"]
        seats = seats_of(game, opponents)
        with stage("offline gradient steps", learning.last, learning.steps, self.seconds) as told:
            while True:
                if learning.steps:
                    kept = {"began": began, "parts": len(fresh), "rng": rng.bit_generator.state}
                    responses = every_seat(seats, learning.learner.policy())
                    yield Training(responses, learning.metrics(), learning.state() | kept)
                if learning.steps and learning.progress == 1:
                    return
                learning.learn(min(self.log_every, learning.last - learning.steps))
                told.update(learning.steps)

    def _collected(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        start: Sequence[Policy],
        parts_before: int | None,
    ) -> list[Columns]:
        """Matches against the mixture, in parts; if a folder is named, they are also written there, once.

        parts_before: how many parts the resumed call had collected; None = collect all that are wanted.
        """
        if not self.collect:
            return []
        behaviour = start[-1] if self.behaviour == "newest" and start else Uniform()
        recorded = RecordedPolicy(tabulated(behaviour, game), self.explore)
        seating = against(game, opponents)
        names = [f"{policy_name(behaviour)}, {self.explore:g} uniform", *map(policy_name, seating.policies)]
        seating = replace(seating, policies=tuple(tabulated(policy, game) for policy in seating.policies))
        most = PART if self.seconds is None else PART // 8
        sizes = [min(most, self.collect - done) for done in range(0, self.collect, most)][:parts_before]
        parts: list[Columns] = []
        began = time.perf_counter()
        with stage("offline matches", self.collect) as told, limited():
            for number, size in enumerate(sizes):
                late = self.seconds is not None and time.perf_counter() - began > self.seconds / 2
                if number and late and parts_before is None:
                    break
                parts.append(record_matches(game, seating, [recorded], size, rng))
                told.update(sum(sizes[: number + 1]))
        if self.folder:
            dataset = Dataset(Path(self.folder))
            for part in parts:
                if not dataset.holds(part):  # an earlier call that was killed has written them
                    dataset.append(part, {"game": game.name, "policies": names, "by": "offline oracle"})
        return parts


class _Learning:
    """The policy, the critics and the samplers of one call."""

    def __init__(
        self,
        options: Offline,
        game: Game,
        fresh: list[Columns],
        rng: np.random.Generator,
        start: Sequence[Policy],
        opponents: Mapping[int, Opponents],
    ):
        self.options, self.rng = options, rng
        self.episodes = sum(len(part["match_seed"]) for part in fresh)
        self.decisions = sum(len(part["action"]) for part in fresh)
        self.scale = 1 / max(map(abs, game.utility_range))
        first = pick_start(options.warm_start, options.member, start, opponents)
        setup = (options.network, options.optimiser, options.compute, rng)
        self.learner = Learner.make(game, *setup, first)
        self.critics = Critics(game, options.critics, options.target_rate, *setup)
        sources: list[Source] = [InMemory(fresh)] if fresh else []
        sources += [OnDisk(folder, options.chosen) for folder in options.replay]
        self.samplers = [Sampler(source, rng) for source in sources]
        self.sizes = self._shares(bool(fresh))
        rows = self.decisions or sum(Dataset(Path(folder)).count() for folder in options.replay)
        self.steps, self.last = 0, max(1, round(options.epochs * rows / options.batch))
        self.seconds = 0.0
        self._metrics: dict[str, float] = {}

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0..1: of gradient steps or of time, whichever is larger."""
        spent = self.seconds / self.options.seconds if self.options.seconds else 0.0
        return min(1.0, max(spent, self.steps / self.last))

    def _shares(self, fresh: bool) -> list[int]:
        """How many decisions of a minibatch each sampler gives."""
        options = self.options
        old = round(options.batch * options.replay_weight) if fresh and options.replay else 0
        old = old if fresh else options.batch
        sizes = [len(part) for part in np.array_split(np.arange(old), len(options.replay))] if options.replay else []
        return ([options.batch - old] if fresh else []) + sizes

    def learn(self, steps: int) -> None:
        """Gradient steps until the budget is spent; their mean measurements become the metrics."""
        measured: list[dict[str, float]] = []
        for _ in range(steps):
            began = time.perf_counter()
            drawn = [sampler.sample(size) for sampler, size in zip(self.samplers, self.sizes, strict=True) if size]
            with limited(self.learner.settled.threads):
                measured.append(self._step(joined(drawn), self.progress))
            self.steps += 1
            self.seconds += time.perf_counter() - began
            if self.progress == 1:
                break
        self._metrics = {name: float(np.mean([m[name] for m in measured])) for name in measured[0]}

    def _step(self, data: Transitions, progress: float) -> dict[str, float]:
        options, learner = self.options, self.learner
        scaled = data._replace(reward=data.reward * self.scale, utility=data.utility * self.scale)
        metrics = {}
        if options.form not in ("bc", "filtered_bc"):
            metrics = self.critics.learn(scaled, learner, options.form, options, progress)
        batch = batch_of(data.now, np.arange(len(data.reward)), learner.device, distinct=shares_states(learner.network))
        logs, probabilities = masked_log_softmax(learner.outputs(batch).logits, batch.legal)
        if options.form in ("expected", "cql"):
            best = batch.behaviour.clamp(min=1e-8).log() + self.critics.values(data.now) / options.kl
            _, best_probabilities = masked_log_softmax(best, batch.legal)
            loss = -(best_probabilities * logs).sum(dim=1).mean()
        else:
            weight = self._weights(data, probabilities.detach())
            loss = -(weight * log_prob_of(logs, batch.action)).mean()
            metrics["weight"] = float(weight.mean())
        norm = learner.descend(loss, progress)
        spread = entropy(logs, probabilities).mean().item()
        return metrics | {"loss/policy": loss.item(), "entropy": spread, "gradient_norm": float(norm)}

    def _weights(self, data: Transitions, probabilities: Tensor) -> Tensor:
        """[n] the weight of each decision."""
        options = self.options
        if options.form == "bc":
            return torch.ones(len(data.reward), device=self.learner.device)
        if options.form == "filtered_bc":
            return torch.from_numpy(data.utility > options.least_utility).float().to(self.learner.device)
        advantage = self.critics.advantages(data.now, probabilities, options.form)
        if options.form == "crr":
            return (advantage > 0).float()
        return (options.beta * advantage).exp().clamp(max=options.cap)

    def metrics(self) -> dict[str, float]:
        counts = {"decisions": self.decisions, "episodes": self.episodes, "gradient_steps": self.steps}
        measured = {name: float(value) for name, value in counts.items()} | {"seconds": self.seconds}
        return measured | self.learner.settled.metrics() | self._metrics

    def state(self) -> dict[str, Any]:
        return {
            "steps": self.steps,
            "seconds": self.seconds,
            "metrics": dict(self._metrics),
            "learner": self.learner.state(),
            "critics": self.critics.state(),
            "samplers": [sampler.state() for sampler in self.samplers],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        self.steps, self._metrics = int(state["steps"]), dict(state["metrics"])
        self.seconds = float(state.get("seconds", 0.0))
        self.learner.load(state["learner"])
        self.critics.load(state["critics"])
        for sampler, saved in zip(self.samplers, state["samplers"], strict=True):
            sampler.load(saved)
