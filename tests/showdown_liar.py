"""A server that logs an account in and then sends whatever a test tells it to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import EllipsisType
from typing import TypeAlias

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

Line: TypeAlias = "str | bytes | EllipsisType | None"


class Liar:
    """Says `lines`, one message each, as soon as an opponent is asked for; None hangs up, ... waits for a choice."""

    def __init__(self, lines: Sequence[Line]):
        self.lines = lines
        self.heard: list[str] = []
        self.port = 0
        self._conversations: list[threading.Thread] = []

    def __call__(self, socket: ServerConnection) -> None:
        self._conversations.append(threading.current_thread())
        try:
            socket.send("|challstr|4|abc")
            for message in socket:
                self.heard.append(str(message))
                if "|/trn " in str(message):
                    name = str(message).split("/trn ")[1].split(",")[0]
                    socket.send(f"|updateuser| {name}|1|1|{{}}")
                if "|/crq userdetails" in str(message):
                    socket.send("|queryresponse|userdetails|null")
                if "|/search" in str(message):
                    with suppress(ConnectionClosed):  # what the other side said before it hung up has not been read yet
                        self.speak(socket)
        except ConnectionClosed:
            pass

    def speak(self, socket: ServerConnection) -> None:
        for line in self.lines:
            if line is None:
                socket.close()
                return
            if line is ...:
                self.hear_choice(socket)
            else:
                socket.send(line, text=True)

    def hear_choice(self, socket: ServerConnection) -> None:
        for message in socket:
            self.heard.append(str(message))
            if "|/choose" in str(message):
                return

    def hear_out(self) -> None:
        """Wait until every conversation has ended."""
        for conversation in self._conversations:
            conversation.join(timeout=10)


@contextmanager
def lying(lines: Sequence[Line]) -> Iterator[Liar]:
    """The server on a free port while the context lasts."""
    liar = Liar(lines)
    with serve(liar, "127.0.0.1", 0, max_size=None) as server:
        liar.port = server.socket.getsockname()[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield liar
        finally:
            liar.hear_out()
            server.shutdown()
            thread.join()
