"""Battles from public logs: what each player knew and chose, rebuilt without the players' requests.

    log = PublicLog.read(open("replay.json").read())     # a replay's JSON or page, or bare protocol lines
    for decision in log.decisions(1):                    # of player 1
        decision.features, decision.legal, decision.choice

A spectator's log hides what a player knew about the own team. It is filled in with what the battle reveals later, then
with the usual sets of a species. `log.teams` gives the origin of every Pokémon and move, and a known team can be given
instead. HP of the own team are known only as integer percentages, stats are the highest possible, and if a Pokémon
could not act (asleep, paralyzed, fainted first), the choice is hidden.

Requests are rebuilt by the rules of current servers, so that the engine's own tracker reads the log like a live battle.
Facts that no line shows (a trap has ended, which slot paid PP) are taken from the tracker's own count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.facts import moves, species
from pokespiel.game.gen1.baselines.likely import likely_moves, sets
from pokespiel.game.gen1.public_lines import (
    NotAPublicLog,
    OtherRules,
    lines_in,
    quoting,
    require_readable,
    spectators,
)
from pokespiel.game.gen1.public_views import MOVE_SLOTS, Follower, PublicDecision, is_called
from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts
from pokespiel.game.gen1.teams.sets import PokemonSet, Team
from pokespiel.game.gen1.teams.words import move_name, species_name

PARTY = 6
_NEVER_OWN = ("struggle", "recharge")


class Origin(NamedTuple):
    """Where a fact about a player's own team comes from."""

    source: str
    """"revealed" by the log, "given" as the player's team, or "assumed" as usual."""
    turn: int | None = None
    """The turn that reveals it, 0 = before the first; None for other sources."""


@dataclass(frozen=True)
class FilledSet:
    """A Pokémon of a player's team, with the origin of each fact."""

    set: PokemonSet
    origin: Origin
    """Origin of its being on the team."""
    moves: tuple[Origin, ...]
    """Origin of each of the set's moves."""


class GivenTeamMismatch(ValueError):
    """A team that the player cannot have had, because the log shows others."""


@dataclass
class _Seen:
    """A Pokémon as the log shows it."""

    name: str
    species: str
    level: int
    turn: int
    moves: dict[str, int] = field(default_factory=dict)
    """Turn of the first use, by move name."""


