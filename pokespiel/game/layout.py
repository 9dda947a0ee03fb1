"""The structure of a game's feature vector, for networks that use it.

A row of features [D] is divided into blocks of equal rows; columns in no block are global:

    | global | own Pokémon: 6 rows x 40 | their moves: 24 rows x 12 | foe's Pokémon: 6 rows x 40 | ... |

Blocks with the same `encoder` share its weights, rows of an owned block are pooled into their owners' rows, and each
action may name the row that describes it, so that one small network scores all actions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Block:
    """`count` rows of `width` columns, contiguous from column `start`."""

    name: str
    start: int
    count: int
    width: int
    encoder: str
    """Blocks with the same encoder have equal widths and categories and share its weights."""
    categories: tuple[tuple[int, int], ...] = ()
    """(column of a row, number of codes): columns with integers 0 .. codes - 1 to be embedded."""
    owner: str | None = None
    """The block whose rows own these: row i belongs to the owner's row i // (count // owner's count)."""

    @property
    def stop(self) -> int:
        return self.start + self.count * self.width


@dataclass(frozen=True)
class Layout:
    """The blocks of a feature vector and the rows that describe the actions."""

    num_features: int
    blocks: tuple[Block, ...]
    actions: tuple[tuple[str, int] | None, ...]
    """Per action (block, row) of a block without owner, or None if no row describes the action."""

    def __post_init__(self) -> None:
        blocks = {block.name: block for block in self.blocks}
        if len(blocks) != len(self.blocks):
            raise ValueError("two blocks of a layout have the same name")
        for block in self.blocks:
            self._check_block(block, blocks)
        for action in self.actions:
            if action is not None and not (action[0] in blocks and 0 <= action[1] < blocks[action[0]].count):
                raise ValueError(f"action row {action} is in no block; blocks: {', '.join(blocks)}")

    def _check_block(self, block: Block, blocks: dict[str, Block]) -> None:
        if block.start < 0 or block.stop > self.num_features:
            raise ValueError(f"block {block.name!r} leaves the {self.num_features} features")
        if block.owner is not None and (block.owner not in blocks or block.count % blocks[block.owner].count):
            raise ValueError(f"block {block.name!r} cannot be shared out among the rows of {block.owner!r}")
        for other in self.blocks:
            if other.encoder == block.encoder and (other.width, other.categories) != (block.width, block.categories):
                raise ValueError(f"blocks {block.name!r} and {other.name!r} share an encoder but not their columns")
            if other is not block and max(other.start, block.start) < min(other.stop, block.stop):
                raise ValueError(f"blocks {block.name!r} and {other.name!r} overlap")

    @property
    def global_columns(self) -> tuple[int, ...]:
        """The columns in no block."""
        covered = {column for block in self.blocks for column in range(block.start, block.stop)}
        return tuple(column for column in range(self.num_features) if column not in covered)


@dataclass(frozen=True, eq=False)
class Compact:
    """How a row of features [D] follows from a compact row of integers [numbers] int16.

    Column d is n * scale[d], where n is the compact row's number source[d]; or, if codes[d] > 0, the entry first[d] +
    stride[d] * clip(n, 0, codes[d] - 1) of the fixed tables' values, laid end to end.
    """

    numbers: int
    source: np.ndarray
    """[D] int64"""
    scale: np.ndarray
    """[D] float32, 0 for columns from a table"""
    codes: np.ndarray
    """[D] int64, 0 for columns not from a table"""
    first: np.ndarray
    """[D] int64"""
    stride: np.ndarray
    """[D] int64"""
    values: np.ndarray
    """[V] float32"""
    expand: Callable[[np.ndarray], np.ndarray]
    """The same conversion by the game itself: [b, numbers] int16 to [b, D] float32. A module-level function, so that it
    can be pickled."""
