"""One player's treeplex: the strategy space of a player with perfect recall, in arrays.

A *sequence* is everything that a player has done so far: sequence 0 is the empty one, every other is an action at an
information state. An information state (a row) is reached by exactly one sequence, its parent. Rows are laid out level
by level (the number of own decisions before), within a level by their number of actions, then by parent. The n rows of
a level that have k actions are a block: their sequences are one slice, which reads as [k, n] without a copy.

    rows        | level 0 | level 1           | ...
                | 2 acts  | 2 acts  | 3 acts  |
    sequences  0| a a b b | a a b b | a b c   |          0 = the empty sequence; one letter per action

So a pass over the tree is a few whole-array operations per block: sums and maxima over actions run along the first
axis.

A *realisation plan* x [S] gives each sequence the product of the player's own probabilities along it: x[0] = 1, and the
plans of a row's actions sum to that of its parent. Expected returns are linear in x, so a per-match mixture is the
weighted sum of its members' plans.

Reference: von Stengel (1996), Efficient Computation of Behavior Strategies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CHANCE, TERMINAL = -1, -2
"""The actor at nodes where no player acts."""

TIE = 1e-12
"""Values are equal if they differ by less than this, relative to the size of their terms."""


class TreeplexBlock(NamedTuple):
    """The n rows of a level that have k actions."""

    rows: slice
    sequences: slice
    shape: tuple[int, int]
    """(k, n)"""

    def of(self, values: np.ndarray) -> np.ndarray:
        """The block's part of values [S], as a view [k, n]."""
        return values[self.sequences].reshape(self.shape)


class Level(NamedTuple):
    """The rows with the same number of own decisions before them."""

    rows: slice
    blocks: tuple[TreeplexBlock, ...]
    parents: np.ndarray
    """[rows] parent sequence of each row."""


