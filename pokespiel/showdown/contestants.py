"""Contestants of the arena: this package's policies and poke-env's players, with one interface.

A contestant opens accounts; an account, `Participant`, plays one match after another with the team that it is given.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from poke_env import AccountConfiguration, ServerConfiguration
from poke_env.player import Player

from pokespiel.core.policy import Policy
from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.battle import LiveBattle
from pokespiel.showdown.connection import OPEN_TIMEOUT, PING_TIMEOUT
from pokespiel.showdown.inference import InferenceBatcher
from pokespiel.showdown.meeting import Meeting, accept, challenge
from pokespiel.showdown.player import PolicyPlayer
from pokespiel.showdown.protocol import FORMAT
from pokespiel.showdown.waiting import Seated, Unfinished, first_of

_SILENT = logging.CRITICAL + 1
"""Above poke-env's level for errors that it survives, which is critical."""


class Participant(Seated, Protocol):
    """A contestant's account on a server, which plays one match after another."""

    name: str
    passive: bool
    """It only accepts challenges."""
    seats: int
    """The matches that it has prepared for; counted only if it is passive."""

    @property
    def spent(self) -> bool:
        """It plays no further match, and must leave."""

    @property
    def owes(self) -> bool:
        """The match waits for its choice."""

    @property
    def dealt(self) -> str:
        """The packed team that the server has to give it for the next match; "" = it brings its team itself."""

    @property
    def trace(self) -> str:
        """Where a failure of it may have left traces, such as the end of its log; "" = nowhere."""

    @property
    def log(self) -> tuple[str, ...]:
        """The lines of its match, if it keeps them."""

    @property
    def oddities(self) -> np.ndarray | None:
        """[COUNTS] of its match, see `game/gen1/oddities.py`, if it counts them."""

    def take_seat(self, team: Team, opponent: str) -> None:
        """Prepare for the next match, with a team, against an account, and with no memory of earlier ones."""

    async def sign_in(self) -> None:
        """Wait until the server has logged the account in, which `take_seat` has prepared; raises a `ConnectionError`
        if it does not."""

    async def challenge(self, opponent: str, arrangement: str = "") -> None:
        """Challenge an account and play the match to its end; the server is told the `arrangement` first."""

    async def accept(self, opponent: str) -> None:
        """Accept an account's challenge and play the match to its end."""

    async def leave(self) -> None:
        """Close the connection."""


class Contestant(Protocol):
    """A player of arena matches."""

    def join(self, name: str, server: ServerConfiguration) -> Participant:
        """Open an account on a server."""


class _Active:
    """What accounts in this process have in common."""

    passive = False
    seats = 0
    spent = False
    dealt = ""
    trace = ""


class PolicyParticipant(_Active):
    """An account that plays a policy."""

    def __init__(self, player: PolicyPlayer):
        self.player = player
        self.name = player.name
        self.team: Team = ()

    async def sign_in(self) -> None:
        await self.player.open()

    def take_seat(self, team: Team, opponent: str) -> None:
        self.player.forget()
        self.team = team

    @property
    def owes(self) -> bool:
        return self.battle is not None and self.battle.awaits and self.battle.standing is None

    async def challenge(self, opponent: str, arrangement: str = "") -> None:
        if arrangement:
            await self.player.connection.say(arrangement)
        await self._play(challenge(opponent))

    async def accept(self, opponent: str) -> None:
        await self._play(accept(opponent))

    async def leave(self) -> None:
        await self.player.close()

    async def broken(self) -> str:
        await self.player.connection.lost.wait()
        return "the connection was lost during the match"

    @property
    def battle(self) -> LiveBattle | None:
        return self.player.battles[-1] if self.player.battles else None

    @property
    def turn(self) -> int:
        return self.battle.turn if self.battle else 0

    @property
    def utility(self) -> float | None:
        return self.battle.utility if self.battle and not self.battle.trouble else None

    @property
    def log(self) -> tuple[str, ...]:
        return tuple(self.battle.log) if self.battle else ()

    @property
    def oddities(self) -> np.ndarray | None:
        return self.battle.watch.counts[0] if self.battle else None

    async def _play(self, meeting: Meeting) -> None:
        await self.player.bring(self.team)
        battle = await meeting(self.player, math.inf)
        await battle.over.wait()
        if battle.trouble or battle.gone:
            raise Unfinished(battle.trouble or battle.gone)


@dataclass(frozen=True)
class PolicyContestant:
    """A policy; all its accounts share one `InferenceBatcher`."""

    desk: InferenceBatcher

    @classmethod
    def of(cls, policy: Policy, rng: np.random.Generator) -> PolicyContestant:
        return cls(InferenceBatcher(policy, rng))

    def join(self, name: str, server: ServerConfiguration) -> Participant:
        return PolicyParticipant(PolicyPlayer(self.desk, name=name, server=server))


class PokeEnvParticipant(_Active):
    """A poke-env player's account."""

    owes = False
    log: tuple[str, ...] = ()
    oddities = None

    def __init__(self, player: Player):
        self.player = player
        self.name: str = player.username

    async def sign_in(self) -> None:
        signed_in = self.player.ps_client.logged_in
        await first_of(signed_in.wait(), self.broken(), timeout=OPEN_TIMEOUT)
        if not signed_in.is_set():
            raise ConnectionError(f"the server did not let poke-env's player {self.name!r} in")

    def take_seat(self, team: Team, opponent: str) -> None:
        self.player.reset_battles()
        self.player.update_team(pack(team))

    async def challenge(self, opponent: str, arrangement: str = "") -> None:
        if arrangement:
            await self.player.ps_client.send_message(arrangement)
        await self.player._send_challenges(opponent, 1)

    async def accept(self, opponent: str) -> None:
        await self.player._accept_challenges(opponent, 1, None)

    async def leave(self) -> None:
        for task in self.player.ps_client._active_tasks:  # tasks that wait for a battle that never ends
            task.cancel()
        if hasattr(self.player.ps_client, "websocket"):
            await self.player.ps_client.websocket.close()
        if not self.player.ps_client._listening_coroutine.done():
            self.player.ps_client._listening_coroutine.cancel()

    async def broken(self) -> str:
        await asyncio.wait([asyncio.wrap_future(self.player.ps_client._listening_coroutine)])
        return "the connection was lost during the match"

    @property
    def turn(self) -> int:
        return max((battle.turn for battle in self.player.battles.values()), default=0)

    @property
    def utility(self) -> float | None:
        battle = next(iter(self.player.battles.values()), None)
        if battle is None or not battle.finished:
            return None
        return 1.0 if battle.won else -1.0 if battle.lost else 0.0


@dataclass(frozen=True)
class PokeEnvContestant:
    """A poke-env player class."""

    player: Callable[..., Player]

    @classmethod
    def named(cls, path: str) -> PokeEnvContestant:
        """The class "module:Class", or a class in `poke_env.player` by name, such as "SimpleHeuristicsPlayer"."""
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

    def join(self, name: str, server: ServerConfiguration) -> Participant:
        return PokeEnvParticipant(
            self.player(
                account_configuration=AccountConfiguration(name, None),
                battle_format=FORMAT,
                server_configuration=server,
                log_level=_SILENT,
                open_timeout=OPEN_TIMEOUT,
                ping_timeout=PING_TIMEOUT,
            )
        )
