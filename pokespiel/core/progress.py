"""Progress of long work: a bar with the remaining time in a terminal, plain lines elsewhere; never ten silent seconds.

    with watch("tournament", 1000) as bar:      a command shows its progress: a bar, or lines
        bar.update(200, "400 matches")
        with stage("matches", 2048) as told:    library code below reports its progress; it prints nothing itself
            told.update(630)

Without a bar, a line about the work in progress appears whenever ten seconds pass without one: while a `Lines` is open,
and during a whole command (`heartbeat`), whether or not it shows progress of its own.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.progress import TimeElapsedColumn as TimeSpentColumn
from rich.table import Column
from rich.text import Text

SILENCE = 10.0
"""Maximum seconds between lines if no bar is drawn."""


class Stage:
    """A piece of work: how much of it is done, and how long the rest will take at the current pace."""

    def __init__(self, what: str, total: int | None, done: int = 0, seconds: float | None = None):
        """From `done` to `total` steps; None = not counted. `seconds`: it ends after this time in any case."""
        self.what, self.total, self.done, self.note = what, total, done, ""
        self._first, self._seconds = done, seconds
        self._began = time.monotonic()

    def update(self, done: int, note: str = "") -> None:
        self.done, self.note = done, note

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    @property
    def finished(self) -> bool:
        """Whether all steps are done."""
        return self.total is not None and self.done >= self.total

    @property
    def left(self) -> float | None:
        """Expected seconds for the rest; None = unknown yet."""
        return min((seconds for seconds in self._ends() if seconds is not None), default=None)

    def _ends(self) -> tuple[float | None, float | None]:
        """Seconds until all steps are done at the current pace, and until the time limit."""
        spent, made = self.spent, self.done - self._first
        by_pace = spent / made * (self.total - self.done) if self.total is not None and made > 0 else None
        return by_pace, None if self._seconds is None else max(0.0, self._seconds - spent)

    def counted(self) -> str:
        """The steps done and their total; without the total if the time limit comes first."""
        by_pace, by_limit = self._ends()
        early = by_limit is not None and (by_pace is None or by_limit < by_pace)
        if self.total is None:
            return self.what
        return f"{self.what} {self.done:,}" + ("" if early else f"/{self.total:,}")

    def told(self) -> str:
        """The progress in a few words."""
        return ", ".join(filter(None, [self.counted(), self.remaining()]))

    def remaining(self) -> str:
        """The remaining time in a few words; empty if unknown.

        The last of many steps may take longer than the others, and work that reaches its time limit first finishes its
        step.
        """
        left = self.left
        if left is None or self.finished:
            return ""
        if left >= 0.5:
            return f"{left:.0f} s left"
        return "time is up, finishing" if self._ends()[1] == 0 else "nearly done"


_open: list[Stage] = []
"""This process's work in progress, outermost first."""


@contextmanager
def stage(what: str, total: int | None, done: int = 0, seconds: float | None = None) -> Iterator[Stage]:
    """Work whose progress is shown by an enclosing `Watch`, if there is one; see `Stage`."""
    one = Stage(what, total, done, seconds)
    _open.append(one)
    try:
        yield one
    finally:
        _open.remove(one)


class Watch(Protocol):
    """Receives the progress of some work; a context manager for its duration."""

    def __enter__(self) -> Watch: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, done: int, note: str) -> None: ...
    def say(self, line: str) -> None: ...


