"""A local Showdown server: started on a free port of the loopback address, waited for, and stopped with its children.

The server is the pinned package of `install.py` with `server-config.cjs` as its configuration: no outside login, no
chat logs, no back door, no request throttling.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pokespiel.files import replacing
from pokespiel.showdown.install import node, showdown_package

CONFIGURATION = Path(__file__).with_name("server-config.cjs")
FOLDERS = ("config/chat-plugins", "config/ladders", "logs/chat", "logs/modlog", "logs/repl", "logs/tickets")


class ServerFailed(ConnectionError):
    """The server did not start, or died; the message ends with the last lines it printed."""


@dataclass
class Server:
    """A running local server."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def websocket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/showdown/websocket"

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """End the server and the processes it started."""
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


@contextmanager
def serve(
    port: int = 0, *, log: Path | None = None, record: Path | None = None, timeout: float = 90.0
) -> Iterator[Server]:
    """Run a server on `port` of 127.0.0.1 (0 = any free one) while the context lasts; its output goes to `log`.

    record: a folder for the input logs of its battles, for `recording.py` to read; the battles then draw from the
    generator that the engine plays.

    Raises `ServerFailed` where the port is taken or the server is not ready within `timeout` seconds.
    """
    with tempfile.TemporaryDirectory(prefix="pokespiel-showdown-") as scratch:
        server = _start(port or _free_port(), log or Path(scratch, "server.log"), record)
        try:
            _wait_until_ready(server, timeout)
            yield server
        finally:
            server.stop()


@contextmanager
def serve_many(count: int, *, first_port: int = 0, timeout: float = 90.0) -> Iterator[list[Server]]:
    """`count` servers at once, on `first_port` and those after it (0 = free ones)."""
    with ExitStack() as stack:
        ports = [first_port + index if first_port else 0 for index in range(count)]
        yield [stack.enter_context(serve(port, timeout=timeout)) for port in ports]


def _start(port: int, log: Path, record: Path | None) -> Server:
    if _answers(port):
        raise ServerFailed(f"port {port} is taken: something answers there already; choose another with --port")
    package = showdown_package()
    for folder in FOLDERS:
        (package / folder).mkdir(parents=True, exist_ok=True)
    with replacing(package / "config" / "config.js") as temporary:
        shutil.copyfile(CONFIGURATION, temporary)
    command = [str(node()), "pokemon-showdown", "start", "--no-security", "--skip-build", str(port)]
    environment = os.environ | {"POKESPIEL_RECORD": str(record.resolve()) if record else ""}
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            cwd=package,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return Server(port, process, log)


def _wait_until_ready(server: Server, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not _greets(server.port):
        if not server.alive():
            raise ServerFailed(f"the server ended with status {server.process.returncode}:\n{_tail(server.log)}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"the server did not answer within {timeout:.0f} s:\n{_tail(server.log)}")
        time.sleep(0.1)


def _greets(port: int) -> bool:
    """Whether the server's socket layer answers; it listens some time before."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", "/showdown/info")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
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


def _tail(log: Path, lines: int = 12) -> str:
    text = log.read_text(errors="replace").strip().splitlines()
    return "\n".join(text[-lines:]) or "(it printed nothing)"
