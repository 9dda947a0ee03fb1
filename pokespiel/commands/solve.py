"""`pokespiel solve`: a payoff table from a file, solved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional

from pokespiel.metasolvers import METASOLVERS
from pokespiel.options import Choice


@dataclass(frozen=True)
class Solve:
    """Solve a payoff table: print each player's mixture and what it leaves to gain."""

    table: Positional[Path]
    """A CSV file of the row player's payoffs (zero-sum), or an .npy file of payoffs [P, n_1, ..., n_P]."""
    second: Path | None = None
    """A CSV file of the column player's payoffs; None = the game is zero-sum."""
    meta_solver: Annotated[Choice, METASOLVERS] = Choice("nash")
    """The solver."""
    symmetric: bool = False
    """One population for both seats: entry (i, j) is what policy i earns against policy j."""
    smallest: float = 1e-6
    """Do not list policies with less weight."""

    def __call__(self) -> int:
        from pokespiel.solve import read_payoffs, solution

        payoffs = read_payoffs(self.table, self.second)
        print(solution(payoffs, self.meta_solver.build(METASOLVERS), self.symmetric, self.smallest))
        return 0
