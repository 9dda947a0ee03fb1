"""`pokespiel list`: what can be chosen by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class List:
    """List everything that can be chosen by name: games, meta-solvers, oracles and more, with references."""

    games: bool = False
    """Also list every OpenSpiel game."""

    def __call__(self) -> int:
        from pokespiel.commands.catalogue import catalogue

        print(catalogue(self.games))
        return 0
