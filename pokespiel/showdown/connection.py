"""An account's connection to a Showdown server: logged in, with the server's messages in order.

    connection = Connection(server, "our bot", password, hear)  # hear(room, lines) for each message
    await connection.open(timeout=60.0)
    await connection.say("/challenge foe, gen1ou")
    await connection.lost.wait()

After a lost connection the same object can be opened again.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from poke_env import ServerConfiguration
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from pokespiel.showdown.protocol import messages, user_id, words_of
from pokespiel.showdown.waiting import first_of

MAX_SIZE = 8 << 20
"""Maximum bytes of a message: a long battle with much chat, sent again after a lost connection."""
OPEN_TIMEOUT = PING_TIMEOUT = 60.0
"""Maximum seconds for an answer of a busy machine."""
CLOSE_TIMEOUT = 2.0
"""Maximum seconds for a server to close the connection."""
_LOGIN_SERVER_TIMEOUT = 10.0
_LOG = logging.getLogger(__name__)


class LoginFailed(ConnectionError):
    """The server did not log the account in; the message says why."""


class Connection:
    """See the module."""

    def __init__(
        self, server: ServerConfiguration, name: str, password: str | None, hear: Callable[[str, list[str]], None]
    ):
        self.server = server
        self.name = name
        """The name as the server writes it, once logged in."""
        self.lost = asyncio.Event()
        """Set while there is no connection."""
        self.lost.set()
        self._password = password
        self._hear = hear
        self._socket: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._signed_in: asyncio.Future[None]
        """Result of the login in progress."""
        self._told_all = asyncio.Event()

    @property
    def signed_in(self) -> bool:
        """Whether the connection is open and the account logged in."""
        return not self.lost.is_set() and self._signed_in.done()

    @property
    def id(self) -> str:
        """The account's id, as the server compares names."""
        return user_id(self.name)

    async def open(self, timeout: float) -> None:
        """Connect and log in; when this returns, the lines of battles in progress have been received.

        Raises `LoginFailed` if the server refuses or takes more than `timeout` seconds.
        """
        self._signed_in = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout):
                self._socket = await connect(
                    self.server.websocket_url,
                    max_queue=None,
                    max_size=MAX_SIZE,
                    open_timeout=OPEN_TIMEOUT,
                    ping_timeout=PING_TIMEOUT,
                    close_timeout=CLOSE_TIMEOUT,
                )
                self.lost.clear()
                self._start(self._read(self._socket))
                await asyncio.shield(self._signed_in)
                await self.settle()
        except TimeoutError:
            await self.close()
            raise LoginFailed(f"signing in as {self.name!r} took longer than {timeout:g} s") from None
        except (OSError, WebSocketException) as error:
            await self.close()
            if isinstance(error, LoginFailed):
                raise
            raise LoginFailed(f"no connection to {self.server.websocket_url}: {error}") from error

    async def settle(self, timeout: float = 5.0) -> None:
        """Wait until the server has answered everything sent before, or for `timeout` seconds."""
        self._told_all.clear()
        await self.say(f"/crq userdetails {self.id}")
        await first_of(self._told_all.wait(), self.lost.wait(), timeout=timeout)

    async def say(self, text: str, room: str = "") -> None:
        """Send a line to a room; if the connection is lost, nothing is sent, and whoever waits for `lost` handles
        it."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(f"{room}|{text}")

    async def close(self) -> None:
        """Close the connection; it may be closed already."""
        if self._socket is not None:
            await self._socket.close()
        self.lost.set()

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                try:
                    self._take(*messages(message if isinstance(message, str) else message.decode(errors="replace")))
                except Exception as error:  # an error in one line must not lose the next
                    _LOG.info("%s passed over %r: %r", self.name, message[:80], error)
        except WebSocketException as error:
            _LOG.info("%s: %s", self.name, error)
        finally:
            if socket is self._socket:
                self._refuse(f"the connection was lost while signing in as {self.name!r}")
                self.lost.set()

    def _take(self, room: str, lines: list[str]) -> None:
        if room:
            self._hear(room, lines)
            return
        for line in lines:
            kind, *words = words_of(line)
            if kind == "challstr":
                self._start(self._log_in("|".join(words)))
            elif kind == "updateuser":
                self._named(words[0])
            elif kind == "nametaken":
                self._refuse(f"the server refused: {' '.join(words).strip()}")
            elif kind == "queryresponse" and words[:1] == ["userdetails"]:
                self._told_all.set()
        self._hear("", lines)

    def _named(self, shown: str) -> None:
        """Read our name from the server: a rank, the name, and "@!" if we are away."""
        name = shown[1:].removesuffix("@!")
        if user_id(name) == self.id:
            self.name = name
            if not self._signed_in.done():
                self._signed_in.set_result(None)
        elif user_id(name) and self.signed_in:
            _LOG.warning("the server has renamed %s to %s", self.name, name)
            self._start(self.close())

    def _refuse(self, reason: str) -> None:
        if not self._signed_in.done():
            self._signed_in.set_exception(LoginFailed(reason))
            self._signed_in.exception()  # perhaps no code waits for it any more

    async def _log_in(self, challenge: str) -> None:
        try:
            assertion = await asyncio.to_thread(
                assertion_of, self.server.authentication_url, self.name, self._password, challenge
            )
        except LoginFailed as refused:
            self._refuse(str(refused))
            return
        name = re.sub(r"[|,\s\[\]]+", " ", self.name)
        await self.say(f"/trn {name},0,{assertion}")


def assertion_of(login_server: str, name: str, password: str | None, challenge: str) -> str:
    """The login server's assertion that proves our identity; "" if there is no login server.

    Raises `LoginFailed` if the password is refused, or missing for a registered name.
    """
    if not login_server:
        return ""
    fields = {"act": "getassertion", "userid": user_id(name), "challstr": challenge}
    if password is not None:
        fields = {"act": "login", "name": name, "pass": password, "challstr": challenge}
    try:
        data = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(login_server, data, timeout=_LOGIN_SERVER_TIMEOUT) as answer:
            text = answer.read(1 << 20).decode(errors="replace")
    except (OSError, ValueError) as error:
        if password is None:  # a private server may need no proof
            return ""
        raise LoginFailed(f"the login server {login_server} did not answer: {error}") from error
    if password is None:
        if text.startswith(";"):
            raise LoginFailed(text.lstrip(";") or f"the name {name!r} is registered: give its password")
        return text.strip()
    return _after_password(text, name)


def _after_password(text: str, name: str) -> str:
    """The assertion in a login server's answer to a name and password."""
    try:
        told = json.loads(text.removeprefix("]"))
        assertion = told.get("assertion")
    except (ValueError, AttributeError) as error:
        raise LoginFailed(f"the login server's answer is not understood: {text[:80]!r}") from error
    if isinstance(assertion, str) and assertion and not assertion.startswith(";"):
        return assertion
    reason = told.get("actionerror") or (assertion or "").lstrip(";") if isinstance(assertion, str | None) else ""
    raise LoginFailed(f"the login server refused the password of {name!r}" + (f": {reason}" if reason else ""))
