"""Usage in recorded decisions: species, leads and moves, with counts and 95 % intervals.

    counts = RowUsage()
    counts.add(part)              # columns of a dataset (`learning/datasets.py`), part by part
    print("\\n".join(counts.lines()))

A side is one player of one match. Only what a decision shows is counted, never a team's member that may have been
filled in: the Pokémon on the field at a decision and those sent in by one, and the moves that were chosen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

import numpy as np

from pokespiel.core.intervals import mean_interval
from pokespiel.core.policy import Observations
from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.facts import moves, species
from pokespiel.game.gen1.teams.legality import legality_facts

LISTED = 25
"""Maximum number of species listed, the most fielded."""
MOVES = 6
"""Maximum number of moves listed for each."""
_SLOTS = 4
_STEP = 20_000
"""Decisions read at a time."""


class RowUsage:
    """Counts of usage over parts of a dataset."""

    def __init__(self) -> None:
        self.sides = self.known_leads = 0
        self.fielded: defaultdict[int, list[float]] = defaultdict(list)
        """By species, the score of each side that fielded it: 1, 1/2 or 0."""
        self.leads: Counter[int] = Counter()
        self.users: Counter[tuple[int, int]] = Counter()
        """Sides by species and move that it used."""
        self.uses: Counter[tuple[int, int]] = Counter()

    def add(self, part: Mapping[str, np.ndarray]) -> None:
        """Count the decisions of a part's finished matches."""
        rows = np.flatnonzero(part["match_valid"][part["match"]])
        side = 2 * part["match"] + part["seat"]
        score = dict(zip(side[rows].tolist(), ((np.sign(part["utility"][rows]) + 1) / 2).tolist(), strict=True))
        shown: set[tuple[int, int]] = set()
        used: Counter[tuple[int, int, int]] = Counter()
        leads: dict[int, int] = {}
        for start in range(0, len(rows), _STEP):
            some = rows[start : start + _STEP]
            self._see(
                {name: part[name][some] for name in ("features", "legal", "action")}, side[some], shown, used, leads
            )
        self.sides += len(score)
        self.known_leads += len(leads)
        self.leads.update(leads.values())
        for own, who in shown:
            self.fielded[who].append(score[own])
        for (_, who, move), count in used.items():
            self.users[who, move] += 1
            self.uses[who, move] += count

    @staticmethod
    def _see(
        part: Mapping[str, np.ndarray],
        side: np.ndarray,
        shown: set[tuple[int, int]],
        used: Counter[tuple[int, int, int]],
        leads: dict[int, int],
    ) -> None:
        """Add what some rows show; `leads` holds the species on the field in turn 1."""
        keys = np.full(len(side), -1, np.int64)
        board = Board(Observations(0, part["features"], part["legal"][:, : view.NUM_ACTIONS], keys))
        row, action = np.arange(len(side)), part["action"]
        front = np.where(board.own.on_field[:, 0].astype(bool), board.own.species[:, 0], 0).astype(int)
        sent = np.where(action >= _SLOTS, board.own.species[row, np.maximum(action - _SLOTS + 1, 0)], 0).astype(int)
        move = np.where(action < _SLOTS, board.moves.move[row, np.minimum(action, _SLOTS - 1)], 0).astype(int)
        for who in (front, sent):
            shown.update((int(a), int(b)) for a, b in zip(side, who, strict=True) if b)
        pairs = zip(side.tolist(), front.tolist(), move.tolist(), strict=True)
        used.update((own, who, which) for own, who, which in pairs if who and which in _move_names())
        first = (board.whole.turn.round() == 1) & (front > 0)
        for own, who in zip(side[first].tolist(), front[first].tolist(), strict=True):
            leads.setdefault(own, who)

    def lines(self) -> Iterator[str]:
        """The tables as text."""
        leads = f"{self.known_leads:,} of them with a known lead"
        yield f"usage of {len(self.fielded)} species on {self.sides:,} sides, {leads}; 95 % intervals"
        header = " ".join(f"{name:>20}" for name in ("of sides, %", "score, %", "lead, %"))
        yield f"{'species':<12} {'fielded':>8} {header}  moves, % of its sides"
        for who, scores in sorted(self.fielded.items(), key=lambda one: (-len(one[1]), one[0]))[:LISTED]:
            count = len(scores)
            shares = (
                _share(count, count, self.sides),
                _share(sum(scores), sum(one * one for one in scores), count),
                _share(self.leads[who], self.leads[who], self.known_leads),
            )
            columns = " ".join(f"{share:>20}" for share in shares)
            yield f"{_species_names()[who]:<12} {count:>8,} {columns}  {self._moves(who, count)}"

    def _moves(self, who: int, sides: int) -> str:
        found = sorted((-count, move) for (one, move), count in self.users.items() if one == who)[:MOVES]
        return ", ".join(f"{_move_names()[move]} {-100 * count / sides:.0f}" for count, move in found)


def _share(total: float, squares: float, count: int) -> str:
    if not count:
        return "-"
    low, high = mean_interval(count, total, squares, (0.0, 1.0))
    return f"{100 * total / count:.1f} [{100 * float(low):.1f}, {100 * float(high):.1f}]"


@cache
def _species_names() -> dict[int, str]:
    return {number: legality_facts().species[one].name for one, number in species().number.items()}


@cache
def _move_names() -> dict[int, str]:
    known = legality_facts().moves
    return {number: known[one] for one, number in moves().number.items() if one in known}
