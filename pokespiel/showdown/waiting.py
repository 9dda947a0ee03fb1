"""Waiting for a match on a server with limits: a lost connection, a stall or a failure ends the wait."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

LOOK = 1.0
"""Seconds between two checks of a match's turn."""
LINGER = 5.0
"""Seconds for the second player to receive the end that the first has received."""


class Unfinished(RuntimeError):
    """A match reached no result; the message says why."""


class Stalled(Unfinished):
    """Nothing happened for too long."""


class BotDied(Unfinished):
    """A bot's process has ended, or has not signed in; the message holds the end of its log."""


class Seated(Protocol):
    """A player in its only match, as the waiting code sees it."""

    @property
    def turn(self) -> int:
        """The current turn of the match; 0 before the start."""

    @property
    def utility(self) -> float | None:
        """+1, 0 or -1 once the server has reported the player's result, None before."""

    async def broken(self) -> str:
        """Wait until the player cannot continue; returns why."""


async def first_of(*waited: Awaitable[Any], timeout: float) -> bool:
    """Wait until one of `waited` is done, at most `timeout` seconds; the others are cancelled. Returns whether one is
    done."""
    tasks = [asyncio.ensure_future(one) for one in waited]
    try:
        done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    return bool(done)


async def play_out(tasks: Sequence[asyncio.Future[Any]], players: Sequence[Seated], stall: float) -> None:
    """Wait for all `tasks` of the players' only match, or for the server's report of its end, which ends it for all.

    Raises `Unfinished` if a task fails, a player cannot continue, or no new turn comes for `stall` seconds; the tasks
    keep running then.
    """
    breaks = [asyncio.ensure_future(player.broken()) for player in players]
    turn, since = 0, time.monotonic()
    try:
        while not all(task.done() for task in tasks):
            left = since + stall - time.monotonic()
            waited = [task for task in [*tasks, *breaks] if not task.done()]
            await asyncio.wait(waited, timeout=min(LOOK, max(0.0, left)), return_when=asyncio.FIRST_COMPLETED)
            if any(player.utility is not None for player in players):
                await asyncio.wait(tasks, timeout=LINGER)
                _raise_problem(tasks, Unfinished)
                return
            _raise_problem([*tasks, *breaks], Exception)
            if (reached := max(player.turn for player in players)) != turn:
                turn, since = reached, time.monotonic()
            elif time.monotonic() - since >= stall:
                where = f"in turn {turn}" if turn else "and no battle began"
                raise Stalled(f"nothing happened for {stall:g} s {where}")
    finally:
        for task in breaks:
            task.cancel()


def _raise_problem(tasks: Sequence[asyncio.Future[Any]], kind: type[Exception]) -> None:
    """Raise the problem of a finished task: an error of type `kind`, or why a player cannot continue."""
    for task in tasks:
        error = task.exception() if task.done() else None
        if isinstance(error, kind):
            raise error if isinstance(error, Unfinished) else Unfinished(f"a player failed: {error!r}")
        if task.done() and error is None and task.result():
            raise Unfinished(str(task.result()))
