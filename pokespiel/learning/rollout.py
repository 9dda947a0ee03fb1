"""Rollouts: a flat list of records and, for each stream (a seat of a match slot), their positions in time.

    step        0    1    2    3    4            reward[t, s]  what the stream gained from step t to t + 1
    stream s    7    -    12   -    19           done[t, s]    the match ended with step t
                         grid[t, s]: record, or -1

The last record of a stream whose match continues is not trained on yet: its value is the bootstrap of the record
before, and it comes first in the next rollout. So nothing is cut off and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.layout import Compact
from pokespiel.game.protocols import Game, Privileged


class Decision(NamedTuple):
    """A learner's answer to b observations."""

    probabilities: np.ndarray
    """[b, A]"""
    memory: np.ndarray
    """[b, M] the next memory."""
    value: np.ndarray
    """[b] expected return, zero if the learner has no critic."""


class Records(NamedTuple):
    """N decisions, in the order played."""

    features: np.ndarray
    """[N, D] float32, or [N, numbers] int16 where compact rows are collected"""
    legal: np.ndarray
    """[N, A] bool"""
    key: np.ndarray
    """[N] int64"""
    player: np.ndarray
    """[N] int64, the seat"""
    learner: np.ndarray
    """[N] int64, which learner decided"""
    action: np.ndarray
    """[N] int64, as played"""
    behaviour: np.ndarray
    """[N, A] float32, the probabilities the action was drawn with"""
    value: np.ndarray
    """[N] float32, the critic's estimate then"""
    memory: np.ndarray
    """[N, M] float32, before the decision"""
    state: np.ndarray
    """[N, F] float32, the full state seen from the seat; F = 0 unless a learner reads it"""
    ratio: np.ndarray
    """[N] float32, the action's importance ratio pi(a) / mu(a): mu explores, pi does not"""
    reach: np.ndarray
    """[N] float32, the product of the others' ratios in the match before this decision"""


class Rollout(NamedTuple):
    """The result of one collection; arrays are views that the next collection overwrites."""

    records: Records
    grid: np.ndarray
    """[T, S] int64 record of stream s at step t, else -1; stream = match * P + seat."""
    reward: np.ndarray
    """[T, S] float32"""
    done: np.ndarray
    """[T, S] bool"""
    others: np.ndarray
    """[T, S] float32, the product of the importance ratios of the others' actions at this step"""
    pending: np.ndarray
    """[N] bool: recorded here, trained on in the next rollout."""
    seated: np.ndarray
    """[E, P] participants of the matches that ended, in the order in which they ended."""
    utilities: np.ndarray
    """[E, P] the utilities of those matches, in the game's units."""
    since: np.ndarray
    """[S] int64 the step, negative, at which each stream's record at step 0 was decided; 0 = it has none."""


def only(rollout: Rollout, learner: int) -> Rollout:
    """The rollout as if only `learner` were recorded, renumbered 0; the others are then participants like any."""
    own = rollout.records.learner == learner
    place = np.where(own, own.cumsum() - 1, -1)
    grid = np.where(rollout.grid >= 0, place[rollout.grid], -1)
    records = Records(*(column[own] for column in rollout.records))._replace(learner=np.zeros(own.sum(), np.int64))
    renumbered = {learner: 0, 0: learner}
    seated = np.select([rollout.seated == one for one in renumbered], [*renumbered.values()], rollout.seated)
    since = np.where(grid[0] >= 0, rollout.since, 0)
    return rollout._replace(records=records, grid=grid, pending=rollout.pending[own], seated=seated, since=since)


class Owed(NamedTuple):
    """What open streams carry to the next rollout in addition to their records."""

    stream: np.ndarray
    """[c] stream of each carried record."""
    reward: np.ndarray
    """[c] float32 reward gained since that record."""
    others: np.ndarray
    """[c] float32 product of the others' importance ratios since that record."""
    since: np.ndarray
    """[c] int64 steps from that decision to the end of the rollout, negative."""


