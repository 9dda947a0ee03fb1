"""Matches on a server one after another, reported as they happen.

    for moment in online.accept(20):     # a `Series`
        print(moment.tally.line(), moment.doing)

A series runs in the event loop of the players. The code that iterates it, in another thread, receives every battle that
begins or ends, and every `BEAT` seconds a description of the current activity. An unfinished match is counted with its
reason and tried again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from poke_env.concurrency import POKE_LOOP

from pokespiel.showdown.battle import LiveBattle
from pokespiel.showdown.connection import LoginFailed
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.meeting import Meeting, NoBattle
from pokespiel.showdown.player import PolicyPlayer
from pokespiel.showdown.tally import PlayedBattle, SeriesTally
from pokespiel.showdown.waiting import first_of

if TYPE_CHECKING:
    from pokespiel.showdown.online import Online

BEAT = 8.0
"""Seconds without an event after which a series reports its activity."""
LOOK = 0.5
"""Seconds between two checks of a battle in progress."""
_LONGEST_PAUSE = 30.0
"""Maximum seconds between two attempts to reach an unreachable server."""
_LOG = logging.getLogger(__name__)


class Moment(NamedTuple):
    """A series after an event, or after `BEAT` seconds without one."""

    tally: SeriesTally
    doing: str
    """Its current activity."""
    ended: PlayedBattle | None = None
    """The battle that has just ended."""
    log: tuple[str, ...] = ()
    """The battle's lines, as we received them."""


class Series:
    """Matches one after another, until the requested number has been played or too many attempts in a row have failed.

    Iterate over it for its moments; it starts with the first, and continues by itself until it has ended or is stopped.
    `start` is an interrupted series to be continued: its matches count, and battles that it left in progress are
    continued, or counted if they have ended.
    """

    def __init__(self, online: Online, meeting: Meeting, matches: int, start: SeriesTally):
        if matches < 1:
            raise ValueError(f"matches must be at least 1, got {matches}")
        self.matches = matches
        self.tally = start
        self._moments: queue.SimpleQueue[Moment | None] = queue.SimpleQueue()
        self._run = _Run(online, meeting, matches, start, self._moments)
        self._future: Future[None] | None = None

    def __iter__(self) -> Iterator[Moment]:
        return self

    def __next__(self) -> Moment:
        """Wait for the next moment. Raises `LoginFailed` if the account is not logged in."""
        if self._future is None:
            self._future = asyncio.run_coroutine_threadsafe(self._run.play(), POKE_LOOP)
        try:
            moment = self._moments.get(timeout=BEAT)
        except queue.Empty:
            moment = Moment(self._run.tally, self._run.doing)
        if moment is None:
            self._moments.put(None)  # for later calls
            self.tally = self._run.tally
            self._future.result()
            raise StopIteration
        self.tally = moment.tally
        return moment

    @property
    def playing(self) -> str:
        """Its description of the battle in progress; empty if there is none."""
        return self._run.doing if self._run.battle is not None else ""

    def finish(self) -> SeriesTally:
        """Play to the end of the series."""
        for _ in self:
            pass
        return self.tally

    def stop(self) -> list[Moment]:
        """Give up battles in progress, so that no opponent is left waiting, and log out; returns the remaining
        moments."""
        if self._future is None:
            return []
        POKE_LOOP.call_soon_threadsafe(self._run.stop)
        left = list(iter(self._moments.get, None))
        self._moments.put(None)  # for code that iterates
        self.tally = self._run.tally
        return left


