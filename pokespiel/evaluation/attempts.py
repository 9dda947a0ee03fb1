"""Attempts: training runs with a fixed budget that survive a kill and are measured along the way.

An attempt is one oracle call against one victim. Its state is saved at a fixed interval; once it is finished, its
policy is stored in the folder with its curve, and it is not trained again. The curve is measured on small match sets of
its own, which no reported figure uses.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from pokespiel.core.checkpoint import load_checkpoint, save_checkpoint
from pokespiel.core.executors import Alone, Crew, UnitReport
from pokespiel.core.policy import Policy
from pokespiel.core.policy_files import load_policy, read_about, save_policy
from pokespiel.core.progress import Lines, Watch, watch
from pokespiel.evaluation.match_sets import generator, head_to_head
from pokespiel.game.loading import load_game
from pokespiel.game.portable import Portable
from pokespiel.game.protocols import Game
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.oracles import Opponents, Oracle, Training
from pokespiel.oracles.options import Learning
from pokespiel.oracles.seats import opponents_of

log = logging.getLogger(__name__)

FORMAT = "pokespiel-attempt-1"


class TrainingRun(NamedTuple):
    """A training of `oracle` from `start` (None = fresh weights) against `victim`."""

    name: str
    oracle: Learning
    victim: Policy
    start: NetworkPolicy | None
    seed: int
    alone: bool = False
    """The oracle plays against itself; the victim is only used for measurements."""

    @property
    def opponents(self) -> Mapping[int, Opponents]:
        return {} if self.alone else opponents_of(self.victim)


class CurvePoint(NamedTuple):
    """The learner's score during training."""

    decisions: int
    seconds: float
    score: float
    """Score against the victim."""
    low: float
    high: float


class Finished(NamedTuple):
    """A trained policy and its curve."""

    policy: Policy
    decisions: int
    seconds: float
    """Time of training, without measurements."""
    curve: tuple[CurvePoint, ...]


class Step(NamedTuple):
    """The state of a training when it should be saved."""

    training: Training
    curve: tuple[CurvePoint, ...]
    last: bool
    """It is finished, and its oracle's state is no longer needed."""

    def kept(self) -> dict[str, Any]:
        """The content of a checkpoint."""
        curve = [tuple(point) for point in self.curve]
        return {"state": self.training.state, "curve": curve, "decisions": int(self.training.metrics["decisions"])}


