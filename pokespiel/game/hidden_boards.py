"""Dark Hex and phantom tic-tac-toe: the exact exploitability of a policy, without the tree of histories.

Two players place stones on a board and do not see each other's. A move onto a hidden stone reveals it, and the mover
tries again. What a player knows is the order of its own tries and which of them failed, so Dark Hex on 3 x 3 cells has
6 million information states, but 2e10 histories: too many to keep, as the sequence form does.

The best response walks through the information states of the responder alone. At each it needs the histories that the
other player's policy leaves possible, which are that player's information state and stones and the probability of its
tries:

    value(I) = max over tries a of  value(I, a fails) + value(I, a succeeds)
                                                        = sum of probabilities            if that wins
                                                        = value after the other's moves   otherwise

in units of counterfactual value. Many information states are taken at once, as arrays; groups of them are put off while
others are finished, so memory stays small and time is proportional to the histories of positive probability.

OpenSpiel's `dark_hex` also tells a player how many tries both have made; here, as in the papers that name these sizes,
it does not. Reference: Johanson et al. (2011), Accelerating Best Response Calculation in Large Extensive Games.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pokespiel.core.progress import Stage, stage

AT_ONCE = 400_000
"""Histories that are taken at once, if they belong to several information states."""
UNITS = 10_000
"""Steps of the progress that is reported."""
FAILS, SUCCEEDS = 1, 0
"""Outcomes of a try, and their places in `KnownTries.child`."""


@dataclass(frozen=True)
class HiddenBoard:
    """The rules: who has won with which stones. Sets of cells are bits of an integer."""

    name: str
    cells: int
    wins: tuple[np.ndarray, np.ndarray]
    """Per player [2**cells] bool."""

    @property
    def full(self) -> int:
        """All cells."""
        return 2**self.cells - 1


def dark_hex(rows: int = 3, columns: int = 3) -> HiddenBoard:
    """Dark Hex: the first player connects the first row with the last, the second the first column with the last."""
    cells = range(rows * columns)
    near = [[b for b in cells if (b // columns - a // columns, b % columns - a % columns) in _SIX] for a in cells]
    ends = ([c for c in cells if c < columns], [c for c in cells if c >= (rows - 1) * columns])
    sides = ([c for c in cells if c % columns == 0], [c for c in cells if c % columns == columns - 1])
    wins = tuple(
        np.array([_connects(mask, near, *edges) for mask in range(2 ** len(cells))]) for edges in (ends, sides)
    )
    return HiddenBoard(f"dark_hex(num_rows={rows},num_cols={columns})", len(cells), (wins[0], wins[1]))


_SIX = ((0, -1), (0, 1), (-1, 0), (1, 0), (-1, 1), (1, -1))
"""Neighbours of a cell, (rows down, columns right)."""


def _connects(mask: int, near: Sequence[Sequence[int]], first: Sequence[int], last: Sequence[int]) -> bool:
    """Whether the cells of `mask` join the two edges."""
    reached, new = set(), {c for c in first if mask >> c & 1}
    while new:
        reached |= new
        new = {b for a in new for b in near[a] if mask >> b & 1} - reached
    return not reached.isdisjoint(last)


def phantom_tic_tac_toe() -> HiddenBoard:
    """Three in a row on 3 x 3 cells; a full board is a draw."""
    lines = [sum(1 << c for c in cells) for cells in ([0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8])]
    lines += [1 << 0 | 1 << 4 | 1 << 8, 1 << 2 | 1 << 4 | 1 << 6]
    wins = np.array([any(mask & line == line for line in lines) for mask in range(512)])
    return HiddenBoard("phantom_ttt", 9, (wins, wins))


class KnownTries(NamedTuple):
    """A player's information states, in the order of their numbers of tries."""

    stones: np.ndarray
    """[I] int32, its own stones."""
    seen: np.ndarray
    """[I] int32, the other's stones that it knows."""
    child: np.ndarray
    """[I, cells, 2] int32, the state after a try that succeeds or fails; -1 = the player does not decide again."""

    def uniform(self, board: HiddenBoard) -> np.ndarray:
        """[I, cells] the policy that tries every cell that may be free with equal probability."""
        free = ~_taken(self.stones | self.seen, board.cells)
        return free / free.sum(axis=1, keepdims=True)


