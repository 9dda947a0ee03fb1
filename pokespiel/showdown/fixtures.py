"""Teams, seats and results of the arena's matches, and the oddities and replays collected from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.intervals import share
from pokespiel.game.gen1.oddities import tally
from pokespiel.game.gen1.replay import write_replay
from pokespiel.game.gen1.teams.pools import load_pool
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.departures import Departure

__all__ = ["Fixture", "Result", "drawn", "oddities", "seat_swapped", "team_swapped", "teams_named", "write_replay"]


class Fixture(NamedTuple):
    """A match to be played: the teams of the two contestants, and which sits first (challenges, plays p1)."""

    teams: tuple[Team, Team]
    first: int


class Result(NamedTuple):
    """The result of a fixture."""

    utility: float | None
    """+1, 0 or -1 for contestant 0; None = unfinished after all attempts."""
    turns: int
    attempts: int
    problems: tuple[str, ...]
    """Why earlier attempts were unfinished."""
    log: tuple[str, ...] = ()
    """The match's lines as one of this package's policies received them, for a replay; empty if none played."""
    oddities: tuple[np.ndarray | None, ...] = (None, None)
    """By contestant, [COUNTS] of oddities in its play, None for players from elsewhere."""
    departure: Departure | None = None
    """How a contestant left the match before its end, None = neither did, as far as is known."""

    @property
    def played(self) -> float | None:
        """The utility of a match that was played to its end, None for any other."""
        return self.utility if self.departure is None else None


def seat_swapped(pairs: Sequence[tuple[Team, Team]]) -> list[Fixture]:
    """Two fixtures for each pair of teams, with each contestant first once."""
    return [Fixture(teams, first) for teams in pairs for first in (0, 1)]


def team_swapped(pairs: Sequence[tuple[Team, Team]]) -> list[Fixture]:
    """Two fixtures for each pair of teams, with the seats and the teams swapped."""
    return [fixture for own, foe in pairs for fixture in (Fixture((own, foe), 0), Fixture((foe, own), 1))]


def teams_named(pool: str) -> tuple[Team, ...]:
    """The teams of a pool: a shipped one by name, or a folder or file."""
    return load_pool(pool).teams


def drawn(pool: str, pairs: int, rng: np.random.Generator, swap_teams: bool = False) -> list[Fixture]:
    """`pairs` pairs of matches with seats swapped; each side's team is drawn independently, and kept or swapped."""
    teams = teams_named(pool)
    draws = rng.integers(len(teams), size=(pairs, 2))
    paired = team_swapped if swap_teams else seat_swapped
    return paired([(teams[int(own)], teams[int(foe)]) for own, foe in draws])


def oddities(results: Mapping[int, Result]) -> dict[str, Any]:
    """Oddities in the play of those contestants that are policies of this package."""
    found = {}
    for contestant, name in enumerate(("first", "second")):
        sides = [
            (counts, one.turns, share((1 - 2 * contestant) * one.utility))
            for one in results.values()
            if one.utility is not None and (counts := one.oddities[contestant]) is not None
        ]
        if sides:
            counts, turns, scores = zip(*sides, strict=True)
            found[name] = tally(np.array(counts), turns, scores).to_plain()
    return {"oddities": found} if found else {}
