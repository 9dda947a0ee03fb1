"""Helpers that tests of runs share."""

from __future__ import annotations

import csv
import sys
from pathlib import Path


def rows(path: Path) -> list[dict[str, str]]:
    """metrics.csv without the columns of time."""
    with open(path / "metrics.csv", newline="") as file:
        return [{name: value for name, value in row.items() if "second" not in name} for row in csv.DictReader(file)]


def command(path: Path, *more: str) -> list[str]:
    """`pokespiel psro` in the folder `path`, run in another process."""
    return [sys.executable, "-m", "pokespiel.commands.main", "psro", "--run", str(path), *more]
