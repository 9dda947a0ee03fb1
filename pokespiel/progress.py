"""Progress of long commands: a bar with the time left in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as TimeLeftColumn


class Watch(Protocol):
    """Told how far something is; a context manager that lasts as long as it does."""

    def __enter__(self) -> Watch: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def update(self, done: int, note: str) -> None: ...
    def say(self, line: str) -> None: ...


def watch(what: str, total: int, done: int = 0) -> Watch:
    """A bar where standard error is a terminal, else plain lines, for `what` from `done` to `total` steps."""
    console = Console(stderr=True)
    return Bar(what, total, done, console) if console.is_terminal else Lines(what, total, done)


class Bar:
    """A live bar: steps, a note, time spent and time left."""

    def __init__(self, what: str, total: int, done: int, console: Console):
        columns = (
            TextColumn("[bold]{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeLeftColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._task: TaskID = self._progress.add_task(what, total=total, completed=done, note="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, done: int, note: str) -> None:
        self._progress.update(self._task, completed=done, note=note)

    def say(self, line: str) -> None:
        self._progress.console.print(line, highlight=False, markup=False)


class Lines:
    """A line at most every `every` seconds, and one for the last step."""

    def __init__(self, what: str, total: int, done: int, every: float = 1.0):
        self._what, self._total, self._first, self._every = what, total, done, every
        self._began = time.monotonic()
        self._last = -every

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def update(self, done: int, note: str) -> None:
        spent = time.monotonic() - self._began
        if spent - self._last < self._every and done < self._total:
            return
        self._last = spent
        made = done - self._first
        left = f"{spent / made * (self._total - done):.0f} s left" if made > 0 else "time left unknown"
        self.say(f"{self._what} {done}/{self._total}  {note}  {spent:.0f} s, {left}")

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)
