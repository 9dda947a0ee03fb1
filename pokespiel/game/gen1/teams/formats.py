"""Showdown's two ways of writing a team: the export text that players share and the packed line of the protocol.

Export text names one set after another, a blank line between; a file may hold several teams under headers:

    === [gen1ou] name ===

    Nickname (Species) (M) @ Item          (only the species is needed)
    Level: 55                              (100 where absent)
    EVs: 252 HP / 252 Atk / ...            (a line gives 0 to what it leaves out; no line means full)
    IVs: 2 Atk                             (31 where left out)
    - Body Slam

A packed team joins its sets with "]": nickname|species|item|ability|moves|nature|EVs|gender|IVs|shiny|level|happiness.
Reading is stricter than Showdown's: a line or field that Showdown would skip or turn to zero is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from pokespiel.game.gen1.teams.legality import FORMAT, facts, find_move, find_species, to_id
from pokespiel.game.gen1.teams.sets import FULL_EVS, FULL_IVS, STAT_NAMES, PokemonSet, Spread, Team, TeamError, shown

MAX_SETS = 24
"""Sets and moves are read up to this many, so that validation can say what is wrong with seven."""
_FIELDS = "nickname|species|item|ability|moves|nature|EVs|gender|IVs|shiny|level|happiness"
_STATS = {
    **{key: index for index, key in enumerate(("hp", "atk", "def", "spa", "spd", "spe"))},
    **{"hitpoints": 0, "attack": 1, "defense": 2, "special": 3, "spc": 3, "speed": 5},
    **{"specialattack": 3, "spatk": 3, "spattack": 3, "specialatk": 3},
    **{"specialdefense": 4, "spdef": 4, "spdefense": 4, "specialdef": 4},
}
_LATER = ("Pokeball: ", "Hidden Power: ", "Dynamax Level: ", "Gigantamax: ", "Tera Type: ")


class NamedTeam(NamedTuple):
    """A team of a file."""

    name: str
    """From its header; empty without one."""
    format: str
    """From its header, gen1ou without one."""
    team: Team


def read_team(text: str) -> Team:
    """The one team in `text`, packed or exported; `TeamError` if there is none or another."""
    teams = read_teams(text)
    if len(teams) != 1:
        raise TeamError(f"expected one team, found {len(teams)}")
    return teams[0].team


def read_teams(text: str) -> list[NamedTeam]:
    """All teams in `text`: exported ones under headers, one without a header, or packed ones, one a line.

    A packed line may begin with "gen1ou]name|". Errors are `TeamError`s that name the line.
    """
    lines = text.removeprefix("\ufeff").split("\n")
    written = [line.strip() for line in lines if line.strip()]
    if not written:
        raise TeamError("no team here: the text is empty")
    if all("|" in line for line in written):
        return [_packed_line(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    return _exported(lines)


def pack(team: Iterable[PokemonSet]) -> str:
    """The team as one packed line; `unpack` gives it back."""
    return "]".join(_pack_set(one) for one in team)


def unpack(line: str) -> Team:
    """The team of one packed line."""
    parts = line.strip("\r\n").split("]")
    if len(parts) > MAX_SETS:
        raise TeamError(f"{len(parts)} packed sets: expected at most {facts().team_size[1]}")
    return tuple(_unpack_set(part, f"set {index}") for index, part in enumerate(parts, 1))


def export(team: Iterable[PokemonSet]) -> str:
    """The team as export text; `read_team` gives it back, and so does Showdown."""
    return "".join(_export_set(one) + "\n" for one in team)


def export_teams(teams: Iterable[NamedTeam]) -> str:
    """Several teams as one file with headers; `read_teams` gives them back."""
    written = []
    for name, form, team in teams:
        if "\n" in name or name != name.strip():
            raise TeamError(f"team name {shown(name)}: expected one line without outer blanks")
        written.append(f"=== [{form}] {name} ===\n\n{export(team)}")
    return "\n".join(written)


def as_json(one: PokemonSet) -> dict[str, Any]:
    """The set as the object that Showdown's own code takes."""
    keys = ("hp", "atk", "def", "spa", "spd", "spe")
    return {
        "name": one.nickname,
        "species": one.species,
        "item": one.item,
        "ability": one.ability,
        "moves": list(one.moves),
        "nature": one.nature,
        "gender": one.gender,
        "evs": dict(zip(keys, one.evs, strict=True)),
        "ivs": dict(zip(keys, one.ivs, strict=True)),
        "level": one.level,
        "shiny": one.shiny,
        "happiness": one.happiness,
    }


# --- export text ------------------------------------------------------------------------------------------------------


