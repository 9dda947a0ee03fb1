"""Battles as the public saw them: what each player knew and chose, rebuilt from a log without requests.

    log = PublicLog.read(open("replay.json").read())     # a replay's JSON or page, or bare protocol lines
    for decision in log.decisions(1):                    # of player 1
        decision.features, decision.legal, decision.choice

A spectator's log hides what a player knew of the own team. It is filled in: with what the battle reveals later, then
with the sets that are usual for a species. `log.teams` says for every Pokémon and move where it comes from, and a team
that the player is known to have had can be given instead. HP of the own team are known in whole percent only, the stats
are the highest possible, and where a Pokémon could not act (asleep, paralyzed, fainted first), the choice is hidden.

Requests are rebuilt after the rules of today's servers, so that the engine's own tracker reads the log as it reads a
live battle. What no line tells (that a trap has ended, the slot that paid PP) is taken as the tracker counts it.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.facts import full_pp, moves, species
from pokespiel.game.gen1.baselines.likely import likely_moves, sets
from pokespiel.game.gen1.teams.legality import find_move, find_species, legality_facts, to_id
from pokespiel.game.gen1.teams.sets import PokemonSet, Team
from pokespiel.game.gen1.teams.words import move_name, species_name
from pokespiel.game.gen1.tracker import Tracker

PARTY = 6
_MOVES = 4
_NEVER_OWN = ("struggle", "recharge")
_SCRIPT = re.compile(r'<script[^>]*class="battle-log-data"[^>]*>(.*?)</script>', re.DOTALL)
_LOCKS = {"charging": "charging_move", "thrash": "used_move", "rage": "used_move"}
"""Flags of what leaves no choice and no way out, and the column that names the move."""
_SEMI_LOCKS = {"bide": "used_move", "trapping": "used_move"}
"""The same of what may still switch."""


class NotAPublicLog(ValueError):
    """A text that holds no Gen 1 singles battle; the message says why."""


class Origin(NamedTuple):
    """Where a fact about a player's own team comes from."""

    source: str
    """"revealed" by the log, "given" as the player's team, or "assumed" as usual."""
    turn: int | None = None
    """The turn that reveals it, 0 = before the first; None for the others."""


@dataclass(frozen=True)
class FilledSet:
    """A Pokémon of a player's team, with the origin of each fact."""

    set: PokemonSet
    origin: Origin
    """Of its being on the team."""
    moves: tuple[Origin, ...]
    """Of each of the set's moves."""


class PublicDecision(NamedTuple):
    """One decision of a player."""

    turn: int
    player: int
    """1 or 2."""
    features: np.ndarray
    """[NUM_FEATURES] float32: what the player knew, the own team as it was filled in."""
    legal: np.ndarray
    """[9] bool, True = allowed."""
    choice: str | None
    """In Showdown's words; None where the log hides it."""
    heard: int
    """Lines of the log that came before it."""


class GivenTeamMismatch(ValueError):
    """A team that the player cannot have had: the log shows others."""


@dataclass
class _Seen:
    """A Pokémon as the log shows it."""

    name: str
    species: str
    level: int
    turn: int
    moves: dict[str, int] = field(default_factory=dict)
    """Turn of the first use by name."""


