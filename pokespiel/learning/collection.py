"""Batched collection: B matches side by side, each between participants drawn when it starts.

A learner's decisions with more than one legal choice are recorded with the probabilities it played them with; the
others are played alone. A rollout is a flat list of records and, per stream (a seat of a match slot), where they lie
in time:

    step        0    1    2    3    4            reward[t, s]  what the stream gained from step t to t + 1
    stream s    7    -    12   -    19           done[t, s]    the match ended with step t
                         grid[t, s]: record, or -1

The last record of a stream whose match goes on is not trained on yet: its value is the bootstrap of the one before,
and it comes first in the next rollout. So nothing is cut off and nothing is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from pokespiel.game import Game
from pokespiel.learning.history import History
from pokespiel.learning.rewards import Reward, Shaper
from pokespiel.learning.seating import Seating
from pokespiel.policy import Observations, sample_actions, take


class Decision(NamedTuple):
    """A learner's answer to b observations."""

    probabilities: np.ndarray
    """[b, A]"""
    memory: np.ndarray
    """[b, M] the next memory."""
    value: np.ndarray
    """[b] expected return, zero if the learner has no critic."""


class Learner(Protocol):
    """A policy in training, as collection sees it."""

    memory_size: int
    reads_state: bool
    """Whether it wants the full state recorded."""

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray: ...

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision: ...


class Records(NamedTuple):
    """N decisions, in the order played."""

    features: np.ndarray
    """[N, D] float32"""
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


class Rollout(NamedTuple):
    """What one collection gives; arrays are views that the next collection overwrites."""

    records: Records
    grid: np.ndarray
    """[T, S] int64 record of stream s at step t, else -1; stream = match * P + seat."""
    reward: np.ndarray
    """[T, S] float32"""
    done: np.ndarray
    """[T, S] bool"""
    pending: np.ndarray
    """[N] bool: recorded here, trained on in the next rollout."""
    seated: np.ndarray
    """[E, P] participants of the matches that ended, in the order they ended in."""
    utilities: np.ndarray
    """[E, P] their utilities, as the game counts them."""


