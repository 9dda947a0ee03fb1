"""What the learning oracles share besides their options: a call, and the loop in it.

An oracle names the `Student` that it trains and the opponents, which may change while the student learns: those of a
curriculum, or of a restricted game that is solved on the way. A `Run` owns the learners, the collector and the counters
of one call; its state is that of all its parts and of the random generator, so a call that is killed continues from its
last yield and reproduces its numbers (on the CPU).
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from pokespiel.core.policy import Observations, Policy
from pokespiel.core.progress import stage
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Game
from pokespiel.learning.actors import Actors
from pokespiel.learning.collection import Collector
from pokespiel.learning.learner import Learner
from pokespiel.learning.network_policy import tabulated
from pokespiel.learning.peers import Peers, current
from pokespiel.learning.rollout import Decision, Rollout
from pokespiel.learning.seating import Seating
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.meter import Meter
from pokespiel.oracles.options import Learning
from pokespiel.oracles.processes import chosen_actors, chosen_minibatches, learning_side_by_side
from pokespiel.oracles.seats import against

Value = TypeVar("Value")

LOCAL = ("pool", "reservoir")
"""Parts of a run of which each parallel learner has its own."""
LATE = 10.0
"""Seconds without a report after which a training yields an intermediate state."""


class Stateful(Protocol):
    """Something whose state is part of a run's state."""

    def state(self) -> dict[str, Any]: ...

    def load(self, state: Mapping[str, Any]) -> None: ...


