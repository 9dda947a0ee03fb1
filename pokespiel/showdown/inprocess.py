"""poke-env players and policies against each other on the engine, in this process and without a server.

    first = RandomPlayer(battle_format="gen1ou", team=team, start_listening=False)
    second = MaxBasePowerPlayer(battle_format="gen1ou", team=team, start_listening=False)
    played = play_in_process(first, second, seed=(1, 2, 3, 4))
    print(played.winner, first.n_won_battles)

A player receives the same messages as from a server: the room's lines as the engine writes them, then the request. Its
`/choose` commands are read as a server reads them. The engine plays the same as the server, so equal seeds, teams and
choices give equal battles. The players are not modified: only the connection of their client is replaced.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
from poke_env.concurrency import POKE_LOOP
from poke_env.player import Player

from pokespiel.core.policy import Observations, Policy, sample_actions
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams.formats import read_team
from pokespiel.game.gen1.teams.packed import pack
from pokespiel.game.gen1.teams.sets import Team, TeamError, kept_name
from pokespiel.game.gen1.teams.validator import require_legal
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.showdown.choices import FORFEIT, ChoiceRefused, in_engine_words, struggles
from pokespiel.showdown.protocol import FORMAT

T = TypeVar("T")
Contender: TypeAlias = "Player | Policy"
PATIENCE = 60.0
"""Default maximum seconds for a player's choice."""
TRIES = 1000
"""A player counts as unable to play after this many refused choices in a row."""
_ROOMS = itertools.count(1)


class PlayerFailed(RuntimeError):
    """A player did not choose; the message quotes its request and its last command."""


class InProcess(NamedTuple):
    """A battle that was played in process."""

    battle: Battle
    """The battle at its end."""
    names: tuple[str, str]
    """The players' names in the log."""
    choices: tuple[tuple[str, str], ...]
    """Both players' choices at each step, in the engine's words; "" if one waited."""
    forfeit: int = 0
    """The player who forfeited, 1 or 2; 0 = neither."""

    @property
    def winner(self) -> int:
        """The player who has won, 1 or 2; 0 after a tie."""
        return 3 - self.forfeit if self.forfeit else self.battle.winner or 0

    def log(self, player: int | None = None) -> list[str]:
        """The lines as in `Battle.log`, with the end after a forfeit."""
        return self.battle.log(player) + _given_up(self.names, self.forfeit)


def play_in_process(
    first: Contender,
    second: Contender,
    teams: Sequence[Team | str | None] = (None, None),
    *,
    seed: Sequence[int] = (1, 2, 3, 4),
    rng: np.random.Generator | None = None,
    patience: float = PATIENCE,
) -> InProcess:
    """Play one battle of `first` (player 1) against `second`.

    Args:
        first, second: a poke-env player with `battle_format="gen1ou"` that is not connected to a server, or a policy.
        teams: each player's team, as sets or text; None = the poke-env player's own team.
        seed: four numbers of 16 bits, the battle's rolls, as Showdown writes them.
        rng: draws the policies' actions; None = a generator seeded by `seed`.
        patience: maximum seconds for a player's choice.

    Raises `TeamError` for a team that is not legal in the format, `PlayerFailed` if a player does not choose, and any
    error that a player itself raises. Inside a coroutine of the players' own loop, await `battle_in_process` instead.
    """
    loops = {one.ps_client.loop for one in (first, second) if isinstance(one, Player)} or {POKE_LOOP}
    if len(loops) > 1:
        raise ValueError("the players live in two event loops; make both with the same `loop`")
    (loop,) = loops
    if _running_loop() is loop:
        raise RuntimeError("this is the players' own event loop, which cannot wait for itself: await battle_in_process")
    battle = battle_in_process(first, second, teams, seed=seed, rng=rng, patience=patience)
    future = asyncio.run_coroutine_threadsafe(battle, loop)
    try:
        return future.result()
    finally:
        future.cancel()  # if the caller was interrupted


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def battle_in_process(
    first: Contender,
    second: Contender,
    teams: Sequence[Team | str | None] = (None, None),
    *,
    seed: Sequence[int] = (1, 2, 3, 4),
    rng: np.random.Generator | None = None,
    patience: float = PATIENCE,
) -> InProcess:
    """The same as a coroutine, for the event loop of the poke-env players."""
    if first is second and isinstance(first, Player):
        raise ValueError(f"{first.username} cannot play itself; make a second player of its class")
    rng = rng or np.random.default_rng([int(word) for word in seed])
    taken = {one.username for one in (first, second) if isinstance(one, Player)}
    free = (name for name in ("Policy 1", "Policy 2", "Policy 3", "Policy 4") if name not in taken)
    room = f"battle-{FORMAT}-{_free_number((first, second))}"
    seats: list[_Seat] = [
        _PlayerSeat(one, side, team, room, patience)
        if isinstance(one, Player)
        else _PolicySeat(one, side, team, next(free), rng)
        for side, (one, team) in enumerate(zip((first, second), teams, strict=True), 1)
    ]
    battle = Battle(seats[0].team, seats[1].team, seed, (seats[0].name, seats[1].name))
    return await _Room(battle, seats).play()


