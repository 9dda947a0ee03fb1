"""`pokespiel showdown`: policies on a real server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pokespiel.core.arguments import Positional
from pokespiel.core.ranges import Checked, Count, InnerShare, Port, Positive, Whole


@dataclass(frozen=True)
class Showdown(Checked):
    """Pokémon Showdown: install and serve it here, play policies on it, or take one online.

    install: fetch the pinned server into the cache. serve: run it until interrupted. arena: play --first against
    --second here, in seat-swapped pairs. accept, challenge, ladder: --first plays at --server under the account in
    SHOWDOWN_USERNAME and SHOWDOWN_PASSWORD.

    "process:COMMAND" as --second is a bot that signs in at {server} as {name} and accepts gen1ou from {opponent}. These
    and {port}, {password} (empty), {team} and {packed} (files, exported and packed) are filled into COMMAND; its
    environment has them in SHOWDOWN_SERVER, _USERNAME, _OPPONENT, _PORT, _PASSWORD, _TEAM and _PACKED.
    """

    waits_for_others: ClassVar[bool] = True
    """It waits for opponents and servers, so long silence is normal."""

    action: Positional[Literal["install", "serve", "arena", "accept", "challenge", "ladder"]]
    """What to do: one of the actions above."""
    first: str = "expert"
    """The policy: shipped (the agent that comes with the package), a baseline's name, a policy's file or a run's folder
    (its mixture); for the arena also "poke-env:CLASS" with a poke-env player or module:Class."""
    second: str = "poke-env:SimpleHeuristicsPlayer"
    """The arena's other side, named in the same way; or "process:COMMAND", a bot in its own process."""
    second_teams: Literal["dealt", "start", "own"] = "dealt"
    """A bot's team: dealt (the server gives it each match's team, whatever it brings), start (it reads {team}, and is
    started for each match) or own (it brings one)."""
    second_name: str | None = None
    """A bot's name in records and ratings; None = its command."""
    opponent: str | None = None
    """The account to challenge, or the only one to accept; None = anyone."""
    matches: Count = 20
    """How many matches to play, in the arena in pairs; with --until-width at most."""
    until_width: InnerShare | None = None
    """Stop the arena when the score's 95 % confidence sequence is so narrow; 0.1 = 10 points."""
    teams: str = "competitive"
    """A shipped pool, or a file or folder of teams; matches draw from it."""
    server: str = "8000"
    """Where to play online: official, a port of this machine, or a ws:// address."""
    patience: Positive | None = None
    """Seconds to wait for an opponent, a next turn or a lost server before a match is given up. None = 60 in the
    arena, 660 online: a server's timer decides within 600."""
    port: Port | None = None
    """The port to serve on, 0 = any free one; None = 8000, in the arena 0."""
    servers: Count = 1
    """How many local servers the arena spreads its matches over."""
    concurrency: Count | None = None
    """Matches that the arena plays at once; None = 8, against a bot's process 1."""
    out: Path | None = None
    """A JSON file for the record, updated after every match; for an arena also with our blunders, and for `pokespiel
    agent --arenas`. Online, the same command resumes."""
    replays: Path | None = None
    """A folder for replays, and for a bot's logs. None = online, a folder named like --out; in the arena, none."""
    seed: Whole = 0
    """Seed of the teams and of the policies' choices; the server draws its own random numbers."""

    def __call__(self) -> int:
        from pokespiel.commands.showdown_actions import run
        from pokespiel.commands.showdown_arena import arena

        return run(self, arena)
