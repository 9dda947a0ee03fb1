"""Random teams and random play, shared by the tests of the view."""

from __future__ import annotations

import random
from typing import Any

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams.legality import legality_facts

GADGETS = [
    "metronome",
    "mirrormove",
    "transform",
    "mimic",
    "wrap",
    "bind",
    "clamp",
    "firespin",
    "substitute",
    "haze",
    "disable",
    "rage",
    "thrash",
    "petaldance",
    "bide",
    "counter",
    "hyperbeam",
    "rest",
    "fly",
    "dig",
    "explosion",
    "toxic",
    "leechseed",
    "confuseray",
    "thunderwave",
    "sleeppowder",
    "swordsdance",
    "amnesia",
    "reflect",
    "lightscreen",
    "psychic",
    "bodyslam",
    "blizzard",
    "fireblast",
    "superfang",
    "focusenergy",
    "mist",
    "conversion",
    "agility",
    "screech",
]


def random_team(rng: random.Random, moves: list[str] | None = None) -> list[dict[str, Any]]:
    """One to six Pokémon of any species with any moves (of `moves`), some weak, sick or short of PP from the start."""
    return [
        _random_member(rng, moves or list(legality_facts().moves), index) for index in range(rng.choice([1, 2, 3, 6]))
    ]


def _random_member(rng: random.Random, moves: list[str], index: int) -> dict[str, Any]:
    chosen = rng.sample(moves, rng.choice([1, 2, 4, 4, 4]))
    member: dict[str, Any] = {
        "species": rng.choice(list(legality_facts().species)),
        "name": f"N{index}",
        "moves": chosen,
    }
    member["level"] = rng.choice([100, 100, 100, 50, 5])
    if rng.random() < 0.2:
        member["pp"] = [rng.choice([1, 2, 3, 30]) for _ in chosen]
    if rng.random() < 0.1:
        member["status"] = rng.choice(["par", "brn", "psn", "slp", "frz", "tox"])
    if rng.random() < 0.2:
        member["hp"] = rng.randint(1, 20)
    return member


def random_battle(rng: random.Random, gadgets: bool) -> tuple[list[list[dict[str, Any]]], Battle]:
    """Two random teams and their battle before its first choice."""
    teams = [random_team(rng, GADGETS if gadgets else None) for _ in range(2)]
    return teams, Battle(teams[0], teams[1], seed=[rng.randrange(1 << 16) for _ in range(4)])


def random_choices(rng: random.Random, battle: Battle) -> tuple[str, str]:
    """A legal choice for each player, "" for one that waits."""
    first, second = (rng.choice(battle.choices(player) or [""]) for player in (1, 2))
    return first, second


def seen_by(lines: list[str], player: int) -> list[str]:
    """What a server sends one player (0 or 1) of a log with `|split|` lines: of each split pair its own line."""
    seen, rest = [], iter(lines)
    for line in rest:
        if not line.startswith("|split|p"):
            seen.append(line)
            continue
        exact, shared = next(rest), next(rest)
        shown = exact if line == f"|split|p{player + 1}" else shared
        seen += [shown] if shown else []
    return seen
