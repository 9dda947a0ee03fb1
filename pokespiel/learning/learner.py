"""A network in training: it decides, is improved by gradient steps, and can be saved whole."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pokespiel.core.policy import Observations
from pokespiel.core.threads import limited
from pokespiel.game import Game
from pokespiel.learning.batches import Batch, batch_of, outputs, shares_states
from pokespiel.learning.compute import BEFORE, Compute
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import (
    Network,
    NetworkOptions,
    NetworkShape,
    Output,
    expected_value,
    make_network,
    masked_log_softmax,
    to_tensor,
)
from pokespiel.learning.rollout import Decision, Records
from pokespiel.learning.schedules import Schedule


@dataclass(frozen=True)
class Optimiser:
    """How gradients become steps (Adam)."""

    rate: Schedule = Schedule(1e-3, "linear", end=1e-4)
    """Learning rate over the training's decisions."""
    max_norm: float = 0.5
    """Gradients are scaled down to this norm."""
    beta1: float = 0.9
    """Adam's first moment; 0 for R-NaD."""
    beta2: float = 0.999
    """Adam's second moment."""
    warm_up: int = 0
    """Steps over which the rate grows from zero."""
    average: float = 0.0
    """Decay per step of an average of the weights, which then is the resulting policy; 0 = the newest weights. After t
    steps the decay is at most (1 + t) / (10 + t), so that the average soon leaves the weights that it began with."""


class Estimates(NamedTuple):
    """A network's view of N records, without gradient, as arrays."""

    logs: np.ndarray
    """[N, A] log-probabilities, 0 where illegal"""
    probabilities: np.ndarray
    """[N, A]"""
    value: np.ndarray
    """[N]"""


