"""Names, numbers and notes, shared by all team formats."""

from __future__ import annotations

import re

from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts
from pokespiel.game.gen1.teams.sets import TeamError, quote_text

MAX_SETS = 24
"""Sets and moves are read up to this number, so that validation can report a seventh."""


def left_out(text: str, where: str) -> str:
    """The note on something that Showdown ignores."""
    return f"{where}: {quote_text(text)} has no effect in Gen 1 and is left out"


def species_name(name: str) -> str:
    """The name of the Gen 1 species with this name, id or alias; else a readable guess."""
    found = find_species(name)
    return legality_facts().species[found].name if found else unpacked(name)


def move_name(name: str) -> str:
    """The name of the Gen 1 move with this name, id or alias; else a readable guess."""
    found = find_move(name)
    return legality_facts().moves[found] if found else unpacked(name)


def unpacked(name: str) -> str:
    """A readable guess at a packed name: "NoAbility" -> "No Ability"; a name with spaces is unchanged."""
    if " " in name:
        return name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).strip()


def read_digits(text: str, where: str) -> int:
    """An integer of at most six digits."""
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", text.strip()):
        raise TeamError(f"{where}: expected a whole number, got {quote_text(text)}")
    return int(text)