def known_tries(board: HiddenBoard, player: int) -> KnownTries:
    """All information states of a player (0 moves first)."""
    stones, seen = [np.zeros(1, np.int32)], [np.zeros(1, np.int32)]
    children, size = [], 1
    while len(stones[-1]):
        rows, cells, outcomes, own, other = [], [], [], [], []
        for cell in range(board.cells):
            free = np.flatnonzero(~((stones[-1] | seen[-1]) >> cell) & 1)
            for outcome, before in ((SUCCEEDS, stones[-1]), (FAILS, seen[-1])):
                changed = before[free] | 1 << cell
                pair = (changed, seen[-1][free]) if outcome == SUCCEEDS else (stones[-1][free], changed)
                going = _decides(board, player, *pair)
                rows.append(free[going])
                cells.append(np.full(going.sum(), cell))
                outcomes.append(np.full(going.sum(), outcome))
                own.append(pair[0][going])
                other.append(pair[1][going])
        child = np.full((len(stones[-1]), board.cells, 2), -1, np.int32)
        found = np.concatenate(rows)
        child[found, np.concatenate(cells), np.concatenate(outcomes)] = size + np.arange(len(found))
        children.append(child)
        stones.append(np.concatenate(own))
        seen.append(np.concatenate(other))
        size += len(found)
    return KnownTries(np.concatenate(stones), np.concatenate(seen), np.concatenate(children))