@dataclass(frozen=True)
class PublicLog:
    """A battle's lines as a spectator, or one of its players, was sent them."""

    lines: tuple[str, ...]
    given: tuple[Team | None, Team | None] = (None, None)
    """The players' teams where they are known."""

    @classmethod
    def read(cls, text: str) -> PublicLog:
        """A replay's JSON ({"log": ...}), its page, or protocol lines; raises `NotAPublicLog`."""
        return cls.of(_lines_in(text))

    @classmethod
    def of(cls, lines: Sequence[str]) -> PublicLog:
        """Checked protocol lines; chat, markup and other players' secrets (`|split|`) are left out."""
        kept = tuple(_spectators(lines))
        kinds = {line.split("|")[1] for line in kept if line.count("|") > 1}
        if "|gen|1" not in kept and any(line.startswith("|gen|") for line in kept):
            raise NotAPublicLog("this is a battle of another generation; expected |gen|1")
        if not {"switch", "turn"} <= kinds:
            raise NotAPublicLog("no battle in this text: expected Showdown's lines, such as |switch|... and |turn|1")
        if any(line.startswith(("|switch|p1b", "|switch|p3", "|switch|p2b")) for line in kept):
            raise NotAPublicLog("expected a singles battle")
        return cls(kept)

    def with_team(self, player: int, team: Team) -> PublicLog:
        """The log with the team that `player` had; raises `GivenTeamMismatch` if the log shows others."""
        given = list(self.given)
        given[player - 1] = _matched(team, self._seen[player - 1], player)
        changed = (given[0], given[1])
        return replace(self, given=changed)

    @cached_property
    def names(self) -> tuple[str, str]:
        """The players'."""
        found = ["Player 1", "Player 2"]
        for line in self.lines:
            kind, *words = line[1:].split("|")
            if kind == "player" and len(words) > 1 and words[1] and words[0] in ("p1", "p2"):
                found[words[0] == "p2"] = words[1]
        return (found[0], found[1])

    @cached_property
    def winner(self) -> int | None:
        """The player who has won, 0 after a tie, None if the log stops before."""
        for line in reversed(self.lines):
            kind, *words = line[1:].split("|")
            if kind == "tie":
                return 0
            if kind == "win" and words[0] in self.names:
                return 1 + self.names.index(words[0])
        return None

    @cached_property
    def teams(self) -> tuple[tuple[FilledSet, ...], tuple[FilledSet, ...]]:
        """Both teams as they are filled in, the lead first."""
        first, second = (self._filled(player) for player in (1, 2))
        return first, second

    def sets(self, player: int) -> Team:
        """A player's filled-in team."""
        return tuple(one.set for one in self.teams[player - 1])

    def decisions(self, player: int) -> Iterator[PublicDecision]:
        """All decisions of `player`, in their order. A line that cannot be raises a `ValueError` that quotes it."""
        yield from _Follower(self, player).decisions()

    @cached_property
    def _seen(self) -> tuple[list[_Seen], list[_Seen]]:
        return _shown(self.lines)

    def _size(self, player: int) -> int:
        told = [int(line.split("|")[3]) for line in self.lines if re.fullmatch(rf"\|teamsize\|p{player}\|[1-6]", line)]
        return max(told[-1] if told else PARTY, len(self._seen[player - 1]))

    def _filled(self, player: int) -> tuple[FilledSet, ...]:
        seen, given = self._seen[player - 1], self.given[player - 1]
        if given is not None:
            return tuple(_of_given(one, seen) for one in given)
        team = [_of_seen(one) for one in seen[:PARTY]]
        while len(team) < self._size(player):
            team.append(_usual({one.set.species for one in team}))
        return tuple(team)


# Texts ----------------------------------------------------------------------------------------------------------------


def _lines_in(text: str) -> list[str]:
    if found := _SCRIPT.search(text):
        return html.unescape(found[1]).replace("<\\/", "</").strip().splitlines()
    if text.lstrip().startswith("{"):
        try:
            kept = json.loads(text)
        except ValueError as error:
            raise NotAPublicLog(f"not the JSON of a replay: {error}") from None
        log = kept.get("log")
        if isinstance(log, str):
            return log.splitlines()
        if isinstance(log, list) and all(isinstance(line, str) for line in log):
            return log
        raise NotAPublicLog('no "log" in this JSON; expected a replay of Showdown or a kept battle')
    return text.splitlines()


def _spectators(lines: Sequence[str]) -> Iterator[str]:
    """Of a `|split|` the shared line; no requests, chat or markup."""
    rest = iter(lines)
    for raw in rest:
        line = raw.rstrip("\r\n")
        if line.startswith("|split|"):
            next(rest, None)
            line = next(rest, "").rstrip("\r\n")
        if line.startswith("|") and not line.startswith(
            ("|request|", "|c|", "|c:|", "|raw|", "|html|", "|uhtml|", "|j|", "|l|")
        ):
            yield line


def _shown(lines: Sequence[str]) -> tuple[list[_Seen], list[_Seen]]:
    """The Pokémon of both players that appear, in that order, with the moves that they use as their own."""
    sides: tuple[list[_Seen], list[_Seen]] = [], []
    front: list[_Seen | None] = [None, None]
    copying = [False, False]
    turn = 0
    for line in lines:
        kind, *words = line[1:].split("|")
        if kind == "turn" and words[0].isdecimal():
            turn = int(words[0])
        if not words or not re.match(r"p[12]a", words[0]):
            continue
        side = int(words[0][1]) - 1
        if kind in ("switch", "drag"):
            front[side], copying[side] = _appear(sides[side], words, turn), False
        elif kind in ("-transform",) or (kind == "-start" and words[1].removeprefix("move: ") == "Mimic"):
            copying[side] = True
        one = front[side]
        if kind == "move" and one is not None and not copying[side] and not _called(words):
            move = find_move(words[1])
            if move is not None and move not in _NEVER_OWN:
                one.moves.setdefault(legality_facts().moves[move], turn)
    return sides