class Learner:
    """A network with its optimiser; `state` and `load` carry both and the average of the weights.

    Whoever trains it does so inside `threads.limited(learner.settled.threads)`.
    """

    def __init__(self, network: Network, optimiser: Optimiser, compute: Compute, *, precise: bool = False):
        """precise: see `Compute.settled`."""
        self.compute, self.options, self.precise = compute, optimiser, precise
        self.settled = compute.settled(network, precise=precise)
        self.device = self.settled.device
        self.network = network.to(self.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False) if optimiser.average else None
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=optimiser.rate.start, betas=(optimiser.beta1, optimiser.beta2), fused=True
        )
        self.steps = 0
        self.memory_size = network.memory_size
        self.reads_state = network.options.privileged or network.options.auxiliary
        self._forward = torch.compile(self.network, dynamic=True) if compute.compile else None
        self._table: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    @classmethod
    @limited()
    def make(
        cls,
        game: Game,
        options: NetworkOptions,
        optimiser: Optimiser,
        compute: Compute,
        rng: np.random.Generator,
        start: NetworkPolicy | None = None,
    ) -> Learner:
        """A learner for `game` with fresh weights, or with a copy of the weights of `start`."""
        if start is None:
            network = make_network(options, NetworkShape.of(game), rng)
        elif start.network.shape == NetworkShape.of(game):
            network = copy.deepcopy(start.network).requires_grad_(True)
        else:
            raise ValueError("the policy to start from was trained on a game of another shape")
        return cls(network, optimiser, compute, precise=hasattr(game, "information_states"))

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Memory [n, M] of matches about to start."""
        return np.zeros((n, self.memory_size), np.float32)

    def decide(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        """The policy now and the critic's estimate; see `collection.Learner`."""
        if observations.player in self._table and (observations.key >= 0).all():
            probabilities, value = (table[observations.key] for table in self._table[observations.player])
            return Decision(probabilities, memory, value)
        with torch.inference_mode(), self._autocast():
            arrays = (observations.features, memory, state)
            features, remembered, full = (to_tensor(array, self.device) for array in arrays)
            player = torch.full((len(features),), observations.player, dtype=torch.int64, device=self.device)
            output, after = self.network(features, player, remembered, full)
            _, probabilities = masked_log_softmax(output.logits, to_tensor(observations.legal, self.device))
            value = expected_value(output.value)
        return Decision(probabilities.cpu().numpy(), after.float().cpu().numpy(), value.cpu().numpy())

    def tabulate(self, game: Game) -> None:
        """On a game in sequence form, evaluate every information state once; call it again when weights change."""
        self._table = {}
        if not hasattr(game, "information_states") or not shares_states(self.network) or self.reads_state:
            return
        answers = {}
        for player in range(game.num_players):
            states: Observations = game.information_states(player)
            nothing = np.zeros((len(states.key), 0), np.float32)
            decision = self.decide(states, nothing, nothing)
            answers[player] = (decision.probabilities, decision.value)
        self._table = answers

    def outputs(self, batch: Batch) -> Output:
        """The network's outputs for a batch, with gradient."""
        with self._autocast():
            return outputs(self.network, batch, self._forward)

    def estimates(self, records: Records, network: Network | None = None) -> Estimates:
        """What a memoryless `network` (default: this one) says of all records, without gradient."""
        network = network or self.network
        if network.memory_size:
            raise ValueError("re-evaluating records needs a memoryless network")
        rows = np.arange(len(records.action))
        parts = []
        for part in np.array_split(rows, max(1, len(rows) // 32_768)):
            batch = batch_of(records, part, self.device, distinct=shares_states(network))
            with torch.inference_mode(), self._autocast():
                output = outputs(network, batch)
                logs, probabilities = masked_log_softmax(output.logits, batch.legal)
                parts.append((logs, probabilities, expected_value(output.value)))
        return Estimates(*(torch.cat(column).float().cpu().numpy() for column in zip(*parts, strict=True)))

    def descend(self, loss: Tensor, progress: float) -> float:
        """One optimiser step on `loss` at `progress` (0..1) of training; gives the gradient's norm before scaling."""
        rate = self.options.rate(progress, 1.0)
        if self.options.warm_up:
            rate *= min(1.0, (self.steps + 1) / self.options.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.options.max_norm)
        self.optimiser.step()
        self.steps += 1
        if self.average is not None:  # a short training's average must not consist of its start
            blend(self.average, self.network, 1 - min(self.options.average, (1 + self.steps) / (10 + self.steps)))
        return float(norm)

    def policy(self) -> NetworkPolicy:
        """A frozen policy of the averaged weights, or of the newest ones if none are averaged."""
        return NetworkPolicy.frozen(self.network if self.average is None else self.average)

    @contextmanager
    def _autocast(self) -> Iterator[None]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settled.bf16):
            yield

    def state(self) -> dict[str, Any]:
        average = None if self.average is None else weights(self.average)
        return {
            "network": weights(self.network),
            "optimiser": _moments(self.optimiser),
            "average": average,
            "steps": self.steps,
            "compute": self.settled.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        self.settled = self.compute.settled(self.network, state.get("compute", BEFORE), precise=self.precise)
        set_weights(self.network, state["network"])
        if self.average is not None:
            set_weights(self.average, state["average"])
        _set_moments(self.optimiser, state["optimiser"])
        self.steps = int(state["steps"])
        self._table = {}


def weights(network: nn.Module) -> dict[str, np.ndarray]:
    """A module's state as arrays."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def set_weights(network: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a module the weights that `weights` took."""
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


@torch.no_grad()
def blend(target: nn.Module, source: nn.Module, share: float) -> None:
    """Move every weight of `target` by `share` (0..1) of the way to that of `source`."""
    torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), share)


def _moments(optimiser: torch.optim.Adam) -> dict[str, dict[str, np.ndarray]]:
    state = optimiser.state_dict()["state"]
    return {str(i): {name: v.cpu().numpy().copy() for name, v in own.items()} for i, own in state.items()}


def _set_moments(optimiser: torch.optim.Adam, moments: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    whole = optimiser.state_dict()
    whole["state"] = {
        int(i): {name: torch.from_numpy(np.array(array)) for name, array in own.items()} for i, own in moments.items()
    }
    optimiser.load_state_dict(whole)
