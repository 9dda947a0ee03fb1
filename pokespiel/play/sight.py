"""A player's view as plain data for a page or a terminal, read only from a row of features.

The same function serves an engine's battle and one reconstructed from a server's lines, and nothing hidden can enter
it. Numbers are in the units of the game: points, percent, stages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines.board import TYPES, Board, Rows
from pokespiel.game.gen1.baselines.facts import STAGES, dex, type_chart

STATUSES = {
    **{"asleep": "slp", "frozen": "frz", "paralyzed": "par", "burned": "brn"},
    **{"badly_poisoned": "tox", "poisoned": "psn"},
}
_FLAGS = {
    **{"substitute": "Substitute", "reflect": "Reflect", "light_screen": "Light Screen", "mist": "Mist"},
    **{"focus_energy": "Focus Energy", "seeded": "Leech Seed", "bide": "Bide", "thrash": "Thrashing", "rage": "Rage"},
    **{"charging": "Charging", "invulnerable": "Out of reach", "recharging": "Must recharge", "trapping": "Trapping"},
    **{"transformed": "Transformed", "type_changed": "Type changed"},
}
FIGHT, RECHARGE = 168, 169
_REQUESTS = {FIGHT: "Fight", RECHARGE: "Recharge"}
_SECONDARIES = {
    **{"Paralyze": "paralyze", "Freeze": "freeze", "Burn": "burn", "Poison": "poison", "Confusion": "confuse"},
    **{"Flinch": "make it flinch", "Lower": "lower a stat"},
}
_EFFECTS = {
    **{"Sleep": "puts to sleep", "Paralyze": "paralyzes", "Poison": "poisons", "Toxic": "poisons badly"},
    **{"Confuse": "confuses", "Recover": "regains half of its HP", "Rest": "sleeps 2 turns, regains all HP"},
    **{"Drain": "heals by half the damage", "DreamEater": "drains a sleeper", "Explode": "the user faints"},
    **{"HyperBeam": "then recharges, unless it knocks out", "Recoil": "a quarter of the damage in recoil"},
    **{"TwoTurn": "takes two turns", "Fly": "two turns, out of reach", "Trap": "traps for 2 to 5 turns"},
    **{"Thrash": "locks in for 3 to 4 turns", "Rage": "locks in", "Bide": "returns twice the damage taken"},
    **{
        "MultiHit": "hits 2 to 5 times",
        "DoubleHit": "hits twice",
        "SuperFang": "halves HP",
        "Counter": "returns twice",
    },
    **{"LevelDamage": "damage by level", "FixedDamage": "fixed damage", "Psywave": "random damage by level"},
    **{"Reflect": "doubles Defense", "LightScreen": "doubles Special against hits", "Mist": "guards its stats"},
    **{"Substitute": "a quarter of its HP for a decoy", "LeechSeed": "drains each turn", "Haze": "clears all changes"},
    **{"Disable": "disables a move", "Metronome": "a random move", "MirrorMove": "the foe's last move"},
    **{"Mimic": "copies a move", "Transform": "becomes the foe", "Conversion": "takes the foe's types"},
    **{"FocusEnergy": "fewer critical hits (a bug of the game)"},
}


@cache
def moves_by_number() -> Mapping[int, Mapping[str, Any]]:
    """The rows of `dex.json`."""
    return {row["num"]: row for row in dex()["moves"]}


@cache
def _species() -> Mapping[int, Mapping[str, Any]]:
    return {row["num"]: row for row in dex()["species"]}


def move_label(number: int) -> str:
    """The name of a move's number, "" for none."""
    return _REQUESTS.get(number) or moves_by_number().get(number, {}).get("name", "")


def sight(
    features: np.ndarray, legal: np.ndarray, names: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
) -> dict[str, Any]:
    """One position as its player sees it.

    features: [NUM_FEATURES] float32. legal: [9] bool, True = allowed; all False if the player waits or the battle is
    over. names: nicknames by species, of the own Pokémon and of the foe's.
    """
    board = Board.of_one(features, legal)
    whole = board.whole
    return {
        "turn": int(whole.turn[0]),
        "kind": "wait" if not legal.any() else "switch" if whole.ask_switch[0] else "move",
        "trapped": bool(whole.trapped[0]),
        "forced": bool(whole.locked[0] or (legal.sum() == 1)),
        "maybe_locked": bool(whole.maybe_locked[0]),
        "own": _party(board, "own", names[0]),
        "foe": _party(board, "foe", names[1]),
        "own_active": _active(board.own_active),
        "foe_active": _active(board.foe_active),
        "threats": [_move(board.threats, row) for row in range(4) if board.threats.move[0, row]],
        "actions": _actions(board, legal, names[0]),
    }