def _decides(board: HiddenBoard, player: int, stones: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Whether the player may have to try again with these stones of its own and known stones of the other's."""
    own, other = (np.bitwise_count(mask).astype(int) for mask in (stones, seen))
    over = board.wins[player][stones] | board.wins[1 - player][seen]
    return ~over & (2 * own + player < board.cells) & (other <= own + player)


class Possible(NamedTuple):
    """Information states of the responder, and the histories that are possible in them."""

    stones: np.ndarray
    """[G] int32, the responder's."""
    seen: np.ndarray
    """[G] int32, the other's stones that it knows."""
    group: np.ndarray
    """[E] the state that each history belongs to."""
    row: np.ndarray
    """[E] the other player's information state."""
    other: np.ndarray
    """[E] int32, the other player's stones."""
    weight: np.ndarray
    """[E] the probability of the other player's tries."""

    def part(self, begin: int, end: int) -> Possible:
        """The states begin .. end."""
        own = (self.group >= begin) & (self.group < end)
        histories = (self.group[own] - begin, self.row[own], self.other[own], self.weight[own])
        return Possible(self.stones[begin:end], self.seen[begin:end], *histories)


class HiddenBoardResponse:
    """The best response of `player` to the other's policy, a table [I, cells] over its `KnownTries`."""

    def __init__(self, board: HiddenBoard, player: int, tries: KnownTries, table: np.ndarray):
        if table.shape != (len(tries.stones), board.cells):
            raise ValueError(f"expected a table {(len(tries.stones), board.cells)}, got {table.shape}")
        known = _taken(tries.stones | tries.seen, board.cells)
        if (table < 0).any() or (table[known] > 0).any() or not np.allclose(table.sum(axis=1), 1):
            raise ValueError("the table does not hold distributions over the cells that may be free")
        self.board, self.player, self.tries, self.table = board, player, tries, table
        self.histories = 0
        """Histories in which it has decided so far."""
        self._done = 0.0

    def value(self) -> float:
        """What the response earns: 1 for a win, -1 for a loss, 0 for a draw."""
        nothing = np.zeros(1, np.int32)
        start = Possible(nothing, nothing, np.zeros(1, np.int64), np.zeros(1, np.int64), nothing, np.ones(1))
        with stage(f"response to {self.board.name}", UNITS) as told:
            lost, met = (np.zeros(1), start) if self.player == 0 else self._answered(start)
            return float((self._values(met, told, 1.0) - lost)[0])

    def _values(self, met: Possible, told: Stage, share: float) -> np.ndarray:
        """[G] the best value from each state; `share` of the whole work is done here."""
        groups = len(met.stones)
        if len(met.group) > AT_ONCE and groups > 1:
            ends = np.bincount(met.group, minlength=groups).cumsum()
            half = min(max(1, int(np.searchsorted(ends, ends[-1] / 2))), groups - 1)
            parts = ((0, half), (half, groups))
            sizes = (ends[half - 1] / ends[-1], 1 - ends[half - 1] / ends[-1])
            found = [self._values(met.part(*one), told, share * size) for one, size in zip(parts, sizes, strict=True)]
            return np.concatenate(found)
        self.histories += len(met.group)
        totals = np.where(_taken(met.stones | met.seen, self.board.cells), -np.inf, 0.0)
        state, cell, after = self._tried(met, totals)
        if len(state):
            np.add.at(totals, (state, cell), self._values(after, told, share))
        else:
            self._done += share
            told.update(int(self._done * UNITS))
        return totals.max(axis=1)

    def _tried(self, met: Possible, totals: np.ndarray) -> tuple[np.ndarray, np.ndarray, Possible]:
        """All tries in all states: adds what ends at once to `totals` [G, cells], and returns the states after the
        others with the state and the cell that each came from."""
        groups, failed, placed = len(met.stones), [], []
        for at in range(self.board.cells):
            tried = np.flatnonzero(~((met.stones | met.seen)[met.group] >> at) & 1)
            hit = (met.other[tried] >> at & 1).astype(bool)
            failed.append((at * groups + met.group[tried[hit]], tried[hit]))
            free = tried[~hit]
            won = self.board.wins[self.player][met.stones | 1 << at][met.group[free]]
            totals[:, at] += np.bincount(met.group[free[won]], met.weight[free[won]], minlength=groups)
            placed.append((at * groups + met.group[free[~won]], free[~won]))
        again = self._moved(met, failed, fails=True)
        state, cell, answered = self._moved(met, placed, fails=False)
        lost, answered = self._answered(answered)
        np.subtract.at(totals, (state, cell), lost)
        return _joined(again, (state, cell, answered))

    def _moved(
        self, met: Possible, moves: Sequence[tuple[np.ndarray, np.ndarray]], *, fails: bool
    ) -> tuple[np.ndarray, np.ndarray, Possible]:
        """The states after tries with one outcome, numbered anew, with the state and the cell each came from."""
        place, history = (np.concatenate(column) for column in zip(*moves, strict=True))
        found, group = _numbered(place, len(met.stones) * self.board.cells)
        cell, state = np.divmod(found, len(met.stones))
        stones, seen, tried = met.stones[state], met.seen[state], (1 << cell).astype(np.int32)
        stones, seen = (stones, seen | tried) if fails else (stones | tried, seen)
        return state, cell, Possible(stones, seen, group, met.row[history], met.other[history], met.weight[history])

    def _answered(self, met: Possible) -> tuple[np.ndarray, Possible]:
        """The other player moves: the probability that it wins at once [G], and the states with what else it may have
        done, of which some may have no histories left."""
        lost, done = np.zeros(len(met.stones)), []
        group, row, other, weight = met.group, met.row, met.other, met.weight
        while len(group):
            chances = self.table[row]
            history, cell = np.nonzero(chances)
            weight = weight[history] * chances[history, cell]
            group, other = group[history], other[history]
            hit = met.stones[group] >> cell & 1
            row = self.tries.child[row[history], cell, hit].astype(np.int64)
            placed = other | np.where(hit, 0, 1 << cell).astype(np.int32)
            won = self.board.wins[1 - self.player][placed]
            lost += np.bincount(group[won], weight[won], minlength=len(lost))
            ends = (hit == 0) & ~won & ((met.stones[group] | placed) != self.board.full)
            done.append(tuple(column[ends] for column in (group, row, placed, weight)))
            hit = hit.astype(bool)
            group, row, other, weight = (column[hit] for column in (group, row, other, weight))
        if done:
            group, row, other, weight = (np.concatenate(column) for column in zip(*done, strict=True))
        return lost, Possible(met.stones, met.seen, group, row, other, weight)


def _joined(
    *moved: tuple[np.ndarray, np.ndarray, Possible],
) -> tuple[np.ndarray, np.ndarray, Possible]:
    """The states with histories of several lists as one list."""
    columns: list[list[np.ndarray]] = [[] for _ in range(8)]
    for state, cell, after in moved:
        found, group = _numbered(after.group, len(state))
        before = sum(map(len, columns[0]))
        new = (state[found], cell[found], after.stones[found], after.seen[found], before + group)
        for column, values in zip(columns, (*new, after.row, after.other, after.weight), strict=True):
            column.append(values)
    state, cell, *rest = (np.concatenate(column) for column in columns)
    return state, cell, Possible(*rest)


def _numbered(places: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct numbers below `size` in ascending order, and the index of each of `places` among them."""
    present = np.zeros(size, bool)
    present[places] = True
    return np.flatnonzero(present), (present.cumsum() - 1)[places]


def _taken(masks: np.ndarray, cells: int) -> np.ndarray:
    """[n, cells] bool"""
    return (masks[:, None] >> np.arange(cells) & 1).astype(bool)


def hidden_board_responses(
    board: HiddenBoard, tries: Sequence[KnownTries], tables: Sequence[np.ndarray]
) -> Iterator[float]:
    """What each player's best response earns against the other's table; their sum is NashConv."""
    for player in (0, 1):
        yield HiddenBoardResponse(board, player, tries[1 - player], tables[1 - player]).value()
