"""`pokespiel list`: what can be chosen by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class List:
    """List games, meta-solvers, oracles and ways to fill payoff tables, with their references."""

    games: bool = False
    """Name every OpenSpiel game too."""

    def __call__(self) -> int:
        from pokespiel.commands.catalogue import catalogue

        print(catalogue(self.games))
        return 0
