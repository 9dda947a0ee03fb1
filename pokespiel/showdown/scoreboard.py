"""The results of an arena as they come in: its record, when to stop, and what its file holds about the matches.

Only matches that were played out count as won, tied or lost, and only pairs of them make the score. Forfeits, time-outs
and deaths of either side are counted apart; `decided` is the score with forfeits and time-outs as the server counts
them, lost for who leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pokespiel.core.intervals import share
from pokespiel.core.sequential import ConfidenceSequence
from pokespiel.showdown.departures import counted
from pokespiel.showdown.fixtures import Result, oddities
from pokespiel.showdown.record import Record, pair_means

SEQUENTIAL = "confidence sequence of the pairs in their order, valid at every stopping time"
FIXED = "Student's t of the pairs, for a number of matches fixed beforehand"
SOURCES = {
    SEQUENTIAL: "Waudby-Smith and Ramdas (2024), Journal of the Royal Statistical Society B 86(1), Theorem 3",
    FIXED: "Agresti and Coull (1998), two values added at each end",
}
"""Kinds of intervals, with their sources."""


@dataclass
class Scoreboard:
    """See the module."""

    matches: int
    """How many matches are to be played at most."""
    until_width: float | None = None
    """The width of the score's 95 % interval at which there are enough; None = all matches are played."""
    results: dict[int, Result] = field(default_factory=dict)
    """By number of the match."""
    sequence: ConfidenceSequence = field(default_factory=ConfidenceSequence)
    _due: int = 0
    """The first match of the next pair of the sequence."""

    def add(self, number: int, result: Result) -> None:
        """Take in a match that has ended, in any order."""
        self.results[number] = result
        while (pair := {self._due, self._due + 1}) <= self.results.keys():
            for mean in pair_means({index: self.results[index].played for index in pair}):
                self.sequence.add(share(mean))
            self._due += 2

    def enough(self) -> bool:
        """Whether the interval is narrow enough."""
        return self.until_width is not None and self.sequence.width <= self.until_width

    @property
    def record(self) -> Record:
        """The record of the matches that were played out."""
        record = Record.so_far({number: result.played for number, result in self.results.items()})
        departed = sum(result.departure is not None for result in self.results.values())
        record = record._replace(unfinished=record.unfinished - departed)
        if self.until_width is not None:
            record = record._replace(low=self.sequence.low, high=self.sequence.high)
        return record

    @property
    def unsettled(self) -> int:
        """Number of matches that the server has no result for."""
        return sum(result.utility is None for result in self.results.values())

    def to_plain(self) -> dict[str, Any]:
        """The matches, their counts and the score, for the arena's file."""
        record = self.record
        return {
            **record._asdict(),
            "battles": len(self.results),
            **self._departures(),
            "interval": self._interval(record),
            "decided": self._decided(),
            "utilities": [self.results[i].played if i in self.results else None for i in range(self.matches)],
            "endings": [self._ending(i) for i in range(self.matches)],
            "problems": {i + 1: one.problems for i, one in sorted(self.results.items()) if one.problems},
            **oddities(self.results),
        }

    def __str__(self) -> str:
        parts = [f"{kind.replace('_', '-')} {by['first']} / {by['second']}" for kind, by in self._departures().items()]
        apart = f"\napart from these, first / second: {', '.join(parts)}" if any(self._left()) else ""
        return f"{self.record}{apart}"

    def progress(self) -> str:
        """How far the interval is from narrow enough."""
        return "" if self.until_width is None else f"width {self.sequence.width:.3f}, until {self.until_width:g}"

    def _left(self) -> list[Any]:
        return [result.departure for result in self.results.values() if result.departure is not None]

    def _departures(self) -> dict[str, dict[str, int]]:
        return counted(self._left())

    def _interval(self, record: Record) -> Mapping[str, Any]:
        kind = FIXED if self.until_width is None else SEQUENTIAL
        return {
            "kind": kind,
            "source": SOURCES[kind],
            "confidence": 0.95,
            "low": record.low,
            "high": record.high,
            "width": record.high - record.low,
            "until_width": self.until_width,
            "stopped": self.enough(),
        }

    def _decided(self) -> Mapping[str, Any]:
        decided = Record.so_far({number: result.utility for number, result in self.results.items()})
        return {"score": decided.score, "pairs": decided.pairs}

    def _ending(self, number: int) -> str | None:
        """How a match ended, None = it was not played."""
        if number not in self.results:
            return None
        result = self.results[number]
        return str(result.departure or ("unfinished" if result.utility is None else "played"))
