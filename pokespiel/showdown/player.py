"""An account on a server that plays a policy.

Every line of a battle goes to the engine's own tracker, so that the policy sees exactly the features it was trained on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from enum import Enum, auto
from typing import NamedTuple

import numpy as np
from poke_env import ServerConfiguration

from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.showdown.battle import Due, LiveBattle
from pokespiel.showdown.connection import Connection
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.protocol import FORMAT, battle_number, popup_text, private_messages, user_id, words_of

GRACE = 5.0
"""Maximum seconds for the server to confirm a forfeit."""
SEARCH = "/search"
"""Name that stands for a search in its news; no id has a slash."""
_LOG = logging.getLogger(__name__)


class Kind(Enum):
    """Kinds of news for the code that looks for an opponent."""

    BATTLE = auto()
    """A battle has begun."""
    CHALLENGED = auto()
    """`who` challenges us."""
    SENT = auto()
    """Our challenge or search has been sent."""
    ENDED = auto()
    """The challenge between `who` and us has ended (accepted, rejected, withdrawn), or our search has."""
    REASON = auto()
    """`text` says why the challenge between `who` and us ended."""
    POPUP = auto()
    """The server's popup `text`, mostly the reason for a refusal."""


class News(NamedTuple):
    """See `Kind`."""

    kind: Kind
    who: str = ""
    """The other player's id."""
    text: str = ""


