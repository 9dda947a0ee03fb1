"""Matches over a real server: policies of this package against each other and against any poke-env player.

A match is a pair of accounts of which one challenges the other; `concurrency` matches run side by side and share a
policy's inference. If a dead server, a dropped connection or a stall ends a match, it counts as unfinished and is tried
again on new accounts: it is never a loss, and every wait has a limit. A match that a bot in its own process leaves, by
hanging or dying, is not tried again: battles in which it does so would be replaced by others.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from poke_env import ServerConfiguration
from poke_env.concurrency import POKE_LOOP

from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.contestants import Contestant, Participant
from pokespiel.showdown.departures import Departure, departed
from pokespiel.showdown.fixtures import Fixture, Result, seat_swapped
from pokespiel.showdown.waiting import BotDied, Stalled, Unfinished, play_out

__all__ = ["Conditions", "Fixture", "Result", "local_server", "play_arena", "seat_swapped"]

_LOG = logging.getLogger(__name__)
_NAMES = itertools.count(1)


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


def play_arena(
    contestants: tuple[Contestant, Contestant],
    fixtures: Sequence[Fixture],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions = STANDARD,
    idle: Callable[[], None] | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Result]]:
    """Play `fixtures`, distributed over `servers`; yields (index of the fixture, result) as matches end.

    `idle` is called if no match ends for `BEAT` seconds. Fixtures are begun in their order until `enough`, which is
    called from another thread, is true; those that have begun are finished.
    """
    results: queue.SimpleQueue[tuple[int, Result] | None] = queue.SimpleQueue()
    playing = _play_all(contestants, fixtures, servers, conditions, results, enough)
    arena = asyncio.run_coroutine_threadsafe(playing, POKE_LOOP)
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
    enough: Callable[[], bool],
) -> None:
    waiting = iter(enumerate(fixtures))

    async def run(table: _Table) -> None:
        try:
            for index, fixture in itertools.takewhile(lambda _: not enough(), waiting):
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
                turns = max((participant.turn for participant in self.participants), default=0)
                departure = self.blamed(error, turns)
                problems.append(self.told(error))
                _LOG.warning("a match did not finish (attempt %d): %s", attempt, problems[-1])
                await self.clear()
                self.turn += 1
                if departure is not None:
                    return Result(None, turns, attempt, tuple(problems), departure=departure)
        return Result(None, 0, self.conditions.attempts, tuple(problems))

    async def seat(self, teams: tuple[Team, Team]) -> None:
        """Prepare both participants, with their teams and no memory of earlier matches."""
        if any(participant.spent for participant in self.participants):
            await self.clear()
        fresh = not self.participants
        if fresh:
            server = self.servers[self.turn % len(self.servers)]
            self.participants = [contestant.join(f"ps{next(_NAMES):08d}", server) for contestant in self.contestants]
        for participant, other, team in zip(self.participants, reversed(self.participants), teams, strict=True):
            participant.take_seat(team, other.name)
        if fresh:
            await asyncio.gather(*(participant.sign_in() for participant in self.participants))

    async def play_once(self, first: int) -> Result:
        """One attempt at a match."""
        tasks = self.meeting(first)
        try:
            await play_out(tasks, self.participants, self.conditions.stall)
            turns = max(participant.turn for participant in self.participants)
            log = next((participant.log for participant in self.participants if participant.log), ())
            oddities = tuple(participant.oddities for participant in self.participants)
            utility = _utility(self.participants)
            result = Result(utility, turns, 1, (), log, oddities, departed(log, utility))
            if not all(task.done() for task in tasks):  # one missed the end: new participants for the next match
                await self.clear()
            return result
        finally:
            for task in tasks:
                task.cancel()

    def meeting(self, first: int) -> list[asyncio.Future[None]]:
        """Both sides of a match in which contestant `first` sits first; one that is passive is challenged."""
        sender = 1 - first if self.participants[first].passive else first
        challenger, accepter = self.participants[sender], self.participants[1 - sender]
        arrangement = ""
        if accepter.passive:
            arrangement = f"/arrange {'first' if sender == first else 'second'},{accepter.dealt}"
        return [
            asyncio.ensure_future(challenger.challenge(accepter.name, arrangement)),
            asyncio.ensure_future(accepter.accept(challenger.name)),
        ]

    def blamed(self, error: Exception, turns: int) -> Departure | None:
        """The departure of a passive contestant that explains why a match did not finish, None = nothing says so.

        A bot may end between two matches; the next one is then tried again.
        """
        for contestant, participant in enumerate(self.participants):
            if not participant.passive or (participant.seats > 1 and not turns):
                continue
            if isinstance(error, BotDied):
                return Departure(contestant, "death")
            if isinstance(error, Stalled) and not self.participants[1 - contestant].owes:
                return Departure(contestant, "time-out")
        return None

    def told(self, error: Exception) -> str:
        """An error in words, with the traces that it may have left."""
        traces = [one.trace for one in self.participants if one.trace and not isinstance(error, BotDied)]
        return "\n".join([str(error) or type(error).__name__, *traces])

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