@dataclass(frozen=True)
class Workshop:
    """A folder in which attempts are trained, and how often they are measured and saved."""

    folder: Path
    game: Game
    points: int
    """Number of measurements of a curve."""
    pairs: int
    """Pairs of matches per measurement."""
    checkpoint_seconds: float = 30.0
    """Seconds between checkpoints of a training."""
    watch: Callable[[str, int, int], Watch] = watch
    """Shows the progress of a training."""

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "game": Portable(self.game, load_game)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update({**state, "game": state["game"].game})

    def result(self, attempt: TrainingRun) -> Finished:
        """The attempt's result; it is trained now if necessary."""
        if self.known(attempt.name) is None:
            self._train(attempt)
        return self._settled(attempt)

    @contextmanager
    def results(self, attempts: Sequence[TrainingRun], crew: Crew) -> Iterator[Callable[[TrainingRun], Finished]]:
        """Yields `result` for `attempts` that a crew trains in order, as many at a time as it has workers.

        A crew of one trains in this process, on request. Workers send what must survive a kill and this process stores
        it, so that they need no access to its folder; unfinished attempts resume at their checkpoints.
        """
        missing = [attempt for attempt in attempts if self.known(attempt.name) is None]
        if isinstance(crew, Alone) or len(missing) < 2:
            yield self.result
            return
        units = [(attempt, self._kept(attempt)) for attempt in missing]
        there = replace(self, watch=functools.partial(Lines, every=10.0))
        with closing(crew.do(train, units, there)) as reports:
            yield functools.partial(self._reported, missing, reports)

    def _reported(
        self, missing: Sequence[TrainingRun], reports: Iterator[UnitReport], attempt: TrainingRun
    ) -> Finished:
        """The attempt's result once a report has brought it; reports of other attempts are stored on the way."""
        while self.known(attempt.name) is None:
            number, step, last = next(reports)
            if last == step.last:
                self._save(missing[number], step)
        return self._settled(attempt)

    def _settled(self, attempt: TrainingRun) -> Finished:
        self._checkpoint(attempt).unlink(missing_ok=True)
        finished = self.known(attempt.name)
        assert finished is not None
        return finished

    def known(self, name: str) -> Finished | None:
        """The result of the attempt with that name; None = it is not finished."""
        path = self.policy_file(name)
        if not path.is_file():
            return None
        about = read_about(path)
        curve = tuple(CurvePoint(*point) for point in about["curve"])
        return Finished(load_policy(path), about["decisions"], about["seconds"], curve)

    def policy_file(self, name: str) -> Path:
        return self.folder / f"{name}.safetensors"

    def _checkpoint(self, attempt: TrainingRun) -> Path:
        return self.folder / f"{attempt.name}.checkpoint.safetensors"

    def _kept(self, attempt: TrainingRun) -> Mapping[str, Any] | None:
        """The content of the attempt's checkpoint."""
        checkpoint = self._checkpoint(attempt)
        return load_checkpoint(checkpoint, FORMAT) if checkpoint.is_file() else None

    def _train(self, attempt: TrainingRun) -> None:
        for step in self.steps(attempt, self._kept(attempt)):
            self._save(attempt, step)

    def _save(self, attempt: TrainingRun, step: Step) -> None:
        if step.last:
            self._keep(attempt, step.training, list(step.curve))
        else:
            save_checkpoint(self._checkpoint(attempt), FORMAT, step.kept())

    def steps(self, attempt: TrainingRun, kept: Mapping[str, Any] | None) -> Iterator[Step]:
        """Train from the start or from the checkpoint `kept`: yields a step whenever one should be saved, the result
        last."""
        curve = [CurvePoint(*point) for point in kept["curve"]] if kept else self._first(attempt)
        oracle = replace(attempt.oracle, warm_start="member" if attempt.start else "scratch", member=0)
        saved = time.monotonic()
        training: Training | None = None
        done = int(kept["decisions"]) if kept else 0
        with self.watch(f"training {attempt.name}", oracle.decisions, min(done, oracle.decisions)) as bar:
            for training in cast(Oracle, oracle)(
                self.game,
                attempt.opponents,
                generator(attempt.seed, attempt.name),
                start=(attempt.start,) if attempt.start else (),
                state=kept["state"] if kept else None,
            ):
                done = int(training.metrics["decisions"])
                if self._is_due(oracle.decisions, done, curve):
                    curve.append(self._point(attempt, training))
                bar.update(min(done, oracle.decisions), f"score {curve[-1].score:.3f}" if curve else "")
                if time.monotonic() - saved > self.checkpoint_seconds:
                    yield Step(training, tuple(curve), last=False)
                    saved = time.monotonic()
        assert training is not None, "an oracle yields at least its result"
        yield Step(training._replace(state={}), tuple(curve), last=True)

    def _keep(self, attempt: TrainingRun, training: Training, curve: list[CurvePoint]) -> None:
        if not training.responses.get(0):
            raise ValueError(f"{type(attempt.oracle).__name__} gave no response against the victim; use ppo or mmd")
        about: dict[str, Any] = {name: training.metrics[name] for name in ("decisions", "seconds", "episodes")}
        about["decisions"] = int(about["decisions"])
        about["curve"] = [list(point) for point in curve]
        save_policy(self.policy_file(attempt.name), training.responses[0][0], about)

    def _is_due(self, budget: int, done: int, curve: list[CurvePoint]) -> bool:
        """Whether to measure now: at regular numbers of decisions, and at the end."""
        reached = curve[-1].decisions if curve else 0
        step = budget / self.points
        return done > reached and (done >= budget or done // step > reached // step)

    def _first(self, attempt: TrainingRun) -> list[CurvePoint]:
        """The point before any training, if it starts from a policy."""
        return [] if attempt.start is None else [self._measured(attempt, attempt.start, 0, 0.0)]

    def _point(self, attempt: TrainingRun, training: Training) -> CurvePoint:
        policies = training.responses.get(0)
        if not policies:
            raise ValueError(f"{type(attempt.oracle).__name__} shows no policy while it learns; use ppo or mmd")
        return self._measured(attempt, policies[0], int(training.metrics["decisions"]), training.metrics["seconds"])

    def _measured(self, attempt: TrainingRun, policy: Policy, decisions: int, seconds: float) -> CurvePoint:
        """Measure on the same seeds every time, so that neighbouring points can be compared."""
        seeds = generator(attempt.seed, f"curve {attempt.name}")
        score = head_to_head(self.game, policy, attempt.victim, self.pairs, seeds)
        log.info("%s: %.3f against the victim after %d decisions", attempt.name, score.score, decisions)
        return CurvePoint(decisions, seconds, score.score, score.low, score.high)


def train(
    workshop: Workshop, unit: tuple[TrainingRun, Mapping[str, Any] | None], before: Step | None
) -> Iterator[Step]:
    """Work for an executor: train an attempt from its start, its checkpoint or the last step."""
    attempt, kept = unit
    if before is not None and before.last:
        yield before
    else:
        yield from workshop.steps(attempt, kept if before is None else before.kept())
