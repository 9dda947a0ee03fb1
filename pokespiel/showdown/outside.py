"""A contestant that is a bot of another environment, in its own process: it signs in and accepts challenges.

The bot need not know this package. Since it only accepts, the arena's server seats it (`/arrange`, see
`server-config.cjs`), and its team comes from one of `TEAMS`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from poke_env import ServerConfiguration

from pokespiel.core.files import write_text
from pokespiel.core.registry import unknown
from pokespiel.game.gen1.teams.formats import export_team
from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.connection import OPEN_TIMEOUT, Connection
from pokespiel.showdown.processes import TEAM_FILES, BotCommand, BotProcess
from pokespiel.showdown.protocol import user_id, words_of
from pokespiel.showdown.waiting import BotDied

TEAMS = {
    "dealt": "the server gives it the team drawn for the match, whatever team it brings",
    "start": "it reads its team when it starts, and is started for each match",
    "own": "it brings its own team, and only the seats are swapped",
}
"""Where a bot's team comes from."""
LOOK = 0.2
"""Seconds between two checks of a process."""
GRACE = 2.0
"""Seconds for the server's result to arrive after a bot's process has ended."""


class OutsideParticipant:
    """A bot's account, and its process, which runs from `sign_in` to `leave`."""

    passive = True
    owes = False
    log: tuple[str, ...] = ()
    oddities = None
    turn = 0
    utility = None

    def __init__(self, contestant: OutsideContestant, name: str, server: ServerConfiguration):
        self.contestant = contestant
        self.name = name
        self.server = server
        self.opponent = ""
        self.seats = 0
        self.dealt = ""
        self.process: BotProcess | None = None

    @property
    def spent(self) -> bool:
        """Whether the next match needs a new process."""
        return self.process is not None and (self.contestant.teams == "start" or self.process.ended)

    @property
    def trace(self) -> str:
        """What its process has come to, for a report about it."""
        return f"{self.name}: {self.process.end()}" if self.process else ""

    def take_seat(self, team: Team, opponent: str) -> None:
        self.opponent = opponent
        self.seats += 1
        self.dealt = pack(team) if self.contestant.teams == "dealt" else ""
        if self.contestant.teams != "own":
            write_text(self.place("team"), export_team(team))
            write_text(self.place("packed"), pack(team) + "\n")

    def place(self, kind: str) -> Path:
        """Its file of a kind: "log" or one of `TEAM_FILES`."""
        return self.contestant.folder / f"{self.name}.{kind}"

    async def sign_in(self) -> None:
        self.process = self.contestant.start(self)
        watcher = _Watcher(self.server, self.name)
        try:
            async with asyncio.timeout(self.contestant.patience):
                await watcher.connection.open(OPEN_TIMEOUT)
                while not await watcher.sees():
                    if self.process.ended:
                        raise BotDied(f"the bot did not sign in as {self.name}: {self.process.end()}")
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            within = f"within {self.contestant.patience:g} s"
            raise BotDied(f"the bot did not sign in as {self.name} {within}: {self.process.end()}") from None
        finally:
            await watcher.connection.close()

    async def challenge(self, opponent: str, arrangement: str = "") -> None:
        raise NotImplementedError("a bot in its own process only accepts challenges")

    async def accept(self, opponent: str) -> None:
        """The process does so by itself."""

    async def broken(self) -> str:
        assert self.process is not None
        while not self.process.ended:
            await asyncio.sleep(LOOK)
        await asyncio.sleep(GRACE)
        raise BotDied(f"the bot {self.name} ended during the match: {self.process.end()}")

    async def leave(self) -> None:
        if self.process is not None:
            await asyncio.to_thread(self.contestant.stop, self.process)


class _Watcher:
    """An account that asks the server whether another one is signed in."""

    def __init__(self, server: ServerConfiguration, name: str):
        self.id = user_id(name)
        self.connection = Connection(server, f"{name}w", None, self._hear)
        self._online = False

    async def sees(self) -> bool:
        await self.connection.say(f"/crq userdetails {self.id}")
        await self.connection.settle()
        return self._online

    def _hear(self, room: str, lines: list[str]) -> None:
        for line in lines:
            kind, *words = words_of(line)
            if kind == "queryresponse" and words[0] == "userdetails":
                told = json.loads("|".join(words[1:])) or {}
                self._online |= told.get("userid") == self.id and told.get("rooms") is not False


@dataclass
class OutsideContestant:
    """A bot's command; each of its accounts is a process."""

    command: BotCommand
    teams: str
    """A key of `TEAMS`."""
    folder: Path
    """For the logs and the teams of its processes."""
    patience: float = 60.0
    """Seconds for a process to sign in."""
    _running: list[BotProcess] = field(default_factory=list)
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.teams not in TEAMS:
            raise unknown("source of teams", self.teams, tuple(TEAMS))
        asked = self.command.placeholders & set(TEAM_FILES)
        if asked and self.teams == "own":
            raise ValueError(f"a bot with its own team is given none: remove {{{min(asked)}}} from its command")

    def join(self, name: str, server: ServerConfiguration) -> OutsideParticipant:
        return OutsideParticipant(self, name, server)

    def start(self, account: OutsideParticipant) -> BotProcess:
        """The process of an account."""
        address = account.server.websocket_url
        values = {
            "name": account.name,
            "password": "",
            "server": address,
            "port": address.split("/")[2].rpartition(":")[2],
            "opponent": account.opponent,
        }
        if self.teams != "own":
            values |= {kind: str(account.place(kind)) for kind in TEAM_FILES}
        with self._lock:
            if self._closed:
                raise BotDied("the arena is closed")
            process = self.command.start(values, account.place("log"))
            self._running.append(process)
        return process

    def stop(self, process: BotProcess) -> None:
        """End a process."""
        process.stop()
        with self._lock:
            if process in self._running:
                self._running.remove(process)

    def close(self) -> None:
        """End all processes, and start no more."""
        with self._lock:
            self._closed, left = True, list(self._running)
        for process in left:
            self.stop(process)


@contextmanager
def outside(
    command: BotCommand, teams: str, patience: float, folder: Path | None = None
) -> Iterator[OutsideContestant]:
    """The contestant during the context, after which none of its processes is left.

    folder: where the logs and teams of its processes are kept; None = nowhere.
    """
    with tempfile.TemporaryDirectory(prefix="pokespiel-bots-") as scratch:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        contestant = OutsideContestant(command, teams, (folder or Path(scratch)).resolve(), patience)
        try:
            yield contestant
        finally:
            contestant.close()
