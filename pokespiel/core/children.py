"""Child processes that share memory with this one: messages over a socket, arrays in unnamed files.

A child is `python -c` with the parent's `sys.path`, not a copy of the caller's main program, so scripts need no `if
__name__ == "__main__"`. Shared memory is a temporary file (in /dev/shm if it exists) that is deleted when it is created
and passed on as a file descriptor, so nothing is left behind however a process ends. A child whose parent has exited
sees the end of its socket and exits; a child that has died raises `ChildDied` with the end of its log.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import IO, Any

import numpy as np

import pokespiel.core.registry  # noqa: F401 (children unpickle objects of users' files)

_HEAD = struct.Struct("QB")
_MOST = 64
_SHOWN = 2000
"""Number of characters of a dead child's log in the error."""


class ChildDied(ChildProcessError):
    """A child process ended when it should not have."""


class Region:
    """Shared memory as a flat array of bytes."""

    def __init__(self, size: int, descriptor: int | None = None):
        """A new region of `size` bytes, or the whole region behind a received `descriptor`, which it then owns."""
        if descriptor is not None:
            size = os.fstat(descriptor).st_size
        else:
            folder = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
            with tempfile.TemporaryFile(dir=folder) as file:
                descriptor = os.dup(file.fileno())
            os.ftruncate(descriptor, max(size, 1))
        self.size, self.descriptor = size, descriptor
        self._map = mmap.mmap(descriptor, max(size, 1))

    def array(self, shape: Sequence[int], kind: Any, offset: int = 0) -> np.ndarray:
        """An array in the region, starting at byte `offset`."""
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._map, kind, count, offset).reshape(shape)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class Link:
    """One end of a socket between two processes; it sends whole objects together with file descriptors."""

    def __init__(self, end: socket.socket):
        self.socket = end

    def send(self, message: Any, descriptors: Sequence[int] = ()) -> None:
        body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        socket.send_fds(self.socket, [_HEAD.pack(len(body), len(descriptors))], descriptors)
        self.socket.sendall(body)

    def receive(self) -> tuple[Any, list[int]]:
        """The next message and its descriptors; an `EOFError` if the other end is closed."""
        try:
            head, descriptors, _, _ = socket.recv_fds(self.socket, _HEAD.size, _MOST, socket.MSG_WAITALL)
        except ConnectionResetError:
            head = b""
        if len(head) < _HEAD.size:
            raise EOFError
        size, count = _HEAD.unpack(head)
        body = bytearray(size)
        left = memoryview(body)
        while len(left):
            part = self.socket.recv_into(left)
            if not part:
                raise EOFError
            left = left[part:]
        if len(descriptors) != count:
            raise EOFError
        return pickle.loads(body), descriptors

    def fileno(self) -> int:
        return self.socket.fileno()

    def close(self) -> None:
        self.socket.close()


class Child:
    """A process that runs `main(link)`, a function of an importable module."""

    def __init__(self, main: Callable[[Link], None], name: str):
        self.name = name
        ours, theirs = socket.socketpair()
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (it is closed with the child)
        program = (
            f"import sys; sys.path[:] = {sys.path!r}\n"
            f"from pokespiel.core.children import run_child\n"
            f"run_child({main.__module__!r}, {main.__qualname__!r}, {theirs.fileno()})"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        theirs.close()
        self.link = Link(ours)

    def send(self, message: Any, descriptors: Sequence[int] = ()) -> None:
        try:
            self.link.send(message, descriptors)
        except (BrokenPipeError, ConnectionResetError):
            raise self._died() from None

    def receive(self) -> tuple[Any, list[int]]:
        """The child's next message; raises `ChildDied` with its log if it has exited."""
        try:
            return self.link.receive()
        except EOFError:
            raise self._died() from None

    def _died(self) -> ChildDied:
        code = self._process.wait()
        self._log.seek(0)
        log = self._log.read().decode(errors="replace").strip()
        how = f"was ended by signal {-code}" if code < 0 else f"ended with status {code}"
        return ChildDied(f"{self.name} {how}" + (f"; the end of its log:\n{log[-_SHOWN:]}" if log else ""))

    def check(self) -> None:
        """Raise `ChildDied` if the child has exited."""
        if self._process.poll() is not None:
            raise self._died()

    def leave(self) -> None:
        """Tell the child to exit, which it does when it next reads its socket."""
        self.link.close()

    def close(self) -> None:
        """End the child before this returns, by force if it takes too long."""
        self.link.close()
        try:
            self._process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


def run_child(module: str, name: str, descriptor: int) -> None:
    """The child's main function; Ctrl-C is left to the parent."""
    import importlib
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main = getattr(importlib.import_module(module), name)
    link = Link(socket.socket(fileno=descriptor))
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):  # the parent has exited
        main(link)