def _party(board: Board, side: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    rows: Rows = getattr(board, side)
    return [_member(board, side, place, names) for place in range(6) if rows.exists[0, place]]


def _member(board: Board, side: str, place: int, names: Mapping[str, str]) -> dict[str, Any]:
    rows: Rows = getattr(board, side)
    number = int(rows.species[0, place])
    share, full = float(rows.hp[0, place]), int(rows.full_hp[0, place])
    species = _species()[number]["name"] if number else ""
    return {
        "species": species,
        "name": names.get(species, species),
        "types": _types(rows.types()[0, place]),
        "level": int(rows.level[0, place]),
        "percent": round(100 * share, 1),
        "hp": math.ceil(share * full - 1e-3) if side == "own" else None,  # shares are rounded down
        "full_hp": full if side == "own" else None,
        "status": _status(rows, place),
        "sleep_turns": int(rows.sleep_turns[0, place]),
        "fainted": bool(rows.fainted[0, place]),
        "active": bool(rows.on_field[0, place]),
        "faster": int(rows.faster[0, place]) if number else 0,
        "takes": _percent(rows.takes[0, place]),
        "stats": {stat: int(getattr(rows, stat)[0, place]) for stat in ("attack", "defense", "special", "speed")},
        "moves": _known_moves(board, side, place),
    }


def _known_moves(board: Board, side: str, place: int) -> list[dict[str, Any]]:
    numbers, points = board.party_moves(side, "move")[0, place], board.party_moves(side, "pp")[0, place]
    return [
        {
            "name": move_label(int(number)),
            "type": moves_by_number()[int(number)]["type"],
            "pp": int(pp),
            "full_pp": _full_pp(number),
        }
        for number, pp in zip(numbers, points, strict=True)
        if int(number) in moves_by_number()
    ]


def _full_pp(number: int) -> int:
    return int(moves_by_number()[int(number)]["maxpp"])


def _types(flags: np.ndarray) -> list[str]:
    return [name for name, has in zip(type_chart_names(), flags, strict=True) if has]


@cache
def type_chart_names() -> tuple[str, ...]:
    """The fifteen types in the order of a view's columns."""
    names = tuple(name.removeprefix("type_").capitalize() for name in TYPES)
    assert len(names) == len(type_chart())
    return names


def _status(rows: Rows, place: int) -> str:
    return next((short for name, short in STATUSES.items() if getattr(rows, name)[0, place]), "")


def _active(active: Rows) -> dict[str, Any]:
    number = int(active.species[0])
    boosts = {stat: int(getattr(active, f"{stat}_stage")[0]) for stat in STAGES}
    return {
        "form": _species()[number]["name"] if number else "",
        "types": _types(active.types()[0]),
        "boosts": {stat: stages for stat, stages in boosts.items() if stages},
        "conditions": list(_conditions(active)),
    }


def _conditions(active: Rows) -> list[str]:
    found = [label for name, label in _FLAGS.items() if getattr(active, name)[0]]
    if active.confused[0]:
        found.append(f"Confused, {_times(int(active.confused_turns[0]), 'action')}")
    if active.disabled[0]:
        found.append(f"{move_label(int(active.disabled_move[0]))} disabled")
    if active.toxic[0]:
        found.append(f"Toxic counter {int(active.toxic_turns[0])}")
    return found


def _times(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} so far"


def _actions(board: Board, legal: np.ndarray, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The legal actions, and moves that are shown but not allowed."""
    found = []
    for action, choice in enumerate(view.ACTION_NAMES):
        if action < 4:
            if legal[action] or (board.moves.move[0, action] and not board.replaces[0] and legal.any()):
                found.append({"choice": choice, "legal": bool(legal[action]), **_move(board.moves, action)})
        elif legal[action]:
            place = action - 3
            member = _member(board, "own", place, names)
            found.append({"choice": choice, "legal": True, "label": member["name"], "place": place})
    return found


def _move(rows: Rows, row: int) -> dict[str, Any]:
    """A move on the field and its calculated effect; damage in percent of the target's full HP."""
    number = int(rows.move[0, row])
    facts = moves_by_number().get(number)
    label = move_label(number) or "Move"
    if facts is None:
        return {"label": label, "type": "", "damage": None, "effect": "", "pp": None}
    least, most = _percent(rows.least[0, row]), _percent(rows.most[0, row])
    expected = _percent(rows.deals[0, row])
    damage = {
        "least": least,
        "most": most,
        "expected": expected,
        "knock_out": _percent(rows.knock_out[0, row]),
        "critical": _percent(rows.critical[0, row]),
        "factor": float(rows.factor[0, row]) / 100,
    }
    return {
        "label": label,
        "type": facts["type"],
        "category": facts["category"],
        "power": facts["power"] if facts["power"] > 1 else None,
        "accuracy": facts["accuracy"],
        "chance": _percent(rows.chance[0, row]),
        "pp": int(rows.pp[0, row]),
        "full_pp": _full_pp(number),
        "disabled": bool(rows.disabled[0, row]),
        "damage": damage if expected or most or facts["category"] != "Status" else None,
        "effect": effect_words(number),
    }


def effect_words(number: int) -> str:
    """A move's effect besides damage, in a few words."""
    facts = moves_by_number()[number]
    stat = {"atk": "Attack", "def": "Defense", "spe": "Speed", "spa": "Special"}.get(facts["stat"], facts["stat"])
    if facts["effect"] == "Boost":
        return f"raises {stat}{' sharply' if facts['parameter'] > 1 else ''}"
    if facts["effect"] == "Lower":
        return f"lowers {stat}{' sharply' if abs(facts['parameter']) > 1 else ''}"
    said = _EFFECTS.get(facts["effect"], "")
    if facts["secondary"] != "None":
        what = f"lower {stat}" if facts["secondary"] == "Lower" else _SECONDARIES[facts["secondary"]]
        said = f"{round(100 * facts['chance'] / 256)} % to {what}" + (f"; {said}" if said else "")
    if facts["high_critical"]:
        said = "often critical" + (f"; {said}" if said else "")
    return said


def _percent(share: float) -> float:
    return round(100 * float(share), 1)
