"""Replay, in the engine, battles that a local server recorded (`serve(record=FOLDER)`).

    for recording in recordings(folder):
        for battle in recording.replay():
            ...  # at each point at which choices are due, and at the end

Showdown's input log holds the seed, both teams and the choices as they were played; the engine reproduces the same
battle from them, hidden state included.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.teams.packed import unpack
from pokespiel.game.gen1.teams.sets import Team

_SIDES = {"p1": 0, "p2": 1}


class NotARecording(ValueError):
    """A file that is not an input log which the engine can replay; the message says why."""


@dataclass(frozen=True)
class Recording:
    """One battle as a server played it."""

    room: str
    """The server's name of the battle's room, such as battle-gen1ou-12."""
    seed: tuple[int, int, int, int]
    names: tuple[str, str]
    teams: tuple[Team, Team]
    choices: tuple[tuple[str, ...], tuple[str, ...]]
    """Each side's choices in order, in the words of the input log: "move bodyslam", "switch 3"."""
    forfeit: int = 0
    """The player who forfeited, 1 or 2; 0 = neither."""

    @classmethod
    def read(cls, path: Path) -> Recording:
        """The recording in a server's `.log.json` file, or in a replay's JSON with an input log."""
        return cls.parse(path.read_text(encoding="utf-8"), str(path))

    @classmethod
    def parse(cls, text: str, what: str = "the text") -> Recording:
        """The recording in the text of such a file; errors call it `what`."""
        try:
            record = json.loads(text)
            json.dumps(record, ensure_ascii=False).encode()  # an error for half a character (a lone surrogate)
            return cls._of(record)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise NotARecording(f"{what}: expected the log of a gen1ou battle with a plain seed: {error!r}") from error

    @classmethod
    def _of(cls, record: dict[str, Any]) -> Recording:
        start: dict[str, Any] = {}
        choices: tuple[list[str], list[str]] = ([], [])
        forfeit = 0
        inputs = inputs_of(record)
        for line in inputs:
            kind, _, rest = line.removeprefix(">").partition(" ")
            if kind == "start":
                start = json.loads(rest)
            elif kind in _SIDES:
                choices[_SIDES[kind]].append(rest)
            elif kind == "forcelose" and rest in _SIDES:
                forfeit = 1 + _SIDES[rest]
        if start["formatid"] != "gen1ou":
            raise ValueError(f"format {start['formatid']}")
        first, second, third, fourth = (int(word) for word in start["seed"].split(","))
        players = _players(inputs)
        return cls(
            record["roomid"] if "roomid" in record else record["id"],
            (first, second, third, fourth),
            (players["p1"]["name"], players["p2"]["name"]),
            teams_of_inputs(inputs),
            (tuple(choices[0]), tuple(choices[1])),
            forfeit,
        )

    def replay(self) -> Iterator[Battle]:
        """The battle at each point at which choices are due, and at the end of the recording; always the same
        object."""
        for battle, _ in self.steps():
            yield battle

    def steps(self) -> Iterator[tuple[Battle, tuple[str, str] | None]]:
        """The same with both players' next choices, "" if one waits; None at the end of the recording."""
        with _refusing("the input log's start"):
            battle = Battle(*self.teams, seed=self.seed, names=self.names)
        rest = [iter(choices) for choices in self.choices]
        while not battle.ended:
            chosen = [next(rest[side], None) if battle.choices(side + 1) else "" for side in (0, 1)]
            if chosen[0] is None or chosen[1] is None:  # a player forfeited
                break
            words = _in_engine_words(battle, 1, chosen[0]), _in_engine_words(battle, 2, chosen[1])
            yield battle, words
            with _refusing(f"the input log's choices on turn {battle.turn}"):
                battle.choose(*words)
        yield battle, None


def inputs_of(record: dict[str, Any]) -> list[str]:
    """The lines of the input log in a server's `.log.json` or a replay's JSON; a `KeyError` if it has none."""
    inputs = record["inputLog"] if "inputLog" in record else record["inputlog"]
    return inputs.splitlines() if isinstance(inputs, str) else inputs


def teams_of_inputs(inputs: list[str]) -> tuple[Team, Team]:
    """Both teams of an input log, whatever its seed."""
    players = _players(inputs)
    return unpack(players["p1"]["team"]), unpack(players["p2"]["team"])


def _players(inputs: list[str]) -> dict[str, dict[str, Any]]:
    lines = (line.removeprefix(">player ").partition(" ") for line in inputs if line.startswith(">player "))
    return {side: json.loads(options) for side, _, options in lines}


@contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise NotARecording(f"{what}: {error}") from error


def recordings(folder: Path) -> Iterator[Recording]:
    """The recordings in a server's record folder, complete ones only (a server may be writing the last)."""
    for path in sorted(folder.rglob("*.log.json")):
        yield Recording.read(path)


def _in_engine_words(battle: Battle, player: int, choice: str) -> str:
    """The choice in the engine's words: the log names a move by its id, the engine by its slot in the request.

    If the request leaves open whether the Pokémon is locked (`maybeLocked`), the log has the move that was used; every
    move then has the same effect.
    """
    legal = battle.choices(player)
    if not choice.startswith("move ") or not any(one.startswith("move ") for one in legal):
        return choice
    active = json.loads(battle.request(player))["active"][0]
    moves = [move["id"] for move in active["moves"]]
    name = choice.removeprefix("move ")
    place = f"move {moves.index(name) + 1}" if name in moves else choice
    return legal[0] if active.get("maybeLocked") and place not in legal else place
