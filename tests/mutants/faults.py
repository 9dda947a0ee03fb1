"""Planted faults: the code that is replaced, and the tests that must fail.

Each `.toml` file here has one table per fault, whose key describes the fault:

    ["a tie scores 0 in match sets"]
    file = "pokespiel/evaluation/match_sets.py"
    old = 'share(np.sign(own))'             # occurs in the file exactly once
    new = '(own > 0).astype(float)'
    tests = ["test_exploit_match_sets.py::test_a_pair_is_one_seed_in_both_seats_and_a_tie_counts_half"]
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Fault(NamedTuple):
    """One replacement in one file."""

    name: str
    """What is wrong."""
    file: str
    """Below the repository's root."""
    old: str
    new: str
    tests: tuple[str, ...]
    """The tests that must fail: pytest's names, below tests/."""

    def planted(self, text: str) -> str:
        """The file's text with the fault; a `ValueError` if the old text does not occur exactly once."""
        if text.count(self.old) != 1:
            raise ValueError(f"the text to replace stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def faults() -> list[Fault]:
    """All of them, file by file."""
    tables = [(name, table) for path in sorted(HERE.glob("*.toml")) for name, table in _read(path).items()]
    return [Fault(name, table.pop("file"), tests=tuple(table.pop("tests")), **table) for name, table in tables]


def _read(path: Path) -> dict[str, dict]:
    with open(path, "rb") as file:
        return tomllib.load(file)
