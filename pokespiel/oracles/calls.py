"""Oracle calls that know nothing of each other: work for an executor.

A call has random numbers of its own, so its result does not depend on who makes it. It says now and then where it
stands, with all that is needed to go on from there.
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
"""Seconds between two reports of a call in progress: each brings its whole state."""


class Lesson(NamedTuple):
    """What all calls of an iteration share."""

    game: Portable
    oracles: tuple[Oracle, ...]
    populations: tuple[Sequence[Policy], ...]
    """Per seat."""
    start: Sequence[Policy]
    """Policies to begin from."""


class Progress(NamedTuple):
    """Where a call stands."""

    training: Training
    """Without the oracle's state once it is finished."""
    rng: Mapping[str, Any]
    """The state of its generator."""
    drew: bool
    """It has drawn random numbers."""
    finished: bool


class Call(NamedTuple):
    """One oracle call."""

    oracle: int
    """Which of the lesson's."""
    opponents: Mapping[int, Opponents]
    """By seat, without the policies: those are the lesson's."""
    rng: np.random.Generator
    before: Progress | None = None
    """Where an earlier session left it."""


def bare(opponents: Mapping[int, Opponents]) -> dict[int, Opponents]:
    """The same without policies, which travel in the lesson."""
    return {seat: mixture._replace(policies=()) for seat, mixture in opponents.items()}


def respond(lesson: Lesson, call: Call, before: Progress | None) -> Iterator[Progress]:
    """Make a call, or go on with it."""
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
        if training.state and time.monotonic() - said > EVERY:
            yield Progress(training, _state(rng), True, finished=False)
            said = time.monotonic()
    if training is None:
        raise ValueError(f"{type(oracle).__name__} yielded nothing: an oracle's last yield is its result")
    drew = before is not None or not same_state(_state(rng), first)
    yield Progress(training._replace(state={}), _state(rng), drew, finished=True)


def _state(rng: np.random.Generator) -> Mapping[str, Any]:
    return copy.deepcopy(dict(rng.bit_generator.state))


def same_state(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two states of a random generator are the same."""
    return one.keys() == other.keys() and all(
        same_state(one[key], other[key]) if isinstance(one[key], Mapping) else np.array_equal(one[key], other[key])
        for key in one
    )
