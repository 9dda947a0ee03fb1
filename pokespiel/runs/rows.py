"""Rows of metrics as a CSV file; a row need not have every column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def rows_as_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """A header with all columns in the order of their first row, then one line per row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The complete rows of a file, with numbers where possible and without empty cells."""
    with open(path, newline="", encoding="utf-8") as file:
        whole = [row for row in csv.DictReader(file) if None not in row and None not in row.values()]
    return [{key: _number(value) for key, value in row.items() if value != ""} for row in whole]


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
