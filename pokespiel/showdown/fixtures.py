"""Teams and seats of the arena's matches, and the oddities and replays collected from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pokespiel.core.intervals import share
from pokespiel.game.gen1.oddities import tally
from pokespiel.game.gen1.replay import write_replay
from pokespiel.game.gen1.teams.pools import load_pool
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.arena import Fixture, Result, seat_swapped

__all__ = ["drawn", "oddities", "teams_named", "write_replay"]


def teams_named(pool: str) -> tuple[Team, ...]:
    """The teams of a pool: a shipped one by name, or a folder or file."""
    return load_pool(pool).teams


def drawn(pool: str, pairs: int, rng: np.random.Generator) -> list[Fixture]:
    """`pairs` pairs of matches with seats swapped; each side's team is drawn independently."""
    teams = teams_named(pool)
    draws = rng.integers(len(teams), size=(pairs, 2))
    return seat_swapped([(teams[int(own)], teams[int(foe)]) for own, foe in draws])


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