@dataclass(frozen=True, eq=False)
class Treeplex:
    """One player's information states (rows, I of them) and sequences (S of them)."""

    parent: np.ndarray
    """[I] the sequence that leads to each row."""
    first: np.ndarray
    """[I] the sequence of each row's first action."""
    counts: np.ndarray
    """[I] number of actions of each row."""
    action: np.ndarray
    """[S] the action of each sequence, -1 for the empty one."""
    owner: np.ndarray
    """[S] the row of each sequence, -1 for the empty one."""
    levels: tuple[Level, ...]

    @property
    def num_rows(self) -> int:
        return len(self.parent)

    @property
    def num_sequences(self) -> int:
        return len(self.action)

    @property
    def blocks(self) -> list[TreeplexBlock]:
        return [block for level in self.levels for block in level.blocks]

    def uniform(self) -> np.ndarray:
        """Behaviour [S]: every action of a row with equal probability."""
        return self.spread(1.0 / self.counts)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Values per row [I], repeated for each of its sequences [S]; 1 for the empty sequence."""
        spread = np.ones(self.num_sequences)
        for block in self.blocks:
            block.of(spread)[:] = values[block.rows]
        return spread

    def sums(self, values: np.ndarray) -> np.ndarray:
        """[I] the sum of values [S] over each row's sequences."""
        sums = np.empty(self.num_rows)
        for block in self.blocks:
            np.add.reduce(block.of(values), axis=0, out=sums[block.rows])
        return sums

    def plan(self, behaviour: np.ndarray) -> np.ndarray:
        """The realisation plan [S] of a behaviour [S], which holds each row's probabilities at its sequences."""
        plan = np.empty(self.num_sequences)
        plan[0] = 1.0
        for level in self.levels:
            before = plan[level.parents]
            for block in level.blocks:
                np.multiply(block.of(behaviour), before[_within(block, level)], out=block.of(plan))
        return plan

    def behaviour(self, plan: np.ndarray) -> np.ndarray:
        """The behaviour [S] of a plan [S]; uniform in rows that the plan does not reach."""
        sums = self.sums(plan)
        reached = sums > 0
        behaviour = plan / self.spread(np.where(reached, sums, 1.0))
        if not reached.all():
            rows = self.owner[1:]
            behaviour[1:] = np.where(reached[rows], behaviour[1:], 1.0 / self.counts[rows])
        return behaviour

    def values(self, gradient: np.ndarray, behaviour: np.ndarray) -> np.ndarray:
        """Counterfactual values [S] of all sequences when `behaviour` [S] is played below them.

        `gradient` [S] is the return that ends at each sequence, weighted by all others' reach; the value of the empty
        sequence is the expected return.
        """
        values, rows = np.array(gradient), np.empty(self.num_rows)
        for level in reversed(self.levels):
            for block in level.blocks:
                np.add.reduce(block.of(values) * block.of(behaviour), axis=0, out=rows[block.rows])
            np.add.at(values, level.parents, rows[level.rows])
        return values

    def best_values(self, gradient: np.ndarray) -> np.ndarray:
        """Values [S] of all sequences when the best action is played below them."""
        values, rows = np.array(gradient), np.empty(self.num_rows)
        for level in reversed(self.levels):
            for block in level.blocks:
                np.maximum.reduce(block.of(values), axis=0, out=rows[block.rows])
            np.add.at(values, level.parents, rows[level.rows])
        return values

    def best_response(
        self, gradient: np.ndarray, magnitude: np.ndarray, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """A pure best response: behaviour [S] of zeros and ones, in every row.

        Ties go to the lowest action or, with `rng`, to each with equal probability. `magnitude` [S] is the gradient
        with absolute terms: actions are tied if their difference may be rounding.
        """
        values, sizes = np.array(gradient), np.array(magnitude)
        behaviour, rows = np.ones(self.num_sequences), np.empty((2, self.num_rows))
        for level in reversed(self.levels):
            for block in level.blocks:
                own = block.of(values)
                best, size = rows[:, block.rows]
                np.maximum.reduce(own, axis=0, out=best)
                np.maximum.reduce(block.of(sizes), axis=0, out=size)
                tied = own >= best - TIE * size
                chosen = (tied if rng is None else tied * rng.random(own.shape)).argmax(axis=0)
                block.of(behaviour)[:] = np.arange(len(own))[:, None] == chosen
            np.add.at(values, level.parents, rows[0, level.rows])
            np.add.at(sizes, level.parents, rows[1, level.rows])
        return behaviour


def _within(block: TreeplexBlock, level: Level) -> slice:
    """The block's rows within its level."""
    return slice(block.rows.start - level.rows.start, block.rows.stop - level.rows.start)


class Numbering(NamedTuple):
    """A treeplex, and the new numbers of the given rows and sequences."""

    treeplex: Treeplex
    rows: np.ndarray
    """[I] given row -> row."""
    sequences: np.ndarray
    """[S] given sequence -> sequence."""


def lay_out(parent: np.ndarray, counts: np.ndarray, action: np.ndarray) -> Numbering:
    """Lay out a player's information states.

    Args:
        parent: [I] the given sequence that leads to each row. Given sequences are numbered row by row from 1.
        counts: [I] each row's number of actions.
        action: [S] the action of each given sequence, -1 for the empty one.
    """
    given_first = 1 + np.cumsum(counts) - counts
    depth = _depths(parent, np.concatenate([[-1], np.repeat(np.arange(len(counts)), counts)]))
    rows, first = np.empty(len(parent), np.int64), np.empty(len(parent), np.int64)
    sequences, owner = np.zeros(len(action), np.int64), np.full(len(action), -1, np.int64)
    levels, next_row, next_sequence = [], 0, 1
    for level in range(depth.max(initial=-1) + 1):
        members = np.flatnonzero(depth == level)
        members = members[np.lexsort((sequences[parent[members]], counts[members]))]
        blocks = []
        for k in np.unique(counts[members]):
            given = members[counts[members] == k]
            block = _block(next_row, next_sequence, int(k), len(given))
            rows[given] = np.arange(block.rows.start, block.rows.stop)
            block.of(owner)[:] = rows[given]
            first[given] = next_sequence + np.arange(len(given))
            for place in range(k):
                sequences[given_first[given] + place] = first[given] + place * len(given)
            blocks.append(block)
            next_row, next_sequence = block.rows.stop, block.sequences.stop
        levels.append(Level(slice(blocks[0].rows.start, next_row), tuple(blocks), sequences[parent[members]]))
    given_row, laid_out = np.argsort(rows), np.empty(len(action), np.int64)
    laid_out[sequences] = action
    treeplex = Treeplex(
        sequences[parent[given_row]], first[given_row], counts[given_row], laid_out, owner, tuple(levels)
    )
    return Numbering(treeplex, rows, sequences)


def _block(row: int, sequence: int, count: int, rows: int) -> TreeplexBlock:
    return TreeplexBlock(slice(row, row + rows), slice(sequence, sequence + count * rows), (count, rows))


def _depths(parent: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """[I] own decisions before each row."""
    above = owner[parent]
    depth = np.full(len(parent), -1, np.int64)
    frontier, level = above < 0, 0
    while frontier.any():
        depth[frontier] = level
        frontier = (above >= 0) & (depth[above] == level) & (depth < 0)
        level += 1
    return depth