@dataclass
class _Run:
    """A series inside the event loop."""

    online: Online
    meeting: Meeting
    matches: int
    tally: SeriesTally
    moments: queue.SimpleQueue[Moment | None]
    battle: LiveBattle | None = None
    """The battle in progress."""
    stopped: bool = False
    away: str = "the connection was lost too often in one turn"
    """Why there is no connection."""
    _errand: str = "signing in"
    _task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.online.seed, len(self.tally.battles)])

    @property
    def doing(self) -> str:
        """The series's current activity."""
        if self.battle is None:
            return self._errand
        against = f"against {self.battle.opponent}" if self.battle.opponent else "a battle begins"
        return f"{against}, turn {self.battle.turn}" if self.battle.turn else against

    def stop(self) -> None:
        """End the series as soon as possible; battles in progress are given up."""
        self.stopped = True
        if self._task is not None:
            self._task.cancel()

    async def play(self) -> None:
        """Run the whole series; None is always the last moment."""
        self._task = asyncio.current_task()
        account = self.online.account
        self.player = PolicyPlayer(
            InferenceBatcher(self.online.policy, self.rng),
            name=account.name,
            password=account.password,
            server=self.online.server,
            timer=True,
        )
        try:
            await self.play_matches()
        except asyncio.CancelledError:
            _LOG.info("the series of %s is stopped", account.name)
        finally:
            try:
                await self.sign_out()
            finally:
                self.moments.put(None)

    async def play_matches(self) -> None:
        if self.stopped:
            return
        await self.player.open(self.online.login_timeout)
        await self.catch_up()
        failures = 0
        while self.tally.finished < self.matches and failures < self.online.attempts:
            try:
                failures = 0 if await self.play_match() else failures + 1
            except NoBattle as problem:
                failures += 1
                self.tally = self.tally.failed(str(problem))
                self.tell(str(problem))
            if 0 < failures < self.online.attempts:
                self.tell(f"waiting {self.online.pause:g} s before the next attempt")
                await asyncio.sleep(self.online.pause)

    async def catch_up(self) -> None:
        """Continue battles left by an earlier process or connection, or count them if they have ended."""
        for left in [battle for battle in self.tally.battles if battle.outcome is None]:
            await self.player.ask_about(left.room, left.began)
        for battle in list(self.player.battles):
            await self.see_out(battle)

    async def play_match(self) -> bool:
        """Play a match; returns whether it was played to its end."""
        if self.player.connection.lost.is_set():
            if not await self.come_back():
                raise NoBattle(self.away)
            await self.catch_up()
        self.tell("looking for an opponent")
        await self.player.bring(self.online.teams[int(self.rng.integers(len(self.online.teams)))])
        return await self.see_out(await self.meeting(self.player, self.online.patience))

    async def see_out(self, battle: LiveBattle) -> bool:
        """Play a battle to its end, or give it up; returns whether it was played to its end."""
        self.battle = battle
        losses, turn = 0, -1
        while not battle.over.is_set():
            self.note(battle)
            left = battle.moved + self.online.patience - time.monotonic()
            await first_of(battle.over.wait(), self.player.connection.lost.wait(), timeout=max(0.0, min(left, LOOK)))
            if battle.over.is_set():
                break
            if self.player.connection.lost.is_set():
                losses, turn = losses + 1 if battle.turn == turn else 1, battle.turn
                if losses > self.online.attempts or not await self.come_back():
                    break
            elif left <= 0 and not battle.trouble:
                where = f"in turn {battle.turn}" if battle.turn else "before the first turn"
                await self.player.give_up(battle, f"nothing happened for {self.online.patience:g} s {where}")
        return self.count(battle)

    def note(self, battle: LiveBattle) -> None:
        """Record that a battle is in progress, as soon as anything except its turn has changed."""
        known = self.tally
        self.tally = known.noting(PlayedBattle.of(battle)._replace(turns=0))
        if self.tally != known:
            self.moments.put(Moment(self.tally, self.doing))

    def count(self, battle: LiveBattle) -> bool:
        """Record how a battle ended; returns whether it was played to its end."""
        self.battle = None
        ended = PlayedBattle.of(battle)
        if ended.outcome is None:
            ended = ended._replace(reason=self.away)
        self.tally = self.tally.noting(ended)
        played = ended.outcome in ("won", "lost", "tied")
        if not played:
            self.tally = self.tally.failed(ended.reason)
        self.player.battles.remove(battle)
        self._errand = "signing out" if self.stopped or self.tally.finished >= self.matches else "between two battles"
        self.moments.put(Moment(self.tally, self.doing, ended, tuple(battle.log)))
        return played

    async def come_back(self) -> bool:
        """Connect again; returns whether that succeeded in time."""
        self.tell("coming back after a lost connection")
        until, pause = time.monotonic() + self.online.patience, 0.25
        while True:
            try:
                await self.player.open(self.online.login_timeout)
                return True
            except LoginFailed as failed:
                self.away = f"the connection was lost and not opened again: {failed}"
                pause = min(2 * pause, _LONGEST_PAUSE)
                if time.monotonic() + pause > until:
                    return False
                await asyncio.sleep(pause)

    def tell(self, errand: str) -> None:
        """Report the series's activity outside of battles."""
        self._errand = errand
        self.moments.put(Moment(self.tally, self.doing))

    async def sign_out(self) -> None:
        """Withdraw requests, give up battles in progress, so that no opponent is left waiting, and disconnect."""
        self._errand = "signing out"
        if self.player.connection.signed_in:
            await self.player.withdraw()
            for battle in self.player.running:
                await self.player.give_up(battle, "the bot was stopped")
            for battle in self.player.running:
                await battle.over.wait()
        for battle in list(self.player.battles):
            self.count(battle)
        await self.player.close()