class PolicyPlayer:
    """An account that plays a policy; for use in one event loop.

    Args:
        desk: answers the decisions; players of the same policy should share one.
        name: the account's name on the server, its `password` if the server requires one.
        timer: start each battle's timer, so that the server ends it if the opponent stops playing.
    """

    def __init__(
        self,
        desk: InferenceBatcher,
        *,
        name: str,
        server: ServerConfiguration,
        password: str | None = None,
        timer: bool = False,
    ):
        self.desk = desk
        self.timer = timer
        self.connection = Connection(server, name, password, self._hear)
        self.battles: list[LiveBattle] = []
        """In the order in which they began; finished ones are kept until `forget`."""
        self.challengers: dict[str, str] = {}
        """Users whose challenges to the format are open: names by id."""
        self.challenged = ""
        """The id of the user we challenge; "" = none."""
        self.accepting = ""
        """The id of the user whose challenge we are accepting; "" = none."""
        self.news: asyncio.Queue[News] = asyncio.Queue()
        self._tasks: set[asyncio.Future[None]] = set()

    @property
    def name(self) -> str:
        return self.connection.name

    @property
    def running(self) -> list[LiveBattle]:
        """The battles whose result is not known."""
        return [battle for battle in self.battles if not battle.over.is_set()]

    async def open(self, timeout: float = 60.0) -> None:
        """Connect and log in, also after a lost connection; afterwards our battles in progress are known.

        Raises `LoginFailed`.
        """
        self.challengers.clear()
        self.challenged = self.accepting = ""
        for battle in self.running:
            battle.away = True
        await self.connection.open(timeout)
        for battle in self.running:
            if battle.away:
                await self.connection.say(f"/join {battle.room}")
        await self.connection.settle()

    async def ask_about(self, room: str, began: str) -> LiveBattle:
        """A battle of an earlier process: continued if it is in progress, else with its result as far as the server
        knows it."""
        battle = self._find(room)
        if battle is None:
            battle = LiveBattle(room, self.connection.id, began=began, away=True)
            self.battles.append(battle)
            await self.connection.say(f"/join {room}")
            await self.connection.settle()
        return battle

    async def bring(self, team: Team) -> None:
        """Send the server the team of the next battles."""
        await self.connection.say(f"/utm {pack(team)}")

    async def give_up(self, battle: LiveBattle, trouble: str) -> None:
        """Forfeit a battle for a reason; it is over once the server confirms, at the latest after `GRACE` seconds."""
        battle.give_up(trouble)
        _LOG.info("%s gives up %s: %s", self.name, battle.room, trouble)
        await self.connection.say("/forfeit", battle.room)
        asyncio.get_running_loop().call_later(GRACE, battle.end, "the server did not confirm that it was given up")

    async def withdraw(self) -> None:
        """Withdraw our request; if a battle begins nevertheless, it has begun when this returns."""
        await self.connection.settle()
        if self.challenged:
            await self.connection.say(f"/cancelchallenge {self.challenged}")
        if self.accepting:
            await self.connection.say(f"/reject {self.accepting}")
        await self.connection.say(f"/cancelsearch {FORMAT}")
        await self.connection.settle()

    async def close(self) -> None:
        """Close the connection, even if battles are in progress."""
        for task in self._tasks:
            task.cancel()
        await self.connection.close()

    def forget(self) -> None:
        """Drop finished battles."""
        self.battles = self.running

    def _find(self, room: str) -> LiveBattle | None:
        """The battle of a room, under this name or, while it is in progress, another one."""
        number = battle_number(room)
        for battle in reversed(self.battles):
            same = number is not None and not battle.over.is_set() and battle_number(battle.room) == number
            if battle.room == room or same:
                return battle
        return None

    def _start(self, work: asyncio.Future[None]) -> None:
        self._tasks.add(work)
        work.add_done_callback(self._tasks.discard)

    def _say(self, text: str, room: str = "") -> None:
        self._start(asyncio.ensure_future(self.connection.say(text, room)))

    # Rooms ------------------------------------------------------------------------------------------------------------

    def _hear(self, room: str, lines: list[str]) -> None:
        if not room:
            self._hear_global(lines)
        elif lines and lines[0].startswith("|init|battle") and battle_number(room):
            self._open_room(room, lines)
        elif (battle := self._find(room)) is not None:
            self._follow(battle, room, lines)
        else:
            _LOG.info("%s was told of %s, which is not a %s battle of its own", self.name, room[:80], FORMAT)

    def _open_room(self, room: str, lines: list[str]) -> None:
        """A battle begins, or is sent from its start to a player that joins."""
        battle = self._find(room)
        if battle is not None and not battle.is_told_by(lines):
            battle.end("the server was restarted, and its room is another battle's now")
            battle = None
        known = battle is not None and not battle.over.is_set()
        if not known and any(words_of(line)[0] in ("win", "tie") for line in lines):
            self._say(f"/leave {room}")  # a battle that has ended and been counted, or is not ours
            return
        if battle is None or not known:
            battle = LiveBattle(room, self.connection.id)
            self.battles.append(battle)
            if self.timer:
                self._say("/timer on", room)
            self.news.put_nowait(News(Kind.BATTLE))
        else:
            battle.room = room
            battle.retold()
        self._follow(battle, room, lines)

    def _follow(self, battle: LiveBattle, room: str, lines: list[str]) -> None:
        kind, *words = words_of(lines[0]) if lines else [""]
        if kind == "noinit" and words[:1] == ["rename"] and len(words) > 1:
            battle.room = words[1]
            self._repeat(battle)
        elif kind in ("noinit", "expire", "deinit") and battle.room == room:
            self._leave_room(battle, kind, " ".join(words[kind == "noinit" :]).strip())
        elif not battle.over.is_set():
            self._listen(battle, lines)

    def _leave_room(self, battle: LiveBattle, kind: str, words: str) -> None:
        """We have left the room: for good if it is closed to us; else we ask once to join again."""
        if kind != "deinit":
            battle.end(f"its room is closed: {words or kind}"[:200])
        elif not battle.over.is_set() and not battle.away:
            battle.away = True
            self._say(f"/join {battle.room}")

    def _listen(self, battle: LiveBattle, lines: list[str]) -> None:
        troubled = bool(battle.trouble)
        due = battle.hear(lines)
        if battle.over.is_set():
            self._say(f"/leave {battle.room}")
        elif battle.trouble and not troubled:
            self._start(asyncio.ensure_future(self.give_up(battle, battle.trouble)))
        elif due is not None:
            self._choose(battle, due)

    # Decisions --------------------------------------------------------------------------------------------------------

    def _choose(self, battle: LiveBattle, due: Due) -> None:
        """Answer a request; if it was answered before the connection was lost, with the same answer."""
        if battle.standing is not None:
            self._repeat(battle)
        elif battle.deciding != due.request:
            battle.deciding = due.request
            self._start(asyncio.ensure_future(self._answer(battle, due)))

    def _repeat(self, battle: LiveBattle) -> None:
        """Send our last choice again: the earlier one may have gone to a room that was renamed meanwhile."""
        if battle.standing is not None:
            self._say(_choice(*battle.standing), battle.room)

    async def _answer(self, battle: LiveBattle, due: Due) -> None:
        """Decide and send the choice, unless the battle has ended or asks for something else by then."""
        try:
            action = await self._decide(battle, due)
        except Exception as error:  # an error of the policy must not leave the opponent waiting
            await self.give_up(battle, str(error) or type(error).__name__)
            return
        if battle.awaits and battle.deciding == due.request:
            battle.answered(due.request, ACTION_NAMES[action])
            battle.decided(due.features, due.legal, action)
            await self.connection.say(_choice(due.request, ACTION_NAMES[action]), battle.room)

    async def _decide(self, battle: LiveBattle, due: Due) -> int:
        if battle.seat is None:
            battle.seat = self.desk.seat(battle.tracker.player)
        choices = np.flatnonzero(due.legal)
        return int(choices[0]) if len(choices) == 1 else await self.desk.decide(battle.seat, due.features, due.legal)

    # Messages outside of rooms ----------------------------------------------------------------------------------------

    def _hear_global(self, lines: list[str]) -> None:
        for sender, receiver, text in private_messages(lines):
            self._hear_private(sender, receiver, text)
        for line in lines:
            kind, *words = words_of(line)
            if kind == "popup" and (text := popup_text(words)):
                _LOG.info("%s was told: %s", self.name, text)
                self.news.put_nowait(News(Kind.POPUP, text=text[:400]))
            elif kind == "updatesearch":
                found = FORMAT in json.loads("|".join(words))["searching"]
                self.news.put_nowait(News(Kind.SENT if found else Kind.ENDED, SEARCH))

    def _hear_private(self, sender: str, receiver: str, text: str) -> None:
        """Challenges come as private messages: "/challenge gen1ou|..." is open, "/challenge" alone has ended."""
        own = user_id(sender) == self.connection.id
        other = receiver if own else sender
        command, _, rest = text.partition(" ")
        if command == "/challenge":
            self._challenge(own, other, rest.partition("|")[0])
        elif command in ("/nonotify", "/text", "/log", "/error"):
            self.news.put_nowait(News(Kind.REASON, user_id(other), rest[:200]))

    def _challenge(self, own: bool, other: str, format: str) -> None:
        who = user_id(other)
        if not format:
            self.challengers.pop(who, None)
            self.challenged = "" if self.challenged == who else self.challenged
            self.news.put_nowait(News(Kind.ENDED, who))
        elif own:
            self.challenged = who
            self.news.put_nowait(News(Kind.SENT, who))
        elif format == FORMAT:
            self.challengers[who] = other
            self.news.put_nowait(News(Kind.CHALLENGED, who))


def _choice(request: str, choice: str) -> str:
    return f"/choose {choice}" if request.startswith("#") else f"/choose {choice}|{request}"
