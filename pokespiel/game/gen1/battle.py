"""One Gen 1 battle, as Pokémon Showdown 0.11.11 plays gen1ou, number for number.

    battle = Battle(p1_team, p2_team, seed=(1, 2, 3, 4))
    battle.choose("move 1", "switch 3")

Players are 1 and 2 (Showdown's p1 and p2). The rules are native; see `engine/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from operator import index
from typing import Any, NamedTuple, TypeAlias

import numpy as np

import pokespiel.game.gen1._engine as _engine
from pokespiel.core.registry import unknown
from pokespiel.game.gen1.teams.formats import read_team
from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts
from pokespiel.game.gen1.teams.sets import FULL_EVS, FULL_IVS, PokemonSet, Spread, TeamError, kept_name
from pokespiel.game.gen1.view import ACTION_NAMES

MAX_NAME = 20
"""Showdown cuts nicknames to this many characters."""
MAX_HP = 1023
"""Maximum HP of any Pokémon."""
_CONTROL = re.compile(r"[|\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that would break a log's lines."""
ROLLS: tuple[str, ...] = _engine.ROLLS
"""The names of all chance rolls."""
STATUSES = ("", "slp", "psn", "brn", "frz", "par", "tox")


@dataclass(frozen=True)
class Entrant:
    """A Pokémon and its condition at the start of the battle."""

    set: PokemonSet
    hp: int | None = None
    """None = full; capped at the maximum."""
    status: str = ""
    """One of STATUSES."""
    sleep: int = 1
    """Turns of sleep left, 1-7, for `slp`."""
    pp: tuple[int, ...] | None = None
    """0-63 for each move; None = full."""


class Roll(NamedTuple):
    """A chance roll to be decided; its outcomes may have different probabilities."""

    name: str
    """One of ROLLS."""
    weights: tuple[int, ...]
    """One per outcome; its probability is weight / denominator."""
    denominator: int


BattleTeam: TypeAlias = "str | Sequence[PokemonSet | Entrant | Mapping[str, Any]]"
"""Export text, packed text, or sets: `PokemonSet`, `Entrant`, or Showdown's own set objects (which may also have `hp`,
`status`, `sleep` and `pp`, as in `Entrant`)."""