class Buffer:
    """The rollout under construction, in arrays that grow as needed and are reused."""

    def __init__(
        self,
        game: Game,
        matches: int,
        memory_size: int,
        reads_state: bool,
        *,
        compact: Compact | None = None,
        room: Callable[..., np.ndarray] = np.empty,
    ):
        """compact: features are recorded as compact rows. room: allocates new arrays, by shape and type."""
        self.streams, self.players, self._room = matches * game.num_players, game.num_players, room
        width = {"features": game.num_features if compact is None else compact.numbers, "memory": memory_size}
        width["state"] = game.num_state_features if reads_state and isinstance(game, Privileged) else 0
        actions, self.size, self.steps = game.num_actions, 0, 0
        self._arrays = Records(
            features=np.empty((0, width["features"]), np.float32 if compact is None else np.int16),
            legal=np.empty((0, actions), bool),
            key=np.empty(0, np.int64),
            player=np.empty(0, np.int64),
            learner=np.empty(0, np.int64),
            action=np.empty(0, np.int64),
            behaviour=np.empty((0, actions), np.float32),
            value=np.empty(0, np.float32),
            memory=np.empty((0, width["memory"]), np.float32),
            state=np.empty((0, width["state"]), np.float32),
            ratio=np.empty(0, np.float32),
            reach=np.empty(0, np.float32),
        )
        self._grid = np.empty((0, self.streams), np.int64)
        self._reward = np.empty((0, self.streams), np.float32)
        self._done = np.empty((0, self.streams), bool)
        self._others = np.empty((0, self.streams), np.float32)

    def nothing(self) -> tuple[Records, Owed]:
        """The empty records and rewards that the first rollout starts with."""
        empty = Records(*(array[:0].copy() for array in self._arrays))
        nothing = np.empty(0, np.float32)
        return empty, Owed(np.empty(0, np.int64), nothing, nothing, np.empty(0, np.int64))

    def clear(self, carried: Records, owed: Owed) -> None:
        """Start a rollout; the carried records are its step 0."""
        self.size = self.steps = 0
        self._ended: list[tuple[np.ndarray, np.ndarray]] = []
        self.carried = len(owed.stream)
        self.advance()
        self._append(carried, owed.stream)
        self._reward[0, owed.stream] = owed.reward
        self._others[0, owed.stream] = owed.others
        self._since = np.zeros(self.streams, np.int64)
        self._since[owed.stream] = owed.since

    @property
    def fresh(self) -> int:
        """Decisions recorded since the rollout started."""
        return self.size - self.carried

    def advance(self) -> None:
        """Start the next step."""
        if self.steps == len(self._grid):
            rows = max(64, 2 * self.steps)
            self._grid, self._reward, self._done, self._others = (
                self._grown(array, rows) for array in (self._grid, self._reward, self._done, self._others)
            )
        self._grid[self.steps] = -1
        self._reward[self.steps] = 0
        self._done[self.steps] = False
        self._others[self.steps] = 1
        self.steps += 1

    def record(
        self,
        learner: int,
        match: np.ndarray,
        seen: Observations,
        action: np.ndarray,
        decision: Decision,
        memory: np.ndarray,
        state: np.ndarray,
        ratio: np.ndarray,
        reach: np.ndarray,
    ) -> None:
        """Record decisions [b] of one learner at one seat in the matches `match` [b]."""
        n = len(match)
        padded = np.zeros((n, self._arrays.memory.shape[1]), np.float32)
        padded[:, : memory.shape[1]] = memory
        fields = (seen.features, seen.legal, seen.key, np.full(n, seen.player), np.full(n, learner), action)
        records = Records(*fields, decision.probabilities, decision.value, padded, state, ratio, reach)
        self._append(records, match * self.players + seen.player)

    def _append(self, records: Records, stream: np.ndarray) -> None:
        stop = self.size + len(stream)
        if stop > len(self._arrays.action):
            rows = max(1024, 2 * stop)
            self._arrays = Records(*(self._grown(array, rows) for array in self._arrays))
        for array, new in zip(self._arrays, records, strict=True):
            array[self.size : stop] = new
        self._grid[self.steps - 1, stream] = np.arange(self.size, stop)
        self.size = stop

    def reward(self, rewards: np.ndarray, ended: np.ndarray) -> None:
        """Record the rewards [B, P] of the step just played, and which matches [B] ended with it."""
        self._reward[self.steps - 1] += rewards.reshape(-1)
        self._done[self.steps - 1] = np.repeat(ended, self.players)

    def explored(self, others: np.ndarray) -> None:
        """Record the products [B, P] of the importance ratios of the others' actions at the step just played."""
        self._others[self.steps - 1] *= others.reshape(-1)

    def ended(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """Record the participants and utilities [e, P] of matches that ended."""
        self._ended.append((seated.copy(), utilities.copy()))

    def close(self) -> tuple[Rollout, Records, Owed]:
        """The rollout, and what the next one carries over."""
        grid, reward = self._grid[: self.steps], self._reward[: self.steps]
        done, others = self._done[: self.steps], self._others[: self.steps]
        last, owed, decided = last_open(grid, reward, done)
        since = np.where(decided > 0, decided, self._since) - self.steps
        streams = np.flatnonzero(last >= 0)
        pending = np.zeros(self.size, bool)
        pending[last[streams]] = True
        records = Records(*(array[: self.size] for array in self._arrays))
        carried = Records(*(array[last[streams]] for array in records))
        seated = np.concatenate([np.empty((0, self.players), np.int64), *(row for row, _ in self._ended)])
        utilities = np.concatenate([np.empty((0, self.players)), *(row for _, row in self._ended)])
        rollout = Rollout(records, grid, reward, done, others, pending, seated, utilities, self._since)
        later = np.arange(self.steps)[:, None] >= decided[streams]
        ratios = np.where(later, others[:, streams], 1).prod(axis=0)
        return rollout, carried, Owed(streams, owed[streams], ratios, since[streams])

    def _grown(self, array: np.ndarray, rows: int) -> np.ndarray:
        larger = self._room((rows, *array.shape[1:]), array.dtype)
        larger[: len(array)] = array
        return larger


def last_open(grid: np.ndarray, reward: np.ndarray, done: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Per stream [S] the last record of a match still open (-1: none), the reward gained since, and its step."""
    steps = len(grid)
    time = np.arange(steps)[:, None]
    ended = np.where(done, time, -1).max(axis=0, initial=-1)
    decided = np.where(grid >= 0, time, -1).max(axis=0, initial=-1)
    is_open = decided > ended
    streams = np.arange(grid.shape[1])
    last = np.where(is_open, grid[np.maximum(decided, 0), streams], -1)
    owed = np.where((time >= decided) & is_open, reward, 0).sum(axis=0, dtype=np.float32)
    return last, owed, decided
