"""One battle on a server, as the lines of its room describe it to one of its players.

    battle = LiveBattle("battle-gen1ou-12", "ourbot")
    for message in messages:               # the lines of each message of the room
        if (due := battle.hear(message)):  # a decision is due
            ...

It reports which decision is due and how the battle ended, and sends nothing. The result is the one that the server
reports, whatever else is sent before or after it: a battle that is won stays won, even if our last choice caused an
error.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.oddities import OddityWatch
from pokespiel.game.gen1.tracker import Tracker
from pokespiel.game.gen1.view import NUM_ACTIONS
from pokespiel.showdown.inference import Seat
from pokespiel.showdown.protocol import Meaning, error_meaning, user_id, words_of

_UNTOLD = frozenset({"request", "sentchoice", "error", "init", "title", "noinit", "deinit", "expire", ""})
"""Kinds of lines that do not belong in a replay."""
_SIMULATOR_DIED = "The simulator process crashed"
_LOG = logging.getLogger(__name__)


class Due(NamedTuple):
    """A decision that the server waits for."""

    request: str
    """The server's number of the request, which the answer repeats so that it cannot be taken for another's."""
    features: np.ndarray
    """[NUM_FEATURES] float32."""
    legal: np.ndarray
    """[9] bool, True = allowed."""


@dataclass
class LiveBattle:
    """See the module."""

    room: str
    """The room's current name; a player who hides the battle changes it."""
    account: str
    """Our account's id, as the server compares names."""
    seat: Seat | None = None
    """The policy's memory of the battle."""
    tracker: Tracker = field(default_factory=Tracker)
    names: dict[str, str] = field(default_factory=dict)
    """The players' latest names by id, including an opponent's earlier ones."""
    log: list[str] = field(default_factory=list)
    """Its lines for a replay."""
    began: str = ""
    """The server's time at its start, in seconds since 1970."""
    turn: int = 0
    """The current turn; 0 before the start."""
    utility: float | None = None
    """Our utility +1, 0 or -1, once the server has reported it."""
    trouble: str = ""
    """Why we cannot continue; the sender then forfeits the battle."""
    gone: str = ""
    """Why the server will not report the result any more."""
    away: bool = False
    """We are outside its room and have asked to join it again."""
    answer: tuple[str, str] | None = None
    """The last answered request and its choice."""
    deciding: str | None = None
    """The request that is being decided."""
    decisions: int = 0
    watch: OddityWatch = field(default_factory=lambda: OddityWatch(1))
    """Counts oddities in our decisions."""
    moved: float = field(default_factory=time.monotonic)
    """Time when it began or reached its current turn."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once its result is known, or cannot become known."""
    _request: str | None = None
    _numbers: count[int] = field(default_factory=count)

    @property
    def opponent(self) -> str:
        """The other player's name, "" before it is known."""
        return next((name for id, name in reversed(self.names.items()) if id not in ("", self.account)), "")

    @property
    def opponent_rating(self) -> int | None:
        """The opponent's rating at the start, None = the server shows none."""
        for line in self.log:
            kind, *told = line[1:].split("|")
            if kind == "player" and len(told) > 3 and told[1] == self.opponent and told[3].isdecimal():
                return int(told[3])
        return None

    @property
    def awaits(self) -> bool:
        """Whether a request is to be answered, and we can answer it."""
        return self._request is not None and not self.trouble and not self.over.is_set()

    @property
    def standing(self) -> tuple[str, str] | None:
        """The answer to the current request, None = it has none yet."""
        return self.answer if self.awaits and self.answer is not None and self.answer[0] == self._request else None

    def hear(self, lines: Sequence[str]) -> Due | None:
        """Read the lines of one message; returns the decision that is due then, None = none."""
        asked = False
        for line in lines:
            if self.over.is_set():
                break
            asked = self._take(line) or asked
        if any(words_of(line)[0] == "sentchoice" for line in lines):
            self._request = None
        return self.due() if asked else None

    def due(self) -> Due | None:
        """The decision that is due, None = none."""
        if not self.awaits or self._request is None:
            return None
        return Due(self._request, self.tracker.features(), self.tracker.legal())

    def answered(self, request: str, choice: str) -> None:
        """Record the choice that is sent for a request."""
        self.answer = request, choice
        self.decisions += 1

    def decided(self, features: np.ndarray, legal: np.ndarray, action: int) -> None:
        """Record our choice at a decision that was due; -1 at the end."""
        try:
            self.watch.see(np.zeros(1, np.int64), features[None], legal[None], np.array([action]))
        except Exception:  # an error in counting must not affect the battle
            _LOG.exception("a decision in %s was not counted", self.room)

    def retold(self) -> None:
        """Prepare for the battle's lines from the start again; seat and answers are kept."""
        self.tracker, self.away, self._request = Tracker(), False, None
        self.log.clear()
        self.names.clear()

    def is_told_by(self, lines: Sequence[str]) -> bool:
        """Whether a room's lines from its start belong to this battle; a restarted server may reuse its number."""
        began = next((words_of(line)[1] for line in lines if line.startswith("|t:|")), "")
        return not self.began or not began or began == self.began

    def end(self, gone: str) -> None:
        """The server will not report the result."""
        if not self.over.is_set():
            self.gone = gone
            self.over.set()

    def give_up(self, trouble: str) -> None:
        """We cannot continue; the server still decides the result."""
        if not self.over.is_set() and not self.trouble:
            self.trouble = trouble

    def _take(self, line: str) -> bool:
        """Read one line; returns whether it asks for a decision."""
        kind, *words = words_of(line)
        if kind not in _UNTOLD:
            self.log.append(line)
        if kind in ("win", "tie"):
            self._finish(line, words)
        elif kind == "error":
            self._blame("|".join(words))
        elif kind == "bigerror" and words and words[0].startswith(_SIMULATOR_DIED):
            self.end(f"the server says: {words[0]}")
        elif not self.trouble:
            return self._follow(line, kind, words)
        return False

    def _follow(self, line: str, kind: str, words: list[str]) -> bool:
        """Let the tracker read a line of the battle itself."""
        if kind == "t:" and words and not self.began:
            self.began = words[0]
        elif kind == "player" and len(words) >= 2:
            self.names.pop(user_id(words[1]), None)
            self.names[user_id(words[1])] = words[1]
        try:
            self.tracker.read(line)
            if kind == "turn" and int(words[0]) > self.turn:
                self.turn, self.moved = int(words[0]), time.monotonic()
            if kind != "request" or words[:1] in ([""], ["null"]):
                return False
            self._request = self._number(line) if self.tracker.awaited else None
        except Exception as error:  # no server message may leave the opponent waiting
            self.give_up(str(error) or type(error).__name__)
        return self.awaits

    def _number(self, line: str) -> str:
        """The request's own number, or one that we assign if it has none."""
        number = json.loads(line.removeprefix("|request|")).get("rqid")
        return f"#{next(self._numbers)}" if number is None else str(number)

    def _finish(self, line: str, words: list[str]) -> None:
        winner = user_id(words[0]) if words else None
        if not line.startswith("|win"):
            self.utility = 0.0
        elif winner == self.account:
            self.utility = 1.0
        elif winner in self.names or (winner is not None and self.trouble):
            self.utility = -1.0
        else:
            self.give_up(f"line {line[:200]!r} names nobody who plays")
            return
        self.over.set()  # first, since the end stands even if counting fails
        if self.tracker.ready:
            self.decided(self.tracker.features(), np.zeros(NUM_ACTIONS, bool), -1)

    def _blame(self, text: str) -> None:
        meaning = error_meaning(text)
        if meaning is Meaning.CRASHED:
            self.end(f"the server says: {text[:200]}")
        elif meaning is Meaning.REFUSED:
            self.give_up(f"the server refused a choice: {text[:200]!r}")
