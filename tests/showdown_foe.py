"""An opponent on a server, over its own plain websocket: it makes default choices and does what a test tells it to.

class Quitter(Foe):
    def turned(self, turn):
        if turn == 3:
            self.say("/forfeit")

with playing(Quitter(port, "quitter")) as foe: ...
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from pokespiel.game.gen1.teams import Team, load_pool, pack


class Foe:
    """Accepts every challenge; subclasses override the methods without a body."""

    def __init__(self, port: int, name: str, team: Team | None = None):
        self.url = f"ws://127.0.0.1:{port}/showdown/websocket"
        self.name = name
        self.team = pack(team or load_pool("one")[0])
        self.room = self.request = ""
        self.heard: list[str] = []
        self.results: list[str] = []
        """Who won, battle by battle; "" = a tie."""
        self.signed_in = threading.Event()
        self.socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def say(self, text: str, room: str | None = None) -> None:
        """Send a message to its battle's room, or to the one given."""
        with suppress(ConnectionClosed):
            assert self.socket is not None
            self.socket.send(f"{self.room if room is None else room}|{text}")

    def challenge(self, opponent: str, format: str = "gen1ou") -> None:
        self.say(f"/utm {self.team}", "")
        self.say(f"/challenge {opponent}, {format}", "")

    def accept(self, opponent: str) -> None:
        self.say(f"/utm {self.team}", "")
        self.say(f"/accept {opponent}", "")

    # What it does -----------------------------------------------------------------------------------------------------

    def challenged(self, opponent: str) -> None:
        """Called when it is challenged."""
        self.accept(opponent)

    def began(self) -> None:
        """Called when a battle has begun."""

    def asked(self, request: str) -> None:
        """Called when it must choose."""
        self.say(f"/choose default|{request}")

    def turned(self, turn: int) -> None:
        """Called when a turn has begun."""

    def ended(self) -> None:
        """Called when a battle has ended."""

    # What it hears ----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        with suppress(ConnectionClosed, OSError), connect(self.url, max_size=None, open_timeout=60) as self.socket:
            for message in self.socket:
                self.heard.append(str(message))
                self._take(str(message))

    def _take(self, message: str) -> None:
        room, _, body = message.partition("\n") if message.startswith(">") else ("", "", message)
        for line in body.split("\n"):
            kind, *words = line[1:].split("|") if line.startswith("|") else [""]
            if room.startswith(">battle-"):
                self._follow(room[1:], kind, words)
            elif kind == "challstr":
                self.say(f"/trn {self.name},0,", "")
            elif kind == "updateuser" and words[0][1:].startswith(self.name):
                self.signed_in.set()
            elif kind == "pm" and words[2].startswith("/challenge gen1ou") and words[0][1:] != self.name:
                self.challenged(words[0][1:])

    def _follow(self, room: str, kind: str, words: list[str]) -> None:
        if kind == "init":
            self.room = room
            self.began()
        elif kind == "noinit" and words[0] == "rename":
            self.room = words[1]
            self.asked(self.request)  # what it said to the old room was lost
        elif kind == "request" and words[0] not in ("", "null"):
            request = json.loads("|".join(words))
            self.request = str(request["rqid"])
            if not request.get("wait"):
                self.asked(self.request)
        elif kind == "turn":
            self.turned(int(words[0]))
        elif kind in ("win", "tie"):
            self.results.append(words[0] if kind == "win" else "")
            self.ended()
            self.say("/leave")


@contextmanager
def playing(foe: Foe) -> Iterator[Foe]:
    """The foe signed in while the context lasts."""
    foe._thread.start()
    assert foe.signed_in.wait(60), foe.heard
    try:
        yield foe
    finally:
        if foe.socket is not None:
            foe.socket.close()
        foe._thread.join(timeout=10)


def wait_for(condition, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came about"
        time.sleep(0.02)
