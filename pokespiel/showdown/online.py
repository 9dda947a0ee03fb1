"""A policy on a server of others: it takes challenges, makes them, or plays the ladder.

    online = Online(policy, teams, server_at("8000"), Account.from_environment(), seed=0)
    for moment in online.accept(20):
        print(moment.tally.line(), moment.doing)

The account comes from the environment alone: `SHOWDOWN_USERNAME`, and `SHOWDOWN_PASSWORD` where the server wants one.

A battle counts as the server says that it ended. A connection that drops is opened again and the battle is played on;
battles that an earlier process left running are played on first. What ends without a result (no opponent, a stall, a
server that stays away) is counted as unfinished, with the reason, and tried again.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from poke_env import ServerConfiguration, ShowdownServerConfiguration

from pokespiel.core.policy import Policy
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.arena import local_server
from pokespiel.showdown.connection import LoginFailed
from pokespiel.showdown.meeting import accept, challenge, ladder
from pokespiel.showdown.protocol import user_id
from pokespiel.showdown.series import Series
from pokespiel.showdown.tally import NOTHING, SeriesTally


@dataclass(frozen=True)
class Account:
    """Who plays, read from the environment."""

    name: str
    password: str | None

    def __post_init__(self) -> None:
        if not user_id(self.name):
            raise LoginFailed(f"the name {self.name!r} has no letter or digit that a server knows")

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
    patience: float = 660.0
    """Seconds to wait for an opponent, for each next turn, and for a server that is away, before a match is given up.

    A challenge's timer leaves a player at most 300 s for a turn and 300 s to reconnect; after that the server decides.
    """
    attempts: int = 3
    """Attempts at a match that may come to nothing in a row, and connections that are opened anew in one turn."""
    pause: float = 10.0
    """Seconds between two attempts."""
    login_timeout: float = 60.0
    """Seconds that the server may take to let the account in."""

    def __post_init__(self) -> None:
        for name in ("patience", "login_timeout"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} must be a positive number of seconds, got {getattr(self, name)}")
        if not (math.isfinite(self.pause) and self.pause >= 0):
            raise ValueError(f"pause must be a number of seconds, 0 or more, got {self.pause}")
        if self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, got {self.attempts}")

    def accept(self, matches: int, *, opponent: str | None = None, start: SeriesTally = NOTHING) -> Series:
        """Take challenges, from `opponent` or from anyone, until `matches` have been played."""
        return Series(self, accept(opponent), matches, start)

    def challenge(self, opponent: str, matches: int, *, start: SeriesTally = NOTHING) -> Series:
        """Challenge `opponent` until `matches` have been played."""
        if user_id(opponent) == user_id(self.account.name):
            raise ValueError(f"{opponent!r} is this account itself")
        return Series(self, challenge(opponent), matches, start)

    def ladder(self, matches: int, *, start: SeriesTally = NOTHING) -> Series:
        """Play ranked matches, one at a time, until `matches` have been played."""
        return Series(self, ladder(), matches, start)
