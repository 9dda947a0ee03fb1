"""A local Showdown server: started on a free port of the loopback address, awaited, and stopped with its children.

The server is the pinned package of `install.py` with `server-config.cjs` as its configuration: no login server, no chat
logs, no back door, no request throttling.
"""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.files import replacing
from pokespiel.showdown.install import node, showdown_package

CONFIGURATION = Path(__file__).with_name("server-config.cjs")
FOLDERS = ("config/chat-plugins", "config/ladders", "logs/chat", "logs/modlog", "logs/repl", "logs/tickets")

_TAKEN = "EADDRINUSE"
"""The server's log message for a port that is not free; the server keeps running without it."""


class ServerFailed(ConnectionError):
    """The server did not start, or died; the message ends with its last lines of output."""


class PortTaken(ServerFailed):
    """Another server uses the port."""


@dataclass
class Server:
    """A running local server."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path
    token: str
    """Its answer at /pokespiel, which distinguishes it from other servers on the port."""

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/showdown/websocket"

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Stop the server and its child processes."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, kind)
            except ProcessLookupError:
                break
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


@contextmanager
def serve(
    port: int = 0,
    *,
    log: Path | None = None,
    record: Path | None = None,
    arrange: bool = False,
    timeout: float = 90.0,
) -> Iterator[Server]:
    """Run a server on `port` of 127.0.0.1 (0 = any free one) during the context; its output goes to `log`.

    record: a folder for the input logs of its battles, for `recording.py` to read; the battles then use the generator
    that the engine uses.
    arrange: challengers may arrange seats and teams, see `server-config.cjs`.

    Raises `ServerFailed` if the port is taken or the server is not ready within `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="pokespiel-showdown-") as scratch:
        environment = {
            "POKESPIEL_RECORD": str(record.resolve()) if record else "",
            "POKESPIEL_ARRANGE": "1" if arrange else "",
        }
        server = _launch(port, log or Path(scratch, "server.log"), environment, timeout)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def serve_many(
    count: int, *, first_port: int = 0, arrange: bool = False, timeout: float = 90.0
) -> Iterator[list[Server]]:
    """`count` servers at once, on `first_port` and the following ones (0 = free ones)."""
    with ExitStack() as stack:
        ports = [first_port + index if first_port else 0 for index in range(count)]
        yield [stack.enter_context(serve(port, arrange=arrange, timeout=timeout)) for port in ports]


def _launch(port: int, log: Path, environment: Mapping[str, str], timeout: float) -> Server:
    """A server that is ready; if any free port will do (0), another is tried if the port is taken in the meantime."""
    for left in (2, 1, 0):
        server = _start(port or _free_port(), log, environment)
        try:
            _wait_until_ready(server, timeout)
            return server
        except PortTaken:
            server.stop()
            if port or not left:
                raise
        except BaseException:
            server.stop()
            raise
    raise AssertionError("the last try returns or raises")


def _start(port: int, log: Path, environment: Mapping[str, str]) -> Server:
    if _answers(port):
        raise PortTaken(f"port {port} is taken: something answers there already; choose another with --port")
    package = showdown_package()
    for folder in FOLDERS:
        (package / folder).mkdir(parents=True, exist_ok=True)
    with replacing(package / "config" / "config.js") as temporary:
        shutil.copyfile(CONFIGURATION, temporary)
    command = [str(node()), "pokemon-showdown", "start", "--no-security", "--skip-build", str(port)]
    token = secrets.token_hex(16)
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=package,
            env={**os.environ, **environment, "POKESPIEL_SERVER": token},
            stdin=subprocess.PIPE,  # it closes when this process ends
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Server(port, process, log, token)


def _wait_until_ready(server: Server, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not _greets(server):
        if not server.alive():
            raise ServerFailed(f"the server ended with status {server.process.returncode}:\n{last_lines(server.log)}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"the server did not answer within {timeout:.0f} s:\n{last_lines(server.log)}")
        time.sleep(0.1)


def _greets(server: Server) -> bool:
    """Whether the server's socket layer answers; it listens some time before that.

    Raises `PortTaken` if another server has taken the port between our check and our start.
    """
    try:
        ready = _get(server.port, "/showdown/info") is not None
        token = _get(server.port, "/pokespiel") or ""
    except (OSError, http.client.HTTPException):
        return False
    another = token != server.token and len(token) == len(server.token)  # other servers answer with a page of their own
    if ready and (another or _TAKEN in server.log.read_text(errors="replace")):
        raise PortTaken(f"port {server.port} was taken by another server meanwhile; try again")
    return ready


def _get(port: int, path: str) -> str | None:
    """The server's answer at a path; None for an error status."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.read().decode(errors="replace") if response.status == http.HTTPStatus.OK else None
    finally:
        connection.close()


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        connection.settimeout(1.0)
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def last_lines(log: Path, lines: int = 12) -> str:
    """The end of a log, or that it is empty."""
    text = log.read_text(errors="replace").strip().splitlines()
    return "\n".join(text[-lines:]) or "(it printed nothing)"