def _called(words: Sequence[str]) -> bool:
    """Whether another move called this one, or a lock repeats it."""
    return any(word.startswith("[from]") and to_id(word[6:]) != to_id(words[1]) for word in words[2:])


def _appear(party: list[_Seen], words: Sequence[str], turn: int) -> _Seen:
    name, details = words[0].partition(": ")[2], words[1]
    found = find_species(details.partition(",")[0])
    if found is None:
        raise NotAPublicLog(f"no Pokémon of Gen 1 is called {details[:40]!r}")
    shown = legality_facts().species[found].name
    level = re.search(r", L(\d{1,3})", details)
    for one in party:
        if one.species == shown and one.name == name:
            return one
    if len(party) >= PARTY:
        raise NotAPublicLog(f"more than {PARTY} Pokémon of one player appear")
    party.append(_Seen(name, shown, int(level[1]) if level else 100, turn))
    return party[-1]


# Teams ----------------------------------------------------------------------------------------------------------------


def _of_seen(one: _Seen) -> FilledSet:
    shown = list(one.moves)[:_MOVES]
    usual = _usual_moves(one.species, shown)[: _MOVES - len(shown)]
    nickname = "" if one.name == one.species else one.name
    origins = [Origin("revealed", one.moves[move]) for move in shown] + [Origin("assumed")] * len(usual)
    return FilledSet(
        PokemonSet(one.species, (*shown, *usual), one.level, nickname=nickname),
        Origin("revealed", one.turn),
        tuple(origins),
    )


def _usual_moves(name: str, shown: Sequence[str]) -> list[str]:
    """The moves that a species most likely has beside those shown."""
    numbers = [moves().number[str(find_move(move))] for move in shown]
    seen = np.array([[*numbers, *[0] * _MOVES][:_MOVES]])
    candidates, chance = likely_moves(np.array([species().number[str(find_species(name))]]), seen)
    order = [index for index in np.argsort(-chance[0], kind="stable") if candidates[0, index] and chance[0, index] > 0]
    names = {number: move for move, number in moves().number.items()}
    return [legality_facts().moves[names[int(candidates[0, index])]] for index in order]


def _usual(taken: set[str]) -> FilledSet:
    """The species that most teams have, of those that are not taken."""
    names = {number: legality_facts().species[one].name for one, number in species().number.items()}
    number = next(
        int(n) for n in np.argsort(-sets().usage, kind="stable") if int(n) in names and names[int(n)] not in taken
    )
    known = _usual_moves(names[number], ())[:_MOVES]
    return FilledSet(PokemonSet(names[number], tuple(known)), Origin("assumed"), (Origin("assumed"),) * len(known))


def _of_given(one: PokemonSet, seen: Sequence[_Seen]) -> FilledSet:
    shown = next((other for other in seen if other.species == one.species), None)
    turns = shown.moves if shown else {}
    origins = tuple(Origin("revealed", turns[move]) if move in turns else Origin("given") for move in one.moves)
    return FilledSet(one, Origin("revealed", shown.turn) if shown else Origin("given"), origins)


def _matched(team: Team, seen: Sequence[_Seen], player: int) -> Team:
    """The team, led by who leads in the log and under the names that the log has; a mismatch is an error."""
    named = {one.species: one for one in map(_full_names, team)}
    for one in seen:
        own = named.get(one.species)
        if own is None:
            raise GivenTeamMismatch(f"player {player} has a {one.species} in this log, which the team has not")
        missing = [move for move in one.moves if move not in own.moves]
        if missing and len(one.moves) <= _MOVES:
            raise GivenTeamMismatch(
                f"{one.species} uses {', '.join(missing)} in this log, which the team's does not know"
            )
        if own.level != one.level:
            raise GivenTeamMismatch(f"{one.species} has level {one.level} in this log, {own.level} in the team")
        named[one.species] = replace(own, nickname="" if one.name == one.species else one.name)
    return tuple(sorted(named.values(), key=lambda own: own.species != seen[0].species))


def _full_names(one: PokemonSet) -> PokemonSet:
    known = tuple(move_name(move) for move in one.moves)
    return replace(one, species=species_name(one.species), moves=known)


# Following ------------------------------------------------------------------------------------------------------------


