"""What `pokespiel showdown arena` does: matches of two sides on local servers, their record and their replays."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pokespiel.commands.showdown_sides import about, policy, side_identity
from pokespiel.core.files import write_text
from pokespiel.core.progress import watch
from pokespiel.showdown.arena import Conditions, local_server, play_arena
from pokespiel.showdown.contestants import Contestant, PokeEnvContestant, PolicyContestant
from pokespiel.showdown.fixtures import Fixture, Result, drawn, write_replay
from pokespiel.showdown.install import VERSION, install
from pokespiel.showdown.outside import TEAMS, outside
from pokespiel.showdown.processes import PREFIX, BotCommand
from pokespiel.showdown.record import FORMAT, read_record
from pokespiel.showdown.referee import Referee
from pokespiel.showdown.scoreboard import Scoreboard
from pokespiel.showdown.serve import serve_many

if TYPE_CHECKING:
    from pokespiel.commands.showdown import Showdown

CONCURRENCY = 8
STALL = 60.0
"""Seconds without a new turn after which a match is given up, and for a bot to sign in."""


def _check(options: Showdown) -> None:
    bot = options.second.startswith(PREFIX)
    if options.first.startswith(PREFIX) or (bot and options.first.startswith("poke-env:")):
        raise ValueError("process:COMMAND can only be --second, against a policy of this package as --first")
    if options.second_name is not None and not bot:
        raise ValueError("--second-name names a bot in its own process, --second 'process:COMMAND'")
    if options.second_teams != "dealt" and not bot:
        raise ValueError("--second-teams is for a bot in its own process, --second 'process:COMMAND'")
    if options.out is not None and options.out.is_file():
        read_record(options.out)  # only a former record is written over


def arena(options: Showdown) -> int:
    """Play the arena; the exit status is 0 if the server has a result for each match."""
    _check(options)
    rng = np.random.default_rng(options.seed)
    fixtures = drawn(options.teams, (options.matches + 1) // 2, rng, _is_given_teams(options))
    board = Scoreboard(len(fixtures), options.until_width)
    try:
        with _contestants(options, rng) as sides:
            install()
            _play(options, sides, fixtures, board)
    except BaseException:
        if board.results:
            print(board)
        raise
    print(board)
    return int(board.unsettled > 0)


def _bot_has(options: Showdown) -> str | None:
    """Where the bot's team comes from, None = there is no bot in its own process."""
    return options.second_teams if options.second.startswith(PREFIX) else None


def _is_given_teams(options: Showdown) -> bool:
    """Whether the bot plays with the teams that are drawn, so that a pair can swap them."""
    return _bot_has(options) not in (None, "own")


@contextmanager
def _contestants(options: Showdown, rng: np.random.Generator) -> Iterator[tuple[Contestant, Contestant]]:
    """Both sides; the processes of a bot end with the context."""
    first = _contestant(options.first, rng)
    if not options.second.startswith(PREFIX):
        yield first, _contestant(options.second, rng)
        return
    command = BotCommand.of(options.second.removeprefix(PREFIX))
    logs = options.replays and options.replays / "logs"
    with outside(command, options.second_teams, options.patience or STALL, logs) as second:
        yield first, second


def _contestant(name: str, rng: np.random.Generator) -> Contestant:
    """A poke-env player as "poke-env:CLASS", else a policy of ours."""
    if name.startswith("poke-env:"):
        return PokeEnvContestant.named(name.removeprefix("poke-env:"))
    return PolicyContestant.of(policy(name), rng)


def _play(
    options: Showdown, sides: tuple[Contestant, Contestant], fixtures: Sequence[Fixture], board: Scoreboard
) -> None:
    """Play the fixtures on servers started here; each match's result is on the board as soon as the match has ended."""
    header, bot = _header(options), _bot_has(options)
    referee = Referee(_is_given_teams(options))
    conditions = Conditions(options.concurrency or (1 if bot else CONCURRENCY), options.patience or STALL)
    with (
        serve_many(options.servers, first_port=options.port or 0, arrange=bot is not None) as servers,
        watch(f"{options.first} against {label(options)}", len(fixtures)) as bar,
    ):

        def show() -> None:
            bar.update(len(board.results), board.progress())

        addresses = [local_server(server.port) for server in servers]
        for index, result in play_arena(sides, fixtures, addresses, conditions, show, board.enough):
            if bot:
                referee.see(fixtures[index], result)
            board.add(index, result)
            _keep(options, header, board, index, result)
            show()


def _keep(options: Showdown, header: dict[str, Any], board: Scoreboard, index: int, result: Result) -> None:
    """Write the record so far, and a match's replay."""
    if options.out is not None:
        write_text(options.out, json.dumps({**header, **board.to_plain()}, indent=1) + "\n")
    if options.replays is not None and result.log:
        title = f"{options.first} against {label(options)}, match {index + 1}"
        write_replay(options.replays / f"{index + 1:05d}.html", result.log, title)


def label(options: Showdown) -> str:
    """The second side's name in records and ratings."""
    return options.second_name or options.second


def _header(options: Showdown) -> dict[str, Any]:
    """What --out holds in addition to the matches; our policies are identified by the hash of their content."""
    bot = _bot_has(options)
    second = {"name": label(options), "hash": None, "command": options.second} if bot else side_identity(options.second)
    return {
        "format": FORMAT,
        "first": side_identity(options.first),
        "second": second,
        "pairs_swap": {"seats": True, "teams": _is_given_teams(options)},
        "second_teams": f"{bot}: {TEAMS[bot]}" if bot else "drawn: each side keeps its team in a pair",
        **about(options),
        "server": f"pokemon-showdown {VERSION}",
    }