def _free_number(players: Sequence[Contender]) -> int:
    """A room number for which no player has a battle, including battles on a server."""
    known = {room for one in players if isinstance(one, Player) for room in one.battles}
    return next(number for number in _ROOMS if f"battle-{FORMAT}-{number}" not in known)


# Seats --------------------------------------------------------------------------------------------------------------


class _Seat(Protocol):
    name: str
    team: Team

    async def enter(self, title: str) -> None:
        """Join the room with that title."""

    async def hear(self, lines: Sequence[str]) -> None:
        """Receive the lines of one message."""

    async def choose(self, battle: Battle, request: str) -> str:
        """The choice in the engine's words, "" if none is due; or `FORFEIT`."""
        ...

    async def leave(self, over: bool) -> None:
        """Leave the room; an unfinished battle is forgotten."""


class _PolicySeat:
    """A policy, which sees the engine's own features; forced choices do not call it, as in training."""

    def __init__(self, policy: Policy, side: int, team: Team | str | None, name: str, rng: np.random.Generator):
        if team is None:
            raise TeamError(f"player {side} is a policy and brings no team; name one in `teams`")
        self.policy, self.side, self.name, self.rng = policy, side, name, rng
        self.team = _legal_team(team, side)
        self.memory = policy.start(1, rng)

    async def enter(self, title: str) -> None:
        pass

    async def hear(self, lines: Sequence[str]) -> None:
        pass

    async def leave(self, over: bool) -> None:
        pass

    async def choose(self, battle: Battle, request: str) -> str:
        choices = battle.choices(self.side)
        if len(choices) < 2:
            return choices[0] if choices else ""
        features, legal = battle.features(self.side)[None], battle.legal(self.side)[None]
        seen = Observations(self.side - 1, features, legal, np.full(1, -1, np.int64))
        probabilities, self.memory = self.policy(seen, self.memory)
        return ACTION_NAMES[int(sample_actions(probabilities, self.rng)[0])]


class _Wire:
    """Replaces the connection of a poke-env client: commands that the client sends are queued here."""

    def __init__(self) -> None:
        self.sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, text: str) -> None:
        self.sent.put_nowait(text)

    async def close(self) -> None:
        pass


class _PlayerSeat:
    """A poke-env player."""

    def __init__(self, player: Player, side: int, team: Team | str | None, room: str, patience: float):
        if player.format != FORMAT:
            raise ValueError(f"{player.username} plays {player.format}; make it with battle_format={FORMAT!r}")
        if hasattr(player.ps_client, "websocket"):
            raise ValueError(f"{player.username} is connected to a server; make it with start_listening=False")
        brought = team if team is not None else player.next_team
        if brought is None:
            raise TeamError(f"{player.username} has no team; make it with team=..., or name one in `teams`")
        self.player, self.side, self.room, self.patience = player, side, room, patience
        self.name: str = player.username
        self.team = _legal_team(brought, side)
        if team is not None:
            player.update_team(pack(self.team))
        self.wire = _Wire()

    async def enter(self, title: str) -> None:
        self.player.ps_client.websocket = self.wire
        await self._in_time(self._begin(title), "the battle's start")

    async def _begin(self, title: str) -> None:
        await self.hear(["|init|battle", f"|title|{title}", f"|j|☆{self.name}"])
        await self.player._battle_semaphore.acquire()  # as when a challenge is sent or accepted

    async def hear(self, lines: Sequence[str]) -> None:
        await self.player.ps_client._handle_message("\n".join([f">{self.room}", *lines]))

    async def leave(self, over: bool) -> None:
        if not over and self.player._battles.pop(self.room, None) is not None:
            self.player._battle_count_queue.get_nowait()  # as at the end of a battle
            self.player._battle_count_queue.task_done()
        self.player.ps_client._battle_locks.pop(self.room, None)  # as on leaving a room
        del self.player.ps_client.websocket

    async def choose(self, battle: Battle, request: str) -> str:
        await self._in_time(self.hear([f"|request|{request}"]), request)
        if not battle.choices(self.side):
            return ""
        for _ in range(TRIES):
            said = await self._said(request)
            try:
                choice = in_engine_words(battle, self.side, said)
            except ChoiceRefused as refused:
                await self._in_time(self.hear([f"|error|[Invalid choice] {refused}"]), request)
                continue
            if line := struggles(request, choice):
                await self.hear([line])
            return choice
        raise PlayerFailed(f"{self.name} was refused {TRIES} choices in a row, the last one {said!r}, at {request}")

    async def _said(self, request: str) -> str:
        """The next command that is a choice; other commands, such as those for timers, are ignored."""
        while True:
            text = await self._in_time(self.wire.sent.get(), request)
            command = text.partition("|")[2].partition("|")[0]  # room|command|number of the request
            if command == FORFEIT or command.startswith("/choose "):
                return command.removeprefix("/choose ")

    async def _in_time(self, waited: Awaitable[T], at: str) -> T:
        """The result of `waited` within the time limit; the task is awaited from outside, since a client swallows
        cancellation."""
        task = asyncio.ensure_future(waited)
        done, _ = await asyncio.wait([task], timeout=self.patience)
        if not done:
            task.cancel()
            raise PlayerFailed(f"{self.name} did not answer within {self.patience:g} s, at {at}")
        return task.result()


