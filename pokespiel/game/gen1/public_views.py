"""One player's views and choices in a public log: its lines are fed to the tracker, with requests by current rules.

`public_logs.py` fills in the player's team.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.facts import full_pp, moves
from pokespiel.game.gen1.narration import percent
from pokespiel.game.gen1.teams.legality import find_move, find_species, to_id
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import ACTION_NAMES

if TYPE_CHECKING:
    from pokespiel.game.gen1.public_logs import PublicLog

MOVE_SLOTS = 4
_LOCKS = {"charging": "charging_move", "thrash": "used_move", "rage": "used_move"}
"""Flags of states that allow no choice at all, and the column with the move's name."""
_SEMI_LOCKS = {"bide": "used_move", "trapping": "used_move"}
"""The same for states in which switching is still possible."""


class PublicDecision(NamedTuple):
    """One decision of a player."""

    turn: int
    player: int
    """1 or 2."""
    features: np.ndarray
    """[NUM_FEATURES] float32: the player's view, with the own team as filled in."""
    legal: np.ndarray
    """[9] bool, True = allowed."""
    choice: str | None
    """In Showdown's words; None if the log hides it."""
    heard: int
    """Number of the log's lines before it."""


def is_called(words: Sequence[str]) -> bool:
    """Whether another move called this one, or a lock repeats it."""
    return any(word.startswith("[from]") and to_id(word[6:]) != to_id(words[1]) for word in words[2:])


class Follower:
    """Feeds the tracker with the lines that one player was sent."""

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
                yield from self._ask(index, index, replaces=True)
            down = down and kind not in ("switch", "drag", "turn")
            with self.log.quoting(index):
                self._hear(line)
            down = down or kind == "faint"
            if kind == "turn":
                yield from self._ask(index, index + 1, replaces=False)

    def _has_fainted(self) -> bool:
        """Whether the Pokémon on the field has fainted and another can come in."""
        down = [condition.startswith("0") for condition in self.condition]
        return down[self.order[0]] and not all(down)

    def _ask(self, index: int, heard: int, *, replaces: bool) -> Iterator[PublicDecision]:
        """The decision at line `index`, after `heard` lines; none if nothing is asked."""
        with self.log.quoting(index):
            self.tracker.request(json.dumps(self._request(heard, replaces)))
        features, legal = self.tracker.features(), self.tracker.legal()
        if legal.any():
            choice = self._choice(heard, features, legal, replaces)
            yield PublicDecision(self.turn, self.player, features, legal, choice, heard)

    def _hear(self, line: str) -> None:
        kind, *words = line[1:].split("|")
        if kind == "turn":
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
        same = [place for place, i in enumerate(self.order) if find_species(names[i][1]) == find_species(kind)]
        if not same:
            raise ValueError(f"the team has no {kind}")
        place = next((place for place in same if names[self.order[place]][0] == name), same[0])
        self.order[0], self.order[place] = self.order[place], self.order[0]

    def _own_condition(self, text: str) -> str:
        """The own HP in points, if the line has them as a percentage (or as the 48ths of old replays)."""
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

    def _request(self, heard: int, replaces: bool) -> dict[str, Any]:
        side = {
            "name": self.log.names[self.player - 1],
            "id": self.seat,
            "pokemon": [self._member(i) for i in self.order],
        }
        if replaces:
            return {"forceSwitch": [True], "side": side}
        return {"active": [self._menu(heard)], "side": side}

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

    def _menu(self, heard: int) -> dict[str, Any]:
        """The request that a server would send now; see `engine/request.cpp`."""
        if not self.tracker.ready:
            return {"moves": [_slot(str(find_move(move))) for move in self.team[self.order[0]].moves]}
        board = Board.of_one(self.tracker.features(), np.zeros(len(ACTION_NAMES), bool))
        active = board.own_active
        if active.recharging[0]:
            return {"moves": [{"move": "Recharge", "id": "recharge"}], "trapped": True}
        if active.trapping[0] and self._moves_freely(heard, int(active.used_move[0])):
            return {"moves": self._slots(board), "maybeLocked": True}
        for flags, extra in ((_LOCKS, {"trapped": True}), (_SEMI_LOCKS, {})):
            for flag, column in flags.items():
                if getattr(active, flag)[0] and (number := int(getattr(active, column)[0])):
                    return {"moves": [{"move": "", "id": _move_ids()[number]}], **extra}
        status = self.condition[self.order[0]].partition(" ")[2]
        trapped = bool(board.foe_active.trapping[0])
        if status in ("slp", "frz") or (trapped and board.foe_active.trapping_turns[0] <= 1):
            return {"moves": [{"move": "Fight", "id": "fight"}]}
        return {"moves": self._slots(board), **({"maybeLocked": True} if trapped else {})}

    def _moves_freely(self, heard: int, trap: int) -> bool:
        """Whether the own next move does not repeat the move number `trap`: no line tells that the own trap has ended.

        A trap also goes on, without a mark, on a Pokémon that has just come in.
        """
        relieved = False
        for line in self.log.lines[heard:]:
            kind, *words = line[1:].split("|")
            if kind == "turn":
                return False
            relieved |= kind == "switch" and words[0].startswith(self.foe)
            if kind == "move" and words[0].startswith(f"{self.seat}a"):
                repeats = find_move(words[1]) == _move_ids().get(trap)
                return not (repeats and (relieved or any(word.startswith("[from]") for word in words[2:])))
        return False

    def _slots(self, board: Board) -> list[dict[str, Any]]:
        disabled = int(board.own_active.disabled_move[0]) if board.own_active.disabled[0] else 0
        slots = [
            _slot(_move_ids()[int(number)], int(left), int(number) == disabled)
            for number, left in zip(*(board.party_moves("own", name)[0, 0] for name in ("move", "pp")), strict=True)
            if number
        ]
        usable = [slot for slot in slots if not slot["disabled"]]
        return slots if usable else [{"move": "Struggle", "id": "struggle", "disabled": False}]

    # Choices ----------------------------------------------------------------------------------------------------------

    def _choice(self, heard: int, features: np.ndarray, legal: np.ndarray, replaces: bool) -> str | None:
        """The choice that the lines after the decision show.

        Switches come first in a turn, so who has not switched has chosen a move. Where there was one alone,
        it is known even if the Pokémon could not act.
        """
        if legal.sum() == 1:
            only = int(np.flatnonzero(legal)[0])
            return f"move {only + 1}" if only < MOVE_SLOTS else f"switch {only - 2}"
        stayed, played = _only_move(legal), False
        for line in self.log.lines[heard:]:
            kind, *words = line[1:].split("|")
            played |= kind in ("move", "cant")
            if kind in ("win", "tie"):
                return stayed if played else None
            if kind == "turn" or (kind == "faint" and words[0].startswith(self.seat) and not replaces):
                return stayed
            if not words or not words[0].startswith(f"{self.seat}a"):
                continue
            if kind in ("switch", "drag"):
                return self._switch(words, legal)
            if kind == "move" and not replaces and not is_called(words):
                return _named(find_move(words[1]), features, legal)
            if kind == "cant":
                return _named(find_move(words[2]), features, legal) if len(words) > 2 else stayed
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


