"""A Pokémon's set as its player writes it, in Showdown's own numbers, and the resulting stats.

Gen 1 has determinant values (0-15) and stat experience. Showdown writes them as IVs (a DV is IV // 2) and EVs, and so
does `PokemonSet`. The two Specials are one in Gen 1: `spa` counts, `spd` is kept as written.

    stat = (2 * base + 2 * (IV // 2) + EV // 4) * level // 100 + 5         HP: (... + 100) * level // 100 + 10
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from pokespiel.game.gen1.teams.legality import find_species, legality_facts


class TeamError(ValueError):
    """A team that cannot be read or written; the message says where and what was expected."""


class Spread(NamedTuple):
    """Six numbers, one per stat, in Showdown's order."""

    hp: int
    atk: int
    defense: int
    spa: int
    spd: int
    spe: int


class Stats(NamedTuple):
    """The five stats (or DVs) of Gen 1."""

    hp: int
    attack: int
    defense: int
    special: int
    speed: int


def quote_text(text: str) -> str:
    """`text` for an error message: quoted, unprintable characters escaped, at most 60 characters."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def kept_name(name: str) -> str:
    """A nickname as Showdown stores it: blanks for separators, no runs of accents, at most 18 UTF-16 units."""
    name = re.sub(r"[|\s\[\],\u202e\ufeff]+", " ", name).strip()
    name = name.encode("utf-16-le", "surrogatepass")[:36].decode("utf-16-le", "ignore").strip()
    name = re.sub(_STACKED, "", name)
    return re.sub(r"[\u239b-\u23b9]", "", name)


_STACKED = (
    r"[\u0300-\u036f\u0483-\u0489\u0610-\u0615\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    r"\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]{3,}"
)
"""A run of three or more combining marks."""


STAT_NAMES = ("HP", "Atk", "Def", "SpA", "SpD", "Spe")
FULL_EVS = Spread(*[252] * 6)
FULL_IVS = Spread(*[31] * 6)


@dataclass(frozen=True)
class PokemonSet:
    """One Pokémon of a team. The rules are not checked here; `validate` does that."""

    species: str
    """Its name as Showdown writes it ("Mr. Mime"); the readers convert ids and aliases."""
    moves: tuple[str, ...]
    """One to four names as Showdown writes them ("Body Slam")."""
    level: int = 100
    evs: Spread = FULL_EVS
    """0-255 each; full if a team does not give them, as usual in Gen 1."""
    ivs: Spread = FULL_IVS
    """0-31 each."""
    nickname: str = ""
    """Empty for the species' own name."""
    gender: str = ""
    """"M", "F" or empty; without effect in Gen 1."""
    item: str = ""
    """Gen 1 has none; kept so that the error can name it."""
    ability: str = ""
    """No effect in Gen 1, kept as written, as are the three below."""
    nature: str = ""
    shiny: bool = False
    happiness: int = 255

    def __post_init__(self) -> None:
        if isinstance(self.moves, str) or not all(isinstance(move, str) for move in self.moves):
            raise TypeError(f"moves: expected a sequence of names, got {quote_text(str(self.moves))}")
        for field in ("species", "nickname", "gender", "item", "ability", "nature"):
            if not isinstance(getattr(self, field), str):
                raise TypeError(f"{field}: expected a string, got {quote_text(str(getattr(self, field)))}")
        for field in ("level", "happiness"):
            if type(getattr(self, field)) is not int:
                raise TypeError(f"{field}: expected a whole number, got {quote_text(str(getattr(self, field)))}")
        object.__setattr__(self, "moves", tuple(self.moves))
        object.__setattr__(self, "evs", _spread("evs", self.evs))
        object.__setattr__(self, "ivs", _spread("ivs", self.ivs))

    @property
    def name(self) -> str:
        """Its name in battle."""
        return self.nickname or self.species

    @property
    def dvs(self) -> Stats:
        """The determinant values, 0-15 each."""
        hp, attack, defense, special, _, speed = (value // 2 for value in self.ivs)
        return Stats(hp, attack, defense, special, speed)

    @property
    def stats(self) -> Stats:
        """Its stats at the start of battle; `TeamError` if Gen 1 has no such species."""
        species = find_species(self.species)
        if species is None:
            raise TeamError(f"no stats for {quote_text(self.species)}: expected a species of Gen 1")
        experience = Stats(self.evs.hp, self.evs.atk, self.evs.defense, self.evs.spa, self.evs.spe)
        grown = [
            2 * base + 2 * dv + min(max(ev, 0), 255) // 4
            for base, dv, ev in zip(legality_facts().species[species].base, self.dvs, experience, strict=True)
        ]
        hp, *others = grown
        return Stats((hp + 100) * self.level // 100 + 10, *(value * self.level // 100 + 5 for value in others))


Team: TypeAlias = tuple[PokemonSet, ...]
"""One to six sets; the first leads."""


def hp_dv(dvs: Stats) -> int:
    """The HP DV, which consists of the lowest bits of the other four."""
    return 8 * (dvs.attack & 1) + 4 * (dvs.defense & 1) + 2 * (dvs.speed & 1) + (dvs.special & 1)


def ivs_of(attack: int = 15, defense: int = 15, special: int = 15, speed: int = 15) -> Spread:
    """Showdown's IVs for four DVs (0-15) and the HP DV that follows from them; full ones are 31, others 2 * DV."""
    given = Stats(0, attack, defense, special, speed)
    dvs = Stats(hp_dv(given), attack, defense, special, speed)
    if not all(0 <= dv <= 15 for dv in dvs):
        raise TeamError(f"DVs {tuple(given[1:])}: expected four numbers from 0 to 15")
    hp, attack, defense, special, speed = (31 if dv == 15 else 2 * dv for dv in dvs)
    return Spread(hp, attack, defense, special, special, speed)


def _spread(what: str, values: object) -> Spread:
    if not isinstance(values, (tuple, list)) or len(values) != 6 or not all(type(value) is int for value in values):
        raise TypeError(f"{what}: expected six whole numbers (HP, Atk, Def, SpA, SpD, Spe), got {values!r}")
    return Spread(*values)
