"""How a contestant did in an arena, and the file that says so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pokespiel.core.intervals import mean_interval, share

FORMAT = "pokespiel-arena-1"


class Record(NamedTuple):
    """The first contestant's, over seat-swapped pairs of matches."""

    won: int
    tied: int
    lost: int
    unfinished: int
    score: float
    """Share of matches won, ties half, over the pairs (same teams, seats swapped) with both matches finished."""
    low: float
    """End of its 95 % interval, from the means of those pairs."""
    high: float
    pairs: int
    """How many those are."""

    @classmethod
    def of(cls, utilities: Sequence[float | None]) -> Record:
        """From +1, 0, -1 or None = unfinished of each match, a pair's two matches next to each other."""
        return cls.so_far(dict(enumerate(utilities)))

    @classmethod
    def so_far(cls, utilities: Mapping[int, float | None]) -> Record:
        """Likewise, by the number of the match, of those that have ended; matches 2 k and 2 k + 1 are a pair."""
        pairs = []
        for number, utility in utilities.items():
            other = utilities.get(number + 1)
            if number % 2 == 0 and utility is not None and other is not None:
                pairs.append((utility + other) / 2)
        low, high = mean_interval(len(pairs), sum(pairs), sum(pair**2 for pair in pairs), (-1.0, 1.0))
        won, tied, lost, unfinished = (list(utilities.values()).count(value) for value in (1.0, 0.0, -1.0, None))
        score = share(sum(pairs) / max(1, len(pairs)))
        return cls(won, tied, lost, unfinished, score, share(float(low)), share(float(high)), len(pairs))

    def __str__(self) -> str:
        counts = f"won {self.won}, tied {self.tied}, lost {self.lost}, unfinished {self.unfinished}"
        return f"{counts}: {self.score:.1%} [{self.low:.1%}, {self.high:.1%}] in {self.pairs} pairs"


def read_record(path: str | Path) -> dict[str, Any]:
    """What `pokespiel showdown arena --out` wrote; a `ValueError` that says what is wrong with any other file."""
    try:
        kept = json.loads(Path(path).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a record of an arena: {error}") from error
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise ValueError(f"{path} is not a record of an arena: expected a JSON object with format {FORMAT!r}")
    return kept
