"""The populations and the state of the PSRO loop, which `psro.py` runs."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaStrategy
from pokespiel.oracles import Training
from pokespiel.payoffs.tables import PayoffTable

if TYPE_CHECKING:
    from pokespiel.oracles.calls import Progress

Members = tuple[tuple[Policy, ...], ...]
"""The policies of each player, oldest first; a single tuple in a symmetric game."""

Origins = tuple[tuple[Mapping[str, Any], ...], ...]
"""The origin of each policy of `Members`: its `name`, and for a response its `oracle`, `iteration` and budget."""


Item = TypeVar("Item")
Grouped = tuple[tuple[Item, ...], ...]
"""Something for each policy of each population."""


class InitialPopulations(NamedTuple):
    """The initial populations and what is known of their payoffs."""

    populations: Members
    origins: Origins
    table: PayoffTable | None = None
    """Known payoffs; the loop fills missing cells. None = nothing is known."""

    @classmethod
    def of(cls, game: Game, members: Mapping[str, Policy]) -> InitialPopulations:
        """The same policies, by name, in every population of `game`."""
        seats = 1 if game.symmetric else game.num_players
        return cls((tuple(members.values()),) * seats, (tuple({"name": name} for name in members),) * seats)


class InTraining(NamedTuple):
    """A response of a pipeline that is still in training; see `oracles/pipeline.py`."""

    responses: Members
    """What it plays now, by population."""
    progress: Progress
    slices: int
    """Number of iterations in which it was trained."""
    training: MetaStrategy | None = None
    """What the level above trains against: a solution over the populations and the responses up to this one."""


class Pending(NamedTuple):
    """An iteration in progress; its oracle calls are numbered."""

    call: int
    """The call to make or to continue; earlier ones are finished. With a crew: the call that reported last."""
    responses: Members
    """The responses that the finished calls have added."""
    origins: Origins
    """The origins of these responses."""
    metrics: tuple[Mapping[str, float], ...]
    """The metrics of each finished call."""
    training: Training | None
    """The call's latest yield; None = not started."""
    known: int = 0
    """Number of responses of the finished calls that play the same as a member of their population."""
    began: Mapping[str, Any] | None = None
    """The generator's state when the iteration began; None = not kept."""
    mixtures: tuple[np.ndarray, ...] | None = None
    """Each population's mixture if the finished calls solved the restricted game, over it with their responses."""
    underway: Mapping[int, Progress] = {}
    """With a crew: the progress of each call that has reported."""
    pipeline: tuple[InTraining, ...] = ()
    """The pipeline after the finished calls."""


@dataclass(frozen=True)
class PSROState:
    """The complete state of the loop: `psro(..., start=state)` continues it and reproduces its numbers."""

    iteration: int
    """Number of finished iterations; 0 = the initial state."""
    populations: Members
    origins: Origins
    table: PayoffTable
    training: MetaStrategy
    """The meta-strategy that the next responses train against."""
    strategy: MetaStrategy
    """The current answer: the evaluator's meta-strategy if there is one, else `training`."""
    rng: Mapping[str, Any]
    """The random generator's state from which the loop continues."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """What the iteration's oracles reported, the number of `responses` and of those already known, and the seconds
    spent on responses, payoffs and solving."""
    pending: Pending | None = None
    """None = the iteration is finished."""
    idle: int = 0
    """How many oracle turns in a row have changed nothing: they added no policy and drew no random number, so each
    would do the same again. Once this equals the number of oracles, later states differ only in `iteration`."""
    pipeline: tuple[InTraining, ...] = ()
    """The responses in training, the lowest level first; see `psro`'s `levels`."""


def by_age(populations: Members) -> list[Policy]:
    """All members, the newest last."""
    by_age = itertools.chain.from_iterable(itertools.zip_longest(*populations))
    return [policy for policy in by_age if policy is not None]


def appended(populations: Grouped[Item], added: Grouped[Item]) -> Grouped[Item]:
    """Each population with what was added to it."""
    return tuple((*old, *new) for old, new in zip(populations, added, strict=True))


def response_origins(oracle: str, iteration: int, training: Training, responses: Members) -> Origins:
    """The origins of one call's responses; if a seat got several, their names are numbered."""
    budget: dict[str, Any] = {
        name: training.metrics[name] for name in ("decisions", "episodes") if name in training.metrics
    }
    facts = {"oracle": oracle, "iteration": iteration, **budget}
    return tuple(
        tuple({"name": oracle if len(added) == 1 else f"{oracle} {part}", **facts} for part in range(1, len(added) + 1))
        for added in responses
    )
