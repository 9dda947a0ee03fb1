"""A policy on a server: it accepts challenges, makes them, or plays the ladder.

The account comes from the environment alone: `SHOWDOWN_USERNAME`, and `SHOWDOWN_PASSWORD` where the server wants one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from poke_env import ServerConfiguration, ShowdownServerConfiguration
from poke_env.concurrency import POKE_LOOP

from pokespiel.game.gen1.teams import Team, pack
from pokespiel.policy import Policy
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.inference import Desk
from pokespiel.showdown.player import PolicyPlayer, dropped


class LoginFailed(RuntimeError):
    """The server did not let the account in."""


class ConnectionLost(RuntimeError):
    """The connection ended before the matches did; `won` and the other counts hold what was finished."""


@dataclass(frozen=True)
class Tally:
    """How a series of matches went."""

    won: int
    lost: int
    tied: int
    unfinished: int


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
    login_timeout: float = 20.0

    def accept(self, matches: int, *, opponent: str | None = None) -> Tally:
        """Take `matches` challenges, from `opponent` or from anyone."""
        return self._run(matches, lambda player: player._accept_challenges(opponent, 1, None))

    def challenge(self, opponent: str, matches: int) -> Tally:
        """Challenge `opponent` again and again."""
        return self._run(matches, lambda player: player._send_challenges(opponent, 1))

    def ladder(self, matches: int) -> Tally:
        """Play ranked matches, one at a time."""
        return self._run(matches, lambda player: player._ladder(1))

    def _run(self, matches: int, match: Any) -> Tally:
        return asyncio.run_coroutine_threadsafe(self._play(matches, match), POKE_LOOP).result()

    async def _play(self, matches: int, match: Any) -> Tally:
        rng = np.random.default_rng(self.seed)
        player = PolicyPlayer(
            Desk(self.policy, rng),
            name=self.account.name,
            password=self.account.password,
            server=self.server,
            team=self.teams[0],
        )
        try:
            await asyncio.wait_for(player.ps_client.logged_in.wait(), self.login_timeout)
        except TimeoutError:
            raise LoginFailed(f"no login as {self.account.name!r} within {self.login_timeout:.0f} s") from None
        for _ in range(matches):
            player.update_team(pack(self.teams[int(rng.integers(len(self.teams)))]))
            await _unless_dropped(player, match(player))
        return Tally(
            player.n_won_battles,
            player.n_lost_battles,
            player.n_tied_battles,
            len(player.battles) - player.n_finished_battles,
        )


async def _unless_dropped(player: PolicyPlayer, match: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(match)
    while not task.done():
        await asyncio.wait([task], timeout=1.0)
        if dropped(player) and not task.done():
            task.cancel()
            raise ConnectionLost(
                f"the connection was lost after {player.n_finished_battles} matches "
                f"({player.n_won_battles} won, {player.n_lost_battles} lost)"
            )
    task.result()