class Battle:
    """A battle of two teams. Equality and hash refer to the situation: they ignore the generator and the log."""

    __slots__ = ("native",)

    native: Any
    """The engine's object; batches and views take it."""

    def __init__(
        self,
        p1_team: BattleTeam,
        p2_team: BattleTeam,
        seed: Sequence[int] = (1, 2, 3, 4),
        names: Sequence[str] = ("P1", "P2"),
        *,
        turn: int = 0,
    ):
        """Start the battle.

        p1_team, p2_team: one to six Pokémon each, of Gen 1 species and moves, the first leads; legal in OU or not.
        seed: four numbers of 16 bits, the most significant first, as Showdown writes them.
        names: the players' names.
        turn: the turn counter before the first turn; the battle is a tie past turn 1000.

        Raises `TeamError` for a team that cannot battle, `ValueError` for another bad argument.
        """
        if len(seed) != 4 or not all(0 <= word < 1 << 16 for word in seed):
            raise ValueError(f"seed: expected four numbers from 0 to 65535, got {tuple(seed)}")
        if len(names) != 2 or names[0] == names[1] or not all(names) or any(map(_CONTROL.search, names)):
            raise ValueError(f"names: expected two different names without '|' and line breaks, got {tuple(names)}")
        if not 0 <= turn < 1000:
            raise ValueError(f"turn: expected 0 to 999, got {turn}")
        value = int.from_bytes(b"".join(index(word).to_bytes(2) for word in seed))
        teams = [_native_team(team, player) for player, team in enumerate((p1_team, p2_team), 1)]
        self.native = _engine.Battle(*teams, value, tuple(names), turn)

    @classmethod
    def _of(cls, native: Any) -> Battle:
        battle = cls.__new__(cls)
        battle.native = native
        return battle

    def choices(self, player: int) -> list[str]:
        """The legal choices in Showdown's words, moves before switches; empty if that player waits."""
        return self.native.choices(_side(player))

    def legal(self, player: int) -> np.ndarray:
        """The same choices as [9] bool by `view.ACTION_NAMES`, True = allowed."""
        choices = self.choices(player)
        return np.array([name in choices for name in ACTION_NAMES])

    def choose(self, p1_choice: str, p2_choice: str) -> None:
        """Play until the next choices or the end of the battle; a player who waits gives "".

        Raises `ValueError` for an illegal choice, naming the legal ones, and leaves the battle unchanged.
        """
        self.native.choose(p1_choice, p2_choice)

    @property
    def seed(self) -> tuple[int, int, int, int]:
        """The generator's state as Showdown writes it."""
        value = self.native.seed
        return (value >> 48, value >> 32 & 0xFFFF, value >> 16 & 0xFFFF, value & 0xFFFF)

    @property
    def turn(self) -> int:
        """The turn counter, 1 at the first choice."""
        return self.native.turn

    @property
    def ended(self) -> bool:
        """Whether the battle is over."""
        return self.native.ended

    @property
    def winner(self) -> int | None:
        """The player who has won, 0 after a tie, None while the battle runs."""
        return self.native.winner

    def log(self, player: int | None = None) -> list[str]:
        """Showdown's protocol lines so far, without timestamps.

        player: None for the whole log, in which a `|split|` line announces two versions of the next line; 1 or 2 for
        that player's log, 0 for a spectator's.
        """
        if player is None:
            return self.native.log.splitlines()
        if player not in (0, 1, 2):
            raise ValueError(f"player: expected 1, 2, 0 (a spectator) or None (everything), got {player!r}")
        return self.native.log_seen_by(player - 1).splitlines()

    def request(self, player: int) -> str:
        """The request that Showdown sends this player, as JSON text; empty once the battle has ended."""
        return self.native.request(_side(player))

    def features(self, player: int) -> np.ndarray:
        """This player's view: [NUM_FEATURES] float32, with the columns of `view`."""
        return self.native.features(_side(player))

    def to_bytes(self) -> bytes:
        """The whole battle including generator, names and log, with a format version."""
        return self.native.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Battle:
        """The battle that `to_bytes` wrote; `ValueError` for other bytes and for impossible states."""
        return cls._of(_engine.Battle.from_bytes(data))

    def copy(self) -> Battle:
        """An independent battle in the same state."""
        return self._of(self.native.copy())

    def outcomes(self, p1_choice: str, p2_choice: str) -> list[tuple[Fraction, Battle]]:
        """Every possible resulting situation and its probability, for uniform rolls; the probabilities sum to 1.

        Rolls that lead to equal situations are merged. The battles keep this battle's generator and log.
        """
        return [
            (sum((Fraction(*share) for share in shares), Fraction(0)), self._of(native))
            for shares, native in self.native.outcomes(p1_choice, p2_choice)
        ]

    def roll(self, p1_choice: str, p2_choice: str, prefix: Sequence[int] = ()) -> Battle | Roll:
        """Play the turn one chance roll at a time.

        prefix: the outcome of each roll so far, in order. Returns the next open `Roll` or, if none is left, the battle
        after the turn, with its log written and its generator unchanged.

        Raises `ValueError` for an outcome that a roll does not have and for a prefix longer than the turn.
        """
        found = self.native.follow(p1_choice, p2_choice, list(prefix))
        if isinstance(found, tuple):
            name, weights, denominator = found
            return Roll(name, tuple(weights), denominator)
        return self._of(found)

    def scripted(self, p1_choice: str, p2_choice: str, rolls: Sequence[tuple[str, int]]) -> Battle:
        """The battle after the turn with exactly these rolls, each a name of ROLLS and its value.

        Values: 1 or 0 for events that may happen (`hit`, `critical`, `secondary`, ...), otherwise the number itself
        (`damage` 217 to 255, `sleep_turns` 1 to 7, `metronome` a move's number, `speed_tie` the side, 0 or 1).

        Raises `ValueError` if another roll is due or if rolls are left over.
        """
        for name, _ in rolls:
            if name not in ROLLS:
                raise unknown("roll", name, ROLLS)
        return self._of(self.native.scripted(p1_choice, p2_choice, list(rolls)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Battle) and self.native.same_situation(other.native)

    def __hash__(self) -> int:
        return self.native.situation_hash()

    def __repr__(self) -> str:
        state = "ended" if self.ended else f"choices {self.choices(1)} / {self.choices(2)}"
        return f"<Battle turn {self.turn}, {state}>"

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return (Battle.from_bytes, (self.to_bytes(),))


def _side(player: int) -> int:
    if player not in (1, 2):
        raise ValueError(f"player: expected 1 or 2, got {player!r}")
    return player - 1


def _native_team(team: BattleTeam, player: int) -> list[tuple[Any, ...]]:
    members = read_team(team) if isinstance(team, str) else team
    if not isinstance(members, Sequence):
        raise TypeError(f"team of player {player}: expected text or a sequence of Pokémon, got {team!r}")
    if not 1 <= len(members) <= 6:
        raise TeamError(f"team of player {player}: expected 1 to 6 Pokémon, got {len(members)}")
    return [_native_member(member, f"team of player {player}, Pokémon {i}") for i, member in enumerate(members, 1)]


def _native_member(member: PokemonSet | Entrant | Mapping[str, Any], where: str) -> tuple[Any, ...]:
    """The tuple that the native constructor takes (see engine/bindings_battle.cpp)."""
    entrant = _entrant(member)
    chosen = entrant.set
    species = find_species(chosen.species)
    if species is None:
        raise TeamError(f"{where}: {_unknown('species', chosen.species, legality_facts().species)}")
    if not 1 <= chosen.level <= 100:
        raise TeamError(f"{where}: level {chosen.level}, expected 1 to 100")
    if not 1 <= len(chosen.moves) <= 4:
        raise TeamError(f"{where}: {len(chosen.moves)} moves, expected 1 to 4")
    if entrant.status not in STATUSES:
        raise TeamError(f"{where}: {unknown('status', entrant.status, [status for status in STATUSES if status])}")
    if entrant.hp is not None and not 0 <= entrant.hp <= MAX_HP:
        raise TeamError(f"{where}: hp {entrant.hp}, expected 0 to {MAX_HP}")
    moves = [_move_number(name, where) for name in chosen.moves]
    pp = list(entrant.pp) if entrant.pp is not None else []
    if pp and (len(pp) != len(moves) or not all(0 <= left <= 63 for left in pp)):
        raise TeamError(f"{where}: pp {pp}, expected 0 to 63 for each of {len(moves)} moves")
    name = (chosen.nickname or legality_facts().species[species].name)[:MAX_NAME]
    if _CONTROL.search(name):  # as a server would
        name = _CONTROL.sub("", kept_name(name)) or legality_facts().species[species].name
    ivs, evs = _five(chosen.ivs, 31), _five(chosen.evs, 255)
    sleep = entrant.sleep if entrant.status == "slp" else 0
    condition = (-1 if entrant.hp is None else entrant.hp, STATUSES.index(entrant.status), sleep, pp)
    return (name, legality_facts().species[species].number, chosen.level, moves, ivs, evs, *condition)


def _unknown(kind: str, name: str, choices: Iterable[str]) -> str:
    """The error for an unknown name with many choices: it shows only the closest."""
    return (
        f"Gen 1 has no {str(unknown(kind, name, choices)).split(' Available:')[0].removeprefix('unknown ').rstrip(';')}"
    )


def _five(spread: Spread, most: int) -> list[int]:
    """HP, Attack, Defense, Speed, Special, clamped as Showdown does."""
    return [min(max(value, 0), most) for value in (spread.hp, spread.atk, spread.defense, spread.spe, spread.spa)]


def _move_number(name: str, where: str) -> int:
    move = find_move(name)
    if move is None:
        raise TeamError(f"{where}: {_unknown('move', name, legality_facts().moves)}")
    return _move_numbers()[move]


@cache
def _move_numbers() -> dict[str, int]:
    return {move: number for number, move in enumerate(legality_facts().moves, 1)}


def _entrant(member: PokemonSet | Entrant | Mapping[str, Any]) -> Entrant:
    if isinstance(member, Entrant):
        return member
    if isinstance(member, PokemonSet):
        return Entrant(member)
    if not isinstance(member, Mapping):
        raise TypeError(f"expected a PokemonSet, an Entrant or a mapping, got {member!r}")
    return Entrant(
        _set_of(member),
        member.get("hp"),
        member.get("status", ""),
        member.get("sleep", 1),
        tuple(member["pp"]) if "pp" in member else None,
    )


def _set_of(values: Mapping[str, Any]) -> PokemonSet:
    """The set of one of Showdown's own set objects."""
    name = values.get("name", "")
    species = values.get("species") or name
    nickname = "" if name == species else name
    evs, ivs = _spread(values.get("evs"), 0, FULL_EVS), _spread(values.get("ivs"), 31, FULL_IVS)
    return PokemonSet(species, tuple(values.get("moves", ())), values.get("level") or 100, evs, ivs, nickname)


def _spread(values: Mapping[str, int] | None, absent: int, full: Spread) -> Spread:
    if not values:
        return full
    return Spread(*(values.get(stat, absent) for stat in ("hp", "atk", "def", "spa", "spd", "spe")))
