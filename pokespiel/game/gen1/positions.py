"""Battles that start in the middle: the parties' conditions, the Pokémon on the field, stages, and what each player has
seen.

    battle = arranged(sides, seed=(1, 2, 3, 4), turn=12)

The engine starts a battle with Pokémon in any condition (`Entrant`). Stages, the conditions of CONDITIONS and what the
players have seen of each other are then written into the battle's bytes (`engine/session.cpp`); the engine checks them
when it reads them. All other memory of the Pokémon on the field is reset: locks, counters, last moves. A side whose
Pokémon on the field has fainted replaces it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pokespiel.game.gen1.baselines.facts import STAGES, full_pp, moves, species
from pokespiel.game.gen1.battle import STATUSES, Battle, Entrant
from pokespiel.game.gen1.narration import whole_percent
from pokespiel.game.gen1.teams.legality import find_move, find_species
from pokespiel.game.gen1.teams.sets import PokemonSet

CONDITIONS = {
    "Reflect": (19, 1),
    "Light Screen": (18, 2),
    "Mist": (16, 3),
    "Focus Energy": (17, 4),
    "Leech Seed": (14, 5),
}
"""Conditions of a Pokémon on the field: the bit in the state and in the players' knowledge."""
_SUBSTITUTE, _CONFUSED, _TOXIC_COUNTER = (13, 0), (10, 6), (15, 8)
"""The same of what has a number beside it."""
_MOST_CONFUSED = 5
_RATIOS = (25, 28, 33, 40, 50, 66, 100, 150, 200, 250, 300, 350, 400)
_MOST_STAT = 999
_VERSION = b"PG1\n\x01"
_STATE = 520
_TEXTS = 2 + 2 * 6
"""Names before the log: of the players and their Pokémon."""
_SIDE = np.dtype(
    {
        "names": [
            *("volatiles", "stored", "modified", "toxic", "boosts", "substitute", "confusion"),
            *("hp", "status", "sleep", "left", "fainted_this_turn"),
        ],
        "formats": ["<u4", ("<u2", 4), ("<u2", 4), "<u2", ("i1", 6), "u1", "u1", "<u2", "u1", "u1", "u1", "u1"],
        "offsets": [0, 8, 16, 28, 30, 48, 49, 64, 86, 87, 239, 245],
        "itemsize": 248,
    }
)
"""The part of `Side` (engine/state.hpp) that is written."""
_REQUESTS, _FIRST_SIDE = 14, 24
_WAITS, _REPLACES = 0, 2
_MOVE = np.dtype([("move", "u1"), ("pp", "u1"), ("max_pp", "u1"), ("disabled", "u1")])
_POKEMON = np.dtype(
    [
        *((name, "<u2") for name in ("hp", "max_hp", "share", "full_hp")),
        ("stats", "<u2", 4),
        *((name, "u1") for name in ("species", "level", "status", "flags", "sleep_turns", "unused")),
        ("moves", _MOVE, 4),
    ],
    align=True,
)
_ACTIVE = np.dtype(
    [
        ("flags", "<u4"),
        ("stored", "<u2", 4),
        ("modified", "<u2", 4),
        ("boosts", "i1", 6),
        ("rest", "u1", 18),
        ("moves", _MOVE, 4),
    ],
    align=True,
)
_PARTY = np.dtype(
    [
        ("active", _ACTIVE),
        ("party", _POKEMON, 6),
        ("order", "u1", 6),
        *((name, "u1") for name in ("size", "known", "fainted", "used_move", "transform_of")),
    ],
    align=True,
)
_KNOWLEDGE = np.dtype(
    [
        ("sides", _PARTY, 2),
        ("ask", [("request", "u1"), ("menu", "u1", 20), ("moves", "u1", 4)]),
        ("turn", "<u2"),
        ("last_damage", "<i2", 2),
        *(
            (name, "u1")
            for name in ("player", "result", "stale_own", "stale_foe", "changed", "boosted", "stat", "raised")
        ),
        *((name, "u1") for name in ("mover", "super_fang")),
        ("before_boost", "<u2", (2, 4)),
    ],
    align=True,
)
"""`Knowledge` (engine/knowledge.hpp)."""
_REVEALED, _FAINTED = 1, 2
_BURN, _PARALYSIS = ("brn", 0, 2), ("par", 2, 4)
"""A status, the stat that it lowers and the divisor."""


@dataclass(frozen=True)
class SeenPokemon:
    """What the other player has seen of a Pokémon."""

    species: str
    moves: tuple[str, ...] = ()


