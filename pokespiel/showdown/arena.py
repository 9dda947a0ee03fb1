"""Matches over a real server: policies of this package against each other and against any poke-env player.

A match is a pair of accounts that challenge each other; `concurrency` matches run side by side and share a policy's
inference. If a dead server, a dropped connection or a stall ends a match, it counts as unfinished and is tried again on
new accounts: it is never a loss, and every wait has a limit.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from poke_env import ServerConfiguration
from poke_env.concurrency import POKE_LOOP

from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.contestants import Contestant, Participant
from pokespiel.showdown.waiting import Unfinished, play_out

_LOG = logging.getLogger(__name__)
_NAMES = itertools.count(1)


class Fixture(NamedTuple):
    """A match to be played: the teams of the two contestants, and which sits first (challenges, plays p1)."""

    teams: tuple[Team, Team]
    first: int


class Result(NamedTuple):
    """The result of a fixture."""

    utility: float | None
    """+1, 0 or -1 for contestant 0; None = unfinished after all attempts."""
    turns: int
    attempts: int
    problems: tuple[str, ...]
    """Why earlier attempts were unfinished."""
    log: tuple[str, ...] = ()
    """The match's lines as one of this package's policies received them, for a replay; empty if none played."""
    oddities: tuple[np.ndarray | None, ...] = (None, None)
    """By contestant, [COUNTS] of oddities in its play, None for players from elsewhere."""


@dataclass(frozen=True)
class Conditions:
    """Settings for running matches."""

    concurrency: int = 8
    """Number of matches side by side."""
    stall: float = 60.0
    """Seconds without a new turn after which a match is abandoned."""
    attempts: int = 3
    """Maximum attempts for a match."""


STANDARD = Conditions()
BEAT = 5.0
"""Seconds without a result after which the arena calls `idle`."""


def local_server(port: int) -> ServerConfiguration:
    """poke-env's configuration of a server on this machine, which needs no login server."""
    return ServerConfiguration(f"ws://127.0.0.1:{port}/showdown/websocket", "")


def seat_swapped(pairs: Sequence[tuple[Team, Team]]) -> list[Fixture]:
    """Two fixtures for each pair of teams, with each contestant first once."""
    return [Fixture(teams, first) for teams in pairs for first in (0, 1)]


def play_arena(
    contestants: tuple[Contestant, Contestant],
    fixtures: Sequence[Fixture],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions = STANDARD,
    idle: Callable[[], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Play `fixtures`, distributed over `servers`; yields (index of the fixture, result) as matches end.

    `idle` is called if no match ends for `BEAT` seconds.
    """
    results: queue.SimpleQueue[tuple[int, Result] | None] = queue.SimpleQueue()
    arena = asyncio.run_coroutine_threadsafe(_play_all(contestants, fixtures, servers, conditions, results), POKE_LOOP)
    try:
        while True:
            try:
                answer = results.get(timeout=BEAT)
            except queue.Empty:
                if idle is not None:
                    idle()
                continue
            if answer is None:
                break
            yield answer
        arena.result()
    finally:
        arena.cancel()


async def _play_all(
    contestants: tuple[Contestant, Contestant],
    fixtures: Sequence[Fixture],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions,
    results: queue.SimpleQueue[tuple[int, Result] | None],
) -> None:
    waiting = iter(enumerate(fixtures))

    async def run(table: _Table) -> None:
        try:
            for index, fixture in waiting:
                results.put((index, await table.play(fixture)))
        finally:
            await table.clear()

    places = range(min(conditions.concurrency, len(fixtures)))
    try:
        await asyncio.gather(*(run(_Table(contestants, servers, i, conditions)) for i in places))
    finally:
        results.put(None)


@dataclass
class _Table:
    """A pair of accounts that plays one match after another; after a failure new accounts use the next server."""

    contestants: tuple[Contestant, Contestant]
    servers: Sequence[ServerConfiguration]
    turn: int
    """Index of the next server."""
    conditions: Conditions
    participants: list[Participant] = field(default_factory=list)

    async def play(self, fixture: Fixture) -> Result:
        problems: list[str] = []
        for attempt in range(1, self.conditions.attempts + 1):
            try:
                await self.seat(fixture.teams)
                return (await self.play_once(fixture.first))._replace(attempts=attempt, problems=tuple(problems))
            except (Unfinished, OSError) as error:
                problems.append(str(error) or type(error).__name__)
                _LOG.warning("a match did not finish (attempt %d): %s", attempt, problems[-1])
                await self.clear()
                self.turn += 1
        return Result(None, 0, self.conditions.attempts, tuple(problems))

    async def seat(self, teams: tuple[Team, Team]) -> None:
        """Prepare both participants, with their teams and no memory of earlier matches."""
        if not self.participants:
            server = self.servers[self.turn % len(self.servers)]
            self.participants = [contestant.join(f"ps{next(_NAMES):08d}", server) for contestant in self.contestants]
            await asyncio.gather(*(participant.sign_in() for participant in self.participants))
        for participant, team in zip(self.participants, teams, strict=True):
            participant.take_seat(team)

    async def play_once(self, first: int) -> Result:
        """One attempt at a match."""
        challenger, accepter = self.participants[first], self.participants[1 - first]
        tasks = [
            asyncio.ensure_future(challenger.challenge(accepter.name)),
            asyncio.ensure_future(accepter.accept(challenger.name)),
        ]
        try:
            await play_out(tasks, self.participants, self.conditions.stall)
            turns = max(participant.turn for participant in self.participants)
            log = next((participant.log for participant in self.participants if participant.log), ())
            oddities = tuple(participant.oddities for participant in self.participants)
            result = Result(_utility(self.participants), turns, 1, (), log, oddities)
            if not all(task.done() for task in tasks):  # one missed the end: new participants for the next match
                await self.clear()
            return result
        finally:
            for task in tasks:
                task.cancel()

    async def clear(self) -> None:
        participants, self.participants = self.participants, []
        for participant in participants:
            await participant.leave()


def _utility(participants: Sequence[Participant]) -> float:
    """Contestant 0's utility, as the server reported it to either participant."""
    own, foe = (participant.utility for participant in participants)
    if own is None and foe is None:
        raise Unfinished("the match ended without a result")
    return own if own is not None else -(foe or 0.0)
