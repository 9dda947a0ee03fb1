"""The options that all learning oracles have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Checked, Count, Positive, PositiveShare, Share, Whole
from pokespiel.game.protocols import Game
from pokespiel.learning.compute import Compute
from pokespiel.learning.learner import Learner, Optimiser
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import NetworkOptions
from pokespiel.learning.rewards import Reward
from pokespiel.learning.schedules import Schedule
from pokespiel.learning.widening import widened
from pokespiel.oracles import Opponents
from pokespiel.oracles.starts import pick_start


@dataclass(frozen=True)
class Learning(Checked):
    """The options that all learning oracles have."""

    decisions: Count = 200_000
    """Budget of each response: decisions of the policy in training that have more than one legal action."""
    seconds: Positive | None = None
    """Also stop after this many seconds of training, whichever comes first; schedules then follow the limit that is
    closer. The result then depends on the machine's speed, so the seed does not repeat it. None = only decisions
    count."""
    batch: Count = 4096
    """Decisions collected per update."""
    matches: Count = 1024
    """Matches played side by side."""
    epochs: Count = 4
    """Passes over a rollout."""
    minibatches: Count | Literal["auto"] = "auto"
    """Minibatches per pass, each of which is one gradient step. auto: 4 (mmd: 1); on games that are not in sequence
    form, as many more as make a minibatch 1,024 decisions, or more where a GPU needs larger ones to be used well. A
    resumed training keeps its number."""
    log_every: Count = 5
    """Updates between two reports, each with one row of metrics."""
    discount: PositiveShare = 1.0
    """Discount factor of rewards per decision, in (0, 1]."""
    warm_start: Literal["newest", "heaviest", "scratch", "member"] = "newest"
    """Where the weights start. `newest`: the newest network of the populations. `heaviest`: the network with the most
    weight in the opponents' mixture, or the newest if it has none. `scratch`: fresh weights. `member`: the policy
    chosen by `member`. If an exploiter and another oracle take turns, use `heaviest` for the other, since the newest
    network is the exploiter's."""
    member: Whole = 0
    """Index of the population's policy to start from, for warm_start member."""
    network: NetworkOptions = NetworkOptions()
    """The network, if it starts from fresh weights."""
    widen: bool = False
    """Widen the network of a warm start to the hidden layers and row width of `network`; at first it plays the same."""
    optimiser: Optimiser = Optimiser()
    """The optimiser of the network."""
    compute: Compute = Compute()
    """Device, precision and threads of the training."""
    reward: Reward = Reward()
    """The reward that the policy learns from."""
    learners: Count | Literal["auto"] = "auto"
    """Number of parallel learners: processes that each play a share of the matches and compute a share of every
    gradient, which are averaged. auto: one per core for long training on large games on a CPU, else 1. A resumed
    training keeps its number."""
    actors: Whole | Literal["auto"] = "auto"
    """Number of processes that play matches while this one learns; 0 = this process does both in turn. auto: one per
    core if a GPU learns, else 0. A resumed training keeps its number."""
    staleness: Whole = 1
    """With actors: how many rounds old the weights are that actors play with, which is the number of rounds collected
    ahead; 0 = actors and learner take turns."""
    inference: Literal["auto", "actors", "server"] = "auto"
    """With actors: where their network is evaluated, by a copy in each actor on the CPU, or by one server for all on
    the learner's device. auto: a server if that device is a GPU."""
    explore: Schedule = Schedule(0.0)
    """Probability (0..1) of a uniformly random action at each training decision, as a schedule over the training, so
    that all states stay reachable and a nearly deterministic network still tries other actions. Losses take it into
    account."""

    explore_weight: Share = 1.0
    """Least weight (0..1) of a decision after actions that others play only to explore. 1 = exploration counts as play,
    so that what is learned is the equilibrium of a game in which every player sometimes acts at random. Below 1, all
    decisions are weighted by the importance ratios of what the others did before, and returns by those of what everyone
    does after; at 0 what is learned is unbiased, but answers to actions that are only explored are not learned."""

    fewest_minibatches: ClassVar[int] = 4
    """The least that `minibatches` auto means."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learners not in ("auto", 1) and self.actors not in ("auto", 0):
            raise ValueError("use several learners or actors, not both")
        if not all(0 <= self.explore(progress, 1.0) < 1 for progress in (0.0, 1.0)):
            raise ValueError(f"explore must stay in [0, 1), not {self.explore}")

    @property
    def plays_itself(self) -> bool:
        """Whether training is pure self-play, which never meets the given opponents."""
        return False

    def as_in(self, metrics: Mapping[str, Any]) -> Self:
        """The same options, with each `auto` of computing and of minibatches replaced by the choice recorded in the
        `metrics` of an earlier training."""
        kept = metrics.get("compute/minibatches") if self.minibatches == "auto" else None
        minibatches = self.minibatches if kept is None else int(kept)
        return replace(self, compute=self.compute.as_in(metrics), minibatches=minibatches)

    def make_learner(
        self,
        game: Game,
        rng: np.random.Generator,
        start: Sequence[Policy] = (),
        opponents: Mapping[int, Opponents] | None = None,
    ) -> Learner:
        """The learner at the start of a call."""
        first = pick_start(self.warm_start, self.member, start, opponents or {})
        if self.widen and first is not None:
            first = NetworkPolicy(widened(first.network, self.network, rng))
        return Learner.make(game, self.network, self.optimiser, self.compute, rng, first)