@dataclass(frozen=True)
class SideStanding:
    """One side of a position."""

    party: tuple[Entrant, ...]
    """The Pokémon on the field first; the next is chosen where that has fainted."""
    stages: dict[str, int] = field(default_factory=dict)
    """-6 to 6 by the names of STAGES; 0 where absent."""
    conditions: tuple[str, ...] = ()
    """Names from CONDITIONS."""
    seen: tuple[SeenPokemon, ...] = ()
    """What the other player has seen, except the Pokémon on the field."""
    substitute: int = 0
    """HP of its Substitute; 0 = it has none."""
    confused: bool = False
    """As if it had just become so."""
    toxic: int | None = None
    """It is badly poisoned, for so many turns now; None = it is not."""

    def __post_init__(self) -> None:
        wrong = [name for name in self.conditions if name not in CONDITIONS]
        wrong += [name for name, value in self.stages.items() if name not in STAGES or not -6 <= value <= 6]
        if wrong:
            raise ValueError(f"no condition or stage of a position: {', '.join(map(str, wrong))}")
        if not 0 <= self.substitute <= 255 or not 0 <= (self.toxic or 0) <= 15:
            raise ValueError("a Substitute has 1 to 255 HP, and toxic poison lasts 0 to 15 turns")


def arranged(
    sides: tuple[SideStanding, SideStanding],
    *,
    seed: Sequence[int] = (1, 2, 3, 4),
    names: Sequence[str] = ("P1", "P2"),
    turn: int = 1,
) -> Battle:
    """The battle at turn `turn` (1 to 999) in which both players choose next, or those whose Pokémon has fainted.

    Raises `ValueError` for impossible positions: no Pokémon left, HP above the maximum.
    """
    for player, side in enumerate(sides, 1):
        _require_possible(side, player)
    first, second = ((_standing(side.party[0]), *side.party[1:]) for side in sides)
    battle = Battle(first, second, seed=seed, names=names, turn=turn - 1)
    return Battle.from_bytes(_written(battle.to_bytes(), sides))


def _standing(one: Entrant) -> Entrant:
    """A Pokémon that can enter; one that has fainted faints in `_write_faint`."""
    return replace(one, hp=1, status="") if one.hp == 0 else one


def _require_possible(side: SideStanding, player: int) -> None:
    if all(one.hp == 0 for one in side.party):
        raise ValueError(f"player {player} has no Pokémon left")
    for one in side.party:
        if one.hp is not None and one.hp > one.set.stats.hp:
            raise ValueError(f"player {player}: {one.set.species} has at most {one.set.stats.hp} HP, not {one.hp}")


def _written(data: bytes, sides: tuple[SideStanding, SideStanding]) -> bytes:
    if not data.startswith(_VERSION):
        raise ValueError("the engine writes battles in another version than positions are written for")
    raw = np.frombuffer(bytearray(data), np.uint8)
    begin = len(_VERSION)
    state = raw[begin + _FIRST_SIDE : begin + _FIRST_SIDE + 2 * _SIDE.itemsize].view(_SIDE)
    known = raw[begin + _STATE : begin + _STATE + 2 * _KNOWLEDGE.itemsize].view(_KNOWLEDGE)
    for player, side in enumerate(sides):
        _write_active(state[player], [known[player]["sides"][0], known[1 - player]["sides"][1]], side)
        _write_seen(known[1 - player]["sides"][1], side)
    for one in known:
        one["changed"], one["stale_own"], one["stale_foe"] = 3, 0x3F, 0x3F
    fainted = [player for player, side in enumerate(sides) if side.party[0].hp == 0]
    if not fainted:
        return raw.tobytes()
    for player in (0, 1):
        request = _REPLACES if player in fainted else _WAITS
        raw[begin + _REQUESTS + player] = known[player]["ask"]["request"] = request
        known[player]["ask"]["menu"] = 0
    for player in fainted:
        _write_faint(state[player], [known[player]["sides"][0], known[1 - player]["sides"][1]])
    return _with_lines(
        raw.tobytes(), [f"|faint|p{1 + player}a: {sides[player].party[0].set.name}" for player in fainted]
    )


def _write_faint(state: Any, parties: Sequence[Any]) -> None:
    """The Pokémon on the field has fainted, in the state and in both players' knowledge (`parties`)."""
    state["hp"] = state["status"] = state["sleep"] = 0
    state["left"] -= 1
    state["fainted_this_turn"] = 1
    for party in parties:
        one = party["party"][0]
        one["hp"] = one["share"] = one["status"] = 0
        one["flags"] |= _FAINTED
        party["fainted"] += 1


