"""Moves and species as arrays by number, so that the ids in a view can be looked up for a whole batch at once.

Row 0 means unknown; numbers after the last move (the request's Fight and Recharge) are moves without power or effect.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

DEX = Path(__file__).parent.parent / "dex.json"
MOVE_CODES = 170
"""Number of codes for moves in a view."""
STAGES = ("attack", "defense", "speed", "special", "accuracy", "evasion")
"""Stats with stages, in the engine's order."""
_CHANCES = 256
_STAGE_STATS = {"atk": "attack", "def": "defense", "spe": "speed", "spa": "special"}


class MoveFacts(NamedTuple):
    """Arrays [MOVE_CODES], by move number."""

    number: dict[str, int]
    """Number by id, such as bodyslam."""
    power: np.ndarray
    """Base power; 1 for moves whose damage does not come from the formula."""
    accuracy: np.ndarray
    """Probability to hit without stages, 1 if it cannot miss."""
    type: np.ndarray
    """Row of `type_chart()`; Normal for Bide, which has none."""
    physical: np.ndarray
    """Bool: uses Attack and Defense."""
    high_critical: np.ndarray
    ignores_immunity: np.ndarray
    effect: np.ndarray
    """Strings, as in dex.json: None, Sleep, Boost, ..."""
    parameter: np.ndarray
    """Stages of Boost, points of FixedDamage."""
    stat: np.ndarray
    """The stat that Boost or Lower changes: attack, defense, speed, special, accuracy or evasion."""
    secondary: np.ndarray
    """Strings: None, Paralyze, Freeze, Burn, Poison, Lower, Confusion, Flinch."""
    secondary_chance: np.ndarray

    def having(self, *effects: str) -> np.ndarray:
        """[MOVE_CODES] bool, the moves with one of these effects."""
        return _having(effects)

    def boosting(self, *stats: str) -> np.ndarray:
        """[MOVE_CODES] bool, the moves that raise one of these stats of their user."""
        return (self.effect == "Boost") & (self.parameter > 0) & np.isin(self.stat, stats)


class SpeciesFacts(NamedTuple):
    """Arrays [152], by species number."""

    number: dict[str, int]
    """Number by id, such as tauros."""
    types: np.ndarray
    """[152, 2] rows of `type_chart()`; a single type is repeated."""
    speed: np.ndarray
    """Base Speed, which determines the rate of critical hits."""


@cache
def dex() -> dict[str, Any]:
    """The engine's data from JSON: rows of moves and species, the type chart."""
    return json.loads(DEX.read_text(encoding="utf-8"))


@cache
def type_chart() -> np.ndarray:
    """[15, 15], the factor of an attacking type (row) against a defending one."""
    chart = dex()["type_chart"]
    return np.array([[chart[attacking][defending] for defending in chart] for attacking in chart])


@cache
def moves() -> MoveFacts:
    """The table of all moves."""
    rows = dex()["moves"]
    types = list(dex()["type_chart"])

    def column(value: Any, empty: Any, dtype: Any) -> np.ndarray:
        values = np.full(MOVE_CODES, empty, dtype)
        for row in rows:
            values[row["num"]] = value(row)
        return values

    return MoveFacts(
        number={row["id"]: row["num"] for row in rows},
        power=column(lambda row: row["power"], 0, float),
        accuracy=column(_accuracy, 1.0, float),
        type=column(lambda row: types.index(row["type"]) if row["type"] in types else 0, 0, int),
        physical=column(lambda row: row["category"] == "Physical", False, bool),
        high_critical=column(lambda row: row["high_critical"], False, bool),
        ignores_immunity=column(lambda row: row["ignores_immunity"], False, bool),
        effect=column(lambda row: row["effect"], "None", "<U16"),
        parameter=column(lambda row: row["parameter"], 0, int),
        stat=column(lambda row: _STAGE_STATS.get(row["stat"], row["stat"]), "", "<U16"),
        secondary=column(lambda row: row["secondary"], "None", "<U16"),
        secondary_chance=column(lambda row: row["chance"] / _CHANCES, 0.0, float),
    )


@cache
def _having(effects: tuple[str, ...]) -> np.ndarray:
    existing = set(moves().effect)
    if not existing.issuperset(effects):
        raise ValueError(f"no move has one of the effects {effects}; there are: {', '.join(sorted(existing))}")
    return np.isin(moves().effect, effects)


def _accuracy(row: dict[str, Any]) -> float:
    """A percentage is scaled to 255 and compared with one of 256 numbers, so that even 100 percent can miss."""
    percent = row["accuracy"]
    return 1.0 if percent is None else (percent * (_CHANCES - 1) // 100) / _CHANCES


@cache
def full_pp() -> np.ndarray:
    """[MOVE_CODES], PP with three PP Ups; 0 for numbers that are no move."""
    values = np.zeros(MOVE_CODES, int)
    for row in dex()["moves"]:
        values[row["num"]] = row["maxpp"]
    return values


@cache
def species() -> SpeciesFacts:
    """The table of all species."""
    rows = dex()["species"]
    types = list(dex()["type_chart"])
    pairs = np.zeros((len(rows) + 1, 2), int)
    speed = np.zeros(len(rows) + 1)
    for row in rows:
        pairs[row["num"]] = types.index(row["types"][0]), types.index(row["types"][-1])
        speed[row["num"]] = row["base"]["spe"]
    return SpeciesFacts({row["id"]: row["num"] for row in rows}, pairs, speed)


def effectiveness(move_type: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The factor of attacking types against species numbers; the arguments broadcast."""
    chart, types = type_chart(), species().types
    first, second = types[target, 0], types[target, 1]
    return chart[move_type, first] * np.where(first == second, 1.0, chart[move_type, second])
