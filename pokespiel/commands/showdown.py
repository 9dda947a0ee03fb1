"""`pokespiel showdown`: policies on a real server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from tyro.conf import Positional, arg

from pokespiel.core.registry import unknown

ACTIONS = ("install", "serve", "arena", "accept", "challenge", "ladder")


@dataclass(frozen=True)
class Showdown:
    """Pokémon Showdown: install and serve it here, play policies on it, or take one online.

    install: fetch the pinned server into the cache. serve: run it until interrupted. arena: play --first against
    --second here, in seat-swapped pairs. accept, challenge, ladder: --first plays at --server under the account in
    SHOWDOWN_USERNAME and SHOWDOWN_PASSWORD.

    A bot of another environment, --second "process:COMMAND", must sign in at {server} as {name} and accept {opponent}'s
    challenges to gen1ou. Placeholders in COMMAND, and variables in its environment: {name} SHOWDOWN_USERNAME,
    {password} SHOWDOWN_PASSWORD (empty), {server} SHOWDOWN_SERVER (websocket address), {port} SHOWDOWN_PORT, {opponent}
    SHOWDOWN_OPPONENT, {team} SHOWDOWN_TEAM (file in Showdown's export format), {packed} SHOWDOWN_PACKED (file in the
    packed format).
    """

    waits_for_others: ClassVar[bool] = True
    """It waits for opponents and servers, so long silence is normal."""

    action: Positional[Annotated[str, arg(metavar="|".join(ACTIONS))]]
    """What to do: one of the actions above."""
    first: str = "expert"
    """The policy: shipped (the agent that comes with the package), a baseline's name, a policy's file or a run's folder
    (its mixture); for the arena also "poke-env:CLASS" with a poke-env player or module:Class."""
    second: str = "poke-env:SimpleHeuristicsPlayer"
    """The arena's other side, named in the same way; or "process:COMMAND", a bot in its own process."""
    second_teams: str = "dealt"
    """The team of a bot in its own process: dealt (the server gives it the team drawn for each match, whatever it
    brings), start (it reads {team} when it starts, and is started for each match) or own (it brings its own)."""
    second_name: str | None = None
    """The name of a bot in its own process in records and ratings; None = its command."""
    opponent: str | None = None
    """The account to challenge, or the only one to accept challenges from; None = anyone."""
    matches: int = 20
    """How many matches to play; the arena plays them in pairs, with --until-width at most so many."""
    until_width: float | None = None
    """Stop the arena when the score's 95 % interval, a confidence sequence, is so wide or narrower; 0.1 = 10 percentage
    points. None = play all matches."""
    teams: str = "competitive"
    """A shipped pool, or a file or folder of teams; each match draws its teams from it."""
    server: str = "8000"
    """Where to play online: official, a port of this machine, or a websocket address."""
    patience: float | None = None
    """Seconds to wait for an opponent, for each next turn, and for a server that is away, before a match is given up.
    None = 660 online, where a server's timer, which the bot starts, decides within 600 s; 60 in the arena."""
    port: int | None = None
    """The port to serve on; 0 = any free one. None = 8000 for serve, any free one for the arena."""
    servers: int = 1
    """How many local servers the arena spreads its matches over."""
    concurrency: int | None = None
    """How many matches the arena plays at the same time, each with its own process of a bot. None = 8, or 1 against a
    bot in its own process."""
    out: Path | None = None
    """A JSON file for the record, updated after every match. An arena's record also counts our policies' blunders, and
    `pokespiel agent --arenas` puts it on a card. Online, the same command resumes an interrupted series."""
    replays: Path | None = None
    """A folder for the battles' replays, and for the logs of a bot in its own process. None = online, a folder named
    like --out and next to it; in the arena, no replays."""
    seed: int = 0
    """Seed of the teams and of the policies' random choices; the server draws its own random numbers."""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise unknown("action", self.action, ACTIONS)

    def __call__(self) -> int:
        from pokespiel.commands.showdown_actions import run
        from pokespiel.commands.showdown_arena import arena

        return run(self, arena)