class _Follower:
    """Feeds the tracker with what one player was sent."""

    def __init__(self, log: PublicLog, player: int):
        self.log, self.player = log, player
        self.team = log.sets(player)
        self.seat, self.foe = f"p{player}", f"p{3 - player}"
        self.tracker = Tracker(player - 1)
        self.order = list(range(len(self.team)))
        self.full = [one.stats.hp for one in self.team]
        self.condition = [f"{full}/{full}" for full in self.full]
        self.turn = 0

    def decisions(self) -> Iterator[PublicDecision]:
        down = False
        for index, line in enumerate(self.log.lines):
            kind = line.split("|")[1]
            if down and kind in ("switch", "drag") and self._has_fainted():
                yield from self._ask(index, replaces=True)
            down = down and kind not in ("switch", "drag", "turn")
            self._hear(line)
            down = down or kind == "faint"
            if kind == "turn":
                yield from self._ask(index + 1, replaces=False)

    def _has_fainted(self) -> bool:
        """The one on the field is down, and another can come."""
        down = [condition.startswith("0") for condition in self.condition]
        return down[self.order[0]] and not all(down)

    def _ask(self, heard: int, *, replaces: bool) -> Iterator[PublicDecision]:
        self.tracker.request(json.dumps(self._request(replaces)))
        features, legal = self.tracker.features(), self.tracker.legal()
        if legal.any():
            choice = self._choice(heard, features, legal, replaces)
            yield PublicDecision(self.turn, self.player, features, legal, choice, heard)

    def _hear(self, line: str) -> None:
        kind, *words = line[1:].split("|")
        if kind == "turn" and words[0].isdecimal():
            self.turn = int(words[0])
        if kind in ("switch", "drag", "-damage", "-heal") and len(words) > 1:
            place = 2 if kind in ("switch", "drag") else 1
            if words[0].startswith(self.seat):
                if kind in ("switch", "drag"):
                    self._send_in(words)
                words[place] = self._own_condition(words[place])
            else:
                words[place] = _in_percent(words[place])
            line = "|" + "|".join([kind, *words])
        elif words and words[0].startswith(self.seat):
            self._own_status(kind, words)
        self.tracker.read(line)

    def _send_in(self, words: Sequence[str]) -> None:
        name, kind = words[0].partition(": ")[2], words[1].partition(",")[0]
        names = [(one.name, one.species) for one in self.team]
        place = next((p for p, i in enumerate(self.order) if names[i] == (name, kind)), None)
        if place is None:
            place = next(p for p, i in enumerate(self.order) if find_species(names[i][1]) == find_species(kind))
        self.order[0], self.order[place] = self.order[place], self.order[0]

    def _own_condition(self, text: str) -> str:
        """The own HP in points, from percent (or the 48ths of old replays) where the line has those."""
        index = self.order[0]
        self.condition[index] = in_points(text, self.full[index])
        return self.condition[index]

    def _own_status(self, kind: str, words: Sequence[str]) -> None:
        index = self.order[0]
        points = self.condition[index].partition(" ")[0]
        if kind == "-status":
            self.condition[index] = f"{points} {words[1]}"
        elif kind == "-curestatus":
            self.condition[index] = points
        elif kind == "faint":
            self.condition[index] = "0 fnt"

    def _request(self, replaces: bool) -> dict[str, Any]:
        side = {
            "name": self.log.names[self.player - 1],
            "id": self.seat,
            "pokemon": [self._member(i) for i in self.order],
        }
        if replaces:
            return {"forceSwitch": [True], "side": side}
        return {"active": [self._menu()], "side": side}

    def _member(self, index: int) -> dict[str, Any]:
        one, stats = self.team[index], self.team[index].stats
        details = one.species if one.level == 100 else f"{one.species}, L{one.level}"
        return {
            "ident": f"{self.seat}: {one.name}",
            "details": details,
            "condition": self.condition[index],
            "active": index == self.order[0],
            "stats": {"atk": stats.attack, "def": stats.defense, "spa": stats.special, "spe": stats.speed},
            "moves": [str(find_move(move)) for move in one.moves],
        }

    def _menu(self) -> dict[str, Any]:
        """What a server would offer now; see `engine/request.cpp`."""
        if not self.tracker.ready:
            return {"moves": [_slot(str(find_move(move))) for move in self.team[self.order[0]].moves]}
        nothing = np.zeros((1, 9), bool)
        board = Board(Observations(0, self.tracker.features()[None], nothing, np.full(1, -1, np.int64)))
        active = board.own_active
        if active.recharging[0]:
            return {"moves": [{"move": "Recharge", "id": "recharge"}], "trapped": True}
        for flags, extra in ((_LOCKS, {"trapped": True}), (_SEMI_LOCKS, {})):
            for flag, column in flags.items():
                if getattr(active, flag)[0] and (number := int(getattr(active, column)[0])):
                    return {"moves": [{"move": "", "id": _move_id(number)}], **extra}
        status = self.condition[self.order[0]].partition(" ")[2]
        trapped = bool(board.foe_active.trapping[0])
        if status in ("slp", "frz") or (trapped and board.foe_active.trapping_turns[0] <= 1):
            return {"moves": [{"move": "Fight", "id": "fight"}]}
        return {"moves": self._slots(board), **({"maybeLocked": True} if trapped else {})}

    def _slots(self, board: Board) -> list[dict[str, Any]]:
        disabled = int(board.own_active.disabled_move[0]) if board.own_active.disabled[0] else 0
        slots = [
            _slot(_move_id(int(number)), int(left), int(number) == disabled)
            for number, left in zip(*(board.party_moves("own", name)[0, 0] for name in ("move", "pp")), strict=True)
            if number
        ]
        usable = [slot for slot in slots if not slot["disabled"]]
        return slots if usable else [{"move": "Struggle", "id": "struggle", "disabled": False}]

    # Choices ----------------------------------------------------------------------------------------------------------

    def _choice(self, heard: int, features: np.ndarray, legal: np.ndarray, replaces: bool) -> str | None:
        """What the lines after the decision show of it."""
        if legal.sum() == 1:
            only = int(np.flatnonzero(legal)[0])
            return f"move {only + 1}" if only < _MOVES else f"switch {only - 2}"
        for line in self.log.lines[heard:]:
            kind, *words = line[1:].split("|")
            if kind in ("turn", "win", "tie") or (kind == "faint" and words[0].startswith(self.seat) and not replaces):
                return None
            if not words or not words[0].startswith(f"{self.seat}a"):
                continue
            if kind in ("switch", "drag"):
                return self._switch(words, legal)
            if kind == "move" and not replaces and not _called(words):
                return _named(find_move(words[1]), features, legal)
            if kind == "cant":
                return _named(find_move(words[2]), features, legal) if len(words) > 2 else None
        return None

    def _switch(self, words: Sequence[str], legal: np.ndarray) -> str | None:
        name, kind = words[0].partition(": ")[2], find_species(words[1].partition(",")[0])
        for place, index in enumerate(self.order):
            one = self.team[index]
            if place and find_species(one.species) == kind and one.name == name:
                return f"switch {place + 1}" if legal[place + 3] else None
        return None