class Collector:
    """Plays `matches` matches for ever; each call of `collect` goes on where the last one stopped."""

    def __init__(
        self,
        game: Game,
        seating: Seating,
        learners: Sequence[Learner],
        rng: np.random.Generator,
        *,
        matches: int,
        reward: Reward | None = None,
        refill: bool = True,
    ):
        """`refill` = False leaves a match's place empty when it has ended; see `collect_all`."""
        if len(learners) != seating.learners:
            raise ValueError(f"the seating is for {seating.learners} learners, {len(learners)} were given")
        self.game, self.seating, self.learners, self.rng = game, seating, tuple(learners), rng
        self.count, self.refill = matches, refill
        self.shaper = Shaper(game, reward or Reward())
        self.reads_state = any(learner.reads_state for learner in learners)
        self._memory_size = max((p.memory_size for p in self._participants), default=0)
        self._carried: Records
        self._owed: Owed
        self._begin(rng.integers(2**63, size=matches), seating.draw(matches, rng))

    @property
    def _participants(self) -> tuple[Any, ...]:
        return (*self.learners, *self.seating.policies)

    def reseat(self, seating: Seating) -> None:
        """Draw the matches that start from now on from `seating`; those in play keep their participants."""
        before, after = self.seating.policies, seating.policies
        for number in np.unique(self.seated) - len(self.learners):
            if number >= 0 and (number >= len(after) or after[number] is not before[number]):
                raise ValueError(f"policy {number} sits in matches in play: a new seating must keep it in its place")
        if seating.learners != self.seating.learners:
            raise ValueError(f"a new seating keeps the {self.seating.learners} learners")
        if max((policy.memory_size for policy in after), default=0) > self._memory_size:
            raise ValueError(f"a new seating's policies may remember at most {self._memory_size} values")
        self.seating = seating

    def collect(self, decisions: int, progress: float = 0.0) -> Rollout:
        """Play until `decisions` new decisions are recorded; `progress` (0..1) of training anneals shaped rewards."""
        self.shaper.progress = progress
        self._buffer.clear(self._carried, self._owed)
        while self._buffer.fresh < decisions:
            self._step()
        rollout, self._carried, self._owed = self._buffer.close()
        return rollout

    def collect_all(self) -> Rollout:
        """Without refilling: play every match to its end, each once, so that short ones are not over-counted."""
        if self.refill:
            raise ValueError("matches that are refilled never all end: make the collector with refill=False")
        self._buffer.clear(self._carried, self._owed)
        while not self.matches.finished().all():
            self._step()
        rollout, self._carried, self._owed = self._buffer.close()
        return rollout

    def _begin(self, seeds: np.ndarray, seated: np.ndarray) -> None:
        players = self.game.num_players
        self.matches = self.game.start(seeds)
        self.history = History(seeds, players)
        self.seated = seated
        self.memory = np.zeros((self.count, players, self._memory_size), np.float32)
        self.totals = np.zeros((self.count, players))
        self.over = np.zeros(self.count, bool)
        self._buffer = Buffer(self.game, self.count, self._memory_size, self.reads_state)
        self._carried, self._owed = self._buffer.nothing()
        self._remember(np.arange(self.count))
        self.shaper.begin(self.matches, np.arange(self.count))

    def _remember(self, indices: np.ndarray) -> None:
        """Fresh memories for the participants of the matches at `indices`."""
        if not self._memory_size:
            return
        self.memory[indices] = 0
        for number, policy in enumerate(self._participants):
            match, seat = np.nonzero(self.seated[indices] == number)
            if policy.memory_size and len(match):
                self.memory[indices[match], seat, : policy.memory_size] = policy.start(len(match), self.rng)

    def _step(self) -> None:
        actions = np.zeros((self.game.num_players, self.count), np.int64)
        self._buffer.advance()
        for player in range(self.game.num_players):
            indices, observations = self.matches.observe(player)
            if len(indices):
                actions[player, indices] = self._act(player, indices, observations)
        utilities = self.matches.step(actions)
        ended = self.matches.finished() & ~self.over
        self.history.add(actions)
        self.totals += utilities
        self._buffer.reward(self.shaper(self.matches, utilities, ended), ended)
        if ended.any():
            self._restart(np.flatnonzero(ended))

    def _act(self, player: int, indices: np.ndarray, observations: Observations) -> np.ndarray:
        """Actions [b] of the participants who sit at `player` in the matches at `indices`."""
        forced = observations.legal.sum(axis=1) == 1
        actions = observations.legal.argmax(axis=1)
        seated = self.seated[indices, player]
        for number in range(self.seating.participants):
            policy = self._participants[number]
            learns = number < len(self.learners)
            rows = np.flatnonzero((seated == number) & ~(forced & (learns | (policy.memory_size == 0))))
            if len(rows):
                own = take(observations, rows) if len(rows) < len(indices) else observations
                play = self._learn if learns else self._oppose
                actions[rows] = play(number, player, indices[rows], own)
        return actions

    def _oppose(self, number: int, player: int, indices: np.ndarray, own: Observations) -> np.ndarray:
        policy = self._participants[number]
        size = policy.memory_size
        probabilities, memory = policy(own, self.memory[indices, player, :size])
        if size:
            self.memory[indices, player, :size] = memory
        return sample_actions(probabilities, self.rng)

    def _learn(self, number: int, player: int, indices: np.ndarray, own: Observations) -> np.ndarray:
        learner = self.learners[number]
        size = learner.memory_size
        memory = self.memory[indices, player, :size]
        state = self._full_state(player, indices)
        decision = learner.decide(own, memory, state)
        action = sample_actions(decision.probabilities, self.rng)
        self._buffer.record(number, indices, own, action, decision, memory, state)
        if size:
            self.memory[indices, player, :size] = decision.memory
        return action

    def _full_state(self, player: int, indices: np.ndarray) -> np.ndarray:
        if not self.reads_state:
            return np.zeros((len(indices), 0), np.float32)
        return self.matches.full_state(player)[indices]  # type: ignore[attr-defined]

    def _restart(self, indices: np.ndarray) -> None:
        self._buffer.ended(self.seated[indices], self.totals[indices])
        if not self.refill:
            self.over[indices] = True
            return
        seeds = self.rng.integers(2**63, size=len(indices))
        self.matches.restart(indices, seeds)
        self.history.restart(indices, seeds)
        self.seated[indices] = self.seating.draw(len(indices), self.rng)
        self.totals[indices] = 0
        self._remember(indices)
        self.shaper.begin(self.matches, indices)

    def state(self) -> dict[str, Any]:
        """All that a resume needs; matches in play are kept as their seeds and actions."""
        return {
            "history": self.history.state(),
            "seated": self.seated.copy(),
            "memory": self.memory.copy(),
            "totals": self.totals.copy(),
            "shaper": self.shaper.state(),
            "carried": {name: array.copy() for name, array in self._carried._asdict().items()},
            "owed": {name: array.copy() for name, array in self._owed._asdict().items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave, with the same game, seating and learners."""
        self.history.load(state["history"])
        self.matches = self.history.replay(self.game)
        self.seated = np.array(state["seated"])
        self.memory = np.array(state["memory"])
        self.totals = np.array(state["totals"])
        self.shaper.load(state["shaper"])
        self._carried = Records(**{name: np.array(array) for name, array in state["carried"].items()})
        self._owed = Owed(**{name: np.array(array) for name, array in state["owed"].items()})


class Owed(NamedTuple):
    """What open streams carry to the next rollout beside their records."""

    stream: np.ndarray
    """[c] stream of each carried record."""
    reward: np.ndarray
    """[c] float32 gained since."""


class Buffer:
    """The rollout under construction, in arrays that grow to the size needed and are used again."""

    def __init__(self, game: Game, matches: int, memory_size: int, reads_state: bool):
        self.streams, self.players = matches * game.num_players, game.num_players
        width = {"features": game.num_features, "memory": memory_size}
        width["state"] = getattr(game, "num_state_features", 0) if reads_state else 0
        actions, self.size, self.steps = game.num_actions, 0, 0
        self._arrays = Records(
            features=np.empty((0, width["features"]), np.float32),
            legal=np.empty((0, actions), bool),
            key=np.empty(0, np.int64),
            player=np.empty(0, np.int64),
            learner=np.empty(0, np.int64),
            action=np.empty(0, np.int64),
            behaviour=np.empty((0, actions), np.float32),
            value=np.empty(0, np.float32),
            memory=np.empty((0, width["memory"]), np.float32),
            state=np.empty((0, width["state"]), np.float32),
        )
        self._grid = np.empty((0, self.streams), np.int64)
        self._reward = np.empty((0, self.streams), np.float32)
        self._done = np.empty((0, self.streams), bool)

    def nothing(self) -> tuple[Records, Owed]:
        """What the first rollout carries over."""
        empty = Records(*(array[:0].copy() for array in self._arrays))
        return empty, Owed(np.empty(0, np.int64), np.empty(0, np.float32))

    def clear(self, carried: Records, owed: Owed) -> None:
        """Begin a rollout; the carried records are its step 0."""
        self.size = self.steps = 0
        self._ended: list[tuple[np.ndarray, np.ndarray]] = []
        self.carried = len(owed.stream)
        self.advance()
        self._append(carried, owed.stream)
        self._reward[0, owed.stream] = owed.reward

    @property
    def fresh(self) -> int:
        """Decisions recorded since the rollout began."""
        return self.size - self.carried

    def advance(self) -> None:
        """Begin the next step."""
        if self.steps == len(self._grid):
            rows = max(64, 2 * self.steps)
            self._grid, self._reward, self._done = (
                _grown(array, rows) for array in (self._grid, self._reward, self._done)
            )
        self._grid[self.steps] = -1
        self._reward[self.steps] = 0
        self._done[self.steps] = False
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
    ) -> None:
        """Decisions [b] of one learner at one seat in the matches `match` [b]."""
        n = len(match)
        padded = np.zeros((n, self._arrays.memory.shape[1]), np.float32)
        padded[:, : memory.shape[1]] = memory
        fields = (seen.features, seen.legal, seen.key, np.full(n, seen.player), np.full(n, learner), action)
        records = Records(*fields, decision.probabilities, decision.value, padded, state)
        self._append(records, match * self.players + seen.player)

    def _append(self, records: Records, stream: np.ndarray) -> None:
        stop = self.size + len(stream)
        if stop > len(self._arrays.action):
            rows = max(1024, 2 * stop)
            self._arrays = Records(*(_grown(array, rows) for array in self._arrays))
        for array, new in zip(self._arrays, records, strict=True):
            array[self.size : stop] = new
        self._grid[self.steps - 1, stream] = np.arange(self.size, stop)
        self.size = stop

    def reward(self, rewards: np.ndarray, ended: np.ndarray) -> None:
        """Rewards [B, P] of the step just played and which matches [B] ended with it."""
        self._reward[self.steps - 1] += rewards.reshape(-1)
        self._done[self.steps - 1] = np.repeat(ended, self.players)

    def ended(self, seated: np.ndarray, utilities: np.ndarray) -> None:
        """Participants and utilities [e, P] of matches that ended."""
        self._ended.append((seated.copy(), utilities.copy()))

    def close(self) -> tuple[Rollout, Records, Owed]:
        """The rollout, and what the next one carries over."""
        grid, reward = self._grid[: self.steps], self._reward[: self.steps]
        done = self._done[: self.steps]
        last, owed = last_open(grid, reward, done)
        streams = np.flatnonzero(last >= 0)
        pending = np.zeros(self.size, bool)
        pending[last[streams]] = True
        records = Records(*(array[: self.size] for array in self._arrays))
        carried = Records(*(array[last[streams]] for array in records))
        seated = np.concatenate([np.empty((0, self.players), np.int64), *(row for row, _ in self._ended)])
        utilities = np.concatenate([np.empty((0, self.players)), *(row for _, row in self._ended)])
        rollout = Rollout(records, grid, reward, done, pending, seated, utilities)
        return rollout, carried, Owed(streams, owed[streams])


def last_open(grid: np.ndarray, reward: np.ndarray, done: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Per stream [S] the last record of a match still open (-1: none), and the reward gained since."""
    steps = len(grid)
    time = np.arange(steps)[:, None]
    ended = np.where(done, time, -1).max(axis=0, initial=-1)
    decided = np.where(grid >= 0, time, -1).max(axis=0, initial=-1)
    is_open = decided > ended
    streams = np.arange(grid.shape[1])
    last = np.where(is_open, grid[np.maximum(decided, 0), streams], -1)
    owed = np.where((time >= decided) & is_open, reward, 0).sum(axis=0, dtype=np.float32)
    return last, owed


def _grown(array: np.ndarray, rows: int) -> np.ndarray:
    larger = np.empty((rows, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger
