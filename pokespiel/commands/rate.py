"""`pokespiel rate`: ratings of all policies of tournaments and arenas."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count, NotNegative, Positive, Whole
from pokespiel.core.registry import BadOption


@dataclass(frozen=True)
class Rate(Checked):
    """Rate the policies of tournaments and arenas: Elo with intervals, Glicko, GXE, Nash averages and alpha-Rank.

    Several folders are pooled by the policies' names. Elo is the maximum-likelihood estimate of the Bradley-Terry
    model; its 95 % intervals come from resampled seat-swapped pairs. Glicko-1 and GXE follow the rules of Pokémon
    Showdown's ladder.
    """

    folders: Positional[tuple[Path, ...]]
    """Folders of tournaments, records of `pokespiel showdown arena --out`, or folders of such records."""
    draws: Count = 1000
    """Number of resampled sets of pairs from which the intervals are taken."""
    prior: NotNegative = 1.0
    """Ties added between each policy and an imagined average one, so that ratings stay finite where a policy won or
    lost everything; 0 = plain maximum likelihood."""
    anchor: str | None = None
    """The policy that is rated 1500; None = the mean of all Elo ratings is 1500."""
    period: Positive = 15.0
    """Matches per policy in a rating period of Glicko."""
    out: Path | None = None
    """Also write the table to this CSV file."""
    seed: Whole = 0
    """Seed of the resampling."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.folders:
            raise BadOption("name at least one folder of a tournament or an arena")

    def __call__(self) -> int:
        import numpy as np

        from pokespiel.payoffs.ratings import rate, rating_rows
        from pokespiel.runs.pooling import pooled
        from pokespiel.runs.tournament.results import aligned, write_csv

        found = rate(
            pooled(self.folders),
            np.random.default_rng(self.seed),
            draws=self.draws,
            prior=self.prior,
            anchor=self.anchor,
            period=self.period,
        )
        rows = list(rating_rows(found))
        print(aligned(rows))
        if self.out is not None:
            write_csv(self.out, rows)
        return 0
