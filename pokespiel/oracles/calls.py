"""Independent oracle calls, as work for an executor.

A call has its own random numbers, so its result does not depend on which worker makes it. It reports its state from
time to time, with everything that is needed to continue from there.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.threads import each_limited
from pokespiel.oracles import Opponents, Oracle, Training

if TYPE_CHECKING:
    from pokespiel.game.portable import Portable

EVERY = 5.0
"""Seconds between two reports of a call in progress; each contains its whole state."""


class Lesson(NamedTuple):
    """The data that all calls of an iteration share."""

    game: Portable
    oracles: tuple[Oracle, ...]
    populations: tuple[Sequence[Policy], ...]
    """The policies of each seat."""
    start: Sequence[Policy]
    """Policies for warm starts, the newest last."""


class Progress(NamedTuple):
    """The progress of a call."""

    training: Training
    """The latest yield; without the oracle's state once the call has ended."""
    rng: Mapping[str, Any]
    """The state of its random generator."""
    drew: bool
    """Whether it has drawn random numbers."""
    finished: bool
    """Whether it has ended, or paused; then it has a state."""


class Call(NamedTuple):
    """One oracle call."""

    oracle: int
    """Index into the lesson's oracles."""
    opponents: Mapping[int, Opponents]
    """By seat, without the policies, which are in the lesson."""
    rng: np.random.Generator
    before: Progress | None = None
    """Progress of an earlier session to continue from."""
    share: float = 1.0
    """The share of its budget, 0..1, after which it pauses; see `oracles/pipeline.py`."""


def bare(opponents: Mapping[int, Opponents]) -> dict[int, Opponents]:
    """The same opponents without their policies, which are sent with the lesson."""
    return {seat: mixture._replace(policies=()) for seat, mixture in opponents.items()}


def respond(lesson: Lesson, call: Call, before: Progress | None) -> Iterator[Progress]:
    """Make a call, or continue it."""
    before = before or call.before
    if before is not None and before.finished:
        yield before
        return
    oracle, rng = lesson.oracles[call.oracle], call.rng
    first = _state(rng)
    if before is not None:
        rng.bit_generator.state = copy.deepcopy(dict(before.rng))
    opponents = {seat: mixture._replace(policies=lesson.populations) for seat, mixture in call.opponents.items()}
    state = None if before is None else before.training.state
    training: Training | None = None
    said = time.monotonic()
    for training in each_limited(oracle(lesson.game.game, opponents, rng, start=lesson.start, state=state)):
        if call.share < 1 and has_spent(oracle, training, call.share):
            yield Progress(training, _state(rng), True, finished=True)
            return
        if training.state and time.monotonic() - said > EVERY:
            yield Progress(training, _state(rng), True, finished=False)
            said = time.monotonic()
    if training is None:
        raise ValueError(f"{type(oracle).__name__} yielded nothing: an oracle's last yield is its result")
    drew = before is not None or not same_state(_state(rng), first)
    yield Progress(training._replace(state={}), _state(rng), drew, finished=True)


def has_spent(oracle: Any, training: Training, share: float) -> bool:
    """Whether a call has spent this share of its decisions to within half a batch, seen at an update at which it
    reports in any case."""
    counts = training.metrics
    due = counts["updates"] % oracle.log_every == 0
    return due and counts["decisions"] + oracle.batch / 2 >= share * oracle.decisions


def _state(rng: np.random.Generator) -> Mapping[str, Any]:
    return copy.deepcopy(dict(rng.bit_generator.state))


def same_state(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two states of a random generator are the same."""
    return one.keys() == other.keys() and all(
        same_state(one[key], other[key]) if isinstance(one[key], Mapping) else np.array_equal(one[key], other[key])
        for key in one
    )
