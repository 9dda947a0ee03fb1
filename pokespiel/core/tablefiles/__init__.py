"""Read payoff tables from files of many programs.

Text with any usual separator, with or without names (`text.py`), JSON (`json_files.py`), NumPy's .npy and .npz
(`arrays.py`) and Gambit's .nfg (`nfg.py`) are recognised by their content, not by the file's name.

A table of one player's payoffs is the row player's side of a zero-sum game, unless the column player's payoffs have a
file of their own or the game is symmetric. In a symmetric game entry (i, j) is what policy i earns against policy j, in
either seat; win rates with 0.5 on the diagonal are such a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pokespiel.core.tablefiles.arrays import NPY, ZIP, read_npy, read_npz
from pokespiel.core.tablefiles.content import Content, Names
from pokespiel.core.tablefiles.json_files import read_json
from pokespiel.core.tablefiles.nfg import read_nfg
from pokespiel.core.tablefiles.text import decoded, read_text


@dataclass(frozen=True)
class NamedTable:
    """Payoffs with the names in their file."""

    payoffs: np.ndarray
    """[P, n_1, ..., n_P], payoffs to player p."""
    names: tuple[Names | None, ...]
    """Names of each player's policies; None = the file has none."""
    players: Names | None = None
    """Names of the players; None = the file has none."""

    def policy(self, player: int, index: int) -> str:
        """A policy's name or, without names, its number."""
        names = self.names[player]
        return f"policy {index}" if names is None else names[index]

    def player(self, index: int) -> str:
        """A player's name or number."""
        return f"player {index}" + (f" ({self.players[index]})" if self.players and self.players[index] else "")


def read_table(path: str | Path, second: str | Path | None = None, *, symmetric: bool = False) -> NamedTable:
    """The payoffs in a file.

    Args:
        path: file of the row player's payoffs, or of every player's.
        second: file of the column player's payoffs, in the same order; None = `path` holds all payoffs.
        symmetric: one population serves both seats.

    Raises:
        ValueError: the file holds no table, or can be read in more than one way; the message gives line and column.
        OSError: there is no such file, or it cannot be read.
    """
    path = Path(path)
    first = _content(path)
    if first.whole:
        if second is not None:
            raise ValueError(f"{path} holds every player's payoffs: leave out {second}")
        return NamedTable(first.values, first.names, first.players)
    if symmetric and second is None:
        return _symmetric(path, first)
    if second is None:
        names = first.names
        return NamedTable(np.stack([first.values, -first.values]), names, first.players)
    return _paired(path, first, Path(second))


def _content(path: Path) -> Content:
    data = path.read_bytes()
    try:
        if data.startswith(NPY):
            return read_npy(data)
        if data.startswith(ZIP):
            return read_npz(data, path.suffix.lower())
        return _of_text(decoded(data), path.suffix.lower())
    except ValueError as error:
        joint = ", " if str(error).startswith(("line ", "column ", "index ", "[")) else ": "
        raise ValueError(f"{path}{joint}{error}") from None


def _of_text(text: str, suffix: str) -> Content:
    start = text.lstrip()
    if start.startswith("EFG") or suffix == ".efg":
        raise ValueError("is an extensive game, not a table: load it as the game efg_game(filename=...)")
    if start.startswith("NFG") or suffix == ".nfg":
        return read_nfg(text)
    if suffix in (".npy", ".npz"):
        raise ValueError("is truncated or not an .npy array" if suffix == ".npy" else "is not an .npz archive")
    if start.startswith(("{", "[")) or suffix == ".json":
        return read_json(text)
    return read_text(text)


def _symmetric(path: Path, table: Content) -> NamedTable:
    rows, columns = table.names
    if len(set(table.values.shape)) > 1:
        raise ValueError(f"{path}: a symmetric game has as many rows as columns, found {table.values.shape}")
    if rows is not None and columns is not None and rows != columns:
        index = next(i for i, (one, other) in enumerate(zip(rows, columns, strict=True)) if one != other)
        raise ValueError(
            f"{path}: row {index + 1} is {rows[index]!r}, column {index + 1} {columns[index]!r}, not the same"
        )
    names = rows if rows is not None else columns
    return NamedTable(np.stack([table.values, table.values.T]), (names, names), table.players)


def _paired(path: Path, first: Content, second: Path) -> NamedTable:
    other = _content(second)
    if other.whole:
        raise ValueError(f"{second} holds every player's payoffs: give it alone")
    if first.values.shape != other.values.shape:
        raise ValueError(
            f"the players' tables differ in shape: {path} {first.values.shape}, {second} {other.values.shape}"
        )
    names = []
    for what, own, theirs in zip(("rows", "columns"), first.names, other.names, strict=True):
        if own is not None and theirs is not None and own != theirs:
            raise ValueError(
                f"{path} and {second} name their {what} differently: {', '.join(own)}; {', '.join(theirs)}"
            )
        names.append(own if own is not None else theirs)
    return NamedTable(np.stack([first.values, other.values]), tuple(names), first.players)
