"""Worker processes on this machine.

They are spawned. A fork would copy the locks of torch and of linear algebra without the threads that hold them; a fork
server that has loaded torch would do the same, to save 2 seconds per worker. A worker receives one unit at a time
through a pipe. It leaves Ctrl-C to this process, and ends when this process does, even if that is killed.
"""

from __future__ import annotations

import functools
import multiprocessing
import multiprocessing.connection
import os
import pickle
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, NamedTuple

from pokespiel.core.executors import Alone, Crew, Dispatcher, Event, Told, Work, perform, pickled
from pokespiel.core.ranges import Checked, Count

PATIENCE = 5.0
"""Seconds for a worker to end after it is told to; then it is killed."""
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Local(Checked):
    """Processes on this machine."""

    workers: Count = 1
    """Worker processes, with one thread each; 1 = all work is done in this process."""

    @contextmanager
    def open(self) -> Iterator[Crew]:
        """With several workers, the calling script needs the usual `if __name__ == "__main__"`."""
        if self.workers == 1:
            yield Alone()
            return
        processes = _Processes(self.workers)
        try:
            yield Dispatcher(processes)
        finally:
            processes.close()


class _Worker:
    """A process and the unit in progress."""

    def __init__(self) -> None:
        self.pipe, theirs = _spawn.Pipe()
        self.process: SpawnProcess = _spawn.Process(target=_serve, args=(theirs,), name="pokespiel worker")
        self.process.start()
        theirs.close()
        self.doing: int | None = None
        self.knows: int | None = None
        """The errand whose work and shared data it has."""

    def told(self) -> list[Event]:
        """Its events since the last call; a loss if it has died."""
        events: list[Event] = []
        try:
            while self.doing is not None and self.pipe.poll():
                events.append(pickle.loads(self.pipe.recv_bytes()))
                if events[-1].kind != "said":
                    self.doing = None
            gone = self.doing is not None and not self.process.is_alive() and not self.pipe.poll()
        except (EOFError, OSError):
            gone = True
        if gone and self.doing is not None:
            events.append(Event(self.doing, "lost", self.fate()))
            self.doing = None
        return events

    def fate(self) -> str:
        """A description of how it ended."""
        self.process.join(PATIENCE)
        self.stop()
        code = self.process.exitcode or 0
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
        return f"process {self.process.pid} ended {how}"

    def is_usable(self) -> bool:
        return not self.pipe.closed and self.process.is_alive()

    def stop(self) -> None:
        self.process.terminate()
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


class _Errand(NamedTuple):
    """Work and shared data, pickled once for all workers."""

    number: int
    data: bytes


class _Processes:
    """Posts that are processes, started as needed."""

    def __init__(self, workers: int):
        self._number = workers
        self._workers: list[_Worker] = []
        self._errand = _Errand(0, b"")
        self._lost: list[Event] = []

    def begin(self, work: Work, shared: Any) -> None:
        self._errand = _Errand(self._errand.number + 1, pickled((work, shared)))

    def size(self) -> int:
        return self._number

    def send(self, number: int, unit: Any, before: Any) -> None:
        message = pickled((number, pickled((unit, before))))
        worker = self._free()
        worker.doing = number
        try:
            worker.pipe.send_bytes(self._errand.data if worker.knows != self._errand.number else b"")
            worker.pipe.send_bytes(message)
            worker.knows = self._errand.number
        except OSError:
            worker.doing = None
            self._lost.append(Event(number, "lost", worker.fate()))

    def wait(self) -> list[Event]:
        events, self._lost = self._lost, []
        busy = [worker for worker in self._workers if worker.doing is not None]
        while not events:
            multiprocessing.connection.wait([one for worker in busy for one in (worker.pipe, worker.process.sentinel)])
            events = [event for worker in busy for event in worker.told()]
        return events

    def end(self) -> None:
        self._stop([worker for worker in self._workers if worker.doing is not None])

    def close(self) -> None:
        self._stop(self._workers)

    def _stop(self, workers: list[_Worker]) -> None:
        """Tell all to end, then wait for each."""
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.stop()
        self._lost = []
        self._workers = [worker for worker in self._workers if worker.is_usable()]

    def _free(self) -> _Worker:
        """An idle worker, started if necessary; a dead worker with a unit does not count until its loss is reported."""
        self._workers = [worker for worker in self._workers if worker.doing is not None or worker.is_usable()]
        for worker in self._workers:
            if worker.doing is None:
                return worker
        self._workers.append(_Worker())
        return self._workers[-1]


def _serve(pipe: Connection) -> None:
    """A worker's main function: run units until the pipe closes."""
    _follow_the_parent()
    told = Told(b"")
    with suppress(EOFError, OSError):
        while True:
            errand, (number, rest) = pipe.recv_bytes(), pickle.loads(pipe.recv_bytes())
            told = Told(errand) if errand else told
            for event in perform(number, functools.partial(told.task, rest)):
                pipe.send_bytes(event)


def _follow_the_parent() -> None:
    """Leave Ctrl-C to the parent process, and end when it does, even if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None, "this is a worker"

    def follow() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