class Run:
    """One call of a learning oracle: `parts` are everything with a state except the collector and the counters."""

    def __init__(
        self, options: Learning, game: Game, seating: Seating, learners: Sequence[Learner], rng: np.random.Generator
    ):
        self.options, self.game, self.rng = options, game, rng
        self.learner = learners[0]
        frozen = tuple(tabulated(policy, game) for policy in seating.policies)
        self._seating = Seating(seating.learners, frozen, seating.rows, seating.weights)
        self.parts: dict[str, Stateful] = {f"learner_{i}": learner for i, learner in enumerate(learners)}
        self._learners = tuple(learners)
        self.peers = current()
        if self.peers is not None:
            self._join(self.peers, rng)
        self.minibatches = self.agreed(chosen_minibatches(options, game, self.learner))
        self.collector = self._collector(0 if self.peers else chosen_actors(options, game, self.learner))
        self.decisions = self.episodes = self.updates = 0
        self.seconds = 0.0
        self.clocks = {"collect": 0.0, "update": 0.0}
        self._meter = Meter()

    def _join(self, peers: Peers, rng: np.random.Generator) -> None:
        """Average the gradients of all learners from now on; their weights are equal, their random numbers differ."""
        for learner in self._learners:
            learner.peers = peers
        seed = int(rng.integers(2**63))
        if peers.rank:
            rng.bit_generator.state = np.random.default_rng([seed, peers.rank]).bit_generator.state

    def _share(self, whole: int) -> int:
        """This process's share of a quantity."""
        return whole if self.peers is None else -(-whole // self.peers.count)

    def _collector(self, actors: int) -> Collector | Actors:
        options, game, seating, learners = self.options, self.game, self._seating, self._learners
        if not actors:
            own = learners[: seating.learners]
            matches = self._share(options.matches)
            return Collector(game, seating, own, self.rng, matches=matches, reward=options.reward, compact=True)
        served = options.inference == "server" or (options.inference == "auto" and self.learner.device.type == "cuda")
        return Actors(
            game,
            seating,
            learners,
            self.rng,
            matches=options.matches,
            reward=options.reward,
            count=actors,
            staleness=options.staleness,
            served=served,
        )

    @property
    def actors(self) -> int:
        return self.collector.count if isinstance(self.collector, Actors) else 0

    @property
    def stale(self) -> bool:
        """Whether the newest rollout was played with older weights than the learner's."""
        return isinstance(self.collector, Actors) and self.collector.metrics["staleness"] > 0

    def close(self) -> None:
        """End the processes that this run started."""
        if isinstance(self.collector, Actors):
            self.collector.close()

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0..1: of decisions or of time, whichever is larger."""
        spent = self.seconds / self.options.seconds if self.options.seconds else 0.0
        return min(1.0, max(spent, self.decisions / self.options.decisions))

    @property
    def last_update(self) -> float:
        """How many updates the whole budget allows; if time limits it, estimated from the pace so far."""
        updates = max(1.0, self.options.decisions / self.options.batch)
        if self.options.seconds and self.updates:
            updates = min(updates, max(1.0, self.updates / self.progress))
        return updates

    def left(self) -> bool:
        return self.progress < 1

    def collect(self) -> Rollout:
        """A rollout of `batch` new decisions, or more if none of those can be trained on yet (few decisions in many
        matches)."""
        self._lap = time.perf_counter()
        if isinstance(self.collector, Collector):
            for learner in self._learners:
                learner.tabulate(self.game)
        self.collector.explore = self.options.explore(self.progress, 1.0)
        learnable = 0
        while not learnable:
            rollout = self.collector.collect(self._share(self.options.batch), self.progress)
            learnable = int(trainable(rollout).sum())
        self.decisions += self._over_all(learnable)
        self.episodes += self._over_all(len(rollout.seated))
        self._meter.outcomes(rollout.seated, rollout.utilities)
        if not isinstance(self.collector, Collector):
            self._meter.values(self.collector.metrics)
        self._spend("collect")
        return rollout

    def _over_all(self, count: int) -> int:
        return count if self.peers is None else int(self.peers.total(count))

    def agreed(self, value: Value) -> Value:
        """A value that all learners must agree on: the first one's."""
        return value if self.peers is None else self.peers.first(value)

    def updated(self, metrics: Mapping[str, float]) -> bool:
        """Record an update; returns whether a yield is due."""
        self.updates += 1
        self._spend("update")
        self.seconds = self.agreed(self.seconds)
        self._meter.values(metrics)
        return self.updates % self.options.log_every == 0 or not self.left()

    def training(self, responses: Mapping[int, tuple[Policy, ...]], *, between: bool = False) -> Training:
        """The run's state; with `between`, the means of the next report are not reset."""
        counts = {"decisions": float(self.decisions), "episodes": float(self.episodes), "seconds": self.seconds}
        speeds = {f"seconds/{name}": spent for name, spent in self.clocks.items()}
        speeds["decisions_per_second"] = self.decisions / max(self.seconds, 1e-9)
        chosen = self.learner.settled.metrics() | {
            "compute/minibatches": float(self.minibatches),
            "compute/actors": float(self.actors),
            "compute/learners": float(self.peers.count if self.peers else 1),
        }
        metrics = {**counts, "updates": float(self.updates), **speeds, **chosen, **self._meter.read(keep=between)}
        return Training(responses, metrics, self.state())

    def _spend(self, clock: str) -> None:
        now = time.perf_counter()
        self.clocks[clock] += now - self._lap
        self.seconds += now - self._lap
        self._lap = now

    def state(self) -> dict[str, Any]:
        """Everything that a resume needs. The first learner gathers the state of all; the others return nothing."""
        if self.peers is not None and self.peers.rank:
            self.peers.gathered(self._own_state())
            return {}
        counts = {name: getattr(self, name) for name in ("decisions", "episodes", "updates", "seconds")}
        return {
            "counts": counts,
            "minibatches": self.minibatches,
            "clocks": dict(self.clocks),
            "meter": self._meter.state(),
            "rng": self.rng.bit_generator.state,
            "parts": {name: part.state() for name, part in self.parts.items()},
            "collector": self.collector.state(),
            **({} if self.peers is None else {"peers": self.peers.gathered({})[1:]}),
        }

    def _own_state(self) -> dict[str, Any]:
        """The state that each parallel learner has of its own."""
        own = {name: part.state() for name, part in self.parts.items() if name in LOCAL}
        return {"parts": own, "collector": self.collector.state(), "rng": self.rng.bit_generator.state}

    def load(self, state: Mapping[str, Any] | None) -> None:
        """Continue from what `state` returned; None = start."""
        if not state:
            return
        if self.peers is not None and self.peers.rank:
            mine = state["peers"][self.peers.rank - 1]
            state = {**state, **mine, "parts": {**state["parts"], **mine["parts"]}}
        if set(state["parts"]) != set(self.parts):
            raise ValueError(f"this state has the parts {sorted(state['parts'])}, the oracle {sorted(self.parts)}")
        for name, value in state["counts"].items():
            setattr(self, name, value)
        if self.options.minibatches == "auto":
            self.minibatches = int(state.get("minibatches", self.minibatches))
        self.clocks = dict(state["clocks"])
        self._meter.load(state["meter"])
        for name, part in self.parts.items():
            part.load(state["parts"][name])
        if "collector" in state:  # a pipeline drops it, since the opponents are others
            self._resume(state["collector"])
        self.rng.bit_generator.state = state["rng"]

    def _resume(self, state: Mapping[str, Any]) -> None:
        """Continue collecting, with as many actors as before."""
        before, asked = len(state.get("actors", ())), self.options.actors
        if asked not in ("auto", before):
            raise ValueError(f"this training was run with actors {before}, not {asked}: leave it to auto to resume")
        if before and state["staleness"] != self.options.staleness:
            raise ValueError(f"this training was run with staleness {state['staleness']}, not {self.options.staleness}")
        self.collector = self._collector(before)
        self.collector.load(state)


class Acting:
    """A learner's current policy, for a seat whose decisions are not recorded."""

    def __init__(self, learner: Learner):
        self.learner = learner
        self.memory_size = learner.memory_size

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, self.memory_size), np.float32)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        decision: Decision = self.learner.decide(observations, memory, np.zeros((len(memory), 0), np.float32))
        return decision.probabilities, decision.memory


