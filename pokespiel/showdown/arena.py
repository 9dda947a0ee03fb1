"""Matches over a real server: our policies against each other and against any poke-env player.

A match is a pair of accounts that challenge each other; `concurrency` of them run side by side and share a policy's
inference. A match that a dead server, a dropped connection or a stall ends is counted as unfinished and tried again on
fresh accounts: it is never a loss and never waited for without end.
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
    """A match to be played: the teams of the two contestants, and who sits first (challenges, plays p1)."""

    teams: tuple[Team, Team]
    first: int


class Result(NamedTuple):
    """How a fixture ended."""

    utility: float | None
    """+1, 0 or -1 for contestant 0; None = unfinished after all attempts."""
    turns: int
    attempts: int
    problems: tuple[str, ...]
    """Why earlier attempts did not finish."""
    log: tuple[str, ...] = ()
    """The match's lines as a policy of ours was told them, for a replay; empty where none of ours played."""
    oddities: tuple[np.ndarray | None, ...] = (None, None)
    """By contestant, [COUNTS] of what a person would laugh at in its play, None where it is not one of ours."""


@dataclass(frozen=True)
class Conditions:
    """How matches are run."""

    concurrency: int = 8
    """Matches side by side."""
    stall: float = 60.0
    """Seconds without a new turn after which a match is given up."""
    attempts: int = 3
    """How often an unfinished match is tried in all."""


STANDARD = Conditions()
BEAT = 5.0
"""Seconds after which the arena calls `idle`."""


def local_server(port: int) -> ServerConfiguration:
    """poke-env's description of a server on this machine, which asks nobody for a password."""
    return ServerConfiguration(f"ws://127.0.0.1:{port}/showdown/websocket", "")


def seat_swapped(pairs: Sequence[tuple[Team, Team]]) -> list[Fixture]:
    """Each pair of teams twice, once with either contestant in the first seat, one after the other."""
    return [Fixture(teams, first) for teams in pairs for first in (0, 1)]


def play_arena(
    contestants: tuple[Contestant, Contestant],
    fixtures: Sequence[Fixture],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions = STANDARD,
    idle: Callable[[], None] | None = None,
) -> Iterator[tuple[int, Result]]:
    """Play `fixtures`, spread over `servers`; yields (index of the fixture, result) as matches end.

    `idle` is called where nothing ends for `BEAT` seconds.
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
    """A pair of accounts that plays one match after another; after a failure new ones take the next server."""

    contestants: tuple[Contestant, Contestant]
    servers: Sequence[ServerConfiguration]
    turn: int
    """Whose turn it is among the servers."""
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
        """Both participants, with their teams and no memory of earlier matches."""
        if not self.participants:
            server = self.servers[self.turn % len(self.servers)]
            self.participants = [contestant.join(f"ps{next(_NAMES):08d}", server) for contestant in self.contestants]
            await asyncio.gather(*(participant.sign_in() for participant in self.participants))
        for participant, team in zip(self.participants, teams, strict=True):
            participant.take_seat(team)

    async def play_once(self, first: int) -> Result:
        """One match, in one attempt."""
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
            if not all(task.done() for task in tasks):  # one has not heard the end: the next match has new participants
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
    """Contestant 0's, as the server has told either participant."""
    own, foe = (participant.utility for participant in participants)
    if own is None and foe is None:
        raise Unfinished("the match ended without a result")
    return own if own is not None else -(foe or 0.0)