@dataclass(frozen=True)
class PublicLog:
    """A battle's lines as a spectator, or one of its players, was sent them."""

    lines: tuple[str, ...]
    given: tuple[Team | None, Team | None] = (None, None)
    """The players' teams if they are known."""
    numbers: tuple[int, ...] = field(default=(), compare=False)
    """The number of each line in the text, from 1."""

    @classmethod
    def read(cls, text: str) -> PublicLog:
        """Read a replay's JSON ({"log": ...}), its page, or protocol lines; raises `NotAPublicLog`."""
        return cls.of(lines_in(text))

    @classmethod
    def of(cls, lines: Sequence[str]) -> PublicLog:
        """Checked protocol lines; chat, markup and other players' secrets (`|split|`) are left out."""
        numbered = tuple(spectators(lines))
        numbers, kept = tuple(number for number, _ in numbered), tuple(line for _, line in numbered)
        kinds = {line.split("|")[1] for line in kept if line.count("|") > 1}
        if "|gen|1" not in kept and any(line.startswith("|gen|") for line in kept):
            raise OtherRules("this is a battle of another generation; expected |gen|1")
        if not {"switch", "turn"} <= kinds:
            raise NotAPublicLog("no battle in this text: expected Showdown's lines, such as |switch|... and |turn|1")
        kinds_of_game = {line for line in kept if line.startswith("|gametype|")}
        several = any(line.startswith(("|switch|p1b", "|switch|p3", "|switch|p2b")) for line in kept)
        if several or kinds_of_game - {"|gametype|singles"}:
            raise OtherRules("expected a singles battle")
        for number, line in numbered:
            require_readable(number, line)
        return cls(kept, numbers=numbers)

    def quoting(self, index: int) -> AbstractContextManager[None]:
        """Let errors name and quote line `index`."""
        return quoting(self.numbers[index], self.lines[index])

    def with_team(self, player: int, team: Team) -> PublicLog:
        """The log with the known team of `player`; raises `GivenTeamMismatch` if the log shows others."""
        given = list(self.given)
        given[player - 1] = _matched(team, self._seen[player - 1], player)
        changed = (given[0], given[1])
        return replace(self, given=changed)

    @cached_property
    def names(self) -> tuple[str, str]:
        """The players' names."""
        found = ["Player 1", "Player 2"]
        for line in self.lines:
            kind, *words = line[1:].split("|")
            if kind == "player" and len(words) > 1 and words[1] and words[0] in ("p1", "p2"):
                found[words[0] == "p2"] = words[1]
        return (found[0], found[1])

    @cached_property
    def winner(self) -> int | None:
        """The player who has won, 0 after a tie, None if the log stops earlier."""
        for line in reversed(self.lines):
            kind, *words = line[1:].split("|")
            if kind == "tie":
                return 0
            if kind == "win" and words[0] in self.names:
                return 1 + self.names.index(words[0])
        return None

    @cached_property
    def teams(self) -> tuple[tuple[FilledSet, ...], tuple[FilledSet, ...]]:
        """Both teams, filled in, the lead first."""
        first, second = (self._filled(player) for player in (1, 2))
        return first, second

    def sets(self, player: int) -> Team:
        """A player's filled-in team."""
        return tuple(one.set for one in self.teams[player - 1])

    def decisions(self, player: int) -> Iterator[PublicDecision]:
        """All decisions of `player`, in order. Raises `NotAPublicLog` at an impossible line."""
        yield from Follower(self, player).decisions()

    @cached_property
    def _seen(self) -> tuple[list[_Seen], list[_Seen]]:
        return _shown(self)

    def own_moves(self, player: int) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The name of each Pokémon of `player` that appears, and the moves that it uses as its own, by first use."""
        for one in self._seen[player - 1]:
            yield one.name, tuple(one.moves)

    def size(self, player: int) -> int:
        """The number of Pokémon on the player's team, 6 where the log does not tell."""
        told = [int(line.split("|")[3]) for line in self.lines if re.fullmatch(rf"\|teamsize\|p{player}\|[1-6]", line)]
        return max(told[-1] if told else PARTY, len(self._seen[player - 1]))

    def _filled(self, player: int) -> tuple[FilledSet, ...]:
        seen, given = self._seen[player - 1], self.given[player - 1]
        if given is not None:
            return tuple(_of_given(one, seen) for one in given)
        team = [_of_seen(one) for one in seen[:PARTY]]
        while len(team) < self.size(player):
            team.append(_usual({one.set.species for one in team}))
        return tuple(team)


# What the log shows ---------------------------------------------------------------------------------------------------


@dataclass
class _Side:
    """A player's Pokémon as they appear."""

    party: list[_Seen] = field(default_factory=list)
    front: _Seen | None = None
    copying: bool = False
    """Whether the moves of the one on the field may be another's."""

    def hear(self, kind: str, words: Sequence[str], turn: int) -> None:
        if kind in ("switch", "drag"):
            self.front, self.copying = self._appear(words, turn), False
        elif kind == "-transform" or (kind == "-start" and words[1].removeprefix("move: ") == "Mimic"):
            self.copying = True
        elif kind == "move" and self.front is not None and not self.copying and not is_called(words):
            move = find_move(words[1])
            if move is not None and move not in _NEVER_OWN:
                self.front.moves.setdefault(legality_facts().moves[move], turn)

    def _appear(self, words: Sequence[str], turn: int) -> _Seen:
        name, details = words[0].partition(": ")[2], words[1]
        found = find_species(details.partition(",")[0])
        if found is None:
            raise ValueError(f"no Pokémon of Gen 1 is called {details[:40]!r}")
        shown = legality_facts().species[found].name
        for one in self.party:
            if one.species == shown and one.name == name:
                return one
        if len(self.party) >= PARTY:
            raise ValueError(f"more than {PARTY} Pokémon of one player appear")
        self.party.append(_Seen(name, shown, _level(details), turn))
        return self.party[-1]


