"""A network that decides: the part of a learner that playing needs, in its own process or another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from pokespiel.core.policy import Observations, take
from pokespiel.game.protocols import Enumerable, Game
from pokespiel.learning.graphs import GraphedFunction
from pokespiel.learning.networks import Network, expected_value, masked_log_softmax, shares_states, to_tensor
from pokespiel.learning.rollout import Decision

if TYPE_CHECKING:
    from pokespiel.learning.compute import Settled


class _Table:
    """What a network answers at the information states [S] of a seat, as far as they have been asked for."""

    def __init__(self, states: Observations):
        self.states = states
        self.known = np.zeros(len(states.key), bool)
        self.probabilities = np.empty(states.legal.shape, np.float32)
        self.value = np.empty(len(states.key), np.float32)

    def lacking(self, key: np.ndarray) -> np.ndarray:
        """The states among `key` that are not known yet; from now on they count as known."""
        asked = np.zeros(len(self.known), bool)
        asked[key] = True
        rows = np.flatnonzero(asked & ~self.known)
        self.known[rows] = True
        return rows


class Decider:
    """A network on its device that answers decisions; call `tabulate` after its weights change."""

    def __init__(self, network: Network, settled: Settled):
        self.settled = settled
        self.device = settled.device
        self.network = network.to(self.device)
        self.memory_size = network.memory_size
        self.reads_state = network.options.privileged or network.options.auxiliary
        self.elsewhere: Callable[..., Decision] | None = None
        """Decides instead of the network here, if another process does the inference."""
        self._graphed = GraphedFunction(self._answer) if settled.graphs else None
        self._tables: dict[int, _Table] = {}

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Memory [n, M] of n matches that are about to start."""
        return np.zeros((n, self.memory_size), np.float32)

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        """The current policy and the critic's estimate; see `collection.CollectedLearner`."""
        if self.elsewhere is not None:
            return self.elsewhere(observations, memory, state)
        if observations.player in self._tables and (observations.key >= 0).all():
            return self._looked_up(self._tables[observations.player], observations.key, memory)
        return self._evaluated(observations, memory, state)

    def _looked_up(self, table: _Table, key: np.ndarray, memory: np.ndarray) -> Decision:
        """The decision from the table, after evaluating the states that it lacks."""
        if len(rows := table.lacking(key)):
            seen = take(table.states, rows)
            nothing = np.zeros((len(rows), 0), np.float32)
            decision = self._evaluated(seen, nothing, nothing)
            table.probabilities[rows], table.value[rows] = decision.probabilities, decision.value
        return Decision(table.probabilities[key], memory, table.value[key])

    def _evaluated(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        arrays = (observations.features, memory, state)
        features, remembered, full = (to_tensor(array, self.device) for array in arrays)
        player = torch.full((len(features),), observations.player, dtype=torch.int64, device=self.device)
        answer = self.answer(features, to_tensor(observations.legal, self.device), player, remembered, full)
        return Decision(*(part.cpu().numpy() for part in answer))

    def answer(
        self, features: Tensor, legal: Tensor, player: Tensor, memory: Tensor, state: Tensor
    ) -> tuple[Tensor, ...]:
        """A decision as tensors that are valid until the next call: probabilities [b, A], next memory [b, M] and value
        [b], all float32."""
        return (self._graphed or self._answer)(features, legal, player, memory, state)

    @torch.inference_mode()
    def _answer(
        self, features: Tensor, legal: Tensor, player: Tensor, memory: Tensor, state: Tensor
    ) -> tuple[Tensor, ...]:
        with self._autocast():
            output, after = self.network(features, player, memory, state)
            _, probabilities = masked_log_softmax(output.logits, legal)
            return probabilities, after.float(), expected_value(output.value)

    def tabulate(self, game: Game) -> None:
        """On a game in sequence form, evaluate every information state at most once until the next call."""
        self._tables = {}
        if self.elsewhere is not None or self.reads_state:
            return
        if not isinstance(game, Enumerable) or not shares_states(self.network):
            return
        self._tables = {player: _Table(game.information_states(player)) for player in range(game.num_players)}

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settled.bf16):
            yield
