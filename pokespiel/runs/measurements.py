"""Finished measurements of exploitability, read from the folder of the measured run or tournament."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FORMAT = "pokespiel-exploit-1"


class Measurement(NamedTuple):
    """The result of the chosen exploiter against a run's mixture; see `exploitability.py`, which writes the file."""

    iteration: int
    """The run's iteration whose mixture was the victim; 0 for a tournament."""
    decisions: int
    """Budget of each exploiter."""
    exploiters: int
    value: float
    """Its score minus 1/2; low and high are the two-sided 95 % interval, upper the one-sided limit."""
    low: float
    high: float
    upper: float
    status: str
    """"resolved", or "unresolved", which means provisional."""
    game: str


def measurements(folder: Path) -> list[Measurement]:
    """The measurements in the `exploit` folder of a run or a tournament, by iteration and budget."""
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
