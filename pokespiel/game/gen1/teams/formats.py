"""Showdown's three team formats: the export text that players share, the packed line of the protocol, and JSON.

Export text lists one set after another, separated by blank lines; a file may hold several teams under headers:

    === [gen1ou] name ===

    Nickname (Species) (M) @ Item          (only the species is needed)
    Level: 55                              (100 if absent)
    EVs: 252 HP / 252 Atk / ...            (stats that are left out have 0; no line means full)
    IVs: 2 Atk                             (stats that are left out have 31)
    - Body Slam

A packed team joins its sets with "]" (see `packed.py`), a JSON team is a list of objects (see `objects.py`). Entries of
later generations that Showdown ignores are left out with a note. Otherwise reading is stricter than Showdown's: a line
or field that Showdown would skip or read as zero is an error here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pokespiel.game.gen1.teams import objects
from pokespiel.game.gen1.teams.legality import FORMAT, legality_facts, to_id
from pokespiel.game.gen1.teams.packed import pack, unpack, unpack_noting
from pokespiel.game.gen1.teams.sets import FULL_IVS, STAT_NAMES, PokemonSet, Spread, Team, TeamError, quote_text
from pokespiel.game.gen1.teams.words import MAX_SETS, left_out, move_name, read_digits, species_name

__all__ = ["NamedTeam", "export_team", "export_teams", "pack", "read_team", "read_teams", "unpack"]

_STATS = {
    **{key: index for index, key in enumerate(("hp", "atk", "def", "spa", "spd", "spe"))},
    **{"hitpoints": 0, "attack": 1, "defense": 2, "special": 3, "spc": 3, "speed": 5},
    **{"specialattack": 3, "spatk": 3, "spattack": 3, "specialatk": 3},
    **{"specialdefense": 4, "spdef": 4, "spdefense": 4, "specialdef": 4},
}
_IDLE = re.compile(
    r"(Pokeball|Hidden Power|Dynamax Level|Gigantamax|Tera Type|Shiny|Nature|Gender): .*|Shiny|\([A-Za-z]+\)"
)
"""Lines that Showdown ignores in Gen 1; "(Hardy)" is a nature as newer team builders write it."""
_JSON = re.compile(r"\{|\[ *($|[\]\[{\"0-9])")
"""The beginning of JSON; a nickname may begin with a bracket too."""
_MARKED = re.compile(r"([+-]?[0-9]+)[+-]?")
"""A number of EVs; newer team builders append + or - to those of the stats that the nature changes."""
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
"""Characters of zero width that are copied from web pages."""
_LOG = logging.getLogger(__name__)


class NamedTeam(NamedTuple):
    """A team of a file."""

    name: str
    """From its header; empty if it has none."""
    format: str
    """From its header; gen1ou if it has none."""
    team: Team
    notes: tuple[str, ...] = ()
    """What was left out because it has no effect in Gen 1: "line 3: 'Tera Type: Water' ..."."""


def read_team(text: str) -> Team:
    """The one team in `text`, packed, exported or JSON; `TeamError` if there is none or more than one. Notes are
    logged."""
    teams = read_teams(text)
    if len(teams) != 1:
        raise TeamError(f"expected one team, found {len(teams)}")
    for note in teams[0].notes:
        _LOG.warning("%s", note)
    return teams[0].team


def read_teams(text: str) -> list[NamedTeam]:
    """All teams in `text`: exported ones under headers, one without a header, or packed or JSON ones, one per line.

    A packed line may begin with "gen1ou]name|"; one JSON team may span several lines. Errors are `TeamError`s with the
    line number.
    """
    lines = [_plain(line) for line in re.split(r"\r\n?|\n", text)]
    written = [line for line in lines if line]
    if not written:
        raise TeamError("no team here: the text is empty")
    if _JSON.match(written[0]):
        return _objects(lines)
    if all("|" in line for line in written):
        return [_packed_line(line, number) for number, line in enumerate(lines, 1) if line]
    return _exported(lines)


def _plain(line: str) -> str:
    """The line with ordinary spaces for all others, stripped."""
    return re.sub(r"\s", " ", line).strip(" " + _INVISIBLE)


def export_team(team: Iterable[PokemonSet]) -> str:
    """The team as export text, which `read_team` and Showdown read back."""
    return "".join(_export_set(one) + "\n" for one in team)


def export_teams(teams: Iterable[NamedTeam]) -> str:
    """Several teams as one file with headers, which `read_teams` reads back."""
    written = []
    for name, form, team, _ in teams:
        if "\n" in name or name != name.strip():
            raise TeamError(f"team name {quote_text(name)}: expected one line without outer blanks")
        written.append(f"=== [{form}] {name} ===\n\n{export_team(team)}")
    return "\n".join(written)


def _objects(lines: list[str]) -> list[NamedTeam]:
    """One JSON team, or one per line."""
    written = [(number, line) for number, line in enumerate(lines, 1) if line]
    if len(written) == 1 or not all(line.startswith("[") and line.endswith("]") for _, line in written):
        written = [(written[0][0], "\n".join(line for _, line in written))]
    return [_noting(objects.read, line, f"line {number}") for number, line in written]


def _packed_line(line: str, number: int) -> NamedTeam:
    name, form = "", FORMAT
    head, bar, rest = line.partition("|")
    if bar and "]" in head:
        form, _, name = head.partition("]")
        line = rest
    return _noting(unpack_noting, line, f"line {number}", name, to_id(form))


def _noting(
    read: Callable[[str, list[str]], Team], text: str, where: str, name: str = "", form: str = FORMAT
) -> NamedTeam:
    """The team that `read` finds in `text`; errors and notes begin with `where`."""
    notes: list[str] = []
    try:
        team = read(text, notes)
    except TeamError as error:
        raise TeamError(f"{where}: {error}") from None
    return NamedTeam(name, form, team, tuple(f"{where}: {note}" for note in notes))


# --- export text ------------------------------------------------------------------------------------------------------


@dataclass
class _Exported:
    """A team while it is being read."""

    name: str = ""
    format: str = FORMAT
    sets: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _exported(lines: Sequence[str]) -> list[NamedTeam]:
    teams: list[_Exported] = []
    begun = False  # a set has begun
    for index, line in enumerate(lines, 1):
        where = f"line {index}"
        if line.startswith("==="):
            teams.append(_Exported(*_header(line, where)))
        elif line not in ("", "---"):
            if not teams:
                teams.append(_Exported())
            if begun:
                _set_line(line, teams[-1], where)
            else:
                _start_set(line, teams[-1], where)
            begun = True
            continue
        begun = False
    for team in teams:
        if not team.sets:
            raise TeamError(f"team {quote_text(team.name)} has a header and no sets")
    return [
        NamedTeam(one.name, one.format, tuple(PokemonSet(**values) for values in one.sets), tuple(one.notes))
        for one in teams
    ]


def _header(line: str, where: str) -> tuple[str, str]:
    found = re.fullmatch(r"===\s*(?:\[([^\]]*)\])?\s*(.*?)\s*===", line)
    if not found:
        raise TeamError(f"{where}: {quote_text(line)} is not a header; expected '=== [gen1ou] name ==='")
    return found[2], to_id(found[1]) if found[1] else FORMAT


def _start_set(line: str, team: _Exported, where: str) -> None:
    if len(team.sets) >= MAX_SETS:
        raise TeamError(f"{where}: set {MAX_SETS + 1} of one team; expected at most {legality_facts().team_size[1]}")
    team.sets.append(_first_line(line, where))


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
        raise TeamError(f"{where}: expected the name of a species, got {quote_text(line)}")
    values["species"] = species_name(species.strip())
    if values.get("nickname") == values["species"]:
        values["nickname"] = ""
    return values


def _set_line(line: str, team: _Exported, where: str) -> None:
    """One further line of the team's last set."""
    values = team.sets[-1]
    key, _, rest = line.partition(": ")
    if line.startswith(("-", "~")):
        if len(values["moves"]) >= MAX_SETS:
            raise TeamError(f"{where}: move {MAX_SETS + 1} of one set; expected at most {legality_facts().max_moves}")
        if move := line[1:].strip():
            values["moves"] = (*values["moves"], move_name(move))
    elif key in ("EVs", "IVs"):
        values[key.lower()] = _spread(rest, 0 if key == "EVs" else 31, f"{where}: {key}")
    elif key in ("Level", "Happiness"):
        values[key.lower()] = read_digits(rest, f"{where}: {key}")
    elif key in ("Ability", "Trait"):
        values["ability"] = rest
    elif line == "Shiny: Yes":
        values["shiny"] = True
    elif nature := re.match(r"([A-Za-z]+) [Nn]ature", line):
        values["nature"] = nature[1]
    elif _IDLE.fullmatch(line):
        team.notes.append(left_out(line, where))
    else:
        expected = "a move ('- Body Slam'), Level, EVs, IVs, Ability, Nature, Shiny or Happiness"
        raise TeamError(f"{where}: {quote_text(line)} is not a line of a set; expected {expected}")


def _spread(text: str, absent: int, where: str) -> Spread:
    numbers: dict[int, int] = {}
    for part in filter(None, map(str.strip, text.split("/"))):
        value, _, name = part.partition(" ")
        stat = 5 if name == "Spd" else _STATS.get(to_id(name))
        if stat is None:
            raise TeamError(f"{where}: {quote_text(part)}; expected a number and one of {', '.join(STAT_NAMES)}")
        if stat in numbers:
            raise TeamError(f"{where}: {STAT_NAMES[stat]} is given twice")
        marked = _MARKED.fullmatch(value)
        numbers[stat] = read_digits(marked[1] if marked else value, where)
    return Spread(*(numbers.get(stat, absent) for stat in range(6)))


def _export_set(one: PokemonSet) -> str:
    for text in (one.nickname, one.species, one.item, one.ability, one.nature, *one.moves):
        if re.search(r"[\r\n]", text) or " @ " in text or text != text.strip():
            raise TeamError(f"{quote_text(text)} cannot be written as export text")
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
