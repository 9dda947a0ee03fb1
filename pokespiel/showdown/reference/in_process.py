"""Compare battles in process with those on a real server: poke-env players play both, and everything they receive is
compared.

    with serve(record=folder) as server:
        served = play_served(server, folder, (RandomPlayer, MaxBasePowerPlayer), teams)
    print(compare_served(served).differences)

Each player has its own random stream, which depends only on the number of the decision, so that a player chooses the
same if it receives the same. A battle over the server is recorded with its seed and teams; the same players then play
it in process. The log, both players' choices, and every line and request that either player receives are compared.
Lines about the time and about users in the room, avatars, ratings and the numbering of requests are ignored.
"""

from __future__ import annotations

import contextlib
import json
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from poke_env import AccountConfiguration
from poke_env.battle import AbstractBattle
from poke_env.player import Player

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.showdown.arena import Conditions, Fixture, local_server, play_arena
from pokespiel.showdown.contestants import PokeEnvContestant
from pokespiel.showdown.inprocess import InProcess, play_in_process
from pokespiel.showdown.protocol import FORMAT
from pokespiel.showdown.recording import Recording
from pokespiel.showdown.serve import Server

_ABOUT_THE_ROOM = re.compile(r"\|(j|l|n|J|L|N|t:|init|title|deinit|inactive)(\||$)|\|player\|p[12]\|$|$")
_SILENT = 60
"""Above all of poke-env's log levels."""


@dataclass
class Ears:
    """The lines that players received, and the players' classes."""

    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Lines by room and the player's name."""
    kinds: dict[str, type[Player]] = field(default_factory=dict)
    """Classes by the player's name."""


def repeatable(kind: type[Player], ears: Ears) -> type[Player]:
    """The players of this class with random streams of their own; the lines they receive are kept."""

    class Repeatable(kind):
        DEFAULT_CHOICE_CHANCE = 0  # it would draw a random number elsewhere, after a refused choice

        def __init__(self, *arguments: Any, **options: Any):
            super().__init__(*arguments, **options)
            self.decisions: dict[str, int] = {}
            ears.kinds[self.username] = kind

        def choose_move(self, battle: AbstractBattle) -> Any:
            number = self.decisions[battle.battle_tag] = self.decisions.get(battle.battle_tag, 0) + 1
            random.seed(f"{battle.player_role} {number}")
            return super().choose_move(battle)

        async def _handle_battle_message(self, split_messages: list[list[str]]) -> None:
            lines = ears.lines.setdefault((split_messages[0][0][1:], self.username), [])
            lines += ["|".join(words) for words in split_messages[1:]]
            await super()._handle_battle_message(split_messages)

    return Repeatable


class Served(NamedTuple):
    """A battle over the server; in pairs, player 1 comes first."""

    recording: Recording
    log: list[str]
    """The server's own log, which hides nothing."""
    kinds: tuple[type[Player], ...]
    told: tuple[list[str], ...]


def play_served(
    server: Server,
    folder: Path,
    kinds: tuple[type[Player], type[Player]],
    teams: Sequence[tuple[Team, Team]],
    concurrency: int = 4,
) -> list[Served]:
    """Play a battle for each pair of `teams` over a server that records in `folder`, which must be empty; seats
    alternate."""
    ears = Ears()
    first, second = (PokeEnvContestant(repeatable(kind, ears)) for kind in kinds)
    fixtures = [Fixture(pair, number % 2) for number, pair in enumerate(teams)]
    servers = [local_server(server.port)]
    results = dict(play_arena((first, second), fixtures, servers, Conditions(concurrency)))
    if problems := [result for result in results.values() if result.problems or result.utility is None]:
        raise RuntimeError(f"some battles were not played at the first attempt: {problems}")
    found = []
    for record in _records(folder, len(fixtures)):
        recording = Recording.parse(json.dumps(record), record["roomid"])
        who = tuple(ears.kinds[name] for name in recording.names)
        told = tuple(ears.lines[recording.room, name] for name in recording.names)
        found.append(Served(recording, record["log"], who, told))
    return found


