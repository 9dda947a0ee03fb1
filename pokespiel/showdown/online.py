"""A policy on somebody else's server: it accepts challenges, sends them, or plays the ladder.

    online = Online(policy, teams, server_at("8000"), Account.from_environment(), seed=0)
    for moment in online.accept(20):
        print(moment.tally.line(), moment.doing)

The account comes only from the environment: `SHOWDOWN_USERNAME`, and `SHOWDOWN_PASSWORD` if the server requires one.

A battle's result is the one that the server reports. A dropped connection is reopened and the battle continues; battles
that an earlier process left running are continued first. An attempt without a result (no opponent, a stall, a server
that stays away) counts as unfinished, with the reason, and is repeated.
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
    """An account's name and password, read from the environment."""

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
    """The server for "official", a port of this machine such as "8000", or a websocket address."""
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
    """A policy logged in under an account; it brings a team drawn from `teams` to each match."""

    policy: Policy
    teams: Sequence[Team]
    server: ServerConfiguration
    account: Account
    seed: int
    patience: float = 660.0
    """Seconds to wait for an opponent, for each next turn, and for an unreachable server, before a match is abandoned.

    A challenge's timer leaves a player at most 300 s for a turn and 300 s to reconnect; after that the server decides.
    """
    attempts: int = 3
    """Maximum failed attempts at a match in a row, and maximum reconnections in one turn."""
    pause: float = 10.0
    """Seconds between two attempts."""
    login_timeout: float = 60.0
    """Maximum seconds for the server to log the account in."""

    def __post_init__(self) -> None:
        for name in ("patience", "login_timeout"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ValueError(f"{name} must be a positive number of seconds, got {getattr(self, name)}")
        if not (math.isfinite(self.pause) and self.pause >= 0):
            raise ValueError(f"pause must be a number of seconds, 0 or more, got {self.pause}")
        if self.attempts < 1:
            raise ValueError(f"attempts must be at least 1, got {self.attempts}")

    def accept(self, matches: int, *, opponent: str | None = None, start: SeriesTally = NOTHING) -> Series:
        """Accept challenges, from `opponent` or from anyone, until `matches` have been played."""
        return Series(self, accept(opponent), matches, start)

    def challenge(self, opponent: str, matches: int, *, start: SeriesTally = NOTHING) -> Series:
        """Challenge `opponent` until `matches` have been played."""
        if user_id(opponent) == user_id(self.account.name):
            raise ValueError(f"{opponent!r} is this account itself")
        return Series(self, challenge(opponent), matches, start)

    def ladder(self, matches: int, *, start: SeriesTally = NOTHING) -> Series:
        """Play ranked matches, one at a time, until `matches` have been played."""
        return Series(self, ladder(), matches, start)
