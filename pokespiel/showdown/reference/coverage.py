"""Coverage of a comparison: counts of moves used, kinds of log line, hints, statuses and volatiles.

The lists of hints and line kinds that *must* occur are read from the installed Showdown's own Gen 1 source, so that
none is forgotten.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from pokespiel.game.gen1 import canonical
from pokespiel.game.gen1.battle import STATUSES

_SOURCES = ("conditions.js", "moves.js", "scripts.js", "../gen2/conditions.js", "../gen4/scripts.js")
_UNREACHABLE = {"A Pokemon can't switch between when it runs out of HP and when it faints"}
# -notarget is not listed: a faint empties the queue, so that no Gen 1 move finds its target gone
_LINE_KINDS = (
    *("switch", "turn", "upkeep", "faint", "win", "tie", "split", "move", "cant", "bigerror", "message"),
    *("-damage", "-heal", "-status", "-curestatus", "-boost", "-unboost", "-clearallboost", "-start", "-end"),
    *("-activate", "-crit", "-supereffective", "-resisted", "-immune", "-miss", "-fail", "-ohko", "-hitcount"),
    *("-prepare", "-mustrecharge", "-transform", "-fieldactivate", "-nothing", "-hint", "-message"),
)


def line_kind(line: str) -> str:
    """The kind of a protocol line: its name, its cause and flags, without Pokémon, moves and numbers.

    >>> line_kind("|-damage|p2a: Jynx|3/100|[from] Leech Seed|[of] p1a: Abra")
    '-damage [from] Leech Seed'
    """
    _, name, *fields = line.split("|")
    if name in ("-hint", "-message", "message", "bigerror"):
        text = re.sub(r"\d+ turns?\b", "N turns", "|".join(fields))
        return f"{name} {re.sub(r'^The foe .* can', 'The foe X can', text)}"
    shown = fields[1:2] if name in ("cant", "-start", "-end", "-activate", "-status", "-curestatus") else []
    flags = [field for field in fields[2:] if field.startswith("[") and not field.startswith("[of]")]
    called = r"^(\[from\]) .*" if name == "move" else r"^(\[from\] move): .*"
    return " ".join([name, *shown, *(re.sub(called, r"\1", flag) for flag in flags)])


class Coverage:
    """Counts over battles."""

    def __init__(self, counts: Mapping[str, Mapping[str, int]] | None = None):
        self.moves: Counter[str] = Counter()
        self.lines: Counter[str] = Counter()
        self.conditions: Counter[str] = Counter()
        for name, values in (counts or {}).items():
            getattr(self, name).update(values)

    def add(self, logs: Iterable[bytes], states: Iterable[bytes]) -> None:
        """Count one battle's log pieces and canonical states."""
        for log in logs:
            for line in log.decode().split("\n"):
                if line.startswith("|move|"):
                    self.moves[line.split("|")[3]] += 1
                if len(line) > 1:
                    self.lines[line_kind(line)] += 1
        for state in states:
            self._add_state(state)

    def _add_state(self, state: bytes) -> None:
        for name, at, size in _PROBES:
            value = state[at : at + size]
            if any(value):
                self.conditions[name] += 1
        for at in _STATUS_AT:
            self.conditions[STATUSES[state[at]] or "healthy"] += 1
        for at in _FLAGS_AT:
            for bit, name in enumerate(canonical.FLAGS):
                self.conditions[name] += state[at] >> bit & 1

    def as_dict(self) -> dict[str, dict[str, int]]:
        """The counts as plain data, most frequent first."""
        return {name: dict(getattr(self, name).most_common()) for name in ("moves", "lines", "conditions")}

    def missing(self, package: Path) -> list[str]:
        """What the Gen 1 source of the Showdown in `package` can show but was never seen; empty if everything was."""
        hints = {kind.removeprefix("-hint ") for kind in self.lines if kind.startswith("-hint ")}
        lost = [f"hint: {text}" for text in wanted_hints(package) if not any(_matches(text, hint) for hint in hints)]
        kinds = {kind.split(" ")[0] for kind in self.lines}
        lost += [f"line: {kind}" for kind in _LINE_KINDS if kind not in kinds]
        lost += [f"condition: {name}" for name in (*STATUSES[1:], *_VOLATILES) if not self.conditions[name]]
        if len(self.moves) < 165:
            lost.append(f"moves: {165 - len(self.moves)} of 165 never used")
        return lost


def wanted_hints(package: Path) -> list[str]:
    """Every hint in the installed Showdown's Gen 1 source; `${...}` stands for any text."""
    folder = package / "dist" / "data" / "mods" / "gen1"
    hints: list[str] = []
    for name in _SOURCES:
        text = (folder / name).read_text(encoding="utf-8")
        if name.startswith("../"):
            text = "\n".join(part for part in re.split(r"\n(?=\S)", text) if "gen === 1" in part)
        hints += [match[1] for match in re.finditer(r"hint\(\s*[\"`](.*?)[\"`]\s*[,)]", text)]
    unescaped = (text.encode("latin-1", "backslashreplace").decode("unicode_escape") for text in hints)
    return sorted(set(unescaped) - _UNREACHABLE)


def _matches(template: str, text: str) -> bool:
    pattern = ".*".join(re.escape(part) for part in re.split(r"\$\{.*?\}", template))
    return re.fullmatch(pattern, text) is not None


_VOLATILES = (
    *("reflect", "lightscreen", "mist", "focusenergy", "leechseed", "mustrecharge", "residualdmg", "invulnerability"),
    *("bide", "disable", "lockedmove", "rage", "twoturnmove", "partialtrappinglock", "partiallytrapped"),
    *("fakepartiallytrapped", "confusion", "substitute", "flinch", "transformed", "subFainted"),
)
_PROBE_FIELDS = {
    "bide": "bide.time",
    "disable": "disable.time",
    "lockedmove": "lockedmove.move",
    "rage": "rage",
    "twoturnmove": "twoturnmove.move",
    "partialtrappinglock": "partialtrappinglock.move",
    "partiallytrapped": "partiallytrapped.duration",
    "fakepartiallytrapped": "fakepartiallytrapped.duration",
    "confusion": "confusion.time",
    "substitute": "substitute.hp",
    "flinch": "flinch.duration",
    "transformed": "transformed",
}


def _probes() -> list[tuple[str, int, int]]:
    found = []
    for side in ("p1", "p2"):
        for name, field in _PROBE_FIELDS.items():
            found.append((name, *canonical.PLACES[f"{side}.active.{field}"]))
        for place in range(1, 7):
            found.append(("subFainted", *canonical.PLACES[f"{side}.party{place}.subFainted"]))
    return found


_PROBES = _probes()
_STATUS_AT = [canonical.PLACES[f"{side}.party{place}.status"][0] for side in ("p1", "p2") for place in range(1, 7)]
_FLAGS_AT = [canonical.PLACES[f"{side}.active.flags"][0] for side in ("p1", "p2")]