@cache
def _move_ids() -> Mapping[int, str]:
    return {number: name for name, number in moves().number.items()}


def _only_move(legal: np.ndarray) -> str | None:
    """The action of the only legal move; None if there are several or none."""
    found = np.flatnonzero(legal[:MOVE_SLOTS])
    return f"move {found[0] + 1}" if len(found) == 1 else None


def _named(move: str | None, features: np.ndarray, legal: np.ndarray) -> str | None:
    """The action of a move's id; if only one move is legal, it is the action for any move."""
    offered = Board.of_one(features, legal).moves.move[0].tolist()
    number = moves().number.get(move or "", 0)
    if not number or number not in offered:
        return _only_move(legal)
    place = offered.index(number)
    return f"move {place + 1}" if legal[place] else None


def in_points(text: str, full: int) -> str:
    """A condition with HP of a maximum of `full` points: the highest value that "61/100 par" can mean; points are
    unchanged."""
    points, _, status = text.partition(" ")
    left, _, whole = points.partition("/")
    if not whole or not int(left):
        return "0 fnt"
    if int(whole) != full:
        exact = int(left) * full // int(whole)
        left, whole = str(max(1, exact)), str(full)
    return f"{left}/{whole}{f' {status}' if status else ''}"


def _in_percent(text: str) -> str:
    """A condition as an integer percentage, as a server shows the foe's."""
    share, status = percent(text), text.partition(" ")[2]
    return f"{share}/100{f' {status}' if status else ''}" if share else "0 fnt"
