"""Features: one player's view of a battle, as a row of numbers with a name for every column.

    features: [b, NUM_FEATURES] float32, from a batch, a battle or a tracker of protocol lines
    hp = column(features, "own", "hp")          # [b, 6], the own party in its present order
    damage = column(features, "moves", "deals")  # [b, 4], expected damage of actions 0 to 3

A row is divided into blocks of equal rows (see `BLOCKS`); engine/VIEW.md lists every column. Compact rows (`[b,
COMPACT_SIZE]` int16) hold the same in less than a quarter of the space; `expand` converts them to features.

Actions: 0-3 are "move 1" to "move 4" of the request, 4-8 are "switch 2" to "switch 6": the own party in its present
order without the Pokémon on the field. A request with a single move (Fight, Recharge, Struggle, a lock) makes it action
0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from pokespiel.core.registry import unknown
from pokespiel.game.gen1 import _engine
from pokespiel.game.layout import Block as EncoderBlock
from pokespiel.game.layout import Compact, Layout

NUM_ACTIONS: int = _engine.NUM_ACTIONS
NUM_FEATURES: int = _engine.NUM_FEATURES
COMPACT_SIZE: int = _engine.COMPACT_SIZE

ACTION_NAMES = tuple(f"move {i}" for i in range(1, 5)) + tuple(f"switch {i}" for i in range(2, 7))
"""Showdown's word for each action."""


@dataclass(frozen=True)
class Column:
    """One float column of a block's rows: either a number of the compact row times `scale`, or a table's entry."""

    name: str
    meaning: str
    number: int
    """The compact row's number that it is computed from, or that selects the table's row."""
    scale: float | None
    """None: the column comes from a table."""
    codes: int
    """For an id, its number of values (0 stands for none); 0 for a quantity."""


@dataclass(frozen=True)
class FeatureBlock:
    """`rows` rows of `width` float columns from column `start`; the same rows in a compact row from `compact_start`."""

    name: str
    meaning: str
    rows: int
    start: int
    columns: tuple[Column, ...]
    compact_start: int
    numbers: tuple[str, ...]
    """Names of a compact row's numbers; the last ones may be keys without a float column."""
    encoder: str
    """Blocks of one encoder have the same columns."""
    owner: str | None
    """The block whose rows own these in equal shares: row i belongs to row i // (rows // number of owner's rows)."""

    @property
    def width(self) -> int:
        return len(self.columns)

    @property
    def stop(self) -> int:
        return self.start + self.rows * self.width

    def column(self, name: str) -> int:
        """The index of a column within a row."""
        for index, column in enumerate(self.columns):
            if column.name == name:
                return index
        raise unknown(f"column of {self.name!r}", name, [column.name for column in self.columns])


def _columns(described: Mapping) -> tuple[Column, ...]:
    quantities = len(described["numbers"]) - described["keys"]
    columns = [
        Column(name, meaning, index, scale, codes)
        for index, (name, scale, codes, meaning) in enumerate(described["numbers"][:quantities])
    ]
    for table in described["tables"]:
        same = ""
        for name, meaning in table["columns"]:
            same = meaning or same
            columns.append(Column(name, same, table["number"], None, 0))
    return tuple(columns)


def _block(described: Mapping) -> FeatureBlock:
    return FeatureBlock(
        name=described["name"],
        meaning=described["meaning"],
        rows=described["rows"],
        start=described["start"],
        columns=_columns(described),
        compact_start=described["compact_start"],
        numbers=tuple(number[0] for number in described["numbers"]),
        encoder=described["encoder"],
        owner=described["owner"],
    )


BLOCKS: Mapping[str, FeatureBlock] = {described["name"]: _block(described) for described in _engine.view_blocks()}
"""The blocks by name, in the order of the row."""


def block(name: str) -> FeatureBlock:
    """The block of that name; an unknown name raises an error with the valid names."""
    if name not in BLOCKS:
        raise unknown("block of features", name, BLOCKS)
    return BLOCKS[name]


def rows(features: np.ndarray, name: str) -> np.ndarray:
    """The rows of a block: a view [..., rows, width] of features [..., NUM_FEATURES]."""
    found = block(name)
    return features[..., found.start : found.stop].reshape(*features.shape[:-1], found.rows, found.width)


def column(features: np.ndarray, name: str, column_name: str) -> np.ndarray:
    """One column of a block: [..., rows], with the features' scale."""
    return rows(features, name)[..., block(name).column(column_name)]


@cache
def feature_names() -> tuple[str, ...]:
    """A name for each of the NUM_FEATURES columns: "own[2].hp"."""
    return tuple(
        f"{found.name}[{row}].{column.name}" if found.rows > 1 else f"{found.name}.{column.name}"
        for found in BLOCKS.values()
        for row in range(found.rows)
        for column in found.columns
    )


