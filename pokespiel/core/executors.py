"""Executors: run units of work in this process, in several processes, or on several machines, with the same results.

    with Local(workers=4).open() as crew:
        for number, value, last in crew.do(work, units, shared): ...

A unit is run by `work(shared, unit, before)`, a generator whose last value is the result. The result must depend only
on its arguments: all random numbers come from a seed or a generator that is part of the unit, so that it does not
matter which worker runs it, beside which others, or how often. If a worker is lost (a killed process, a machine that
failed), its unit runs again on another from `before`, the last value that it yielded. A unit that raises ends the work
with its own error, which includes the end of the worker's log.

`shared` is sent to each worker once, a unit when its turn comes. Both are pickled, unless one process does everything.
"""

from __future__ import annotations

import logging
import os
import pickle
import platform
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from pokespiel.core.registry import Registry
from pokespiel.core.threads import CORES, limited

log = logging.getLogger(__name__)

LOSSES = 3
"""A unit that loses this many workers in a row without yielding a value is given up."""
KEPT_LINES = 20
"""Number of lines of a worker's log in its error."""

Work = Callable[[Any, Any, Any], Iterator[Any]]
"""`work(shared, unit, before)`, a function of a module that yields values, the result last; before: None = start at the
beginning, else the last value of a lost worker."""


class UnitReport(NamedTuple):
    """A value of a unit's work."""

    number: int
    """Index of the unit."""
    value: Any
    """The value that the work yielded."""
    last: bool
    """Whether it is the result, whose value was already reported once as an intermediate one."""


Reports = Generator[UnitReport, None, None]
"""Closing it abandons the units in progress."""


class Crew(Protocol):
    """Workers that are ready."""

    def do(self, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None) -> Reports:
        """Run each unit, taken when a worker is free for it; reports come as they are made.

        ahead: start no unit that is more than `ahead` times the number of workers after the first unfinished one; None
            = no limit.
        """
        ...


class Executor(Protocol):
    """A frozen dataclass of options; `workers` is the number of units at a time, None = as many as the machines
    allow."""

    @property
    def workers(self) -> int | None: ...

    def open(self) -> AbstractContextManager[Crew]:
        """A crew within a context; all its workers have ended when the context ends."""
        ...


EXECUTORS = Registry(
    "executor",
    {"local": "pokespiel.core.processes:Local", "ray": "pokespiel.core.cluster:Ray"},
    own=True,
)


def unit_results(
    crew: Crew, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None
) -> Iterator[Any]:
    """Each unit's result, in the order of the units."""
    waiting: dict[int, Any] = {}
    due = 0
    for number, value, last in crew.do(work, units, shared, ahead):
        if last:
            waiting[number] = value
        while due in waiting:
            yield waiting.pop(due)
            due += 1


class Alone:
    """This process runs one unit after the other; nothing is pickled."""

    def do(self, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None) -> Reports:
        for number, unit in enumerate(units):
            value = None
            for value in work(shared, unit, None):
                yield UnitReport(number, value, False)
            yield UnitReport(number, value, True)


# ------------------------------------------------------------------------------------------------- what workers share


class Failure(NamedTuple):
    """An error as a worker sends it."""

    error: Exception
    trace: str
    note: str


class WorkerTraceback(Exception):
    """The cause of a worker's error: its traceback in the worker."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


Kind = Literal["said", "done", "failed", "lost", "gone"]


class Event(NamedTuple):
    """News of a unit: a value, its end, a `Failure`, or a text that says how its worker was lost.

    `gone` means lost together with its machine, for which the unit is not to blame.
    """

    number: int
    kind: Kind
    value: Any


Task = tuple[Work, Any, Any, Any]
"""A unit's work with its arguments: shared, unit, before."""


class Told:
    """In a worker: the work and the shared data, unpickled once for all its units."""

    def __init__(self, data: bytes):
        self._data = data
        self._loaded: tuple[Work, Any] | None = None

    def task(self, rest: bytes) -> Task:
        """The task for the unit and the value to continue from, both pickled in `rest`."""
        if self._loaded is None:
            self._loaded = pickle.loads(self._data)
        return (*self._loaded, *pickle.loads(rest))


