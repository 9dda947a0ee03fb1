"""NumPy's files: .npy with a table [n, m] or payoffs [P, n_1, ..., n_P], .npz with named arrays.

In an .npz file, `payoffs` is every player's payoffs, or the row player's. A single array of another name is read like
an .npy file. If there are as many arrays as each has axes, they are one table per player: arr_0, arr_1, ... as NumPy
numbers them, or other names that end in successive numbers. `names` (of all players' policies), or `names_0`,
`names_1`, ..., name the policies.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Mapping

import numpy as np

from pokespiel.core.tablefiles.content import Content, Names, checked_content, of_array, of_payoffs

NPY, ZIP = b"\x93NUMPY", (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without entries
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
"""Suffixes of spreadsheets, which are archives too."""
WORKBOOK = (b"[Content_Types].xml", b"xl/workbook", b"opendocument.spreadsheet")
"""Entries that identify such an archive, whatever its name."""


def read_npy(data: bytes) -> Content:
    """The table in an .npy file's bytes."""
    return of_array(_load(data))


def read_npz(data: bytes, suffix: str = ".npz") -> Content:
    """The table in an .npz file's bytes; `suffix` is that of the file's name."""
    workbook = suffix in WORKBOOKS or any(part in data for part in WORKBOOK)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {file: archive.read(file) for file in archive.namelist() if file.endswith(".npy")}
    except Exception as error:  # its type depends on what is broken
        kind = "workbook: save the sheet as CSV" if workbook else f".npz file: {_said(error)}"
        raise ValueError(f"is a broken {kind}") from None
    if workbook and not files:
        raise ValueError("is a workbook: save the sheet as CSV")
    if not files:
        raise ValueError("is an archive without arrays, not an .npz file")
    arrays = {}
    for file, content in files.items():
        try:
            arrays[file.removesuffix(".npy")] = _load(content)
        except ValueError as error:
            raise ValueError(f"array {file.removesuffix('.npy')!r}: {error}") from None
    return of_arrays(arrays)


def _load(data: bytes) -> np.ndarray:
    try:
        with warnings.catch_warnings():  # for a header that Python 2 wrote
            warnings.simplefilter("ignore", UserWarning)
            return np.load(io.BytesIO(data), allow_pickle=False)
    except Exception as error:  # its type depends on what is broken
        if "allow_pickle" in str(error):
            raise ValueError("holds Python objects, not real numbers") from None
        raise ValueError(f"is truncated or not an .npy array: {_said(error)}") from None


def _said(error: Exception) -> str:
    """An error's text, without bytes that it may quote."""
    return str(error).split("\n", 1)[0][:100]


def of_arrays(arrays: Mapping[str, np.ndarray]) -> Content:
    """The table in named arrays."""
    tables = {name: array for name, array in arrays.items() if not re.fullmatch(r"names(_\d+)?", name)}
    if "payoffs" in tables:
        tables = {"payoffs": tables["payoffs"]}
        content = of_payoffs(_real(tables["payoffs"]))
    elif len(tables) == 1:
        content = of_array(next(iter(tables.values())))
    else:
        content = of_payoffs(np.stack([_real(table) for table in _per_player(tables)]))
    return checked_content(content.values, content.whole, _names(arrays, content.names))


def _real(array: np.ndarray) -> np.ndarray:
    """Reject arrays that are not numeric, as `of_array` does."""
    of_array(np.zeros((2, 2), array.dtype) if array.dtype.kind in "fiub" else array)
    return array


def _per_player(tables: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    numbered = [re.fullmatch(r"(.*?)(\d+)", name) for name in tables]
    shapes = {array.shape for array in tables.values()}
    stems = {match[1] for match in numbered if match}
    order = sorted((int(match[2]), match[0]) for match in numbered if match)
    first = order[0][0] if order else 0
    in_turn = [index for index, _ in order] == list(range(first, first + len(tables)))
    if len(stems) != 1 or not in_turn or first > 1 or len(shapes) != 1 or len(next(iter(shapes))) != len(tables):
        found = ", ".join(f"{name} {array.shape}" for name, array in tables.items())
        raise ValueError(
            f"holds the arrays {found}: expected `payoffs` [P, n_1, ..., n_P], a single table, or one table per player,"
            " numbered (arr_0, arr_1)"
        )
    return [tables[name] for _, name in order]


def _names(arrays: Mapping[str, np.ndarray], found: tuple[Names | None, ...]) -> tuple[Names | None, ...]:
    def named(player: int) -> Names | None:
        labels = arrays.get(f"names_{player}", arrays.get("names"))
        return found[player] if labels is None else tuple(map(str, np.ravel(labels)))

    return tuple(named(player) for player in range(len(found)))
