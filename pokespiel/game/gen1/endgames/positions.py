"""Positions of the last Pokémon, as short text.

    Tauros @ 353 vs Tauros @ 258 par
    Starmie @ 60% par: Recover, Psychic/3 vs Snorlax +1 attack, reflect: Body Slam, Rest
    Chansey, confused, sub 40 vs Exeggutor slp 3 & Tauros @ 1

A side is a species, then in any order: `@` HP (points, or percent of the full ones), a status (`slp 3`: asleep for at
most three more turns, `tox 2`: two turns of toxic poison behind it), stages (`+2 special`), `sub` with its HP,
`confused`, `reflect` and the other conditions, `L50`; after a colon its moves, with PP after a slash. `&` adds one
in reserve. Absent: full HP, level 100, full PP, and the most common set of the shipped teams.
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
_SLEEP, _MOST_TOXIC = 7, 15
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
    sides = re.split(r"\s+vs\.?\s+", text.strip())
    if len(sides) != 2:
        raise TeamError(f"expected two sides with 'vs' between them, such as {EXAMPLE!r}, got {text!r}")
    first, second = (tuple(_fighter(part) for part in side.split("&")) for side in sides)
    if any(len(side) > 6 for side in (first, second)):
        raise TeamError("a side has at most six Pokémon")
    return EndgamePosition(first, second, " ".join(text.split()))


def _fighter(text: str) -> Fighter:
    head, _, listed = text.partition(":")
    words = re.findall(r"[+-]\d\s*\w+|@\s*[\d.]+\s*%?|(?:slp|tox|sub)\s+\d+|[^\s,]+", head.strip())
    species, rest = _species(words, text)
    level = next((int(word[1:]) for word in rest if re.fullmatch(r"L\d+", word)), 100)
    names, pp = _moves(listed, species)
    chosen = PokemonSet(species, names, level)
    found: dict[str, Any] = {"hp": chosen.stats.hp, "stages": {}, "conditions": ()}
    for word in _joined(rest):
        if not re.fullmatch(r"L\d+", word):
            _read_word(word, found, chosen)
    return Fighter(chosen, pp=pp, **found)


def _species(words: list[str], text: str) -> tuple[str, list[str]]:
    """The species' name and the words after it: names have one word or two (Mr. Mime)."""
    for count in (2, 1):
        if len(words) >= count and (found := find_species(" ".join(words[:count]))):
            return legality_facts().species[found].name, words[count:]
    names = [one.name for one in legality_facts().species.values()]
    raise TeamError(
        f"{text.strip()!r}: {str(unknown('species', words[0] if words else '', names)).split('There are')[0]}"
    )


def _joined(words: list[str]) -> list[str]:
    """Conditions of two words as one."""
    text = "\0".join(words)
    for name in _CONDITIONS:
        text = re.sub(name.replace(" ", "\0"), name, text, flags=re.IGNORECASE)
    return [word for word in text.split("\0") if word]


def _read_word(word: str, found: dict[str, Any], chosen: PokemonSet) -> None:
    most = chosen.stats.hp
    kind, _, number = word.partition(" ")
    if match := re.fullmatch(r"@\s*([\d.]+)\s*(%?)", word):
        hp = float(match[1]) * (most / 100 if match[2] else 1)
        found["hp"] = round(hp)
        if not 1 <= found["hp"] <= most:
            raise TeamError(f"{chosen.species} {word}: it has 1 to {most} HP")
    elif match := re.fullmatch(r"([+-]\d)\s*(\w+)", word):
        if match[2].lower() not in STAGES:
            raise TeamError(f"{chosen.species} {word}: {unknown('stage', match[2], STAGES)}")
        found["stages"][match[2].lower()] = int(match[1])
    elif kind in STATUSES[1:]:
        found["status"] = kind
        found["turns"] = (
            _number(word, number or str(_SLEEP if kind == "slp" else 0), 0, _MOST_TOXIC)
            if kind in ("slp", "tox")
            else 0
        )
    elif kind == "sub":
        found["substitute"] = _number(word, number or str(most // 4 + 1), 1, most // 4 + 1)
    elif word == "confused":
        found["confused"] = True
    elif word.lower() in _CONDITIONS:
        found["conditions"] = (*found["conditions"], _CONDITIONS[word.lower()])
    else:
        expected = [*STATUSES[1:], "sub", "confused", *_CONDITIONS]
        raise TeamError(f"{chosen.species}: {unknown('condition', word, expected)}, @ HP, +1 attack, L50")


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
        name, _, left = (each.strip() for each in part.partition("/"))
        found = find_move(name)
        if found is None:
            raise TeamError(
                f"{species}: {str(unknown('move', name, legality_facts().moves.values())).split('There are')[0]}"
            )
        names.append(legality_facts().moves[found])
        pp.append(_number(part.strip(), left, 0, 63) if left else None)
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
