"""Packed teams, as Showdown's protocol sends them: the sets joined with "]", each of twelve fields with "|" between.

    nickname|species|item|ability|moves|nature|EVs|gender|IVs|shiny|level|happiness

The last field may continue with Hidden Power, ball, Gigantamax, Dynamax level and Tera type of later generations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pokespiel.game.gen1.teams.legality import legality_facts, to_id
from pokespiel.game.gen1.teams.sets import (
    FULL_EVS,
    FULL_IVS,
    PokemonSet,
    Spread,
    Team,
    TeamError,
    kept_name,
    quote_text,
)
from pokespiel.game.gen1.teams.words import MAX_SETS, left_out, move_name, read_digits, species_name, unpacked

_FIELDS = "nickname|species|item|ability|moves|nature|EVs|gender|IVs|shiny|level|happiness"
_SEPARATORS = re.compile(r"[|\]\r\n]")
_LATER = ("Hidden Power", "Pokeball", "Gigantamax", "Dynamax Level", "Tera Type")
"""Entries that may follow happiness, in this order."""


def pack(team: Iterable[PokemonSet]) -> str:
    """The team as one packed line, which `unpack` reads back.

    Nicknames are stored as Showdown stores them: with a blank in place of "]". Raises `TeamError` for names of species,
    items and moves with a separator, which no legal team has.
    """
    return "]".join(_pack_set(one) for one in team)


def unpack(line: str) -> Team:
    """The team of one packed line."""
    return unpack_noting(line, [])


def unpack_noting(line: str, notes: list[str]) -> Team:
    """The team of one packed line; entries that are left out are added to `notes`."""
    parts = line.strip("\r\n").split("]")
    if len(parts) > MAX_SETS:
        raise TeamError(f"{len(parts)} packed sets: expected at most {legality_facts().team_size[1]}")
    return tuple(_unpack_set(part, f"set {index}", notes) for index, part in enumerate(parts, 1))


def _unpack_set(part: str, where: str, notes: list[str]) -> PokemonSet:
    fields = part.split("|")
    if len(fields) != _FIELDS.count("|") + 1:
        raise TeamError(f"{where}: {len(fields)} fields; expected the 12 of {_FIELDS}")
    name, species, item, ability, moves, nature, evs, gender, ivs, shiny, level, rest = fields
    if not to_id(species or name):
        raise TeamError(
            f"{where}: expected a species in one of the first two fields, "
            f"got {quote_text(name)} and {quote_text(species)}"
        )
    species = species_name(species or name)
    listed = moves.split(",")
    if len(listed) > MAX_SETS:
        raise TeamError(f"{where}: {len(listed)} moves; expected at most {legality_facts().max_moves}")
    return PokemonSet(
        species=species,
        nickname="" if name == species else name,
        item=unpacked(item),
        ability=unpacked(ability),
        moves=tuple(move_name(move) for move in listed if move),
        nature=nature,
        evs=_packed_spread(evs, 0, f"{where}: EVs") if evs else FULL_EVS,
        ivs=_packed_spread(ivs, 31, f"{where}: IVs") if ivs else FULL_IVS,
        gender=gender,
        shiny=bool(shiny),
        level=read_digits(level, f"{where}: level") if level else 100,
        happiness=_happiness(rest, where, notes),
    )


def _packed_spread(text: str, absent: int, where: str) -> Spread:
    values = text.split(",")
    if len(values) != 6:
        raise TeamError(f"{where}: {quote_text(text)}; expected six numbers with commas between")
    return Spread(*(read_digits(value, where) if value else absent for value in values))


def _happiness(rest: str, where: str, notes: list[str]) -> int:
    """The last field, of which only happiness is kept."""
    happiness, *later = rest.split(",")
    if len(later) > len(_LATER):
        raise TeamError(
            f"{where}: {quote_text(rest)} in the last field; expected happiness and at most {', '.join(_LATER)}"
        )
    notes += [left_out(f"{name}: {value}", where) for name, value in zip(_LATER, later, strict=False) if value]
    return read_digits(happiness, f"{where}: happiness") if happiness else 255


def _pack_set(one: PokemonSet) -> str:
    for text in (one.species, one.item, *one.moves):
        if _SEPARATORS.search(text):
            raise TeamError(f"{quote_text(text)} cannot be packed: '|', ']' and line ends separate fields")
    name = kept_name(one.name) or one.species if _SEPARATORS.search(one.name) else one.name
    same = _packed_name(name) == _packed_name(one.species)
    fields = (
        name,
        "" if same else _packed_name(one.species),
        _packed_name(one.item),
        _packed_name(one.ability),
        ",".join(_packed_name(move) for move in one.moves),
        _SEPARATORS.sub("", one.nature),
        _pack_spread(one.evs, 0) or "0,,,,,",
        _SEPARATORS.sub("", one.gender),
        _pack_spread(one.ivs, 31),
        "S" if one.shiny else "",
        "" if one.level == 100 else str(one.level),
        "" if one.happiness == 255 else str(one.happiness),
    )
    return "|".join(fields)


def _pack_spread(spread: Spread, absent: int) -> str:
    """Six numbers with commas, `absent` ones left out; empty if all are."""
    text = ",".join("" if value == absent else str(value) for value in spread)
    return "" if text == ",,,,," else text


def _packed_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", name)
