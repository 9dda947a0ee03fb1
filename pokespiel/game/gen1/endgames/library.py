"""Positions of many kinds with their exact values, and what players claim about them.

`library.yaml` is written by hand: name, kind, position, `pp`, and where there is one the claim with its source, whether
it holds and why. `library_values.json` holds what the solver makes of each; `benchmarks/endgames.py library` writes it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from pokespiel.core.registry import BadOption
from pokespiel.game.endgames import Probe
from pokespiel.game.gen1.endgames.positions import read_position
from pokespiel.game.gen1.endgames.solution import PP
from pokespiel.game.gen1.endgames.solver import SolvedPosition
from pokespiel.game.gen1.endgames.writing import choice_labels
from pokespiel.game.gen1.view import ACTION_NAMES

POSITIONS = Path(__file__).parent / "library.yaml"
VALUES = Path(__file__).parent / "library_values.json"
HOLDS = ("holds", "wrong", "undecided")
_FIELDS = ("name", "kind", "position", "pp", "claim", "source", "verdict", "why")


class LibraryPosition(NamedTuple):
    """One entry of `library.yaml`."""

    name: str
    kind: str
    position: str
    pp: str = "unlimited"
    claim: str = ""
    source: str = ""
    verdict: str = ""
    """One of HOLDS where there is a claim."""
    why: str = ""


@cache
def load_library() -> tuple[LibraryPosition, ...]:
    """All positions, in the file's order."""
    entries = tuple(_entry(one, POSITIONS) for one in yaml.safe_load(POSITIONS.read_text(encoding="utf-8")))
    names = [one.name for one in entries]
    if twice := {name for name in names if names.count(name) > 1}:
        raise BadOption(f"{POSITIONS}: twice the name {', '.join(sorted(twice))}")
    return entries


def _entry(one: Any, path: Path) -> LibraryPosition:
    if not isinstance(one, dict) or not {"name", "kind", "position"} <= one.keys() <= set(_FIELDS):
        raise BadOption(f"{path}: expected name, kind, position and perhaps {', '.join(_FIELDS[3:])}, got {one!r}")
    entry = LibraryPosition(**one)
    if bool(entry.claim) != (entry.verdict in HOLDS):
        raise BadOption(
            f"{path}: {entry.name}: a claim has a verdict of {', '.join(HOLDS)}, and no other position has one"
        )
    return entry


@cache
def library_values() -> dict[str, dict[str, Any]]:
    """By position: `value`, `choices` and `labels` of both sides, `matrix`, `first`, `second`, `states`, `seconds`."""
    return json.loads(VALUES.read_text(encoding="utf-8"))


def solved_values(solved: SolvedPosition) -> dict[str, Any]:
    """What `library_values.json` keeps of a solved position."""
    decision = solved.decision
    return {
        "value": decision.value,
        "choices": decision.choices,
        "labels": choice_labels(solved.start, decision, solved.position),
        "matrix": decision.matrix.tolist(),
        "first": decision.first.tolist(),
        "second": decision.second.tolist(),
        "states": solved.states,
        "sweeps": solved.sweeps,
        "residual": solved.residual,
        "seconds": round(solved.seconds, 2),
    }


def library_probes() -> list[Probe]:
    """Every decision of the library in which a player has a choice."""
    return [probe for entry in load_library() for player in (0, 1) if (probe := _probe(entry, player))]


def _probe(entry: LibraryPosition, player: int) -> Probe | None:
    found = library_values()[entry.name]
    if len(found["choices"][player]) < 2:
        return None
    battle = read_position(entry.position).battle()
    matrix = np.array(found["matrix"])
    return Probe(
        name=entry.name,
        kind=entry.kind,
        position=entry.position,
        player=player,
        features=battle.features(player + 1),
        legal=battle.legal(player + 1),
        actions=tuple(ACTION_NAMES.index(choice) for choice in found["choices"][player]),
        labels=tuple(found["labels"][player]),
        matrix=1 - matrix.T if player else matrix,
        value=1 - found["value"] if player else found["value"],
        right=np.array(found["second" if player else "first"]),
    )


def read_positions(given: str | Path, pp: str) -> list[tuple[str, str, str]]:
    """Name, text and `pp` of each position in a text or in a YAML file; `pp` holds where an entry says nothing."""
    if isinstance(given, str):
        return [("", given, pp)]
    try:
        found = yaml.safe_load(given.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadOption(f"{given} is not YAML: a position with a colon needs quotation marks; {error}") from None
    except UnicodeDecodeError as error:
        raise BadOption(f"{given} is not a text in UTF-8: {error}") from None
    if not isinstance(found, list) or not found:
        raise BadOption(f"{given}: expected a list of positions, each a text or a mapping with 'position'")
    return [_read(one, given, pp) for one in found]


def _read(one: Any, path: Path, pp: str) -> tuple[str, str, str]:
    one = {"position": one} if isinstance(one, str) else one
    if not isinstance(one, dict) or "position" not in one or not one.keys() <= set(_FIELDS):
        raise BadOption(
            f"{path}: expected a text or a mapping with 'position' and perhaps 'name' and 'pp', got {one!r}"
        )
    if one.get("pp", pp) not in PP:
        raise BadOption(f"{path}: pp is {' or '.join(PP)}, got {one['pp']!r}")
    return str(one.get("name", "")), str(one["position"]), str(one.get("pp", pp))
