"""Teams as JSON: a list of the objects that Showdown's own code uses.

    [{"species": "Tauros", "moves": ["Body Slam"], "evs": {"hp": 252, ...}, "ivs": {...}, "level": 100, ...}, ...]

Only the species (or a nickname that is one) and the moves are required. A stat missing from `evs` is 0, one missing
from `ivs` is 31; without `evs` all EVs are full.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pokespiel.game.gen1.teams.legality import legality_facts, to_id
from pokespiel.game.gen1.teams.sets import FULL_EVS, FULL_IVS, PokemonSet, Spread, Team, TeamError, quote_text
from pokespiel.game.gen1.teams.words import MAX_SETS, left_out, move_name, read_digits, species_name

_STATS = ("hp", "atk", "def", "spa", "spd", "spe")
_KEYS = (
    *("name", "species", "item", "ability", "moves", "nature", "gender", "evs", "ivs", "level", "shiny", "happiness"),
)


def as_json(one: PokemonSet) -> dict[str, Any]:
    """The set as an object of Showdown's own code; a team is a list of these."""
    if not isinstance(one, PokemonSet):
        raise TypeError(f"as_json takes one set, not {type(one).__name__}: of a team, [as_json(one) for one in team]")
    return {
        "name": one.nickname,
        "species": one.species,
        "item": one.item,
        "ability": one.ability,
        "moves": list(one.moves),
        "nature": one.nature,
        "gender": one.gender,
        "evs": dict(zip(_STATS, one.evs, strict=True)),
        "ivs": dict(zip(_STATS, one.ivs, strict=True)),
        "level": one.level,
        "shiny": one.shiny,
        "happiness": one.happiness,
    }


def read(text: str, notes: list[str]) -> Team:
    """The team of one JSON text; entries that are left out are added to `notes`."""
    try:
        sets = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise TeamError(f"{quote_text(text)} is not JSON: {error or type(error).__name__}") from None
    if not isinstance(sets, list) or not sets:
        raise TeamError(f"{quote_text(text)} is not a team: expected a list of objects with species and moves")
    if len(sets) > MAX_SETS:
        raise TeamError(f"{len(sets)} sets: expected at most {legality_facts().team_size[1]}")
    return tuple(_set(one, f"set {index}", notes) for index, one in enumerate(sets, 1))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not a number of JSON")


def _set(values: Any, where: str, notes: list[str]) -> PokemonSet:
    if not isinstance(values, Mapping):
        raise TeamError(f"{where}: expected an object with species and moves, got {quote_text(str(values))}")
    texts = {key: _text(values, key, where) for key in ("name", "species", "item", "ability", "nature", "gender")}
    if not to_id(texts["species"] or texts["name"]):
        raise TeamError(f"{where}: expected a species, got {quote_text(texts['species'] or texts['name'])}")
    species = species_name(texts["species"] or texts["name"])
    moves = values.get("moves") or []
    if not isinstance(moves, list) or not all(map(_is_text, moves)) or len(moves) > MAX_SETS:
        raise TeamError(f"{where}: moves: expected a list of names, got {quote_text(str(moves))}")
    notes += [left_out(f"{key}: {value}", where) for key, value in values.items() if key not in _KEYS and value]
    return PokemonSet(
        species=species,
        nickname="" if texts["name"] == species else texts["name"],
        item="" if to_id(texts["item"]) == "noitem" else texts["item"],
        ability=texts["ability"],
        moves=tuple(move_name(move) for move in moves if move),
        nature=texts["nature"],
        evs=_spread(values, "evs", 0, FULL_EVS, where),
        ivs=_spread(values, "ivs", 31, FULL_IVS, where),
        gender=texts["gender"],
        shiny=bool(values.get("shiny")),
        level=_number(values, "level", 100, where),
        happiness=_number(values, "happiness", 255, where),
    )


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    text = values.get(key) or ""
    if not _is_text(text):
        raise TeamError(f"{where}: {key}: expected a text, got {quote_text(str(text))}")
    return text


def _is_text(value: Any) -> bool:
    """Whether it is valid text; JSON can contain half surrogate pairs."""
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _number(values: Mapping[str, Any], key: str, absent: int, where: str) -> int:
    """An integer, or a text with one, as Showdown accepts it."""
    value = values.get(key)
    if value is None:
        return absent
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, int) and abs(value) > 999_999):
        raise TeamError(f"{where}: {key}: expected a whole number, got {quote_text(repr(value))}")
    return read_digits(str(value), f"{where}: {key}")


def _spread(values: Mapping[str, Any], key: str, absent: int, full: Spread, where: str) -> Spread:
    given = values.get(key)
    if given is None:
        return full
    if not isinstance(given, Mapping):
        raise TeamError(f"{where}: {key}: expected an object of stats, got {quote_text(str(given))}")
    if strange := set(given) - set(_STATS):
        raise TeamError(f"{where}: {key}: unknown stat {quote_text(min(strange))}; expected {', '.join(_STATS)}")
    return Spread(*(_number(given, stat, absent, f"{where}: {key}") for stat in _STATS))
