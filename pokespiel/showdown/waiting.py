"""Waiting for a match on a server, but not for ever: a lost connection, a stall or a failure ends the wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

from poke_env.player import Player

from pokespiel.showdown.player import PolicyPlayer, dropped


class Unfinished(RuntimeError):
    """A match reached no result; the message says why."""


class ConnectionLost(Unfinished):
    """A player's connection ended before the match did."""


async def play_out(tasks: Sequence[asyncio.Future[Any]], players: Sequence[Player], stall: float) -> None:
    """Wait for all `tasks` of the players' only battle, whose progress is looked at every `stall` seconds.

    Raises `Unfinished` where the connection of one of `players` is lost, one of them cannot play on, or a look finds
    the same turn as the look before; the tasks go on then.
    """
    seen = -1
    while not all(task.done() for task in tasks):
        await within(asyncio.wait(tasks, timeout=stall), stall + 1, players, "the match")
        for task in tasks:
            if task.done() and task.exception() is not None:
                raise Unfinished(f"a player failed: {task.exception()!r}")
        if not all(task.done() for task in tasks) and turn_of(players) == seen:
            where = f"in turn {seen}" if seen else "and no battle began"
            raise Unfinished(f"nothing happened for {stall:g} s {where}")
        seen = turn_of(players)


async def within(waited: Awaitable[Any], timeout: float, players: Sequence[Player], what: str) -> None:
    """Wait for `waited`, but no longer than `timeout` seconds nor than the `players` are connected and can play."""
    ours = [player for player in players if isinstance(player, PolicyPlayer)]
    gone = [asyncio.wrap_future(player.ps_client._listening_coroutine) for player in players]
    tasks = [asyncio.ensure_future(waited), *(asyncio.ensure_future(player.stuck.wait()) for player in ours)]
    done, _ = await asyncio.wait([*tasks, *gone], timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    for player in ours:
        if player.problem is not None:
            raise Unfinished(player.problem)
    if tasks[0] in done:
        return
    if any(dropped(player) for player in players):
        raise ConnectionLost(f"the connection was lost during {what}")
    raise Unfinished(f"{what} took longer than {timeout:g} s")


def outcome(player: Player) -> float:
    """+1 where the player has won its only battle, -1 where it has lost it, 0 after a tie."""
    battle = next(iter(player.battles.values()))
    return 1.0 if battle.won else -1.0 if battle.lost else 0.0


def turn_of(players: Sequence[Player]) -> int:
    """The turn that the players' only battle has reached; 0 before it starts."""
    ours = [record.turn for player in players if isinstance(player, PolicyPlayer) for record in player.records.values()]
    return max([*ours, *(battle.turn for player in players for battle in player.battles.values())], default=0)