def _level(details: str) -> int:
    found = re.search(r", L([0-9]+)", details)
    level = int(found[1][:4]) if found else 100
    if not 1 <= level <= 100:
        raise ValueError(f"level {level}: expected 1 to 100")
    return level


def _shown(log: PublicLog) -> tuple[list[_Seen], list[_Seen]]:
    """The Pokémon of both players that appear, in that order, with the moves that they use as their own."""
    sides, turn = (_Side(), _Side()), 0
    for index, line in enumerate(log.lines):
        kind, *words = line[1:].split("|")
        if kind == "turn":
            turn = int(words[0])
        if words and re.match(r"p[12]a", words[0]):
            with log.quoting(index):
                sides[int(words[0][1]) - 1].hear(kind, words, turn)
    return sides[0].party, sides[1].party


# Teams ----------------------------------------------------------------------------------------------------------------


def _of_seen(one: _Seen) -> FilledSet:
    shown = list(one.moves)[:MOVE_SLOTS]
    usual = usual_moves(one.species, shown)[: MOVE_SLOTS - len(shown)]
    nickname = "" if one.name == one.species else one.name
    origins = [Origin("revealed", one.moves[move]) for move in shown] + [Origin("assumed")] * len(usual)
    return FilledSet(
        PokemonSet(one.species, (*shown, *usual), one.level, nickname=nickname),
        Origin("revealed", one.turn),
        tuple(origins),
    )


def usual_moves(name: str, shown: Sequence[str]) -> list[str]:
    """The species' most likely moves in addition to those shown."""
    numbers = [moves().number[str(find_move(move))] for move in shown]
    seen = np.array([[*numbers, *[0] * MOVE_SLOTS][:MOVE_SLOTS]])
    candidates, chance = likely_moves(np.array([species().number[str(find_species(name))]]), seen)
    order = [index for index in np.argsort(-chance[0], kind="stable") if candidates[0, index] and chance[0, index] > 0]
    names = {number: move for move, number in moves().number.items()}
    return [legality_facts().moves[names[int(candidates[0, index])]] for index in order]


def _usual(taken: set[str]) -> FilledSet:
    """The species with the highest usage that is not taken."""
    names = {number: legality_facts().species[one].name for one, number in species().number.items()}
    number = next(
        int(n) for n in np.argsort(-sets().usage, kind="stable") if int(n) in names and names[int(n)] not in taken
    )
    known = usual_moves(names[number], ())[:MOVE_SLOTS]
    return FilledSet(PokemonSet(names[number], tuple(known)), Origin("assumed"), (Origin("assumed"),) * len(known))


def _of_given(one: PokemonSet, seen: Sequence[_Seen]) -> FilledSet:
    shown = next((other for other in seen if other.species == one.species), None)
    turns = shown.moves if shown else {}
    origins = tuple(Origin("revealed", turns[move]) if move in turns else Origin("given") for move in one.moves)
    return FilledSet(one, Origin("revealed", shown.turn) if shown else Origin("given"), origins)


def _matched(team: Team, seen: Sequence[_Seen], player: int) -> Team:
    """The team with the log's lead first and the log's nicknames; an error if it does not match the log."""
    named = {one.species: one for one in map(_full_names, team)}
    for one in seen:
        own = named.get(one.species)
        if own is None:
            raise GivenTeamMismatch(f"player {player} has a {one.species} in this log, which is not in the given team")
        missing = [move for move in one.moves if move not in own.moves]
        if missing and len(one.moves) <= MOVE_SLOTS:
            raise GivenTeamMismatch(
                f"{one.species} uses {', '.join(missing)} in this log, which the team's does not know"
            )
        if own.level != one.level:
            raise GivenTeamMismatch(f"{one.species} has level {one.level} in this log, {own.level} in the team")
        named[one.species] = replace(own, nickname="" if one.name == one.species else one.name)
    lead = seen[0].species if seen else team[0].species
    return tuple(sorted(named.values(), key=lambda own: own.species != lead))


def _full_names(one: PokemonSet) -> PokemonSet:
    known = tuple(move_name(move) for move in one.moves)
    return replace(one, species=species_name(one.species), moves=known)