def _exported(lines: list[str]) -> list[NamedTeam]:
    teams: list[tuple[str, str, list[dict[str, Any]]]] = []
    current: dict[str, Any] | None = None
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if line.startswith("==="):
            teams.append((*_header(line, number), []))
            current = None
        elif line in ("", "---"):
            current = None
        elif current is None:
            if not teams:
                teams.append(("", FORMAT, []))
            current = _first_line(line, f"line {number}")
            teams[-1][2].append(current)
            if len(teams[-1][2]) > MAX_SETS:
                raise TeamError(
                    f"line {number}: set {MAX_SETS + 1} of one team; expected at most {facts().team_size[1]}"
                )
        else:
            _set_line(line, current, f"line {number}")
    for name, _, sets in teams:
        if not sets:
            raise TeamError(f"team {shown(name)} has a header and no sets")
    return [NamedTeam(name, form, tuple(PokemonSet(**one) for one in sets)) for name, form, sets in teams]


def _header(line: str, number: int) -> tuple[str, str]:
    found = re.fullmatch(r"===\s*(?:\[([^\]]*)\])?\s*(.*?)\s*===", line)
    if not found:
        raise TeamError(f"line {number}: {shown(line)} is no header; expected '=== [gen1ou] name ==='")
    return found[2], to_id(found[1]) if found[1] else FORMAT


def _first_line(line: str, where: str) -> dict[str, Any]:
    """Nickname, species, gender and item."""
    values: dict[str, Any] = {"moves": ()}
    line, _, item = line.partition(" @ ")
    if item and to_id(item) != "noitem":
        values["item"] = item.strip()
    for gender in ("M", "F"):
        if line.endswith(f" ({gender})"):
            values["gender"] = gender
            line = line[:-4]
    nickname, bracket, species = line[:-1].rpartition("(") if line.endswith(")") else ("", "", line)
    if bracket:
        values["nickname"] = nickname.strip()
    if not species.strip():
        raise TeamError(f"{where}: expected the name of a species, got {shown(line)}")
    values["species"] = _species_name(species.strip())
    if values.get("nickname") == values["species"]:
        values["nickname"] = ""
    return values


def _set_line(line: str, values: dict[str, Any], where: str) -> None:
    """One further line of a set, entered into `values`."""
    key, _, rest = line.partition(": ")
    if line.startswith(("-", "~")):
        if len(values["moves"]) >= MAX_SETS:
            raise TeamError(f"{where}: move {MAX_SETS + 1} of one set; expected at most {facts().max_moves}")
        values["moves"] = (*values["moves"], _move_name(line[1:].strip()))
    elif key in ("EVs", "IVs"):
        values[key.lower()] = _spread(rest, 0 if key == "EVs" else 31, f"{where}: {key}")
    elif key in ("Level", "Happiness"):
        values[key.lower()] = _number(rest, f"{where}: {key}")
    elif key in ("Ability", "Trait"):
        values["ability"] = rest
    elif line == "Shiny: Yes":
        values["shiny"] = True
    elif nature := re.match(r"([A-Za-z]+) [Nn]ature", line):
        values["nature"] = nature[1]
    elif line.startswith(_LATER):
        raise TeamError(f"{where}: {shown(line)} belongs to a later generation; expected a Gen 1 team")
    else:
        expected = "a move ('- Body Slam'), Level, EVs, IVs, Ability, Nature, Shiny or Happiness"
        raise TeamError(f"{where}: {shown(line)} is no line of a set; expected {expected}")


def _spread(text: str, absent: int, where: str) -> Spread:
    numbers: dict[int, int] = {}
    for part in text.split("/"):
        value, _, name = part.strip().partition(" ")
        stat = 5 if name == "Spd" else _STATS.get(to_id(name))
        if stat is None:
            raise TeamError(f"{where}: {shown(part.strip())}; expected a number and one of {', '.join(STAT_NAMES)}")
        if stat in numbers:
            raise TeamError(f"{where}: {STAT_NAMES[stat]} is given twice")
        numbers[stat] = _number(value, where)
    return Spread(*(numbers.get(stat, absent) for stat in range(6)))


