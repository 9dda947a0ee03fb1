"""Executors: units of work done here, in several processes, or on several machines, with the same results.

    with Local(workers=4).open() as crew:
        for number, value, last in crew.do(work, units, shared): ...

A unit is done by `work(shared, unit, before)`, a generator whose last value is the result. It must follow from its
arguments alone: whatever is random in it comes from a seed or a generator that is part of the unit, so that it does not
matter who does it, in what company or how often. A worker that is lost (a killed process, a machine that is gone) is
replaced and its unit done again from `before`, the last value that it gave. A unit that raises ends the work with its
own error, which brings the end of the worker's log.

`shared` goes to each worker once, a unit when its turn comes. Both are pickled on the way, except where one process
does everything itself.
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
"""A unit that loses so many workers in a row without a value in between is given up."""
KEPT_LINES = 20
"""Lines of its log that a worker's error brings."""

Work = Callable[[Any, Any, Any], Iterator[Any]]
"""`work(shared, unit, before)`, a function of a module: yields as it goes, the result last; before: None = from the
beginning, else the last value of a worker that was lost."""


class UnitReport(NamedTuple):
    """What a unit's work came to."""

    number: int
    """Of the unit, from 0 in their order."""
    value: Any
    """What the work yielded."""
    last: bool
    """It is the result; its value was reported before as one in between."""


Reports = Generator[UnitReport, None, None]
"""Closing it lets go of what is still being done."""


class Crew(Protocol):
    """Workers that are ready."""

    def do(self, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None) -> Reports:
        """Do each unit, taken when a worker is free for it; reports come as they are made.

        ahead: begin no unit that is more than `ahead` times the number of workers after the first unfinished one; None
            = whatever is next.
        """
        ...


class Executor(Protocol):
    """A frozen dataclass of options; `workers` is how many units it does at a time, None = what the machines give."""

    @property
    def workers(self) -> int | None: ...

    def open(self) -> AbstractContextManager[Crew]:
        """A crew for as long as the context lasts; afterwards none of its workers is left."""
        ...


EXECUTORS = Registry(
    "executor",
    {"local": "pokespiel.core.processes:Local", "ray": "pokespiel.core.cluster:Ray"},
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
    """This process does one unit after the other; nothing is pickled."""

    def do(self, work: Work, units: Iterable[Any], shared: Any = None, ahead: int | None = None) -> Reports:
        for number, unit in enumerate(units):
            value = None
            for value in work(shared, unit, None):
                yield UnitReport(number, value, False)
            yield UnitReport(number, value, True)


# ------------------------------------------------------------------------------------------------- what workers share


class Failure(NamedTuple):
    """An error on its way home from a worker."""

    error: Exception
    trace: str
    note: str


class WorkerTraceback(Exception):
    """The cause of a worker's error: where it was raised there."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


Kind = Literal["said", "done", "failed", "lost", "gone"]


class Event(NamedTuple):
    """News of a unit: a value, its end, a `Failure`, or in words how its worker was lost.

    `gone` is lost with its machine, for which no unit is to blame.
    """

    number: int
    kind: Kind
    value: Any


Task = tuple[Work, Any, Any, Any]
"""A unit's work with its arguments: shared, unit, before."""


class Told:
    """In a worker: the work and what is shared, unpickled once for all its units."""

    def __init__(self, data: bytes):
        self._data = data
        self._loaded: tuple[Work, Any] | None = None

    def task(self, rest: bytes) -> Task:
        """With the unit and the value to continue from, pickled in `rest`."""
        if self._loaded is None:
            self._loaded = pickle.loads(self._data)
        return (*self._loaded, *pickle.loads(rest))


def perform(number: int, load: Callable[[], Task]) -> Iterator[bytes]:
    """In a worker: do a unit, with the threads of one worker; events, pickled, of which the last is its end."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for torch, if the work is the first to import it
    os.environ.setdefault(CORES, "1")  # the other cores are the other workers'
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
    """A `TypeError` that says why something cannot be sent between processes."""
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
    """The latest lines of what the package logs and warns."""
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
    """The error itself if it survives pickling, else one that says the same."""
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error if type(copy) is type(error) else RuntimeError(f"{type(error).__name__}: {error}")


# ------------------------------------------------------------------------------------------- what those who send share


class Posts(Protocol):
    """Where units are sent: processes, or a cluster."""

    def begin(self, work: Work, shared: Any) -> None:
        """What the next units are about."""
        ...

    def size(self) -> int:
        """How many units can be done at a time."""
        ...

    def send(self, number: int, unit: Any, before: Any) -> None: ...

    def wait(self) -> list[Event]:
        """The next news of units that were sent; waits for it."""
        ...

    def end(self) -> None:
        """Let go of units that are still being done."""
        ...


@dataclass
class _Open:
    """A unit that is not finished."""

    unit: Any
    value: Any = None
    losses: int = 0


class Dispatcher:
    """A crew that sends units to posts and sends those again whose worker was lost."""

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
    """Whether one more unit may begin."""
    if len(open_) >= size:
        return False
    return ahead is None or not open_ or max(open_) < min(open_) + ahead * size


def _raised(failure: Failure) -> Exception:
    error = failure.error
    error.add_note(failure.note)
    error.__cause__ = WorkerTraceback(failure.trace)
    return error
