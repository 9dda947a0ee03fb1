"""A batch of views with their columns as attributes.

    board = Board(observations)
    board.own.hp           # [b, 6]: row 0 is on the field, row i is what action "switch i+1" brings
    board.moves.deals      # [b, 4]: expected damage of action "move i+1", as a share of the target's full HP
    board.whole.turn       # [b]: blocks of one row have no row axis

Flags are bool and ids integers. Shares (`hp`, `deals`, `takes`, `chance`, ...) are around 0 to 1. Other columns have
their own units: stats in points, stages, turns, levels, `factor` in percent. `engine/VIEW.md` documents every column.
"""

from __future__ import annotations

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.gen1 import view

NUM_MOVES = 4
MOVES = slice(0, NUM_MOVES)
"""The actions that are moves."""
SWITCHES = slice(NUM_MOVES, 9)
"""The actions that are switches, to the own Pokémon in rows 1 to 5."""
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
_TABLE_FLAGS = frozenset(TYPES + STATUSES)


class Rows:
    """The columns of one block as attributes: [b, rows], or [b] if the block has one row."""

    def __init__(self, features: np.ndarray, name: str):
        self._block = view.block(name)
        self._values = view.rows(features, name)

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_"):
            raise AttributeError(name)
        index = self._block.column(name)
        values = _in_own_unit(self._values[:, :, index], self._block, self._block.columns[index])
        values = values[:, 0] if self._block.rows == 1 else values
        setattr(self, name, values)  # computed once
        return values

    def types(self) -> np.ndarray:
        """[b, rows, 15] (or [b, 15]) bool, in the order of TYPES."""
        return np.stack([getattr(self, name) for name in TYPES], axis=-1)

    def any_status(self) -> np.ndarray:
        """Boolean column: has one of STATUSES."""
        return np.any([getattr(self, name) for name in STATUSES], axis=0)


def _in_own_unit(values: np.ndarray, block: view.FeatureBlock, column: view.Column) -> np.ndarray:
    """A column's features as flags, ids, integers or shares."""
    if column.codes:
        return values.astype(np.int64)
    if column.name in _TABLE_FLAGS or (column.scale == 1 and column.name not in _SIGNED):
        return values > 0
    if column.scale is None or column.name in _SHARES or (block.name, column.name) == ("global", "speed"):
        return values
    return np.rint(values / column.scale)


class Board:
    """A player's view of b battles.

    Blocks: `whole`, the parties `own` and `foe` with `own_moves` and `foe_moves` (four rows per Pokémon), the own
    `moves` and the foe's `threats` on the field, `own_active` and `foe_active`.
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

    @classmethod
    def of_one(cls, features: np.ndarray, legal: np.ndarray) -> Board:
        """The board of one position. features: [NUM_FEATURES] float32. legal: [9] bool, True = allowed."""
        return cls(Observations(0, features[None], legal[None], np.full(1, -1, np.int64)))

    def __init__(self, observations: Observations):
        features, legal = observations.features, observations.legal
        if features.shape[1] != view.NUM_FEATURES or legal.shape[1] < view.NUM_ACTIONS:
            raise ValueError(
                f"scripted Gen 1 policies read views of {view.NUM_FEATURES} columns with {view.NUM_ACTIONS} actions, "
                f"got {features.shape[1]} and {legal.shape[1]}: do they play gen1ou?"
            )
        self.size = len(features)
        for name in view.BLOCKS:
            setattr(self, "whole" if name == "global" else name, Rows(features, name))

    @property
    def begun(self) -> np.ndarray:
        """[b] bool: the battle has begun; before that, in a game whose players choose their teams, all columns are
        0."""
        return self.whole.own_size > 0

    @property
    def replaces(self) -> np.ndarray:
        """[b] bool: a fainted Pokémon must be replaced, and no move is made."""
        return self.whole.ask_switch

    def party_moves(self, side: str, column: str) -> np.ndarray:
        """[b, 6, 4], a column of `own_moves` or `foe_moves` by Pokémon and slot; side is "own" or "foe"."""
        return getattr(getattr(self, f"{side}_moves"), column).reshape(self.size, -1, NUM_MOVES)


def join(moves: np.ndarray, switches: np.ndarray) -> np.ndarray:
    """Join scores of moves [b, 4] and switches [b, 5] to [b, 9]."""
    return np.concatenate([moves, switches], axis=1)
