"""Contestants that leave a match before its end: what the log of a battle says, and how an arena counts it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["forfeit", "time-out", "death"]
PLURALS: Mapping[Kind, str] = {"forfeit": "forfeits", "time-out": "time_outs", "death": "deaths"}
"""The names of the counts by kind of departure."""
SIDES = ("first", "second")
_SAID: Mapping[str, Kind] = {
    " forfeited.": "forfeit",
    " forfeited by changing their name.": "forfeit",
    " lost by having an inappropriate name.": "forfeit",
    " lost due to inactivity.": "time-out",
}
"""Ends of the server's last message in a battle that is not played out."""


class Departure(NamedTuple):
    """A contestant that left a match."""

    contestant: int
    kind: Kind
    """"forfeit": it gave up. "time-out": it stopped playing. "death": its process ended."""

    def __str__(self) -> str:
        return f"{self.kind} {SIDES[self.contestant]}"


def departed(log: Sequence[str], utility: float) -> Departure | None:
    """The departure that decided a battle with contestant 0's `utility`; None = it was played out."""
    last = next((line for line in reversed(log) if line.startswith("|-message|")), "")
    kind = next((kind for end, kind in _SAID.items() if last.endswith(end)), None)
    return Departure(int(utility > 0), kind) if kind and utility else None


def counted(departures: Iterable[Departure]) -> dict[str, dict[str, int]]:
    """Numbers of departures by kind and side."""
    found = list(departures)
    return {
        plural: {side: found.count(Departure(contestant, kind)) for contestant, side in enumerate(SIDES)}
        for kind, plural in PLURALS.items()
    }
