"""The canonical state by name: which fields of two Gen 1 battles differ, in Showdown's words.

The layout is drawn in `oracle/state.cjs`; `engine/canonical.cpp` writes the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_STATS = ("atk", "def", "spe", "spc")
_BATTLE = [("turn", "H"), ("request.p1", "B"), ("request.p2", "B"), ("result", "B"), ("-", "B"), ("lastDamage", "I")]
_CHOICE = [
    (name, "B")
    for name in (
        *("lastSelectedMove", "lastSelectedMoveSlot", "lastEnemySelectedMove", "lastMove", "lastEnemyMove"),
        *("faintedThisTurn", "pokemonLeft", "partySize"),
    )
]
_MEMBER = [
    *((name, "B") for name in ("slot", "species", "level", "status", "sleep", "selfInflicted", "subFainted")),
    *(("hp", "H"), ("maxhp", "H")),
    *((f"move{i}.{part}", "B") for i in range(1, 5) for part in ("id", "pp")),
]
_ACTIVE = [
    *((name, "B") for name in ("species", "type1", "type2", "transformed")),
    *((f"storedStats.{stat}", "H") for stat in _STATS),
    *((f"modifiedStats.{stat}", "H") for stat in _STATS),
    ("speed", "H"),
    *((f"boosts.{stat}", "b") for stat in (*_STATS, "accuracy", "evasion")),
    *((f"move{i}.{part}", "B") for i in range(1, 5) for part in ("id", "pp", "virtual")),
    *(("lastMove", "B"), ("flags", "B"), ("flinch.duration", "B"), ("bide.damage", "I"), ("bide.time", "B")),
    *((f"disable.{part}", "B") for part in ("slot", "move", "time")),
    *((f"lockedmove.{part}", "B") for part in ("move", "time", "accuracy")),
    *(("rage", "B"), ("rage.accuracy", "B"), ("twoturnmove.move", "B")),
    *((f"partialtrappinglock.{part}", "B") for part in ("move", "totalDuration", "duration")),
    *(("partialtrappinglock.damage", "I"), ("partialtrappinglock.holdsFoe", "B")),
    *((f"partiallytrapped.{part}", "B") for part in ("duration", "byFoe", "maybeLocked")),
    *((f"fakepartiallytrapped.{part}", "B") for part in ("duration", "withFoe")),
    *(("confusion.time", "B"), ("substitute.hp", "H"), ("residualdmg.counter", "H")),
]
FLAGS = (
    *("reflect", "lightscreen", "mist", "focusenergy", "leechseed", "mustrecharge", "residualdmg", "invulnerability"),
)
"""The bits of `flags`, lowest first."""


def _fields() -> Iterator[tuple[str, str]]:
    yield from _BATTLE
    for side in ("p1", "p2"):
        yield from ((f"{side}.{name}", kind) for name, kind in _CHOICE)
        for place in range(1, 7):
            yield from ((f"{side}.party{place}.{name}", kind) for name, kind in _MEMBER)
        yield from ((f"{side}.active.{name}", kind) for name, kind in _ACTIVE)


NAMES = tuple(name for name, _ in _fields())
_LAYOUT = struct.Struct("<" + "".join(kind for _, kind in _fields()))
SIZE = _LAYOUT.size
"""Bytes of a canonical state."""


def _places() -> Iterator[tuple[str, tuple[int, int]]]:
    at = 0
    for name, kind in _fields():
        size = struct.calcsize(kind)
        yield name, (at, size)
        at += size


PLACES = dict(_places())
"""Each field's offset and size in bytes."""


def decode(state: bytes) -> dict[str, int]:
    """Every field of a canonical state by its name, such as `p1.active.bide.time`."""
    return dict(zip(NAMES, _LAYOUT.unpack(state), strict=True))


def differences(expected: bytes, actual: bytes) -> list[str]:
    """One line for each field in which two canonical states differ."""
    pairs = zip(decode(expected).items(), decode(actual).values(), strict=True)
    return [f"{name}: expected {want}, got {got}" for (name, want), got in pairs if want != got]
