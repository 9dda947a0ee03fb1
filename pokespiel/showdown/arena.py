"""Matches over a real server: our policies against each other and against any poke-env player.

A match is a pair of accounts that challenge each other; `concurrency` of them run side by side and share a policy's
inference. A match that a dead server, a dropped connection or a stall ends is counted as unfinished and tried again on
fresh accounts: it is never a loss and never waited for without end.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.concurrency import POKE_LOOP
from poke_env.player import Player

from pokespiel.game.gen1.teams import Team, pack
from pokespiel.policy import Policy
from pokespiel.showdown.inference import Desk
from pokespiel.showdown.player import FORMAT, PATIENCE, SILENT, PolicyPlayer, disconnect
from pokespiel.showdown.waiting import Unfinished, outcome, play_out, turn_of, within

_LOG = logging.getLogger(__name__)
_NAMES = itertools.count(1)


class Contestant(Protocol):
    """Someone who plays: opens an account on a server, ready for a match with a team."""

    def join(self, name: str, server: ServerConfiguration, team: Team) -> Player: ...


@dataclass(frozen=True)
class PolicyContestant:
    """A policy of ours; all its accounts share one desk."""

    desk: Desk

    @classmethod
    def of(cls, policy: Policy, rng: np.random.Generator) -> PolicyContestant:
        return cls(Desk(policy, rng))

    def join(self, name: str, server: ServerConfiguration, team: Team) -> Player:
        return PolicyPlayer(self.desk, name=name, server=server, team=team)


@dataclass(frozen=True)
class PokeEnvContestant:
    """A poke-env player class."""

    player: Callable[..., Player]

    @classmethod
    def named(cls, path: str) -> PokeEnvContestant:
        """From "module:Class", or the name of a class in `poke_env.player` such as "SimpleHeuristicsPlayer"."""
        module, _, attribute = path.rpartition(":")
        try:
            found = getattr(importlib.import_module(module or "poke_env.player"), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(
                f"no poke-env player at {path!r}: expected 'module:Class', or one of poke-env's own such as "
                f"RandomPlayer, MaxBasePowerPlayer, SimpleHeuristicsPlayer ({error})"
            ) from error
        if not (isinstance(found, type) and issubclass(found, Player)):
            raise ValueError(f"{path!r} is {found!r}, not a class derived from poke_env.player.Player")
        return cls(found)

    def join(self, name: str, server: ServerConfiguration, team: Team) -> Player:
        return self.player(
            account_configuration=AccountConfiguration(name, None),
            battle_format=FORMAT,
            server_configuration=server,
            team=pack(team),
            log_level=SILENT,
            **PATIENCE,
        )


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


def local_server(port: int) -> ServerConfiguration:
    """poke-env's description of a server on this machine."""
    return ServerConfiguration(f"ws://127.0.0.1:{port}/showdown/websocket", "http://127.0.0.1/action.php?")


def seat_swapped(pairs: Sequence[tuple[Team, Team]]) -> list[Fixture]:
    """Each pair of teams twice, once with either contestant in the first seat, one after the other."""
    return [Fixture(teams, first) for teams in pairs for first in (0, 1)]


def play_arena(
    contestants: tuple[Contestant, Contestant],
    fixtures: Sequence[Fixture],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions = STANDARD,
) -> Iterator[tuple[int, Result]]:
    """Play `fixtures`, spread over `servers`; yields (index of the fixture, result) as matches end."""
    results: asyncio.Queue[tuple[int, Result] | None] = asyncio.Queue()
    arena = asyncio.run_coroutine_threadsafe(_play_all(contestants, fixtures, servers, conditions, results), POKE_LOOP)
    try:
        for _ in fixtures:
            answer = asyncio.run_coroutine_threadsafe(results.get(), POKE_LOOP).result()
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
    results: asyncio.Queue[tuple[int, Result] | None],
) -> None:
    waiting = iter(enumerate(fixtures))

    async def run(table: _Table) -> None:
        try:
            for index, fixture in waiting:
                await results.put((index, await table.play(fixture)))
        finally:
            await table.clear()

    places = range(min(conditions.concurrency, len(fixtures)))
    try:
        await asyncio.gather(*(run(_Table(contestants, servers, i, conditions)) for i in places))
    finally:
        await results.put(None)


@dataclass
class _Table:
    """A pair of accounts that plays one match after another; after a failure new ones take the next server."""

    contestants: tuple[Contestant, Contestant]
    servers: Sequence[ServerConfiguration]
    turn: int
    """Whose turn it is among the servers."""
    conditions: Conditions
    players: list[Player] = field(default_factory=list)

    async def play(self, fixture: Fixture) -> Result:
        problems: list[str] = []
        for attempt in range(1, self.conditions.attempts + 1):
            try:
                self.seat(fixture.teams)
                utility, turns = await _play_once(self.players, fixture.first, self.conditions.stall)
                return Result(utility, turns, attempt, tuple(problems))
            except (Unfinished, OSError) as error:
                problems.append(str(error) or type(error).__name__)
                _LOG.warning("a match did not finish (attempt %d): %s", attempt, problems[-1])
                await self.clear()
                self.turn += 1
        return Result(None, 0, self.conditions.attempts, tuple(problems))

    def seat(self, teams: tuple[Team, Team]) -> None:
        """Both players, with their teams and no memory of earlier matches."""
        for player, team in zip(self.players, teams, strict=False):
            player.reset_battles()
            player.update_team(pack(team))
        server = self.servers[self.turn % len(self.servers)]
        for contestant, team in list(zip(self.contestants, teams, strict=True))[len(self.players) :]:
            self.players.append(contestant.join(f"ps{next(_NAMES):08d}", server, team))

    async def clear(self) -> None:
        players, self.players = self.players, []
        for player in players:
            await disconnect(player)


async def _play_once(players: Sequence[Player], first: int, stall: float) -> tuple[float, int]:
    """One match between two fresh accounts: the utility of player 0 and the number of turns."""
    challenger, accepter = players[first], players[1 - first]
    for player in players:
        await within(player.ps_client.logged_in.wait(), stall, players, "logging in")
    tasks = [
        asyncio.ensure_future(challenger._send_challenges(accepter.username, 1)),
        asyncio.ensure_future(accepter._accept_challenges(challenger.username, 1, None)),
    ]
    try:
        await play_out(tasks, players, stall)
    finally:
        for task in tasks:
            task.cancel()
    return outcome(players[0]), turn_of(players)