def _with_lines(data: bytes, lines: Sequence[str]) -> bytes:
    """The battle's bytes with lines added to its log, which comes last: its length, then its text."""
    more = "".join(f"{line}\n" for line in lines).encode()
    place = len(_VERSION) + _STATE + 2 * _KNOWLEDGE.itemsize + 4
    for _ in range(_TEXTS):
        place += 4 + int.from_bytes(data[place : place + 4], "little")
    size = int.from_bytes(data[place : place + 4], "little") + len(more)
    return data[:place] + size.to_bytes(4, "little") + data[place + 4 :] + more


def _write_active(state: Any, parties: Sequence[Any], side: SideStanding) -> None:
    """Stages and conditions, in the state and in both players' knowledge (`parties`) of the Pokémon on the field."""
    stages = np.array([side.stages.get(name, 0) for name in STAGES], np.int8)
    for place in (state, *(party["active"] for party in parties)):
        place["boosts"] = stages
        place["modified"] = _modified(place["stored"], stages, side.party[0].status)
    marks = [CONDITIONS[name] for name in side.conditions]
    if side.substitute:
        marks.append(_SUBSTITUTE)
        state["substitute"] = side.substitute
    if side.confused:
        marks.append(_CONFUSED)
        state["confusion"] = _MOST_CONFUSED
    if side.toxic is not None:
        marks.append(_TOXIC_COUNTER)
        state["toxic"], state["status"] = side.toxic, STATUSES.index("tox")
        for party in parties:
            party["party"][0]["status"] = STATUSES.index("tox")
    for in_state, in_knowledge in marks:
        state["volatiles"] |= np.uint32(1 << in_state)
        for party in parties:
            party["active"]["flags"] |= np.uint32(1 << in_knowledge)


def _modified(stored: np.ndarray, stages: np.ndarray, status: str) -> np.ndarray:
    """[4] stats with their stages; stats without a stage are lowered by a burn or paralysis, since a stage change
    undoes that."""
    values = [int(stat) for stat in stored]
    for name, stat, divisor in (_BURN, _PARALYSIS):
        if status == name:
            values[stat] = max(1, values[stat] // divisor)
    for stat, stage in enumerate(stages[:4]):
        if stage:
            values[stat] = min(_MOST_STAT, max(1, int(stored[stat]) * _RATIOS[6 + int(stage)] // 100))
    return np.array(values, np.uint16)


def _write_seen(foe: Any, side: SideStanding) -> None:
    """What the other player has seen: the bench, including fainted Pokémon, and moves."""
    members = {one.set.species: one for one in side.party}
    front = side.party[0].set.species
    for seen in side.seen:
        if seen.species == front:
            _write_moves(foe["party"][0]["moves"], seen.moves)
            _write_moves(foe["active"]["moves"], seen.moves)
        elif seen.species in members and foe["known"] < foe["size"]:
            _write_member(foe["party"][int(foe["known"])], members[seen.species], seen.moves)
            foe["fainted"] += members[seen.species].hp == 0
            foe["known"] += 1


def _write_member(place: Any, one: Entrant, shown: Sequence[str]) -> None:
    full = one.set.stats.hp
    hp = full if one.hp is None else one.hp
    percent = whole_percent(hp, full)
    highest = PokemonSet(one.set.species, one.set.moves, one.set.level).stats
    place["species"] = species().number[str(find_species(one.set.species))]
    place["level"] = one.set.level
    place["hp"], place["max_hp"], place["share"], place["full_hp"] = percent, 100, 100 * percent, highest.hp
    place["stats"] = (highest.attack, highest.defense, highest.speed, highest.special)
    place["status"] = STATUSES.index(one.status) if hp else 0
    place["flags"] = _REVEALED | (0 if hp else _FAINTED)
    _write_moves(place["moves"], shown)


def _write_moves(slots: Any, shown: Sequence[str]) -> None:
    for slot, name in zip(slots, shown, strict=False):
        number = moves().number[str(find_move(name))]
        slot["move"], slot["pp"], slot["max_pp"] = number, full_pp()[number], full_pp()[number]


def reseeded(battle: Battle, seed: int) -> Battle:
    """The same battle with other future rolls; seed: 0 to 2^64 - 1."""
    data = bytearray(battle.to_bytes())
    data[len(_VERSION) : len(_VERSION) + 8] = seed.to_bytes(8, "little")
    return Battle.from_bytes(bytes(data))
