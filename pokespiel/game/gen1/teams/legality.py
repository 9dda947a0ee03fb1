"""The rules of Gen 1 OU: species, moves, how each is learned, and bans, as stored in `data/teams/legality.json`.

`data/teams/legality.cjs` writes the file from an installed `pokemon-showdown` 0.11.11; a test compares the two if Node
and the package are installed. Names and base stats come from the engine's `dex.json`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

FORMAT = "gen1ou"
DATA = Path(__file__).parent.parent / "data" / "teams"
"""The checked-in facts, weights and pools."""


@dataclass(frozen=True)
class Distribution:
    """A Pokémon distributed at an event."""

    level: int
    moves: tuple[str, ...]
    japan: bool
    """Distributed only in Japan, whose games cannot trade with the international ones that the format uses."""


@dataclass(frozen=True)
class Species:
    """One of the 151; moves and species are ids."""

    name: str
    number: int
    base: tuple[int, int, int, int, int]
    """HP, Attack, Defense, Special, Speed."""
    learns: Mapping[str, int]
    """Lowest level at which each move is known: 0 for machines."""
    evolves_from: str = ""
    evolves_at: int = 0
    """The level at which its pre-evolution evolves into it; 0 if it does not evolve by level."""
    met_at: int = 0
    """The lowest level at which it is obtained in the games; 0 if it never is."""
    event_only: bool = False
    event_moves: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """For each move, the numbers of the distributions that taught it."""
    events: Mapping[int, Distribution] = field(default_factory=dict)


@dataclass(frozen=True)
class Facts:
    """Everything the validator and the readers look up."""

    source: str
    team_size: tuple[int, int]
    level: tuple[int, int]
    max_moves: int
    banned_species: frozenset[str]
    banned_moves: frozenset[str]
    ohko_moves: frozenset[str]
    combinations: tuple[tuple[str, frozenset[str]], ...]
    """Species and moves that no single game allows together."""
    species: Mapping[str, Species]
    moves: Mapping[str, str]
    """Names of the 165 moves by id."""
    physical: frozenset[str]
    """Ids of the moves whose damage depends on Attack."""
    species_aliases: Mapping[str, str]
    move_aliases: Mapping[str, str]
    named: Mapping[str, str]
    """Gen 1 id, or "other", for the lower-case name of every species and forme of all generations."""
    other_moves: frozenset[str]
    """Ids of moves of later generations."""


@lru_cache(4096)
def to_id(name: str) -> str:
    """Showdown's id of a name: its letters and digits in lower case."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


@cache
def legality_facts() -> Facts:
    """The facts, read once and cached."""
    raw, dex = _read(DATA / "legality.json"), _read(DATA.parent.parent / "dex.json")
    names = {one["id"]: one["name"] for one in dex["species"]}
    combinations = tuple((one["species"], frozenset(one["moves"])) for one in raw["combinations"])
    return Facts(
        source=raw["source"],
        team_size=tuple(raw["team_size"]),
        level=tuple(raw["level"]),
        max_moves=raw["max_moves"],
        banned_species=frozenset(raw["banned_species"]),
        banned_moves=frozenset(raw["banned_moves"]),
        ohko_moves=frozenset(raw["ohko_moves"]),
        combinations=combinations,
        species={one["id"]: _species(one, raw["species"][one["id"]]) for one in dex["species"]},
        moves={one["id"]: one["name"] for one in dex["moves"]},
        physical=frozenset(one["id"] for one in dex["moves"] if _is_physical(one)),
        species_aliases=raw["species_aliases"],
        move_aliases=raw["move_aliases"],
        named=_named(raw, names),
        other_moves=frozenset(to_id(name) for name in raw["other_moves"]),
    )


def find_species(name: str) -> str | None:
    """The id of the Gen 1 species with this name, id or alias; None if there is none."""
    key = to_id(name)
    if key == "nidoran" and name.strip().endswith(("♀", "♂")):
        key = "nidoranf" if name.strip().endswith("♀") else "nidoranm"
    key = legality_facts().species_aliases.get(key, key)
    return key if key in legality_facts().species else None


def find_move(name: str) -> str | None:
    """The id of the Gen 1 move with this name, id or alias; None if there is none."""
    key = to_id(name)
    key = legality_facts().move_aliases.get(key, key)
    return key if key in legality_facts().moves else None


def lineage(species: str) -> tuple[str, ...]:
    """The species followed by its pre-evolutions in Gen 1."""
    before = legality_facts().species[species].evolves_from
    return (species, *(lineage(before) if before else ()))


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _is_physical(move: Mapping[str, Any]) -> bool:
    """Whether its damage depends on Attack. Moves of fixed damage have a power of at most 1."""
    return move["category"] == "Physical" and move["power"] > 1


def _named(raw: dict[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    named = dict.fromkeys((name.lower() for name in raw["other_species"]), "other")
    for key, entry in raw["species"].items():
        named |= dict.fromkeys((name.lower() for name in (names[key], *entry.get("formes", ()))), key)
    return named


def _species(dex: dict[str, Any], raw: dict[str, Any]) -> Species:
    event_moves = {move: tuple(indices) for move, indices in raw.get("event_moves", {}).items()}
    events = {
        int(index): Distribution(one["level"], tuple(one["moves"]), one["japan"])
        for index, one in raw.get("events", {}).items()
    }
    plain = {key: raw[key] for key in ("evolves_from", "evolves_at", "met_at", "event_only") if key in raw}
    return Species(
        dex["name"],
        dex["num"],
        tuple(dex["base"][stat] for stat in ("hp", "atk", "def", "spc", "spe")),
        raw["learns"],
        event_moves=event_moves,
        events=events,
        **plain,
    )
