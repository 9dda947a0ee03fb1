"""Finished measurements of exploitability, read from the folder of the run or tournament that was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FORMAT = "pokespiel-exploit-1"


class Measurement(NamedTuple):
    """What the chosen exploiter took from a run's mixture; see `exploitability.py`, which writes the file."""

    iteration: int
    """Of the run whose mixture was the victim; 0 for a tournament's."""
    decisions: int
    """Budget of each exploiter."""
    exploiters: int
    value: float
    """Its score less 1/2; low and high are the two-sided 95 % interval, upper the one-sided limit."""
    low: float
    high: float
    upper: float
    status: str
    """Resolved, or unresolved: provisional."""
    game: str


def measurements(folder: Path) -> list[Measurement]:
    """Those in the `exploit` folder of a run or a tournament, by iteration and budget."""
    return sorted(_read(folder))


def _read(folder: Path) -> Iterator[Measurement]:
    for path in folder.glob("exploit/*/exploit.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.get("format") != FORMAT:
            raise ValueError(f"{path}: expected a file of format {FORMAT!r}, found {kept.get('format')!r}")
        figure, iteration = kept["win_rate_exploitability"], kept["victim"]["iteration"]
        if not kept["finished"] or figure is None:
            continue
        yield Measurement(
            iteration or 0,
            kept["decisions"],
            len(kept["exploiters"]),
            figure["value"],
            figure["low"],
            figure["high"],
            figure["upper"],
            kept["verdict"]["status"],
            kept["game"],
        )
