"""Finished measurements of a run's exploitability, read from its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FORMAT = "pokespiel-exploit-1"


class Measurement(NamedTuple):
    """What the chosen exploiter took from a run's mixture; see `exploitability.py`, which writes the file."""

    iteration: int
    """Of the run, whose mixture was the victim."""
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


def measurements(run: Path) -> list[Measurement]:
    """Those in the run's `exploit` folder, by iteration and budget."""
    return sorted(_read(run))


def _read(run: Path) -> Iterator[Measurement]:
    for path in run.glob("exploit/*/exploit.json"):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept.get("format") != FORMAT:
            raise ValueError(f"{path}: expected a file of format {FORMAT!r}, found {kept.get('format')!r}")
        figure, iteration = kept["win_rate_exploitability"], kept["victim"]["iteration"]
        if not kept["finished"] or figure is None or iteration is None:
            continue
        yield Measurement(
            iteration,
            kept["decisions"],
            len(kept["exploiters"]),
            figure["value"],
            figure["low"],
            figure["high"],
            figure["upper"],
            kept["verdict"]["status"],
        )
