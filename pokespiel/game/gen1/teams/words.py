"""Names, numbers and notes, as all ways of writing a team have them."""

from __future__ import annotations

import re

from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts
from pokespiel.game.gen1.teams.sets import TeamError, quote_text

MAX_SETS = 24
"""Sets and moves are read up to this many, so that validation can say what is wrong with seven."""


def left_out(text: str, where: str) -> str:
    """The note on something that Showdown passes over."""
    return f"{where}: {quote_text(text)} has no effect in Gen 1 and is left out"


def species_name(name: str) -> str:
    """The name of the Gen 1 species that `name`, an id or an alias means; else a readable guess."""
    found = find_species(name)
    return legality_facts().species[found].name if found else unpacked(name)


def move_name(name: str) -> str:
    """The name of the Gen 1 move that `name`, an id or an alias means; else a readable guess."""
    found = find_move(name)
    return legality_facts().moves[found] if found else unpacked(name)


def unpacked(name: str) -> str:
    """A readable guess at a packed name: "NoAbility" -> "No Ability"; a name with spaces stays as it is."""
    if " " in name:
        return name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).strip()


def read_digits(text: str, where: str) -> int:
    """A whole number of at most six digits."""
    if not re.fullmatch(r"[+-]?[0-9]{1,6}", text.strip()):
        raise TeamError(f"{where}: expected a whole number, got {quote_text(text)}")
    return int(text)