def perform(number: int, load: Callable[[], Task]) -> Iterator[bytes]:
    """In a worker: run a unit with the threads of one worker; yields pickled events, of which the last is its end."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for torch, if the work is the first to import it
    os.environ.setdefault(CORES, "1")  # the other cores belong to the other workers
    with _logged() as lines:
        try:
            work, shared, unit, before = load()
            with limited():
                for value in work(shared, unit, before):
                    yield pickled(Event(number, "said", value))
        except Exception as error:
            where = f"in a worker, process {os.getpid()} on {platform.node()}, doing unit {number}"
            note = "\n  ".join([f"{where}; the end of its log:", *(lines or ["(nothing)"])])
            yield pickled(Event(number, "failed", Failure(_portable(error), traceback.format_exc(), note)))
        else:
            yield pickled(Event(number, "done", None))


def pickled(value: Any) -> bytes:
    """Pickle `value`; a `TypeError` says why something cannot be sent between processes."""
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        raise TypeError(
            f"this cannot be sent to or from a worker ({type(error).__name__}: {error}); one worker alone sends nothing"
        ) from error


class _Lines(logging.Handler):
    def __init__(self, lines: deque[str]):
        super().__init__(logging.INFO)
        self._lines = lines
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))


@contextmanager
def _logged() -> Iterator[deque[str]]:
    """The latest lines of the package's log and warnings."""
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    handler, loggers = _Lines(lines), [logging.getLogger(name) for name in ("pokespiel", "py.warnings")]
    levels = [logger.level for logger in loggers]
    logging.captureWarnings(True)
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logging.captureWarnings(False)
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)


def _portable(error: Exception) -> Exception:
    """The error itself if it survives pickling, else one with the same text."""
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if type(copy) is type(error) else RuntimeError(f"{type(error).__name__}: {error}")


# ------------------------------------------------------------------------------------------- what those who send share


class Posts(Protocol):
    """Where units are sent: processes, or a cluster."""

    def begin(self, work: Work, shared: Any) -> None:
        """Set the work and the shared data of the next units."""
        ...

    def size(self) -> int:
        """How many units can run at a time."""
        ...

    def send(self, number: int, unit: Any, before: Any) -> None: ...

    def wait(self) -> list[Event]:
        """Wait for news of the units that were sent and return it."""
        ...

    def end(self) -> None:
        """Abandon the units in progress."""
        ...


@dataclass
class _Open:
    """A unit that is not finished."""

    unit: Any
    value: Any = None
    losses: int = 0


class Dispatcher:
    """A crew that sends units to posts, and sends a unit again if its worker was lost."""

    def __init__(self, posts: Posts):
        self._posts = posts

    def do(self, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None) -> Reports:
        numbered, open_, done = enumerate(units), dict[int, _Open](), False
        self._posts.begin(work, shared)
        try:
            while not done or open_:
                while not done and _has_room(open_, self._posts.size(), ahead):
                    taken = next(numbered, None)
                    done = taken is None
                    if taken is not None:
                        number, unit = taken
                        open_[number] = _Open(unit)
                        self._posts.send(number, unit, None)
                if open_:
                    for event in self._posts.wait():
                        yield from self._heard(open_, event)
        finally:
            self._posts.end()

    def _heard(self, open_: dict[int, _Open], event: Event) -> Iterator[UnitReport]:
        number, kind, value = event
        one = open_[number]
        if kind == "said":
            one.value, one.losses = value, 0
            yield UnitReport(number, value, False)
        elif kind == "done":
            yield UnitReport(number, open_.pop(number).value, True)
        elif kind == "failed":
            raise _raised(value)
        else:
            one.losses += kind == "lost"
            if one.losses >= LOSSES:
                raise RuntimeError(f"unit {number} was given up: it lost {LOSSES} workers in a row, the last {value}")
            log.warning("a worker was lost (%s); unit %d is done again", value, number)
            self._posts.send(number, one.unit, one.value)


def _has_room(open_: dict[int, _Open], size: int, ahead: int | None) -> bool:
    """Whether one more unit may start."""
    if len(open_) >= size:
        return False
    return ahead is None or not open_ or max(open_) < min(open_) + ahead * size


def _raised(failure: Failure) -> Exception:
    error = failure.error
    error.add_note(failure.note)
    error.__cause__ = WorkerTraceback(failure.trace)
    return error
