"""One player's treeplex: the strategy space of a player with perfect recall, in arrays.

A *sequence* is all that a player has done so far: sequence 0 is the empty one, every other is an action at an
information state. An information state is reached by exactly one sequence, its parent. Rows and sequences are laid out
level by level (a level is the number of own decisions before), and within a level by parent, so that a pass over the
tree is one slice and one `reduceat` a level:

    rows        | level 0  | level 1        | level 2 ...
    sequences   0 | a b | a b c | a b | a b | ...         0 = the empty sequence
                    `-- row 0

A *realisation plan* x [S] gives each sequence the product of the player's own probabilities along it: x[0] = 1, and
the plans of a row's actions sum to that of its parent. Expected returns are linear in x, so a per-match mixture is the
weighted sum of its members' plans. Arrays [..., S] may have leading axes; all passes keep them.

Reference: von Stengel (1996), Efficient Computation of Behavior Strategies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TIE = 1e-12
"""Values closer than this, relative to the size of the terms they are sums of, are equal."""


class Level(NamedTuple):
    """The rows and sequences with the same number of own decisions before them."""

    rows: slice
    sequences: slice
    starts: np.ndarray
    """[rows] where each row's sequences start, within the level's."""
    owner: np.ndarray
    """[sequences] the row of each sequence, within the level's."""
    above: np.ndarray
    """[sequences] each one's parent sequence."""
    parents: np.ndarray
    """[m] the distinct parent sequences, ascending."""
    groups: np.ndarray
    """[m] where the sequences below each parent start, within the level's."""
    row_groups: np.ndarray
    """[m] where the rows below each parent start, within the level's."""


