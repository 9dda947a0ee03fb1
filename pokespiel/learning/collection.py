"""Batched collection: B matches side by side, each between participants drawn when it starts.

A learner's decisions with more than one legal action are recorded, with the probabilities they were played with; all
other decisions are only played. `rollout.py` describes the records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from pokespiel.core.policy import Observations, sample_actions, take, trembled
from pokespiel.game.layout import Compact
from pokespiel.game.protocols import Game, compact_of
from pokespiel.learning.history import History
from pokespiel.learning.rewards import Reward, Shaper
from pokespiel.learning.rollout import Buffer, Decision, Owed, Records, Rollout
from pokespiel.learning.seating import Seating


class CollectedLearner(Protocol):
    """A policy in training, as collection sees it."""

    memory_size: int
    reads_state: bool
    """Whether its critic needs the full state to be recorded."""

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray: ...

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision: ...


class Collector:
    """Plays `matches` matches without end; each call of `collect` continues where the last one stopped."""

    def __init__(
        self,
        game: Game,
        seating: Seating,
        learners: Sequence[CollectedLearner],
        rng: np.random.Generator,
        *,
        matches: int,
        reward: Reward | None = None,
        explore: float = 0.0,
        refill: bool = True,
        compact: bool = False,
    ):
        """`explore` (0..1) mixes this share of uniform play into the learners' decisions, which the recorded
        probabilities include.

        `refill` = False leaves a match's slot empty when it has ended; see `collect_all`. `compact`: the learners read
        compact rows if the game has them, and those are recorded.
        """
        if len(learners) != seating.learners:
            raise ValueError(f"the seating is for {seating.learners} learners, {len(learners)} were given")
        self.game, self.seating, self.learners, self.rng = game, seating, tuple(learners), rng
        self.count, self.explore, self.refill = matches, explore, refill
        self.shaper = Shaper(game, reward or Reward())
        self.reads_state = any(learner.reads_state for learner in learners)
        self._memory_size = max((p.memory_size for p in self._participants), default=0)
        self._show(compact_of(game) if compact else None)
        self._carried: Records
        self._owed: Owed
        self._buffer: Buffer
        self._begin(rng.integers(2**63, size=matches), seating.draw(matches, rng))

    @property
    def _participants(self) -> tuple[Any, ...]:
        return (*self.learners, *self.seating.policies)

    def reseat(self, seating: Seating) -> None:
        """Draw matches that start from now on from `seating`; matches in play keep their participants."""
        before, after = self.seating.policies, seating.policies
        for number in np.unique(self.seated) - len(self.learners):
            if number >= 0 and (number >= len(after) or after[number] is not before[number]):
                raise ValueError(f"policy {number} sits in matches in play: a new seating must keep it in its place")
        if seating.learners != self.seating.learners:
            raise ValueError(f"a new seating keeps the {self.seating.learners} learners")
        if max((policy.memory_size for policy in after), default=0) > self._memory_size:
            raise ValueError(f"a new seating's policies may remember at most {self._memory_size} values")
        self.seating = seating

    def collect(self, decisions: int, progress: float = 0.0, buffer: Buffer | None = None) -> Rollout:
        """Play until `decisions` new decisions are recorded; `progress` (0..1) of the training anneals shaped rewards.

        If `buffer` is given, this and later calls record in it.
        """
        self.shaper.progress = progress
        if buffer is not None:
            self._buffer = buffer
        self._buffer.clear(self._carried, self._owed)
        while self._buffer.fresh < decisions:
            self._step()
        rollout, self._carried, self._owed = self._buffer.close()
        return rollout

    def collect_all(self) -> Rollout:
        """Without refilling: play every match once to its end, so that short matches are not over-represented."""
        if self.refill:
            raise ValueError("matches that are refilled never all end: make the collector with refill=False")
        self._buffer.clear(self._carried, self._owed)
        while not self.matches.finished().all():
            self._step()
        rollout, self._carried, self._owed = self._buffer.close()
        return rollout

    def _show(self, compact: Compact | None) -> None:
        """Make the game return compact rows from now on, or features."""
        self.compact, self._shown = compact, None
        if compact is not None:
            features, legal = (
                np.empty((self.count, compact.numbers), np.int16),
                np.empty((self.count, self.game.num_actions), bool),
            )
            self._shown = Observations(0, features, legal, np.empty(0, np.int64))

    def new_buffer(self, room: Callable[..., np.ndarray] = np.empty) -> Buffer:
        """A buffer for rollouts of this collector; `room` allocates its arrays."""
        return Buffer(self.game, self.count, self._memory_size, self.reads_state, compact=self.compact, room=room)

    def _begin(self, seeds: np.ndarray, seated: np.ndarray) -> None:
        players = self.game.num_players
        self.matches = self.game.start(seeds)
        self.history = History(seeds, players)
        self.seated = seated
        self.memory = np.zeros((self.count, players, self._memory_size), np.float32)
        self.totals = np.zeros((self.count, players))
        self.reach = np.ones((self.count, players), np.float32)
        self.over = np.zeros(self.count, bool)
        self._buffer = self.new_buffer()
        self._carried, self._owed = self._buffer.nothing()
        self._remember(np.arange(self.count))
        self.shaper.begin(self.matches, np.arange(self.count))

    def _remember(self, indices: np.ndarray) -> None:
        """Initial memories for the participants of the matches at `indices`."""
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
        if self.explore:
            self._ratios = np.ones((self.count, self.game.num_players), np.float32)
        for player in range(self.game.num_players):
            indices, observations = self.matches.observe(player, self._shown)
            if len(indices):
                actions[player, indices] = self._act(player, indices, observations)
        utilities = self.matches.step(actions)
        ended = self.matches.finished() & ~self.over
        if self.explore:
            others = products_of_others(self._ratios)
            self._buffer.explored(others)
            self.reach *= others
        self.history.add(actions)
        self.totals += utilities
        self._buffer.reward(self.shaper(self.matches, utilities, ended), ended)
        if ended.any():
            self._restart(np.flatnonzero(ended))

    def _act(self, player: int, indices: np.ndarray, observations: Observations) -> np.ndarray:
        """Actions [b] of the participants at seat `player` in the matches at `indices`."""
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
        if self.compact is not None and not getattr(policy, "reads_compact", False):
            own = own._replace(features=self.compact.expand(own.features))
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
        policy = decision.probabilities
        if self.explore:
            mixed = trembled(policy, own.legal, self.explore).astype(np.float32)
            decision = decision._replace(probabilities=mixed)
        action = sample_actions(decision.probabilities, self.rng)
        ratio, reach = np.ones(len(action), np.float32), self.reach[indices, player]
        if self.explore:
            drawn = np.arange(len(action)), action
            ratio = self._ratios[indices, player] = policy[drawn] / decision.probabilities[drawn]
        self._buffer.record(number, indices, own, action, decision, memory, state, ratio, reach)
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
        self.reach[indices] = 1
        self._remember(indices)
        self.shaper.begin(self.matches, indices)

    def state(self) -> dict[str, Any]:
        """Everything that a resume needs; matches in play are kept as their seeds and actions."""
        return {
            "history": self.history.state(),
            "seated": self.seated.copy(),
            "memory": self.memory.copy(),
            "totals": self.totals.copy(),
            "reach": self.reach.copy(),
            "shaper": self.shaper.state(),
            "carried": {name: array.copy() for name, array in self._carried._asdict().items()},
            "owed": {name: array.copy() for name, array in self._owed._asdict().items()},
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state` returned, with the same game, seating and learners."""
        self.history.load(state["history"])
        self.matches = self.history.replay(self.game)
        self.seated = np.array(state["seated"])
        self.memory = np.array(state["memory"])
        self.totals = np.array(state["totals"])
        self.reach = np.array(state.get("reach", self.reach))  # an older run did not keep it
        self.shaper.load(state["shaper"])
        if self.compact is not None and state["carried"]["features"].dtype != np.int16:  # an older run
            self._show(None)
            self._buffer = self.new_buffer()
        ones = np.ones(len(state["carried"]["action"]), np.float32)
        carried, owed = {"ratio": ones, "reach": ones, **state["carried"]}, {"others": ones, **state["owed"]}
        self._carried = Records(**{name: np.array(array) for name, array in carried.items()})
        self._owed = Owed(**{name: np.array(array) for name, array in owed.items()})


def products_of_others(values: np.ndarray) -> np.ndarray:
    """[B, P] for each player the product of the values [B, P] of all others."""
    players = range(values.shape[1])
    return np.stack([values[:, [q for q in players if q != p]].prod(axis=1) for p in players], axis=1)
