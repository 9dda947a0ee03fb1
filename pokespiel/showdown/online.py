"""A policy on a server of others: it takes challenges, makes them, or plays the ladder.

The account comes from the environment alone: `SHOWDOWN_USERNAME`, and `SHOWDOWN_PASSWORD` where the server wants one.

A connection that drops during a battle is opened again and the battle is played on. A match that ends without a result
(no opponent, a stall, a server that stays away) is counted as unfinished, with the reason, and tried again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from poke_env import ServerConfiguration, ShowdownServerConfiguration
from poke_env.concurrency import POKE_LOOP

from pokespiel.game.gen1.teams import Team, pack
from pokespiel.policy import Policy
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.inference import Desk
from pokespiel.showdown.player import PolicyPlayer, disconnect
from pokespiel.showdown.waiting import ConnectionLost, Unfinished, outcome, play_out, turn_of, within

Start: TypeAlias = Callable[[PolicyPlayer], Coroutine[Any, Any, None]]
"""Finds an opponent for one match and lasts until it is over."""


class LoginFailed(ConnectionError):
    """The server did not let the account in."""


@dataclass
class Tally:
    """How a series of matches went."""

    won: int = 0
    lost: int = 0
    tied: int = 0
    problems: list[str] = field(default_factory=list)
    """Why attempts at a match remained unfinished, one an attempt."""

    @property
    def unfinished(self) -> int:
        return len(self.problems)

    @property
    def finished(self) -> int:
        return self.won + self.lost + self.tied

    def count(self, utility: float) -> None:
        """One more match, worth +1, 0 or -1."""
        self.won += utility > 0
        self.lost += utility < 0
        self.tied += utility == 0

    def __str__(self) -> str:
        reasons = "".join(f"\n  {problem}" for problem in self.problems)
        return f"won {self.won}, lost {self.lost}, tied {self.tied}, unfinished {self.unfinished}{reasons}"


@dataclass(frozen=True)
class Account:
    """Who plays, read from the environment."""

    name: str
    password: str | None

    @classmethod
    def from_environment(cls) -> Account:
        name = os.environ.get("SHOWDOWN_USERNAME")
        if not name:
            raise LoginFailed("set SHOWDOWN_USERNAME (and SHOWDOWN_PASSWORD where the server asks for one)")
        return cls(name, os.environ.get("SHOWDOWN_PASSWORD"))


def server_at(address: str) -> ServerConfiguration:
    """From "official", a port of this machine such as "8000", or a websocket address."""
    if address == "official":
        return ShowdownServerConfiguration
    if address.isdigit() and 0 < int(address) < 65536:
        return local_server(int(address))
    if address.startswith(("ws://", "wss://")):
        return ServerConfiguration(address, ShowdownServerConfiguration.authentication_url)
    raise ValueError(
        f"no server at {address!r}: expected 'official', a port such as 8000, or a ws:// or wss:// address"
    )


@dataclass(frozen=True)
class Online:
    """A policy signed in under an account; each match brings a team drawn from `teams`."""

    policy: Policy
    teams: Sequence[Team]
    server: ServerConfiguration
    account: Account
    seed: int
    patience: float = 300.0
    """Seconds to wait for an opponent, and for each next turn, before a match is given up."""
    attempts: int = 3
    """How often an unfinished match is tried in all, and a connection lost in one turn opened anew."""
    login_timeout: float = 60.0
    """Seconds that the server may take to let the account in."""

    def accept(self, matches: int, *, opponent: str | None = None) -> Tally:
        """Take `matches` challenges, from `opponent` or from anyone."""
        return self._run(matches, lambda player: player._accept_challenges(opponent, 1, None))

    def challenge(self, opponent: str, matches: int) -> Tally:
        """Challenge `opponent` again and again."""
        return self._run(matches, lambda player: player._send_challenges(opponent, 1))

    def ladder(self, matches: int) -> Tally:
        """Play ranked matches, one at a time."""
        return self._run(matches, lambda player: player._ladder(1))

    def _run(self, matches: int, start: Start) -> Tally:
        """Up to `matches` finished ones: the series ends early after `attempts` unfinished in a row."""
        series = asyncio.run_coroutine_threadsafe(self._play(matches, start), POKE_LOOP)
        try:
            return series.result()
        finally:
            series.cancel()

    async def _play(self, matches: int, start: Start) -> Tally:
        rng = np.random.default_rng(self.seed)
        desk, tally, in_a_row = Desk(self.policy, rng), Tally(), 0
        player = await self._sign_in(desk)
        try:
            while tally.finished < matches and in_a_row < self.attempts:
                try:
                    if in_a_row:
                        player = await self._sign_in(desk)
                    player.reset_battles()
                    player.update_team(pack(self.teams[int(rng.integers(len(self.teams)))]))
                    tally.count(await self._match(player, start))
                    in_a_row = 0
                except (Unfinished, LoginFailed) as problem:
                    tally.problems.append(str(problem))
                    in_a_row += 1
                    await disconnect(player)
            return tally
        finally:
            await disconnect(player)

    async def _sign_in(self, desk: Desk) -> PolicyPlayer:
        name, password = self.account.name, self.account.password
        player = PolicyPlayer(
            desk,
            name=name,
            password=password,
            server=self.server,
            team=self.teams[0],
            start_timer_on_battle_start=True,
        )
        try:
            await within(player.ps_client.logged_in.wait(), self.login_timeout, [player], f"logging in as {name!r}")
        except Unfinished as problem:
            await disconnect(player)
            raise LoginFailed(str(problem)) from None
        return player

    async def _match(self, player: PolicyPlayer, start: Start) -> float:
        """The utility of one match."""
        match, losses, turn = asyncio.ensure_future(start(player)), 0, -1
        try:
            while True:
                try:
                    await play_out([match], [player], self.patience)
                    return outcome(player)
                except ConnectionLost:
                    losses, turn = losses + 1 if turn_of([player]) == turn else 1, turn_of([player])
                    if losses > self.attempts or not await self._come_back(player):
                        raise
        finally:
            match.cancel()

    async def _come_back(self, player: PolicyPlayer) -> bool:
        """Whether the player is connected again and in its battle."""
        for attempt in range(self.attempts):
            await asyncio.sleep(4.0**attempt - 1)
            player.listen()
            try:
                await within(player.ps_client.logged_in.wait(), self.login_timeout, [player], "coming back")
                return await player.rejoin()
            except Unfinished:
                await disconnect(player)
        return False