def _slot(move: str, pp: int | None = None, disabled: bool = False) -> dict[str, Any]:
    most = _full_pp(move)
    left = most if pp is None else pp
    return {"move": move, "id": move, "pp": left, "maxpp": most, "disabled": disabled or left == 0}


def _full_pp(move: str) -> int:
    return int(full_pp()[moves().number[move]])


def _move_id(number: int) -> str:
    return next(name for name, other in moves().number.items() if other == number)


def _named(move: str | None, features: np.ndarray, legal: np.ndarray) -> str | None:
    """The action of a move by its id; a single offer stands for whatever comes of it."""
    board = Board(Observations(0, features[None], legal[None], np.full(1, -1, np.int64)))
    offered = board.moves.move[0].tolist()
    number = moves().number.get(move or "", 0)
    if legal[:_MOVES].sum() == 1 and (not number or number not in offered):
        return f"move {int(np.flatnonzero(legal)[0]) + 1}"
    place = offered.index(number) if number in offered else -1
    return f"move {place + 1}" if place >= 0 and legal[place] else None


def in_points(text: str, full: int) -> str:
    """A condition with HP of a whole of `full` points: the most that "61/100 par" can mean; points stay as they are."""
    points, _, status = text.partition(" ")
    left, _, whole = points.partition("/")
    if not whole or not int(left):
        return "0 fnt"
    if int(whole) != full:
        exact = int(left) * full // int(whole)
        left, whole = str(max(1, exact)), str(full)
    return f"{left}/{whole}{f' {status}' if status else ''}"


def _in_percent(text: str) -> str:
    """A condition in whole percent, as a server shows the foe's."""
    points, _, status = text.partition(" ")
    left, _, whole = points.partition("/")
    if not whole or not int(left):
        return "0 fnt"
    share = 100 if left == whole else min(99, max(1, -(-100 * int(left) // int(whole))))
    return f"{share}/100{f' {status}' if status else ''}"
