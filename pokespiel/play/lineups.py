"""A battle's teams: a pool's team by name, one that is drawn, or a text that a person pasted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from pokespiel.core.registry import unknown
from pokespiel.game.gen1.teams.formats import read_teams
from pokespiel.game.gen1.teams.pools import POOLS, Pool, load_pool
from pokespiel.game.gen1.teams.sets import Team, TeamError
from pokespiel.game.gen1.teams.validator import validate
from pokespiel.play.answers import text_of

LONGEST_TEXT = 20_000
"""Maximum characters of a pasted team; six full sets take about 1,500."""
LISTED = ("competitive",)
"""Pools whose teams a page lists by name; teams of the other pools are drawn."""
DRAWN = tuple(name for name in POOLS if name != "small")


class TeamRefused(ValueError):
    """A team that is not legal; `reasons` are the validator's, one sentence each."""

    def __init__(self, reasons: list[str]):
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def pasted(text: str) -> Team:
    """The one legal team in a person's text; raises `TeamRefused`."""
    if len(text) > LONGEST_TEXT:
        raise TeamRefused([f"the text has {len(text):,} characters; a team has at most {LONGEST_TEXT:,}"])
    try:
        teams = read_teams(text)
    except TeamError as error:
        raise TeamRefused([str(error)]) from None
    if len(teams) != 1:
        raise TeamRefused([f"expected one team, found {len(teams)}"])
    if refusals := validate(teams[0].team):
        raise TeamRefused([str(refusal) for refusal in refusals])
    return teams[0].team


@cache
def pool_named(name: str) -> Pool:
    """A shipped pool, or a file or folder of teams; read once."""
    return load_pool(name)


def chosen(wish: Mapping[str, Any], rng: np.random.Generator) -> tuple[Team, str]:
    """The team that a page requests, and its name.

    wish: {"paste": text}, {"pool": name, "team": name}, or {"pool": name} to draw one with `rng`.
    """
    if "paste" in wish:
        return pasted(text_of(wish, "paste")), "pasted"
    name = text_of(wish, "pool")
    if name not in DRAWN:
        raise unknown("pool", name, DRAWN)
    pool = pool_named(name)
    if "team" not in wish:
        index = int(rng.integers(len(pool)))
        return pool[index], pool.names[index]
    team = text_of(wish, "team")
    if team not in pool.names:
        raise unknown(f"team of {name}", team, pool.names)
    return pool[pool.names.index(team)], team


def listed() -> dict[str, Any]:
    """The choices that a page offers: pools to draw from, and the named teams with their species."""
    named = {name: pool_named(name) for name in LISTED}
    return {
        "pools": list(DRAWN),
        "teams": {
            name: [
                {"name": team_name, "species": [one.species for one in team]}
                for team_name, team in zip(pool.names, pool.teams, strict=True)
            ]
            for name, pool in named.items()
        },
    }