def _records(folder: Path, count: int, patience: float = 30.0) -> list[dict[str, Any]]:
    """The server's record files, once all are written; the folder is empty afterwards."""
    deadline = time.monotonic() + patience
    while True:
        paths = sorted(folder.rglob("*.log.json"))
        texts = [path.read_text(encoding="utf-8") for path in paths]
        if len(texts) == count and all(text.rstrip().endswith("}") for text in texts):
            for path in paths:
                path.unlink()
            return [json.loads(text) for text in texts]
        if time.monotonic() > deadline:
            raise RuntimeError(f"the server recorded {len(texts)} of {count} battles")
        time.sleep(0.05)


@dataclass
class Sameness:
    """The result of a comparison."""

    battles: int = 0
    choices: int = 0
    """Number of both players' choices."""
    told: int = 0
    """Number of lines and requests that the players received."""
    differences: list[str] = field(default_factory=list)

    def __iadd__(self, other: Sameness) -> Sameness:
        self.battles += other.battles
        self.choices += other.choices
        self.told += other.told
        self.differences += other.differences
        return self


def compare_served(served: Sequence[Served]) -> Sameness:
    """Play each battle again in process, with the server's seed and teams and players of the same classes, and
    compare."""
    found = Sameness()
    for one in served:
        found += _compare(one)
    return found


def _compare(one: Served) -> Sameness:
    ears, recording = Ears(), one.recording
    first, second = (
        repeatable(kind, ears)(
            AccountConfiguration(name, None), battle_format=FORMAT, start_listening=False, log_level=_SILENT
        )
        for kind, name in zip(one.kinds, recording.names, strict=True)
    )
    played = play_in_process(first, second, recording.teams, seed=recording.seed)
    told = [next(lines for (_, who), lines in ears.lines.items() if who == name) for name in recording.names]
    found = Sameness(1, sum(bool(word) for pair in played.choices for word in pair), sum(map(len, told)))
    pairs: list[tuple[str, Sequence[Any], Sequence[Any]]] = [
        ("log", one.log, _whole(played.log())),
        *((f"choices of player {side + 1}", *_choices(one.recording, played, side)) for side in (0, 1)),
    ]
    pairs += [(f"told to player {side + 1}", one.told[side], told[side]) for side in (0, 1)]
    for what, theirs, ours in pairs:
        found.differences += [f"{recording.room}, {what}, {text}" for text in first_difference(theirs, ours)]
    return found


def _choices(recording: Recording, played: InProcess, side: int) -> tuple[list[str], list[str]]:
    """One side's choices over the server and in process; for a locked Pokémon the server logs the move that was used.

    If the engine refuses a choice of the server, its list ends there.
    """
    theirs: list[str] = []
    ours = [pair[side] for pair in played.choices if pair[side]]
    for battle, words in _as_far_as_played(recording):
        if words is not None and words[side]:
            number, locked = len(theirs), '"maybeLocked":true' in battle.request(side + 1)
            if locked and number < len(ours) and words[side][:4] == ours[number][:4] == "move":
                ours[number] = words[side]
            theirs.append(words[side])
    return theirs, ours


def _as_far_as_played(recording: Recording) -> Iterator[tuple[Battle, tuple[str, str] | None]]:
    with contextlib.suppress(ValueError, KeyError):  # an illegal choice, or a move when a switch is due
        yield from recording.steps()


def first_difference(theirs: Sequence[Any], ours: Sequence[Any]) -> Iterator[str]:
    """The first difference between two lists of a battle, in words."""
    for number, (server, process) in enumerate(zip_longest(map(_plain, _kept(theirs)), map(_plain, _kept(ours)))):
        if server != process:
            yield f"{number}: the server {server!r}, in process {process!r}"
            return


def _kept(account: Sequence[Any]) -> list[Any]:
    return [line for line in account if not (isinstance(line, str) and _ABOUT_THE_ROOM.match(line))]


def _plain(line: Any) -> Any:
    """A line without the server's additions: avatars, ratings and the numbers of requests."""
    if not isinstance(line, str):
        return line
    if line.startswith("|player|"):
        return "|".join(line.split("|")[:4])
    return re.sub(r',"rqid":\d+}$', "}", line)


def _whole(lines: Sequence[str]) -> list[str]:
    """A log as the server stores it: of two versions of a line, the one that hides nothing."""
    kept, secret = [], 0
    for line in lines:
        if line.startswith("|split|"):
            secret = 2
            continue
        if secret != 1:
            kept.append(line)
        secret = max(0, secret - 1)
    return kept
