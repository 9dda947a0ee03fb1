"""Positions of the last Pokémon, as short text.

    Tauros @ 353 vs Tauros @ 258 par
    Starmie @ 60% par: Recover, Psychic/3 vs Snorlax +1 attack, reflect: Body Slam, Rest
    Chansey, confused, sub 40 vs Exeggutor slp 3 & Tauros @ 1

A side is a species, then in any order: `@` HP (points, or percent of the full ones), a status (`slp 3`: asleep for at
most three more turns, `tox 2`: two turns of toxic poison behind it), stages (`+2 special`), `sub` with its HP,
`confused`, `reflect` and the other conditions, `L50`; after a colon its moves, with PP after a slash. `&` adds one
in reserve, which has only HP, a status, a level and moves. Absent: full HP, level 100, full PP, and the most common set
of the shipped teams. Capital letters do not matter.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pokespiel.core.registry import unknown
from pokespiel.game.gen1.baselines.facts import STAGES, full_pp, moves
from pokespiel.game.gen1.battle import STATUSES, Battle, Entrant
from pokespiel.game.gen1.positions import CONDITIONS, SeenPokemon, SideStanding, arranged
from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts
from pokespiel.game.gen1.teams.pools import load_pool
from pokespiel.game.gen1.teams.sets import PokemonSet, TeamError

EXAMPLE = "Tauros @ 353 vs Starmie @ 60% par: Recover, Psychic/3"
_CONDITIONS = {name.lower(): name for name in CONDITIONS}
_COUNTED = {"slp": (1, 7, 7), "tox": (0, 15, 0)}
"""The lowest, highest and usual number of turns of the statuses that have one."""
_HURTS = ("psn", "brn", "tox")
"""What costs a sixteenth on entering the field."""


@dataclass(frozen=True)
class Fighter:
    """One Pokémon of a position."""

    set: PokemonSet
    hp: int
    status: str = ""
    turns: int = 0
    """Asleep: the most turns that can be left; toxic: turns of it so far."""
    pp: tuple[int, ...] | None = None
    stages: dict[str, int] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    substitute: int = 0
    confused: bool = False

    def entrant(self, fielded: bool) -> Entrant:
        """As it enters; what poison and burns take then is added before."""
        status = "psn" if self.status == "tox" else self.status
        most = self.set.stats.hp
        hp = self.hp + (max(1, most // 16) if fielded and status in _HURTS else 0)
        if hp > most:
            raise TeamError(
                f"{self.set.species} @ {self.hp} {self.status}: it has at most {most - max(1, most // 16)} HP"
            )
        return Entrant(self.set, hp, status, self.turns or 1, self.pp)


@dataclass(frozen=True)
class EndgamePosition:
    """Both sides, the Pokémon on the field first."""

    first: tuple[Fighter, ...]
    second: tuple[Fighter, ...]
    text: str = ""

    def battle(self) -> Battle:
        """The battle in which both sides choose next; each player has seen all of the other."""
        sides = tuple(_standing(side) for side in (self.first, self.second))
        return arranged((sides[0], sides[1]))


def read_position(text: str) -> EndgamePosition:
    """The position that `text` describes; a `TeamError` says what it could not read and what was expected."""
    sides = re.split(r"\s+vs\.?\s+", text.strip(), flags=re.IGNORECASE)
    if len(sides) != 2:
        raise TeamError(f"expected two sides with 'vs' between them, such as {EXAMPLE!r}, got {text!r}")
    first, second = (
        tuple(_fighter(part, fielded=index == 0) for index, part in enumerate(side.split("&"))) for side in sides
    )
    if any(len(side) > 6 for side in (first, second)):
        raise TeamError("a side has at most six Pokémon")
    return EndgamePosition(first, second, " ".join(text.split()))


def _fighter(text: str, fielded: bool) -> Fighter:
    head, _, listed = text.partition(":")
    words = re.findall(r"(?i)[+-]\d+\s*[a-z]+|@\s*[\d.]+\s*%?|(?:slp|tox|sub)\s+\d+|[^\s,]+", head.strip())
    species, rest = _species(words, text)
    words = _joined([word.lower() for word in rest])
    _check_words(species, words, fielded)
    level = next((int(word[1:]) for word in words if re.fullmatch(r"l\d+", word)), 100)
    names, pp = _moves(listed, species)
    chosen = PokemonSet(species, names, level)
    found: dict[str, Any] = {"hp": chosen.stats.hp, "stages": {}, "conditions": ()}
    for word in words:
        if not re.fullmatch(r"l\d+", word):
            _read_word(word, found, chosen)
    return Fighter(chosen, pp=pp, **found)


def _check_words(species: str, words: list[str], fielded: bool) -> None:
    """Refuse what is said twice, and what a Pokémon in reserve cannot have."""
    kinds = [_kind(word) for word in words]
    twice = next((word for word, kind in zip(words, kinds, strict=True) if kinds.count(kind) > 1), None)
    if twice is not None:
        raise TeamError(f"{species}: more than one {_kind(twice)}")
    lost = [word for word, kind in zip(words, kinds, strict=True) if kind not in ("HP", "status", "level")]
    lost += [word for word in words if word.split()[0] == "tox"]
    if not fielded and lost:
        raise TeamError(f"{species} is in reserve: it cannot have {lost[0]!r}, only HP, a status but tox, and a level")


def _kind(word: str) -> str:
    """What a word tells: of each there can be one."""
    name = word.split()[0]
    if word[0] in "+-":
        return f"stage of {word.lstrip('+-0123456789').strip()}"
    if re.fullmatch(r"l\d+", word):
        return "level"
    return "HP" if word[0] == "@" else "status" if name in STATUSES else "substitute" if name == "sub" else word


def _species(words: list[str], text: str) -> tuple[str, list[str]]:
    """The species' name and the words after it: names have one word or two (Mr. Mime)."""
    for count in (2, 1):
        if len(words) >= count and (found := find_species(" ".join(words[:count]))):
            return legality_facts().species[found].name, words[count:]
    if not words:
        raise TeamError(f"{text.strip()!r}: expected a species, such as in {EXAMPLE!r}")
    names = [one.name for one in legality_facts().species.values()]
    raise TeamError(f"{text.strip()!r}: {unknown('species', words[0], names)}")