def _export_set(one: PokemonSet) -> str:
    for text in (one.nickname, one.species, one.item, one.ability, one.nature, *one.moves):
        if re.search(r"[\r\n]", text) or " @ " in text or text != text.strip():
            raise TeamError(f"{shown(text)} cannot be written as export text")
    head = f"{one.nickname} ({one.species})" if one.nickname else one.species
    head += f" ({one.gender})" if one.gender in ("M", "F") else ""
    lines = [head + (f" @ {one.item}" if one.item else "")]
    lines += [f"Ability: {one.ability}"] if one.ability else []
    lines += [f"Level: {one.level}"] if one.level != 100 else []
    lines += ["Shiny: Yes"] if one.shiny else []
    lines += [f"Happiness: {one.happiness}"] if one.happiness != 255 else []
    lines.append(f"EVs: {_spread_text(one.evs, 0) or '0 HP'}")
    lines += [f"{one.nature} Nature"] if one.nature else []
    lines += [f"IVs: {_spread_text(one.ivs, 31)}"] if one.ivs != FULL_IVS else []
    lines += [f"- {move}" for move in one.moves]
    return "".join(f"{line}  \n" for line in lines)


def _spread_text(spread: Spread, absent: int) -> str:
    return " / ".join(f"{value} {name}" for value, name in zip(spread, STAT_NAMES, strict=True) if value != absent)


# --- packed -----------------------------------------------------------------------------------------------------------


def _packed_line(line: str, number: int) -> NamedTeam:
    line = line.strip("\r\n")
    name, form = "", FORMAT
    head, bar, rest = line.partition("|")
    if bar and "]" in head:
        form, _, name = head.partition("]")
        line = rest
    try:
        return NamedTeam(name, to_id(form), unpack(line))
    except TeamError as error:
        raise TeamError(f"line {number}: {error}") from None


def _unpack_set(part: str, where: str) -> PokemonSet:
    fields = part.split("|")
    if len(fields) != _FIELDS.count("|") + 1:
        raise TeamError(f"{where}: {len(fields)} fields; expected the 12 of {_FIELDS}")
    name, species, item, ability, moves, nature, evs, gender, ivs, shiny, level, rest = fields
    if not to_id(species or name):
        raise TeamError(
            f"{where}: expected a species in one of the first two fields, got {shown(name)} and {shown(species)}"
        )
    species = _species_name(species or name)
    listed = moves.split(",")
    if len(listed) > MAX_SETS:
        raise TeamError(f"{where}: {len(listed)} moves; expected at most {facts().max_moves}")
    return PokemonSet(
        species=species,
        nickname="" if name == species else name,
        item=_unpacked(item),
        ability=_unpacked(ability),
        moves=tuple(_move_name(move) for move in listed if move),
        nature=nature,
        evs=_packed_spread(evs, 0, f"{where}: EVs") if evs else FULL_EVS,
        ivs=_packed_spread(ivs, 31, f"{where}: IVs") if ivs else FULL_IVS,
        gender=gender,
        shiny=bool(shiny),
        level=_number(level, f"{where}: level") if level else 100,
        happiness=_happiness(rest, where),
    )


def _packed_spread(text: str, absent: int, where: str) -> Spread:
    values = text.split(",")
    if len(values) != 6:
        raise TeamError(f"{where}: {shown(text)}; expected six numbers with commas between")
    return Spread(*(_number(value, where) if value else absent for value in values))


def _happiness(rest: str, where: str) -> int:
    """The last field: happiness, then Hidden Power, ball, Gigantamax, Dynamax level and Tera type of later games."""
    happiness, *later = rest.split(",")
    if any(value not in ("", "10") for value in later):
        raise TeamError(f"{where}: {shown(rest)} in the last field belongs to a later generation; expected happiness")
    return _number(happiness, f"{where}: happiness") if happiness else 255


def _pack_set(one: PokemonSet) -> str:
    for text in (one.nickname, one.species, one.item, one.ability, one.nature, one.gender, *one.moves):
        if re.search(r"[|\]\r\n]", text):
            raise TeamError(f"{shown(text)} cannot be packed: '|', ']' and line ends separate fields")
    moves = ",".join(_packed_name(move) for move in one.moves)
    evs = _pack_spread(one.evs, 0) or "0,,,,,"
    same = _packed_name(one.name) == _packed_name(one.species)
    fields = (
        one.name,
        "" if same else _packed_name(one.species),
        _packed_name(one.item),
        _packed_name(one.ability),
        moves,
        one.nature,
        evs,
        one.gender,
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


# --- names and numbers ------------------------------------------------------------------------------------------------


def _species_name(name: str) -> str:
    found = find_species(name)
    return facts().species[found].name if found else _unpacked(name)


def _move_name(name: str) -> str:
    found = find_move(name)
    return facts().moves[found] if found else _unpacked(name)


def _packed_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "", name)


def _unpacked(name: str) -> str:
    """A readable guess at a packed name: "NoAbility" -> "No Ability"; a name with spaces stays as it is."""
    if " " in name:
        return name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).strip()


def _number(text: str, where: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,6}", text.strip()):
        raise TeamError(f"{where}: expected a whole number, got {shown(text)}")
    return int(text)