@dataclass(frozen=True, eq=False)
class Treeplex:
    """One player's information states (rows, I of them) and sequences (S of them)."""

    parent: np.ndarray
    """[I] the sequence that leads to each row."""
    first: np.ndarray
    """[I] each row's first sequence; its others follow."""
    counts: np.ndarray
    """[I] how many actions each row has."""
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

    def uniform(self) -> np.ndarray:
        """Behaviour [S]: every action of a row with equal probability."""
        return self.spread(1.0 / self.counts)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """A value a row [..., I] given to each of its sequences [..., S]; 1 for the empty one."""
        spread = np.empty((*values.shape[:-1], self.num_sequences))
        spread[..., 0] = 1.0
        np.take(values, self.owner[1:], axis=-1, out=spread[..., 1:])
        return spread

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum over each row's sequences: [..., S] to [..., I]."""
        if self.num_rows == 0:
            return np.zeros((*values.shape[:-1], 0))
        return np.add.reduceat(values[..., 1:], self.first - 1, axis=-1)

    def plan(self, behaviour: np.ndarray) -> np.ndarray:
        """The realisation plan [..., S] of behaviour [..., S], each row's probabilities at its sequences."""
        plan = np.empty(behaviour.shape)
        plan[..., 0] = 1.0
        for level in self.levels:
            plan[..., level.sequences] = behaviour[..., level.sequences] * plan[..., level.above]
        return plan

    def behaviour(self, plan: np.ndarray) -> np.ndarray:
        """The behaviour [..., S] of a plan [..., S]; uniform in rows that the plan does not reach."""
        totals = self.spread(self.sums(plan))
        return np.divide(plan, totals, out=np.broadcast_to(self.uniform(), plan.shape).copy(), where=totals > 0)

    def values(self, gradient: np.ndarray, behaviour: np.ndarray) -> np.ndarray:
        """Counterfactual values [..., S] of all sequences when `behaviour` [..., S] is played below them.

        `gradient` [..., S] is the return that ends at each sequence, weighted by all others' reach; the value of the
        empty sequence is the expected return.
        """
        values = np.array(gradient)
        for level in reversed(self.levels):
            played = behaviour[..., level.sequences] * values[..., level.sequences]
            values[..., level.parents] += np.add.reduceat(played, level.groups, axis=-1)
        return values

    def best_values(self, gradient: np.ndarray) -> np.ndarray:
        """Values [..., S] of all sequences when the best action is played below them."""
        values = np.array(gradient)
        for level in reversed(self.levels):
            best = np.maximum.reduceat(values[..., level.sequences], level.starts, axis=-1)
            values[..., level.parents] += np.add.reduceat(best, level.row_groups, axis=-1)
        return values

    def best_response(
        self, gradient: np.ndarray, magnitude: np.ndarray, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """A pure best response: behaviour [S] of zeros and ones, in every row.

        Ties go to the first action, or by `rng` to each with equal probability. `magnitude` [S] is the gradient summed
        over absolute terms: actions are tied that differ by less than rounding could make them.
        """
        values, sizes = np.array(gradient), np.array(magnitude)
        behaviour = np.zeros(self.num_sequences)
        behaviour[0] = 1.0
        for level in reversed(self.levels):
            own = values[level.sequences]
            best = np.maximum.reduceat(own, level.starts)
            size = np.maximum.reduceat(sizes[level.sequences], level.starts)
            tied = own >= (best - TIE * size)[level.owner]
            order = -np.arange(len(own)) if rng is None else rng.random(len(own))
            rank = np.where(tied, order, -np.inf)
            behaviour[level.sequences] = rank == np.maximum.reduceat(rank, level.starts)[level.owner]
            values[level.parents] += np.add.reduceat(best, level.row_groups)
            sizes[level.parents] += np.add.reduceat(size, level.row_groups)
        return behaviour


class Numbering(NamedTuple):
    """A treeplex and where it put what was given."""

    treeplex: Treeplex
    rows: np.ndarray
    """[I] given row -> row."""
    sequences: np.ndarray
    """[S] given sequence -> sequence."""


def number(parent: np.ndarray, counts: np.ndarray, action: np.ndarray) -> Numbering:
    """Lay out a player's information states, given in any order that has parents before children.

    Args:
        parent: [I] the given sequence that leads to each row. Given sequences are numbered row by row from 1.
        counts: [I] each row's number of actions.
        action: [S] the action of each given sequence, -1 for the empty one.
    """
    given_first = 1 + np.concatenate([[0], np.cumsum(counts)[:-1]]) if len(counts) else np.zeros(0, np.int64)
    given_owner = np.concatenate([[-1], np.repeat(np.arange(len(counts)), counts)]).astype(np.int64)
    depth = _depths(parent, given_owner)
    rows = np.empty(len(parent), np.int64)
    sequences = np.zeros(len(action), np.int64)
    order: list[np.ndarray] = []
    levels: list[Level] = []
    first_row, next_sequence = 0, 1
    for level in range(depth.max(initial=-1) + 1):
        members = np.flatnonzero(depth == level)
        members = members[np.argsort(sequences[parent[members]], kind="stable")]
        rows[members] = np.arange(first_row, first_row + len(members))
        mine = _ranges(given_first[members], counts[members])
        sequences[mine] = np.arange(next_sequence, next_sequence + len(mine))
        levels.append(_level(first_row, next_sequence, counts[members], sequences[parent[members]]))
        order.append(members)
        first_row += len(members)
        next_sequence += len(mine)
    kept = np.concatenate(order).astype(np.int64) if order else np.zeros(0, np.int64)
    laid_out = np.empty(len(action), np.int64)
    laid_out[sequences] = action
    treeplex = Treeplex(
        parent=sequences[parent[kept]],
        first=sequences[given_first[kept]],
        counts=counts[kept],
        action=laid_out,
        owner=np.concatenate([[-1], np.repeat(np.arange(len(kept)), counts[kept])]).astype(np.int64),
        levels=tuple(levels),
    )
    return Numbering(treeplex, rows, sequences)


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


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The integers start, start + 1, ... (count of them) of each pair, one after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


def _level(first_row: int, first_sequence: int, counts: np.ndarray, parents: np.ndarray) -> Level:
    starts = np.cumsum(counts) - counts
    distinct, row_groups = np.unique(parents, return_index=True)
    return Level(
        rows=slice(first_row, first_row + len(counts)),
        sequences=slice(first_sequence, first_sequence + int(counts.sum())),
        starts=starts,
        owner=np.repeat(np.arange(len(counts)), counts),
        above=np.repeat(parents, counts),
        parents=distinct,
        groups=starts[row_groups],
        row_groups=row_groups,
    )