def _joined(words: list[str]) -> list[str]:
    """Conditions of two words as one."""
    text = "\0".join(words)
    for name in _CONDITIONS:
        text = text.replace(name.replace(" ", "\0"), name)
    return [word for word in text.split("\0") if word]


def _read_word(word: str, found: dict[str, Any], chosen: PokemonSet) -> None:
    most = chosen.stats.hp
    kind, _, number = word.partition(" ")
    if match := re.fullmatch(r"@\s*([\d.]+)\s*(%?)", word):
        hp = _decimal(word, match[1]) * (most / 100 if match[2] else 1)
        found["hp"] = round(hp)
        if not 1 <= found["hp"] <= most:
            raise TeamError(f"{chosen.species} {word}: it has 1 to {most} HP")
    elif match := re.fullmatch(r"([+-]\d+)\s*([a-z]+)", word):
        if match[2] not in STAGES:
            raise TeamError(f"{chosen.species} {word}: {unknown('stage', match[2], STAGES)}")
        if not -6 <= int(match[1]) <= 6:
            raise TeamError(f"{chosen.species} {word}: expected a stage from -6 to +6")
        found["stages"][match[2]] = int(match[1])
    elif word in STATUSES[1:] or kind in _COUNTED:
        found["status"] = kind
        found["turns"] = _number(word, number or str(_COUNTED[kind][2]), *_COUNTED[kind][:2]) if kind in _COUNTED else 0
    elif kind == "sub":
        found["substitute"] = _number(word, number or str(most // 4 + 1), 1, most // 4 + 1)
    elif word == "confused":
        found["confused"] = True
    elif word in _CONDITIONS:
        found["conditions"] = (*found["conditions"], _CONDITIONS[word])
    else:
        expected = [*STATUSES[1:], "sub", "confused", *_CONDITIONS]
        raise TeamError(f"{chosen.species}: {unknown('condition', word, expected)}, @ HP, +1 attack, L50")


def _decimal(word: str, number: str) -> float:
    try:
        return float(number)
    except ValueError:
        raise TeamError(f"{word!r}: expected a number, got {number!r}") from None


def _number(word: str, number: str, low: int, high: int) -> int:
    if not number.isdigit() or not low <= int(number) <= high:
        raise TeamError(f"{word!r}: expected a number from {low} to {high}")
    return int(number)


def _moves(text: str, species: str) -> tuple[tuple[str, ...], tuple[int, ...] | None]:
    """Names and PP; the most common set if there are none."""
    if not text.strip():
        return commonest_set(species).moves, None
    names: list[str] = []
    pp: list[int | None] = []
    for part in text.split(","):
        name, slash, left = (each.strip() for each in part.partition("/"))
        if not name:
            raise TeamError(f"{species}: a move is missing in {text.strip()!r}")
        found = find_move(name)
        if found is None:
            raise TeamError(f"{species}: {unknown('move', name, legality_facts().moves.values())}")
        names.append(legality_facts().moves[found])
        if names.count(names[-1]) > 1:
            raise TeamError(f"{species} has {names[-1]} twice")
        pp.append(_number(part.strip(), left, 0, 63) if slash else None)
    if all(left is None for left in pp):
        return tuple(names), None
    full = [int(full_pp()[moves().number[str(find_move(name))]]) for name in names]
    return tuple(names), tuple(most if left is None else left for most, left in zip(full, pp, strict=True))


@cache
def _sets() -> dict[str, Counter[tuple[str, ...]]]:
    sets: dict[str, Counter[tuple[str, ...]]] = {}
    for name in ("competitive", "variety"):
        for team in load_pool(name):
            for member in team:
                sets.setdefault(member.species, Counter())[tuple(sorted(member.moves))] += 1
    return sets


def commonest_set(species: str) -> PokemonSet:
    """The most frequent moves of a species in the shipped teams, by the alphabet; `TeamError` where it has none."""
    if species not in _sets():
        raise TeamError(f"no shipped team has {species}: give its moves, such as '{species}: Body Slam, Rest'")
    return PokemonSet(species, _sets()[species].most_common(1)[0][0])


def most_used(count: int) -> tuple[str, ...]:
    """The species that most of the shipped teams have, the most used first."""
    used = sorted(_sets().items(), key=lambda item: (-item[1].total(), item[0]))
    return tuple(name for name, _ in used[:count])


def _standing(side: tuple[Fighter, ...]) -> SideStanding:
    front = side[0]
    return SideStanding(
        tuple(one.entrant(index == 0) for index, one in enumerate(side)),
        front.stages,
        front.conditions,
        tuple(SeenPokemon(one.set.species, one.set.moves) for one in side),
        front.substitute,
        front.confused,
        front.turns if front.status == "tox" else None,
    )