def trainable(rollout: Rollout) -> np.ndarray:
    """[N] bool, the records of learner 0 that are not pending."""
    return ~rollout.pending & (rollout.records.learner == 0)


def seats_of(game: Game, opponents: Mapping[int, Opponents]) -> tuple[int, ...]:
    """The seats that need a response; all seats if there are no opponents."""
    return tuple(opponents) or ((0,) if game.symmetric else tuple(range(game.num_players)))


def every_seat(seats: Sequence[int], *policies: Policy) -> dict[int, tuple[Policy, ...]]:
    return dict.fromkeys(seats, policies)


def steps(
    run: Run, improve: Callable[[Rollout], Mapping[str, float]], respond: Callable[[], Mapping[int, tuple[Policy, ...]]]
) -> Iterator[Training]:
    """Collect, update and report until the budget is spent; a finished run yields its result again.

    If a report takes long, it also yields in between, so that the caller can save and stop.
    """
    if not run.left():
        yield run.training(respond())
    options = run.options
    name = f"{type(options).__name__.lower()} decisions"
    seconds = options.seconds and options.seconds - run.seconds
    with closing(run), stage(name, options.decisions, run.decisions, seconds) as told:
        began = time.monotonic()
        while run.left():
            with limited(run.learner.settled.threads):
                due = run.updated(improve(run.collect()))
            told.update(run.decisions)
            if run.agreed(due or time.monotonic() - began > LATE):
                yield run.training(respond(), between=not due)
                began = time.monotonic()


class Student(NamedTuple):
    """What a call trains."""

    learners: tuple[Learner, ...]
    """The first one plays; others learn from what it played."""
    parts: Mapping[str, Stateful]
    """What else has a state, by name."""
    improve: Callable[[Run, Rollout], Mapping[str, float]]
    """One update from a rollout whose participant 0 is the first learner; its metrics."""
    policies: Callable[[], tuple[Policy, ...]]
    """The responses as they are now."""


class ChangingOpponents(Protocol):
    """Opponents that change while the student learns; part of the training's state."""

    def seating(self) -> Seating: ...

    def observe(self, seated: np.ndarray, utilities: np.ndarray) -> None: ...

    def update_done(self, snapshot: Callable[[], Policy], in_play: np.ndarray) -> None: ...

    def state(self) -> dict[str, Any]: ...

    def load(self, state: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class Learned(Learning, ABC):
    """An oracle that trains a student by matches."""

    @property
    @abstractmethod
    def own_share(self) -> float:
        """The share (0..1) of the matches that the student plays against itself."""

    @abstractmethod
    def student(
        self, game: Game, rng: np.random.Generator, start: Sequence[Policy], opponents: Mapping[int, Opponents]
    ) -> Student:
        """Whom a call trains, at its start."""

    @property
    def plays_itself(self) -> bool:
        return self.own_share == 1

    def seating(self, game: Game, opponents: Mapping[int, Opponents], student: Student) -> Seating:
        """Whom the student meets."""
        return against(game, opponents, self.own_share)

    def changing(
        self, game: Game, opponents: Mapping[int, Opponents], kept: Mapping[str, Any] | None
    ) -> ChangingOpponents | None:
        """What redraws the opponents after every update, from its state `kept` if it has one; None = they stay."""
        return None

    @learning_side_by_side
    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        student = self.student(game, rng, start, opponents)
        changing = self.changing(game, opponents, kept_opponents(state))
        seating = self.seating(game, opponents, student) if changing is None else changing.seating()
        run = Run(self, game, seating, student.learners, rng)
        yield from trained(run, student, seats_of(game, opponents), changing, state)


def kept_opponents(state: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The changing opponents' part of a training's state."""
    return state["parts"].get("pool") if state else None


def trained(
    run: Run,
    student: Student,
    seats: Sequence[int],
    changing: ChangingOpponents | None = None,
    state: Mapping[str, Any] | None = None,
) -> Iterator[Training]:
    """Train the student of a run until its budget is spent; its policies are the responses of all `seats`."""
    run.parts |= student.parts
    if changing is not None:
        run.parts["pool"] = changing
    run.load(state)

    def improve(rollout: Rollout) -> Mapping[str, float]:
        metrics = student.improve(run, rollout)
        if changing is not None:
            changing.observe(rollout.seated, rollout.utilities)
            changing.update_done(student.learners[0].policy, run.collector.seated)
            run.collector.reseat(changing.seating())
        return metrics

    yield from steps(run, improve, lambda: every_seat(seats, *student.policies()))