def watch(what: str, total: int, done: int = 0, seconds: float | None = None) -> Watch:
    """A bar if standard error is a terminal, else plain lines, for `what` from `done` to `total` steps.

    seconds: the work ends after this time in any case.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        return Bar(what, total, done, console, seconds)
    return Lines(what, total, done, seconds=seconds)


class Bar:
    """A live bar: steps, a note, the innermost work in progress, elapsed and remaining time."""

    def __init__(self, what: str, total: int, done: int, console: Console, seconds: float | None = None):
        self._stage = Stage(what, total, done, seconds)
        columns = (
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeSpentColumn(),
            _Inner(self._stage),
        )
        self._progress = Progress(*columns, console=console)
        self._task: TaskID = self._progress.add_task(what, total=total, completed=done, note="")

    def __enter__(self) -> Bar:
        _open.append(self._stage)
        self._progress.start()
        _bars.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _bars.remove(self)
        _open.remove(self._stage)
        self._progress.stop()

    def update(self, done: int, note: str) -> None:
        self._stage.update(done, note)
        self._progress.update(self._task, completed=done, note=note)

    def say(self, line: str) -> None:
        self._progress.console.print(line, highlight=False, markup=False)


_bars: list[Bar] = []
"""Bars that are currently drawn."""


class _Inner(ProgressColumn):
    """Remaining time, and the progress of the innermost work."""

    def __init__(self, own: Stage):
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self._own = own

    def render(self, task: Task) -> Text:
        opened = list(_open)
        inner = opened[-1:] if self._own in opened else [self._own]
        parts = [self._own.remaining(), *(one.told() for one in inner if one is not self._own)]
        return Text("; ".join(filter(None, parts)))


class Lines:
    """A line for the first update, one for the last step, and one whenever `every` seconds pass without one."""

    def __init__(self, what: str, total: int, done: int, every: float | None = None, seconds: float | None = None):
        """every: None = `SILENCE`; the other arguments as in `Stage`."""
        self._stage = Stage(what, total, done, seconds)
        self._every = SILENCE if every is None else every
        self._begun = False

    def __enter__(self) -> Lines:
        _open.append(self._stage)
        _pulse.hold(self._every)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _pulse.release()
        _open.remove(self._stage)

    def update(self, done: int, note: str) -> None:
        self._stage.update(done, note)
        if not self._begun or self._stage.finished:
            self._begun = True
            self.say(_line([self._stage]))

    def say(self, line: str) -> None:
        _pulse.say(line)


@contextmanager
def heartbeat(what: str) -> Iterator[None]:
    """For work that may be silent for long: lines about it and about the work inside it, as in `Lines`."""
    with stage(what, None):
        _pulse.hold(SILENCE)
        try:
            yield
        finally:
            _pulse.release()


class _Pulse:
    """Prints lines to standard error, and by itself after silence while at least one caller holds it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: list[float] = []
        self._stopped = threading.Event()
        self._spoke = 0.0

    def say(self, line: str) -> None:
        with self._lock:
            self._spoke = time.monotonic()
            print(line, file=sys.stderr, flush=True)

    def hold(self, every: float) -> None:
        """Print after `every` seconds of silence until released; the latest holder's interval applies."""
        self._holders.append(every)
        if len(self._holders) == 1:
            self._spoke = time.monotonic()
            self._stopped = threading.Event()
            threading.Thread(target=self._beat, args=(self._stopped,), daemon=True, name="progress").start()

    def release(self) -> None:
        self._holders.pop()
        if not self._holders:
            self._stopped.set()

    def _beat(self, stopped: threading.Event) -> None:
        while True:
            every = min(self._holders, default=SILENCE)
            due = self._spoke + every - time.monotonic()
            if stopped.wait(max(due, 0.01)):
                return
            if time.monotonic() - self._spoke >= every:
                self._speak()

    def _speak(self) -> None:
        if _bars:
            self._spoke = time.monotonic()  # the bar shows it
        else:
            self.say(_line(list(_open)))


_pulse = _Pulse()


def _line(stages: list[Stage]) -> str:
    """One line of progress: the outermost stage that counts its steps, the time, and the innermost work."""
    outer = next((one for one in stages if one.total is not None), stages[0])
    inner = [one.told() for one in stages[stages.index(outer) + 1 :]][-1:]
    note = f"  {outer.note}" if outer.note else ""
    spent = [f"{outer.spent:.0f} s"] if outer.spent >= 0.5 else []
    times = ", ".join(filter(None, [*spent, outer.remaining()]))
    return "; ".join([f"{outer.counted()}{note}" + (f"  {times}" if times else ""), *inner])
