"""A contestant's record in an arena, and its file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pokespiel.core.intervals import mean_interval, share

FORMAT = "pokespiel-arena-1"


class Record(NamedTuple):
    """The first contestant's record over seat-swapped pairs of matches."""

    won: int
    tied: int
    lost: int
    unfinished: int
    score: float
    """Share of matches won, ties half, over the pairs (same teams, seats swapped) with both matches finished."""
    low: float
    """Ends of its 95 % interval, from the means of those pairs."""
    high: float
    pairs: int
    """Number of those pairs."""

    @classmethod
    def of(cls, utilities: Sequence[float | None]) -> Record:
        """The record from +1, 0, -1 or None = unfinished of each match, a pair's two matches next to each other."""
        return cls.so_far(dict(enumerate(utilities)))

    @classmethod
    def so_far(cls, utilities: Mapping[int, float | None]) -> Record:
        """The record of finished matches, by match number; matches 2 k and 2 k + 1 are a pair."""
        pairs = list(pair_means(utilities))
        low, high = mean_interval(len(pairs), sum(pairs), sum(pair**2 for pair in pairs), (-1.0, 1.0))
        won, tied, lost, unfinished = (list(utilities.values()).count(value) for value in (1.0, 0.0, -1.0, None))
        score = share(sum(pairs) / max(1, len(pairs)))
        return cls(won, tied, lost, unfinished, score, share(float(low)), share(float(high)), len(pairs))

    def __str__(self) -> str:
        counts = f"won {self.won}, tied {self.tied}, lost {self.lost}, unfinished {self.unfinished}"
        return f"{counts}: {self.score:.1%} [{self.low:.1%}, {self.high:.1%}] in {self.pairs} pairs"


def pair_means(utilities: Mapping[int, float | None]) -> Iterator[float]:
    """The mean utility of each pair whose two matches have one, in the order of the pairs."""
    for number in sorted(number for number in utilities if number % 2 == 0):
        own, other = utilities[number], utilities.get(number + 1)
        if own is not None and other is not None:
            yield (own + other) / 2


def read_record(path: str | Path) -> dict[str, Any]:
    """The file that `pokespiel showdown arena --out` wrote; a `ValueError` that says what is wrong with any other."""
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a record of an arena: {error}") from error
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise ValueError(f"{path} is not a record of an arena: expected a JSON object with format {FORMAT!r}")
    return kept