@cache
def compact_names() -> tuple[str, ...]:
    """A name for each of the COMPACT_SIZE numbers of a compact row."""
    return tuple(
        f"{found.name}[{row}].{name}" if found.rows > 1 else f"{found.name}.{name}"
        for found in BLOCKS.values()
        for row in range(found.rows)
        for name in found.numbers
    )


def expand(compact: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compact rows [b, COMPACT_SIZE] int16 as features [b, NUM_FEATURES] float32, into `out` if given."""
    if out is None:
        out = np.empty((len(compact), NUM_FEATURES), np.float32)
    _engine.expand(np.ascontiguousarray(compact, np.int16), out)
    return out


@cache
def layout() -> Layout:
    """The blocks for networks; the columns about the battle as a whole are global."""
    blocks = tuple(
        EncoderBlock(
            found.name,
            found.start,
            found.rows,
            found.width,
            found.encoder,
            tuple((index, column.codes) for index, column in enumerate(found.columns) if column.codes),
            found.owner,
        )
        for found in BLOCKS.values()
        if found.name != "global"
    )
    moves = [("moves", slot) for slot in range(4)]
    switches = [("own", place) for place in range(1, 6)]
    return Layout(NUM_FEATURES, blocks, (*moves, *switches))


@cache
def compact() -> Compact:
    """How features follow from compact rows, for networks that read compact rows."""
    values = [np.asarray(table["values"], np.float32).ravel() for _, table in _tables()]
    starts = dict(zip((key for key, _ in _tables()), np.cumsum([0, *map(len, values)]).tolist(), strict=False))
    rows = []
    for found in BLOCKS.values():
        places = _places_in_tables(found)
        for row in range(found.rows):
            at = found.compact_start + row * len(found.numbers)
            for column, (place, width, codes) in zip(found.columns, places, strict=True):
                first = starts[found.name, column.number] + place if codes else 0
                rows.append((at + column.number, column.scale or 0.0, codes, first, width))
    source, scale, code, begin, stride = (np.array(part) for part in zip(*rows, strict=True))
    return Compact(COMPACT_SIZE, source, scale.astype(np.float32), code, begin, stride, np.concatenate(values), expand)


def _tables() -> list[tuple[tuple[str, int], Mapping]]:
    """The fixed tables with their block and the number that selects a row."""
    blocks = _engine.view_blocks()
    return [((block["name"], table["number"]), table) for block in blocks for table in block["tables"]]


def _places_in_tables(found: FeatureBlock) -> list[tuple[int, int, int]]:
    """For each column of a block: its position in a table's row, that row's width, the number of rows; 0 for other
    columns."""
    tables = {number: table for (name, number), table in _tables() if name == found.name}
    places, seen = [], dict.fromkeys(tables, 0)
    for column in found.columns:
        if column.scale is not None:
            places.append((0, 0, 0))
            continue
        width = len(tables[column.number]["columns"])
        places.append((seen[column.number], width, np.asarray(tables[column.number]["values"]).size // width))
        seen[column.number] += 1
    return places


def action_of(choice: str) -> int:
    """The action that Showdown's choice string stands for."""
    if choice not in ACTION_NAMES:
        raise ValueError(f"{choice!r} is not a choice; expected one of: {', '.join(ACTION_NAMES)}")
    return ACTION_NAMES.index(choice)


def describe_columns() -> str:
    """The tables of engine/VIEW.md: every column of every block, with its scale and meaning."""
    lines = []
    for found in BLOCKS.values():
        span = f"columns {found.start} to {found.stop - 1}" if found.rows * found.width > 1 else f"column {found.start}"
        shape = f"{found.rows} rows of {found.width}" if found.rows > 1 else f"{found.width} columns"
        lines += [f"### {found.name}", "", f"{found.meaning[0].upper()}{found.meaning[1:]}. {shape}, {span}.", ""]
        lines += ["| column | value 1 is | meaning |", "|---|---|---|"]
        lines += [f"| {c.name} | {_unit(c)} | {c.meaning} |" for c in found.columns]
        keys = found.numbers[len([c for c in found.columns if c.scale is not None]) :]
        if keys:
            lines += ["", f"Keys of the compact row, without a column: {', '.join(keys)}."]
        lines.append("")
    return "\n".join(lines)


def _unit(column: Column) -> str:
    if column.scale is None:
        return "fixed table"
    return f"id, {column.codes} codes" if column.codes else f"{1 / column.scale:g}"


if __name__ == "__main__":
    print(describe_columns())
