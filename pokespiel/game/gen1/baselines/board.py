"""A batch of views by the names of its columns.

    board = Board(observations)
    board.own.hp           # [b, 6]: row 0 is on the field, row i is what action "switch i+1" brings
    board.moves.deals      # [b, 4]: expected damage of action "move i+1", as a share of the target's full HP
    board.whole.turn       # [b]: blocks of one row have no row axis

Flags are bool and ids whole numbers. Shares (`hp`, `deals`, `takes`, `chance`, ...) lie around 0 to 1; anything else
comes in its own unit: stats in points, stages, turns, levels, `factor` in percent. `engine/VIEW.md` says what each
column means.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.gen1 import _engine
from pokespiel.policy import Observations

NUM_MOVES = 4
MOVES = slice(0, NUM_MOVES)
"""The actions that choose a move."""
SWITCHES = slice(NUM_MOVES, 9)
"""The actions that choose a switch, to the own Pokémon in rows 1 to 5."""
BENCH = slice(1, 6)
"""Rows of the parties that are not on the field."""
TYPES = (
    *(
        "type_normal",
        "type_fighting",
        "type_flying",
        "type_poison",
        "type_ground",
        "type_rock",
        "type_bug",
        "type_ghost",
    ),
    *("type_fire", "type_water", "type_grass", "type_electric", "type_psychic", "type_ice", "type_dragon"),
)
STATUSES = ("asleep", "frozen", "paralyzed", "burned", "poisoned", "badly_poisoned")

_SHARES = frozenset(
    {
        "hp",
        "deals",
        "takes",
        "least",
        "most",
        "knock_out",
        "last_damage",
        "chance",
        "critical",
        "own_health",
        "foe_health",
    }
)
_SIGNED = frozenset({"faster"})


class _Column(NamedTuple):
    at: int
    scale: float
    kind: str
    """share, flag, id or number."""


class _Block(NamedTuple):
    start: int
    rows: int
    width: int
    columns: dict[str, _Column]


@cache
def _blocks() -> dict[str, _Block]:
    return {block["name"]: _read_block(block) for block in _engine.view_blocks()}


def _read_block(block: dict[str, Any]) -> _Block:
    numbers = block["numbers"][: len(block["numbers"]) - block["keys"]]
    columns = {}
    for index, (name, scale, codes, _) in enumerate(numbers):
        share = name in _SHARES or (block["name"] == "global" and name == "speed")
        flag = scale == 1 and name not in _SIGNED
        columns[name] = _Column(index, scale, "share" if share else "id" if codes else "flag" if flag else "number")
    index = len(numbers)
    for table in block["tables"]:
        for name, _ in table["columns"]:
            columns[name] = _Column(index, 1.0, "flag" if name in TYPES + STATUSES else "share")
            index += 1
    return _Block(block["start"], block["rows"], block["width"], columns)


class Rows:
    """The columns of one block as attributes: [b, rows], or [b] where the block has one row."""

    def __init__(self, features: np.ndarray, name: str):
        block = _blocks()[name]
        self._name, self._columns = name, block.columns
        values = features[:, block.start : block.start + block.rows * block.width]
        self._values = values.reshape(len(features), block.rows, block.width)

    def __getattr__(self, name: str) -> np.ndarray:
        column = self._columns.get(name)
        if column is None:
            raise AttributeError(f"block {self._name!r} has no column {name!r}; there are: {', '.join(self._columns)}")
        values = self._values[:, :, column.at]
        if column.kind == "flag":
            values = values > 0
        elif column.kind == "id":
            values = values.astype(np.int64)
        elif column.kind == "number":
            values = np.rint(values / column.scale)
        values = values[:, 0] if values.shape[1] == 1 else values
        setattr(self, name, values)
        return values

    def types(self) -> np.ndarray:
        """[b, rows, 15] (or [b, 15]) bool, in the order of TYPES."""
        return np.stack([getattr(self, name) for name in TYPES], axis=-1)

    def any_status(self) -> np.ndarray:
        """Bool like a column: has one of STATUSES."""
        return np.any([getattr(self, name) for name in STATUSES], axis=0)


class Board:
    """What a player sees in b battles.

    Blocks: `whole`, the parties `own` and `foe` with `own_moves` and `foe_moves` (four rows a Pokémon), the own `moves`
    and the foe's `threats` on the field, `own_active` and `foe_active`.
    """

    whole: Rows
    own: Rows
    foe: Rows
    own_moves: Rows
    foe_moves: Rows
    moves: Rows
    threats: Rows
    own_active: Rows
    foe_active: Rows

    def __init__(self, observations: Observations):
        features, legal = observations.features, observations.legal
        if features.shape[1:] != (_engine.NUM_FEATURES,) or legal.shape[1:] != (_engine.NUM_ACTIONS,):
            raise ValueError(
                f"the scripted Gen 1 policies read views of {_engine.NUM_FEATURES} columns and {_engine.NUM_ACTIONS} "
                f"actions, got {features.shape[1:]} and {legal.shape[1:]}: do they play gen1ou?"
            )
        self.size = len(features)
        self.legal = legal
        for name in _blocks():
            setattr(self, "whole" if name == "global" else name, Rows(features, name))

    @property
    def replaces(self) -> np.ndarray:
        """[b] bool: a fainted Pokémon is to be replaced, and no move is made."""
        return self.whole.ask_switch

    def party_moves(self, side: str, column: str) -> np.ndarray:
        """[b, 6, 4], a column of `own_moves` or `foe_moves` by Pokémon and slot; side is "own" or "foe"."""
        return getattr(getattr(self, f"{side}_moves"), column).reshape(self.size, -1, NUM_MOVES)


def join(moves: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """Scores [b, 9] of moves [b, 4] and switches [b, 5]."""
    return np.concatenate([moves, switches], axis=1)
