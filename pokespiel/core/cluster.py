"""Workers on the machines of a Ray cluster.

Each unit is a Ray task whose values stream back to this process, the head. Ray's own retries are off: if a task's
machine, raylet or process is lost, the head sends the task again, from the last value that arrived. The work and the
shared data are sent once to each machine, through Ray's object store, and unpickled once per process.

Reference: Moritz et al. (2018), Ray: A Distributed Framework for Emerging AI Applications.
"""

from __future__ import annotations

import functools
import logging
import os
import pickle
import platform
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from pokespiel.core.executors import Crew, Dispatcher, Event, Failure, Told, Work, perform, pickled
from pokespiel.core.ranges import Checked, Count, NotNegative, Positive
from pokespiel.core.registry import BadOption
from pokespiel.core.version import __version__

log = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two checks of the cluster's number of processors."""
PAUSE = 0.5
"""Seconds after a machine's loss before its unit is sent again; Ray may not know of the loss at once and send it
there."""


@dataclass(frozen=True)
class Ray(Checked):
    """Machines of a Ray cluster; `pip install pokespiel[ray]`."""

    address: str | None = None
    """Address of the cluster's head, as `ray start` prints it (`10.0.0.1:6379`), or `auto`; None = start a cluster of
    this machine only, which ends with the command."""
    workers: Count | None = None
    """How many units run at the same time; None = as many as the processors allow, including machines that join
    later."""
    cpus: Positive = 1.0
    """Processors per unit. A unit computes with one thread, unless its oracle asks for more."""
    gpus: NotNegative = 0.0
    """GPUs per unit; may be a fraction."""

    @contextmanager
    def open(self) -> Iterator[Crew]:
        """Raises `ConnectionError` if no cluster answers. If this process is already connected to one, that is used as
        it is."""
        ray = _imported()
        connected = ray.is_initialized()
        if not connected:
            with _own_signals():
                os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
                ray.init(self.address, include_dashboard=None if self.address else False, logging_level=logging.ERROR)
        tasks = _Tasks(ray, self)
        try:
            yield Dispatcher(tasks)
        finally:
            tasks.end()
            if not connected:
                ray.shutdown()


def _imported() -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        raise BadOption(f"executor 'ray' needs Ray ({error}): pip install pokespiel[ray]") from error
    return ray


@contextmanager
def _own_signals() -> Iterator[None]:
    """Ray replaces the SIGTERM handler; restore the previous one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


class _Tasks:
    """Posts whose units are tasks of a cluster."""

    def __init__(self, ray: Any, options: Ray):
        self._ray, self._options = ray, options
        resources = {"num_cpus": options.cpus, "num_gpus": options.gpus}
        self._task = ray.remote(num_returns="streaming", max_retries=0, **resources)(_serve)
        self._errand = _Errand(None, [], "")
        self._doing: dict[Any, int] = {}
        """Unit numbers by the stream of their values."""
        self._looked, self._room = -LOOK, 1

    def begin(self, work: Work, shared: Any) -> None:
        self._errand = _Errand(self._ray.put(pickled((work, shared))), list(sys.path), __version__)

    def size(self) -> int:
        if self._options.workers is not None:
            return self._options.workers
        if time.monotonic() - self._looked > LOOK:
            self._looked = time.monotonic()
            there = self._ray.cluster_resources()
            self._room = int(there.get("CPU", 0) / self._options.cpus)
            if self._options.gpus:
                self._room = min(self._room, int(there.get("GPU", 0) / self._options.gpus))
        return max(1, self._room)

    def send(self, number: int, unit: Any, before: Any) -> None:
        stream = self._task.remote(self._errand, number, pickled((unit, before)))
        self._doing[stream] = number

    def wait(self) -> list[Event]:
        ready: list[Any] = []
        while not ready:
            ready, _ = self._ray.wait(list(self._doing), num_returns=1, timeout=LOOK, fetch_local=True)
        return [self._next(stream) for stream in ready]

    def _next(self, stream: Any) -> Event:
        number = self._doing[stream]
        try:
            event: Event = pickle.loads(self._ray.get(next(stream)))
        except StopIteration:
            event = Event(number, "lost", "its stream ended early")
        except self._ray.exceptions.RayError as error:
            event = self._lost(number, error)
        if event.kind != "said":
            del self._doing[stream]
        return event

    def _lost(self, number: int, error: Exception) -> Event:
        errors = self._ray.exceptions
        cause = getattr(error, "cause", None) or error
        if isinstance(cause, (errors.NodeDiedError, errors.ObjectLostError)):
            time.sleep(PAUSE)
            return Event(number, "gone", f"its machine is gone, {type(cause).__name__}")
        if isinstance(error, errors.RayTaskError):
            return Event(number, "lost", str(error).strip().splitlines()[-1])
        return Event(number, "lost", str(error).strip().partition("\n")[0])

    def end(self) -> None:
        for stream in self._doing:
            self._ray.cancel(stream, force=True)
        self._doing = {}


class _Errand(NamedTuple):
    """The work that several units share."""

    data: Any
    """Reference to the pickled work and shared data."""
    path: list[str]
    """The head's module search path; a worker appends it to its own."""
    version: str
    """The head's version of this package; another version may compute something else."""


_told: tuple[str, Told] | None = None
"""In a worker: the latest errand, by the name of its object."""


def _serve(errand: _Errand, number: int, rest: bytes) -> Iterator[bytes]:
    """Run one unit in a worker."""
    import ray

    global _told
    name = errand.data.hex()
    if errand.version != __version__:
        error = RuntimeError(f"{platform.node()} has pokespiel {__version__}, the head {errand.version}")
        yield pickled(Event(number, "failed", Failure(error, "", "install the same version on all machines")))
        return
    if _told is None or _told[0] != name:
        sys.path += [place for place in errand.path if place not in sys.path]
        _told = name, Told(ray.get(errand.data))
    yield from perform(number, functools.partial(_told[1].task, rest))