def _given_up(names: tuple[str, str], forfeit: int) -> list[str]:
    """The lines at the end of a battle in which the player `forfeit` forfeits, 0 = nobody."""
    if not forfeit:
        return []
    return [f"|-message|{names[forfeit - 1]} forfeited.", "|", f"|win|{names[2 - forfeit]}"]


def _legal_team(team: Team | str, side: int) -> Team:
    """The team with nicknames as the server stores them; raises `TeamError` if it is not legal."""
    legal = require_legal(read_team(team) if isinstance(team, str) else tuple(team), f"the team of player {side}")
    return tuple(replace(one, nickname=kept_name(one.nickname)) for one in legal)


async def _both(first: Awaitable[T], second: Awaitable[T]) -> tuple[T, T]:
    """The results of both, run concurrently; if one fails, the other is cancelled."""
    tasks = [asyncio.ensure_future(first), asyncio.ensure_future(second)]
    try:
        one, other = await asyncio.gather(*tasks)
        return one, other
    finally:
        for task in tasks:
            task.cancel()


# The room -----------------------------------------------------------------------------------------------------------


@dataclass
class _Room:
    """A battle between two seats, which receive the messages of a server."""

    battle: Battle
    seats: Sequence[_Seat]
    heard: list[int] = field(default_factory=lambda: [0, 0])
    """Number of log lines that each seat has received."""
    requests: int = 1
    """Number of requests sent so far, counted as the server does."""

    async def play(self) -> InProcess:
        """Play to the end; the players have left afterwards, whatever happens."""
        chosen: list[tuple[str, str]] = []
        forfeit, over = 0, False
        try:
            for seat in self.seats:
                await seat.enter(" vs. ".join(self._names))
            await self._tell()
            while not self.battle.ended and not forfeit:
                first, second = await _both(self._ask(1), self._ask(2))
                if FORFEIT in (first, second):
                    forfeit = 1 if first == FORFEIT else 2
                else:
                    chosen.append((first, second))
                    self.battle.choose(first, second)
                await self._tell(_given_up(self._names, forfeit))
            over = True
        finally:
            for seat in self.seats:
                await seat.leave(over)
        return InProcess(self.battle, self._names, tuple(chosen), forfeit)

    @property
    def _names(self) -> tuple[str, str]:
        return self.seats[0].name, self.seats[1].name

    async def _tell(self, more: Sequence[str] = ()) -> None:
        """Send each seat its new lines of the log as one message."""
        await _both(self._tell_seat(1, more), self._tell_seat(2, more))

    async def _tell_seat(self, side: int, more: Sequence[str]) -> None:
        lines, clock = self.battle.log(side), f"|t:|{int(time.time())}"
        new = [*lines[self.heard[side - 1] :], *more]
        if "|" in new:  # a step's lines begin with it
            new.insert(new.index("|") + 1, clock)
        if not self.heard[side - 1]:
            new.insert(0, clock)
        self.heard[side - 1] = len(lines)
        await self.seats[side - 1].hear(new)

    async def _ask(self, side: int) -> str:
        self.requests += 1
        return await self.seats[side - 1].choose(self.battle, self._request(side))

    def _request(self, side: int) -> str:
        """The request as the server sends it: numbered, and with the team as completed by its validator."""
        request = self.battle.request(side).replace('"baseAbility":""', '"baseAbility":"noability"')
        return f'{request[:-1]},"rqid":{self.requests}}}'
