"""A bot of another environment as a process: its command line, and the process with its log.

The command is split into words as a shell does it, but no shell runs it. Placeholders in the words are filled in, and
the process finds the same values in its environment:

| placeholder | variable | value |
|---|---|---|
| `{name}` | `SHOWDOWN_USERNAME` | the name to sign in with |
| `{password}` | `SHOWDOWN_PASSWORD` | empty: the local server asks for none |
| `{server}` | `SHOWDOWN_SERVER` | the server's websocket address |
| `{port}` | `SHOWDOWN_PORT` | its port on this machine |
| `{opponent}` | `SHOWDOWN_OPPONENT` | the account that will challenge it |
| `{team}` | `SHOWDOWN_TEAM` | a file with its team as Showdown exports teams |
| `{packed}` | `SHOWDOWN_PACKED` | a file with its team in Showdown's packed format |
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pokespiel.core.registry import unknown
from pokespiel.showdown.serve import last_lines

VARIABLES = {
    "name": "SHOWDOWN_USERNAME",
    "password": "SHOWDOWN_PASSWORD",
    "server": "SHOWDOWN_SERVER",
    "port": "SHOWDOWN_PORT",
    "opponent": "SHOWDOWN_OPPONENT",
    "team": "SHOWDOWN_TEAM",
    "packed": "SHOWDOWN_PACKED",
}
"""Environment variables by placeholder."""
TEAM_FILES = ("team", "packed")
"""The placeholders for a team that is given."""
PREFIX = "process:"
STOPPING = 3.0
"""Seconds for a process group to end after SIGTERM."""
_PLACEHOLDER = re.compile(r"\{\{([a-z]+)\}\}|\{([a-z]+)\}")
"""A word in two pairs of braces, which stands for itself in one, or a placeholder."""


@dataclass(frozen=True)
class BotCommand:
    """The command line of a bot."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> BotCommand:
        """The command written after "process:"; a `ValueError` says what is wrong with it."""
        try:
            words = tuple(shlex.split(text))
        except ValueError as error:
            raise ValueError(f"process:{text} cannot be split into words: {error}") from error
        if not words:
            raise ValueError("process: names no command; write process:COMMAND, such as 'process:python my_bot.py'")
        if shutil.which(words[0]) is None:
            raise ValueError(f"process:{text} cannot be run: there is no program {words[0]!r}")
        return cls(words)

    @property
    def placeholders(self) -> set[str]:
        """The placeholders in the command; a `ValueError` names one that does not exist."""
        found = {name for word in self.words for _, name in _PLACEHOLDER.findall(word) if name}
        for name in sorted(found - set(VARIABLES)):
            error = unknown("placeholder", name, tuple(VARIABLES))
            raise ValueError(f"{error}; write {{{{{name}}} for {{{name}}} itself")
        return found

    def filled(self, values: Mapping[str, str]) -> list[str]:
        """The words with their placeholders replaced."""
        return [_PLACEHOLDER.sub(lambda match: _filled(match, values), word) for word in self.words]

    def start(self, values: Mapping[str, str], log: Path) -> BotProcess:
        """Run it, in a process group of its own and with its output in `log`."""
        told = {VARIABLES[name]: value for name, value in values.items()}
        with open(log, "wb") as output:
            process = subprocess.Popen(
                self.filled(values),
                env={"PYTHONUNBUFFERED": "1", **os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return BotProcess(process, log)


def _filled(match: re.Match[str], values: Mapping[str, str]) -> str:
    return f"{{{match[1]}}}" if match[1] else values[match[2]]


@dataclass(frozen=True, eq=False)
class BotProcess:
    """A running bot."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> str:
        """How it ended, with the end of its log."""
        status = self.process.poll()
        how = "is still running" if status is None else f"ended with status {status}"
        if status is not None and status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
        return f"its process {how}; the end of its log:\n{last_lines(self.log)}"

    def stop(self) -> None:
        """End its whole process group, also what a process that has ended left behind."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, kind)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOPPING)
