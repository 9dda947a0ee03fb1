"""Usage in recorded matches: species, moves, switches, and how each team did.

A side is one player of one match; every share is given with its number of cases.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pokespiel.core.intervals import mean_interval
from pokespiel.game.gen1.recorded import Recorded


class SpeciesUsage(NamedTuple):
    """Usage of a species."""

    name: str
    fielded: int
    """Number of sides on which it took the field."""
    won: float
    """Mean score of those sides: 1 for a win, 1/2 for a tie."""
    moves: tuple[tuple[str, int], ...]
    """Moves that it used and how often, the most frequent first."""


class TeamRecord(NamedTuple):
    """Results of the sides with a team."""

    name: str
    sides: int
    score: float
    low: float
    high: float


class Usage(NamedTuple):
    """Totals over all matches and both sides."""

    sides: int
    turns: float
    """Mean length of a match."""
    ties: int
    switch_rate: float
    """Share of switches among the decisions between moves and switches."""
    species: tuple[SpeciesUsage, ...]
    """The most fielded first."""
    teams: tuple[TeamRecord, ...]
    """The most successful first."""


def usage(matches: Sequence[Recorded]) -> Usage:
    """Count `matches`."""
    fielded: Counter[str] = Counter()
    won: defaultdict[str, float] = defaultdict(float)
    moves: defaultdict[str, Counter[str]] = defaultdict(Counter)
    teams: defaultdict[str, list[float]] = defaultdict(list)
    for match in matches:
        scores = (match.score, 1 - match.score)
        for seat, shown in enumerate(_used(match.log())):
            teams[match.teams[seat]].append(scores[seat])
            for species, used in shown.items():
                fielded[species] += 1
                won[species] += scores[seat]
                moves[species].update(used)
    free = sum(sum(match.free) for match in matches)
    return Usage(
        sides=2 * len(matches),
        turns=sum(match.battle.turn for match in matches) / max(1, len(matches)),
        ties=sum(match.score == 0.5 for match in matches),
        switch_rate=sum(sum(match.switched) for match in matches) / max(1, free),
        species=tuple(
            SpeciesUsage(name, count, won[name] / count, tuple(moves[name].most_common()))
            for name, count in fielded.most_common()
        ),
        teams=tuple(sorted((_record(*team) for team in teams.items()), key=lambda record: -record.score)),
    )


def _record(name: str, scores: Sequence[float]) -> TeamRecord:
    low, high = mean_interval(len(scores), sum(scores), sum(score**2 for score in scores), (0.0, 1.0))
    return TeamRecord(name, len(scores), sum(scores) / len(scores), float(low), float(high))


def _used(log: Sequence[str]) -> tuple[Mapping[str, Counter[str]], Mapping[str, Counter[str]]]:
    """By seat, each species that took the field and the moves that it used."""
    used: tuple[dict[str, Counter[str]], dict[str, Counter[str]]] = ({}, {})
    active = ["", ""]
    for line in log:
        _, kind, *rest = line.split("|") if line.startswith("|") else ("", "")
        if kind in ("switch", "drag"):
            seat = int(rest[0][1]) - 1
            active[seat] = rest[1].split(",")[0]
            used[seat].setdefault(active[seat], Counter())
        elif kind == "move":
            seat = int(rest[0][1]) - 1
            used[seat][active[seat]][rest[1]] += 1
    return used
