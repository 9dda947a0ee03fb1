"""One policy for many battles at once: decisions that are due at the same time are answered in one batch."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from pokespiel.core.policy import Observations, Policy, sample_actions


@dataclass
class Seat:
    """A player's seat in one battle: its side and its policy's memory."""

    player: int
    memory: np.ndarray
    """[M] float32."""


@dataclass
class _Decision:
    seat: Seat
    features: np.ndarray
    legal: np.ndarray
    answer: asyncio.Future[int]


@dataclass
class InferenceBatcher:
    """Answers decisions of one policy in batches; all calls must come from one event loop.

    A batch ends when the loop has had nothing else to do for `wait` seconds after its first decision.
    """

    policy: Policy
    rng: np.random.Generator
    wait: float = 0.001
    _waiting: list[_Decision] = field(default_factory=list)

    def seat(self, player: int) -> Seat:
        """A seat in a battle about to start, as side `player` (0 or 1)."""
        return Seat(player, self.policy.start(1, self.rng)[0])

    async def decide(self, seat: Seat, features: np.ndarray, legal: np.ndarray) -> int:
        """The action for features [D] and legal [A], drawn from the policy's distribution."""
        loop = asyncio.get_running_loop()
        decision = _Decision(seat, features, legal, loop.create_future())
        if not self._waiting:
            loop.call_later(self.wait, self._answer)
        self._waiting.append(decision)
        return await decision.answer

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        for player in (0, 1):
            batch = [decision for decision in waiting if decision.seat.player == player]
            if not batch:
                continue
            try:
                self._answer_batch(player, batch)
            except Exception as error:  # every waiting battle must see the error, or it would hang
                for decision in batch:
                    if not decision.answer.done():
                        decision.answer.set_exception(error)

    def _answer_batch(self, player: int, batch: list[_Decision]) -> None:
        observations = Observations(
            player,
            np.stack([decision.features for decision in batch]),
            np.stack([decision.legal for decision in batch]),
            np.full(len(batch), -1, np.int64),
        )
        probabilities, memory = self.policy(observations, np.stack([decision.seat.memory for decision in batch]))
        for decision, row, action in zip(batch, memory, sample_actions(probabilities, self.rng), strict=True):
            decision.seat.memory = row
            if not decision.answer.done():
                decision.answer.set_result(int(action))
