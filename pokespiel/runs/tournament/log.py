"""The log of a tournament's matches: one line per match, only appended to, readable by people and by pandas.

    match,round,unit,seed,seat_0,seat_1,team_0,team_1,return_0,return_1,result,turns
    0,0,0,4861283412,expert,random,starmie/A,chansey/B,1,-1,seat_0,23
    1,0,0,4861283412,random,expert,starmie/A,chansey/B,-1,1,seat_1,31

`match` and `unit` count from 0. A unit is independent of all others: a seat-swapped pair if the game is symmetric, else
a match. `seat_p` is the policy at each seat; `team_p`, the draws of chance, exist if the game provides them; `result`
is the winning seat, `tie` or `unfinished`, in which case the returns are not a result. Returns of finished matches are
exact.

A round is added as a whole: its lines are flushed first, then `matches.json` records how many bytes count. Bytes after
that, left by a kill, are cut off before the next round is added, so nothing counts twice or in part.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pokespiel.core.files import write_text
from pokespiel.payoffs.tables import Units

Names = Sequence[Sequence[str]]
"""The names of each seat's policies."""


class Counted(NamedTuple):
    """How much of the log counts."""

    rounds: int = 0
    units: int = 0
    matches: int = 0
    bytes: int = 0


class MatchLog:
    """`matches.csv` in a folder, and `matches.json`, which records how much of it counts."""

    def __init__(self, folder: str | Path):
        self.path = Path(folder) / "matches.csv"
        self._counted_path = Path(folder) / "matches.json"

    def counted(self) -> Counted:
        if not self._counted_path.is_file():
            return Counted()
        try:
            return Counted(**json.loads(self._counted_path.read_text(encoding="utf-8")))
        except (json.JSONDecodeError, TypeError) as error:
            raise ValueError(f"{self._counted_path} is damaged: {error}") from error

    def add(self, units: Units, names: Names, drawn: Mapping[str, Sequence[str]]) -> Counted:
        """Add one round; `drawn` holds further columns by name, one value per unit."""
        before = self.counted()
        lines = _lines(units, names, drawn, before)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(lines if before.matches == 0 else lines[1:])
        data = text.getvalue().encode()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "ab") as file:
            if file.tell() < before.bytes:
                raise ValueError(f"{self.path} was shortened: {file.tell()} of {before.bytes} bytes are left")
            file.truncate(before.bytes)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        matches, count = len(lines) - 1, len(units.cells)
        after = Counted(before.rounds + 1, before.units + count, before.matches + matches, before.bytes + len(data))
        write_text(self._counted_path, json.dumps(after._asdict()) + "\n")
        return after

    def rounds(self, names: Names, orders: np.ndarray) -> Iterator[Units]:
        """Each counted round as it was played; a `ValueError` describes the damage in a damaged log.

        Args:
            names: may have grown since.
            orders: [S, P], see `Units.orders`.
        """
        counted = self.counted()
        lines = self._read(counted)
        seats = [{name: index for index, name in enumerate(seat)} for seat in names]
        try:
            columns = dict(zip(next(lines), zip(*lines, strict=True), strict=True)) if counted.matches else {}
            yield from _rounds(columns, seats, orders, counted)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{self.path} is damaged: {error}") from error

    def _read(self, counted: Counted) -> Iterator[list[str]]:
        data = b""
        if counted.bytes:
            with open(self.path, "rb") as file:
                data = file.read(counted.bytes)
        if len(data) < counted.bytes:
            raise ValueError(f"{self.path} was shortened: {len(data)} of {counted.bytes} bytes are left")
        return csv.reader(io.StringIO(data.decode()))


def _lines(units: Units, names: Names, drawn: Mapping[str, Sequence[str]], before: Counted) -> list[list[object]]:
    """The header, then one line per match."""
    num_units, num_seatings, num_players = units.utilities.shape
    seats = range(num_players)
    header = ["match", "round", "unit", "seed", *(f"seat_{seat}" for seat in seats), *drawn]
    lines: list[list[object]] = [[*header, *(f"return_{seat}" for seat in seats), "result", "turns"]]
    rows = units.rows().tolist()
    for unit, seating in itertools.product(range(num_units), range(num_seatings)):
        returns, done = units.utilities[unit, seating], bool(units.finished[unit, seating])
        lines.append(
            [
                before.matches + len(lines) - 1,
                before.rounds,
                before.units + unit,
                int(units.seeds[unit]),
                *(names[seat][policy] for seat, policy in enumerate(rows[unit][seating])),
                *(values[unit] for values in drawn.values()),
                *(f"{value:.17g}" for value in returns),
                match_result(returns) if done else "unfinished",
                int(units.turns[unit, seating]),
            ]
        )
    return lines


def match_result(returns: np.ndarray) -> str:
    """The seat with the largest of returns [P], or a tie if several share it."""
    best = np.flatnonzero(returns == returns.max())
    return f"seat_{best[0]}" if len(best) == 1 else "tie"


def _rounds(
    columns: Mapping[str, Sequence[str]], seats: Sequence[Mapping[str, int]], orders: np.ndarray, counted: Counted
) -> Iterator[Units]:
    if not columns:
        return
    num_matches = len(columns["match"])
    if num_matches != counted.matches or [int(match) for match in columns["match"]] != list(range(num_matches)):
        raise ValueError(f"expected matches 0 to {counted.matches - 1}, each once")
    shape = (counted.units, len(orders))
    units = np.array(columns["unit"], np.int64).reshape(shape)
    if (units != np.arange(counted.units)[:, None]).any():
        raise ValueError(f"expected {len(orders)} matches a unit")
    rows = np.stack(
        [[seat[name] for name in columns[f"seat_{player}"]] for player, seat in enumerate(seats)], axis=1
    ).reshape(*shape, len(seats))
    cells = rows[:, 0]
    if (rows != cells[:, orders]).any():
        raise ValueError("the matches of a unit are not one cell's")
    utilities = np.stack([np.array(columns[f"return_{seat}"], float) for seat in range(len(seats))], axis=1)
    played = Units(
        cells,
        orders,
        np.array(columns["seed"], np.int64).reshape(shape)[:, 0],
        utilities.reshape(rows.shape),
        (np.array(columns["result"]) != "unfinished").reshape(shape),
        np.array(columns["turns"], np.int64).reshape(shape),
    )
    number = np.array(columns["round"], np.int64).reshape(shape)[:, 0]
    for index in range(counted.rounds):
        chosen = number == index
        yield Units(*(values if values is orders else values[chosen] for values in played))
