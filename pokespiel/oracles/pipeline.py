"""Pipeline PSRO: the responses of several iterations train at the same time, each one level above the one before.

The response at level k trains against a solution over the population and the responses in training below it. In each
iteration every level spends 1/n of its budget, n being the number of levels, and all levels can do so side by side.
Then the lowest response joins the population if its budget is spent, the others move down a level, and a new one
starts at the top. So each response trains against the population alone in its last iteration, and an iteration takes
1/n of the time of a whole response where each level has a core.

In the paper a response joins the population when it no longer improves. Here its budget decides, so that a run with a
seed gives the same numbers on any machine.

Reference: McAleer et al. (2020), Pipeline PSRO: A Scalable Approach for Finding Approximate Nash Equilibria in Large
Games.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast, runtime_checkable

from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaSolver
from pokespiel.oracles import Opponents, Oracle
from pokespiel.oracles.state import InTraining, Members, PSROState, appended
from pokespiel.oracles.targets import respond_to
from pokespiel.payoffs.tables import PayoffTable, first_cells

if TYPE_CHECKING:
    from pokespiel.oracles.calls import Progress


@runtime_checkable
class Budgeted(Protocol):
    """A learning oracle's options that a pipeline shares out; see `oracles/options.py`."""

    decisions: int
    seconds: float | None
    batch: int
    log_every: int
    learners: int | Literal["auto"]


SLICED = ("ppo", "exploiter", "mmd", "rnad", "nfsp")
"""Oracles whose responses can be trained in slices."""


def sliced(oracles: Sequence[Oracle], levels: int) -> Oracle:
    """The one oracle with settings that let it pause after each 1/levels of its budget; a `ValueError` if it cannot."""
    if levels < 1:
        raise ValueError(f"a pipeline has at least 1 level, not {levels}")
    if len(oracles) != 1:
        raise ValueError(f"a pipeline trains the responses of one oracle, not of {len(oracles)}")
    oracle: Any = oracles[0]
    if not isinstance(oracle, Budgeted):
        name = type(oracle).__name__.lower()
        raise ValueError(f"{name} has no budget of decisions to share out: choose {', '.join(SLICED)}")
    if getattr(oracle, "opponent", "mixture") != "mixture":
        raise ValueError("a pipeline needs responses to the mixture: leave the oracle's opponent at mixture")
    if oracle.seconds is not None:
        raise ValueError("a pipeline shares out a budget of decisions: leave the oracle's seconds at none")
    updates = oracle.decisions // (levels * oracle.batch)
    if updates < 1:
        raise ValueError(
            f"{oracle.decisions} decisions are too few for {levels} levels that each spend at least a batch of "
            f"{oracle.batch} per iteration"
        )
    log_every = max(every for every in range(1, oracle.log_every + 1) if updates % every == 0)
    return replace(cast(Any, oracle), learners=1, log_every=log_every)


def level_states(state: PSROState, levels: int) -> list[PSROState]:
    """The state as the next responses see it, one per level, the lowest first.

    Each has the responses in training below it as the newest members of its populations.
    """
    seen = [state]
    for number, below in enumerate(state.pipeline[: levels - 1], 1):
        assert below.training is not None
        populations = with_levels(state.populations, state.pipeline[:number])
        seen.append(replace(state, populations=populations, training=below.training))
    return seen


def with_levels(populations: Members, below: Sequence[InTraining]) -> Members:
    """The populations with the present responses of these levels as their newest members."""
    return reduce(appended, (level.responses for level in below), populations)


def opponents_by_level(game: Game, state: PSROState, levels: int) -> list[dict[int, Opponents]]:
    """Whom the response at each level trains against, the lowest first."""
    asked = [respond_to(game, seen) for seen in level_states(state, levels)]
    if any(len(calls) > 1 for calls in asked):
        raise ValueError("a pipeline trains one response per level: choose a meta-solver that asks for no more")
    return [calls[0] for calls in asked]


def continued(progress: Progress) -> Progress:
    """Where a response's next slice begins: its opponents are new, so matches in play are dropped."""
    state = {name: value for name, value in progress.training.state.items() if name != "collector"}
    return progress._replace(training=progress.training._replace(state=state), finished=not state)


def slices_before(state: PSROState, number: int) -> int:
    """In how many iterations the response at this level was trained already."""
    return state.pipeline[number].slices if number < len(state.pipeline) else 0


def solved(
    meta_solver: MetaSolver, table: PayoffTable, populations: Members, pipeline: Sequence[InTraining], symmetric: bool
) -> tuple[InTraining, ...]:
    """The pipeline with its solutions of a table for the populations and all its responses."""
    solutions = []
    for number, level in enumerate(pipeline, 1):
        known = first_cells(table, with_levels(populations, pipeline[:number]))
        solutions.append(level._replace(training=meta_solver(known.complete(), symmetric=symmetric)))
    return tuple(solutions)
