"""The page's server: for this machine only, with a token in the address, and no pages of other origins.

    http://127.0.0.1:PORT/TOKEN/          the page and its modules, from static/
    http://127.0.0.1:PORT/TOKEN/ws        one WebSocket per tab; `lobby.py` describes its messages
    http://127.0.0.1:PORT/TOKEN/battles/  records to download: ID.html, ID.log, ID.log.json

A request is served if its Host is this server, its Origin (which browsers send with a page's requests) is this server
or absent, and its path begins with the token. All others are refused before they reach the application.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from pokespiel.game.gen1.replay import replay_page

if TYPE_CHECKING:
    from pokespiel.play.lobby import Lobby

STATIC = Path(__file__).parent / "static"
HOST = "127.0.0.1"
LARGEST_FRAME = 1 << 20
"""Maximum bytes of a frame; a larger one closes the connection with code 1009."""
PATIENCE = 10.0
"""Seconds for the server to start and to stop."""
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
Watchers: TypeAlias = "defaultdict[str, set[WebSocket]]"


class Guard:
    """Accepts only requests to this server from its own page or from no page."""

    def __init__(self, app: ASGIApp, port: int, token: str):
        self.app = app
        self.hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self.token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        else:
            await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> str | None:
        """Why a request is refused; None if it is served."""
        headers = defaultdict(list)
        for name, value in scope["headers"]:
            headers[name.decode("latin-1")].append(value.decode("latin-1"))
        if len(headers["host"]) != 1 or headers["host"][0] not in self.hosts:
            return "this server answers to its own address only"
        if any(origin not in {f"http://{host}" for host in self.hosts} for origin in headers["origin"]):
            return "this server serves no page of another origin"
        given = scope["path"].removeprefix("/").partition("/")[0]  # "*" and the like have no slash
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            return "the token is wrong or missing: open the address that was printed when the server started"
        return None


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return sending


def application(lobby: Lobby, port: int, token: str) -> ASGIApp:
    """The application that serves the battles of `lobby`."""
    watchers: Watchers = defaultdict(set)

    async def talk(line: WebSocket) -> None:
        await _talk(line, lobby, watchers)

    async def record(request: Request) -> Response:
        return _record(lobby, request.path_params["name"])

    routes = [
        WebSocketRoute("/ws", talk),
        Route("/battles/{name}", record),
        Mount("/", StaticFiles(directory=STATIC, html=True)),
    ]
    return Guard(Starlette(routes=[Mount(f"/{token}", routes=routes)]), port, token)


async def _talk(line: WebSocket, lobby: Lobby, watchers: Watchers) -> None:
    """Handle one tab until it is closed: one answer per message, in order."""
    await line.accept()
    shown: set[str] = set()
    try:
        while True:
            message = await line.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            answer = await anyio.to_thread.run_sync(lobby.answer, message.get("bytes", b"") if text is None else text)
            await line.send_text(json.dumps(answer.data))
            if answer.data["is"] == "battle":
                shown.add(answer.data["battle"])
                watchers[answer.data["battle"]].add(line)
            if answer.battle:
                data = {key: value for key, value in answer.data.items() if key != "re"}
                await _tell(watchers[answer.battle] - {line}, data)
    except WebSocketDisconnect:
        pass
    finally:
        for battle in shown:
            watchers[battle].discard(line)
            if not watchers[battle]:
                del watchers[battle]


async def _tell(sockets: set[WebSocket], data: Mapping[str, object]) -> None:
    """Send data to other tabs that show the same battle, ignoring tabs that have just closed."""
    for other in sockets:
        with suppress(WebSocketDisconnect, RuntimeError):
            await other.send_text(json.dumps(data))


def _record(lobby: Lobby, name: str) -> Response:
    battle, _, kind = name.partition(".")
    table = lobby.tables.get(battle)
    if table is None or not table.session.ended:
        return PlainTextResponse("there is no such battle, or it is not over yet\n", 404)
    session = table.session
    made = {
        "html": ("text/html", lambda: replay_page(session.log(0), session.title, battle)),
        "log": ("text/plain", lambda: "\n".join(session.log(0)) + "\n"),
        "log.json": ("application/json", session.record_text),
    }
    if kind not in made:
        return PlainTextResponse(f"expected one of: {', '.join(made)}\n", 404)
    media, write = made[kind]
    attachment = {"content-disposition": f'attachment; filename="pokespiel-battle.{kind}"'}
    return Response(write(), media_type=media, headers=attachment)


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        why = os.strerror(error.errno or 0)
        raise OSError(f"port {port} cannot be used: {why}; name another, or 0 for any free one") from error


class PageServer:
    """A server with its address."""

    def __init__(self, lobby: Lobby, port: int = 0, token: str | None = None):
        """port: 0 = any free one; an `OSError` if it cannot be used. token: None = a new random one."""
        self.lobby = lobby
        self.token = token or secrets.token_urlsafe(18)
        self._socket = _listening(port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            application(lobby, self.port, self.token),
            log_level="error",
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=LARGEST_FRAME,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/{self.token}/"

    @contextmanager
    def running(self) -> Iterator[PageServer]:
        """Serve in the background during the block."""
        thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        thread.start()
        until = time.monotonic() + PATIENCE
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)
        try:
            yield self
        finally:
            self._server.should_exit = True
            thread.join(PATIENCE)
