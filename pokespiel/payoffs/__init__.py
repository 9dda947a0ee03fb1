"""Payoff tables, exact or sampled; allocation of matches, rankings, files of other projects.

A payoff evaluator fills a table's missing cells; an allocation says which cells get the next matches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from pokespiel.core.registry import Registry
from pokespiel.game.protocols import Game
from pokespiel.payoffs.tables import PayoffTable, Populations, Sampled

if TYPE_CHECKING:
    from pokespiel.core.executors import Crew
    from pokespiel.game.portable import Portable


class Payoffs(Protocol):
    """Fills a table's missing cells; `table` is the table before the populations grew, None = there is none yet."""

    def __call__(
        self, game: Game, populations: Populations, table: PayoffTable | None, rng: np.random.Generator
    ) -> PayoffTable: ...


@runtime_checkable
class Divisible(Protocol):
    """An evaluator whose work can be divided among workers."""

    def on(self, crew: Crew, carry: Callable[[Game], Portable]) -> Payoffs:
        """The same evaluator with its matches played by a crew, in blocks with their own random numbers.

        carry: makes a game ready to be sent.
        """
        ...


PAYOFFS = Registry(
    "payoffs",
    {
        "auto": "pokespiel.payoffs.auto:AutoPayoffs",
        "exact": "pokespiel.payoffs.exact:ExactPayoffs",
        "sampled": "pokespiel.payoffs.sampling:SampledPayoffs",
        "adaptive": "pokespiel.payoffs.sampling:AdaptivePayoffs",
    },
    own=True,
)


class Allocation(Protocol):
    """How many of the next `units` each cell gets: [k] integers, all 0 = nothing is left to decide."""

    def __call__(self, sampled: Sampled, units: int, rng: np.random.Generator) -> np.ndarray: ...


@runtime_checkable
class Blind(Protocol):
    """An allocation that depends on how many units were played, not on their results: rounds can be planned ahead."""

    blind: bool
    """Always True."""


ALLOCATIONS = Registry(
    "allocation",
    {
        "uniform": "pokespiel.payoffs.allocation:UniformAllocation",
        "response_graph": "pokespiel.payoffs.allocation:ResponseGraphAllocation",
        "mixture": "pokespiel.payoffs.allocation:MixtureAllocation",
    },
    own=True,
)
