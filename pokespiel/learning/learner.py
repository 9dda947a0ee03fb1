"""A network in training: it decides, learns by gradient steps, and can be saved completely."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from pokespiel.core.ranges import Checked, Positive, ShareBelowOne, Whole
from pokespiel.core.threads import limited
from pokespiel.game.protocols import Enumerable, Game, compact_of
from pokespiel.learning.batches import Batch, OnDevice, outputs
from pokespiel.learning.compute import BEFORE, Compute, Settled, native_bf16
from pokespiel.learning.decider import Decider
from pokespiel.learning.expansion import Expansion
from pokespiel.learning.graphs import GraphedModule, GraphedStep
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import (
    Network,
    NetworkOptions,
    NetworkShape,
    Output,
    expected_value,
    make_network,
    masked_log_softmax,
    shares_states,
)
from pokespiel.learning.peers import Peers
from pokespiel.learning.rollout import Records
from pokespiel.learning.schedules import Schedule


@dataclass(frozen=True)
class Optimiser(Checked):
    """Options of the Adam optimiser."""

    rate: Schedule = Schedule(1e-3, "linear", end=1e-4)
    """Learning rate, a schedule over the training."""
    max_norm: Positive = 0.5
    """Maximum norm of a gradient; larger ones are scaled down."""
    beta1: ShareBelowOne = 0.9
    """Decay of Adam's first moment (beta 1); 0 for R-NaD."""
    beta2: ShareBelowOne = 0.999
    """Decay of Adam's second moment (beta 2)."""
    warm_up: Whole = 0
    """Number of steps over which the learning rate grows from zero."""
    average: ShareBelowOne = 0.0
    """Decay per step of a moving average of the weights, which is then the resulting policy; 0 = use the newest
    weights. After t steps the decay is at most (1 + t) / (10 + t), so that the average soon forgets the initial
    weights."""


Loss = Callable[[Output, Batch, tuple[Tensor | None, ...], tuple[Any, ...]], tuple[Tensor, ...]]
"""A loss and further scalars to measure, from a network's outputs for a batch, columns of the batch's rows and numbers;
see `Learner.step`. Its means are weighted by `batch.weight`."""


class Estimates(NamedTuple):
    """A network's outputs for N records, without gradient, as arrays."""

    logs: np.ndarray
    """[N, A] log-probabilities, 0 where illegal"""
    probabilities: np.ndarray
    """[N, A]"""
    value: np.ndarray
    """[N]"""


class Learner(Decider):
    """A network with its optimiser; `state` and `load` include both and the average of the weights.

    A pickled learner is a `Decider` that plays the same on a CPU. Train it inside
    `threads.limited(learner.settled.threads)`.
    """

    def __init__(self, network: Network, optimiser: Optimiser, compute: Compute, *, precise: bool = False):
        """precise: see `Compute.settled`."""
        super().__init__(network, compute.settled(network, precise=precise))
        self.compute, self.options, self.precise = compute, optimiser, precise
        self.average = copy.deepcopy(self.network).requires_grad_(False) if optimiser.average else None
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=optimiser.rate.start, betas=(optimiser.beta1, optimiser.beta2), fused=True
        )
        self.steps = 0
        self._here: OnDevice | None = None
        self._recorded: dict[Any, GraphedStep] = {}
        self.peers: Peers | None = None
        """The parallel learners to average gradients with; None = it learns alone."""
        self._forward: Callable[..., Any] | None = None
        if compute.compile:
            self._forward = torch.compile(self.network, dynamic=True)
        elif self.settled.graphs:
            self._forward = _graphed(self.network)

    def __reduce__(self) -> tuple[Any, ...]:
        device = torch.device("cpu")
        bf16 = self.settled.bf16 and native_bf16(device)
        return Decider, (copy.deepcopy(self.network).to(device), Settled(device, bf16, 1))

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
        compact = compact_of(game)
        if compact is not None:
            network.expansion = Expansion(compact)
        return cls(network, optimiser, compute, precise=isinstance(game, Enumerable))

    def outputs(self, batch: Batch) -> Output:
        """The network's outputs for a batch, with gradient."""
        with self._autocast():
            return outputs(self.network, batch, self._forward)

    def on_device(self, records: Records) -> OnDevice:
        """A rollout's records on this learner's device; they are copied there once."""
        if self._here is None or self._here.records is not records:
            self._here = OnDevice(records, self.device)
        return self._here

    def estimates(self, records: Records, network: Network | None = None) -> Estimates:
        """The outputs of a memoryless `network` (default: this learner's) for all records, without gradient."""
        return Estimates(*(column.cpu().numpy() for column in self._estimated(records, network)))

    def estimated_logs(self, records: Records, network: Network | None = None) -> Tensor:
        """[N, A] the log-probabilities of `estimates`, on this learner's device."""
        return self._estimated(records, network)[0]

    @torch.no_grad()
    def _estimated(self, records: Records, network: Network | None) -> tuple[Tensor, ...]:
        network = network or self.network
        if network.memory_size:
            raise ValueError("re-evaluating records needs a memoryless network")
        here, rows = self.on_device(records), np.arange(len(records.action))
        at_once = 32_768 if self.device.type == "cpu" else 131_072
        parts = []
        for part in np.array_split(rows, max(1, len(rows) // at_once)):
            batch = here.batch(part, distinct=shares_states(network))
            with self._autocast():
                output = outputs(network, batch)
                logs, probabilities = masked_log_softmax(output.logits, batch.legal)
                parts.append((logs, probabilities, expected_value(output.value)))
        return tuple(torch.cat(column).float() for column in zip(*parts, strict=True))

    def step(
        self,
        loss: Loss,
        batch: Batch,
        columns: tuple[Tensor | None, ...],
        numbers: tuple[float, ...],
        progress: float,
        *,
        recorded: bool = True,
    ) -> Tensor:
        """Take one optimiser step on `loss` at `progress` (0..1) of the training.

        columns: further values of the batch's rows. numbers: coefficients that change during the training. recorded:
        the loss uses nothing else that changes, so that on a GPU the whole step may be one CUDA graph.

        Returns the loss's measurements and the gradient's norm before clipping, [n + 1] float32, still on the device,
        so that nothing waits for a GPU.
        """
        alone = all(each is None for each in (batch.inverse, batch.order, batch.pool, self.peers))
        if recorded and self.settled.graphs and alone:
            return self._recorded_step(loss, batch, columns, numbers, progress)
        value, *measured = loss(self.outputs(batch), batch, columns, numbers)
        norm = self.descend(value, progress)
        return unread(*measured, norm)

    def descend(self, loss: Tensor, progress: float) -> Tensor:
        """Take one optimiser step on `loss` at `progress` (0..1) of the training; returns the gradient's norm before
        clipping."""
        rate, share = self._next(progress)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return self._descend(loss, share)

    def _next(self, progress: float) -> tuple[float, float]:
        """Count a step: its learning rate, and the average's share of the new weights."""
        rate = self.options.rate(progress, 1.0)
        if self.options.warm_up:
            rate *= min(1.0, (self.steps + 1) / self.options.warm_up)
        self.steps += 1  # the average of a short training must not consist of its initial weights
        return rate, 1 - min(self.options.average, (1 + self.steps) / (10 + self.steps))

    def _descend(self, loss: Tensor, share: float | Tensor) -> Tensor:
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if self.peers is not None:
            self.peers.average([weight.grad for weight in self.network.parameters() if weight.grad is not None])
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.options.max_norm)
        self.optimiser.step()
        if self.average is not None:
            blend(self.average, self.network, share)
        return norm

    def _recorded_step(
        self, loss: Loss, batch: Batch, columns: tuple[Tensor | None, ...], numbers: tuple[float, ...], progress: float
    ) -> Tensor:
        given = tuple(column is not None for column in columns)
        if (loss, given) not in self._recorded:
            self._recorded[loss, given] = GraphedStep(self._whole_step(loss, given), self._changing)
        weight = batch.weight if batch.weight is not None else torch.ones_like(batch.places, dtype=torch.float32)
        rows = [weight, batch.legal, batch.action, batch.behaviour, *batch.inputs]
        present = [column for column in columns if column is not None]
        return self._recorded[loss, given](rows + present, (*self._next(progress), *numbers))

    def _whole_step(self, loss: Loss, given: tuple[bool, ...]) -> Callable[..., Tensor]:
        """A step as a function of tensors alone, the first of which are the rows' weights and two numbers: the learning
        rate and the average's share."""

        def step(rows: Sequence[Tensor], numbers: Sequence[Tensor]) -> Tensor:
            weight, legal, action, behaviour, features, player, memory, state, *present = rows
            batch = Batch(
                rows=np.empty(0, np.int64),  # a recorded loss reads its columns, not the rollout
                places=action.new_empty(0),
                legal=legal,
                action=action,
                behaviour=behaviour,
                inputs=(features, player, memory, state),
                inverse=None,
                order=None,
                begins=None,
                weight=weight,
                pool=None,
            )
            rest = iter(present)
            columns = tuple(next(rest) if one else None for one in given)
            for group in self.optimiser.param_groups:
                group["lr"], group["capturable"] = numbers[0], True
            with torch.autocast("cuda", torch.bfloat16, enabled=self.settled.bf16, cache_enabled=False):
                output = outputs(self.network, batch)
            value, *measured = loss(output, batch, columns, tuple(numbers[2:]))
            norm = self._descend(value, numbers[1])
            return unread(*measured, norm)

        return step

    def _changing(self) -> list[Tensor]:
        """Everything that a step changes."""
        moments = [value for own in self.optimiser.state.values() for value in own.values()]
        average = [] if self.average is None else list(self.average.parameters())
        return [*self.network.parameters(), *average, *moments]

    def policy(self) -> NetworkPolicy:
        """A frozen policy of the averaged weights, or of the newest ones if no average is kept."""
        return NetworkPolicy.frozen(self.network if self.average is None else self.average)

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
        self._tables, self._recorded = {}, {}


class _Parts(nn.Module):
    """A memoryless network's outputs as a tuple, without the outputs that it does not have."""

    def __init__(self, network: Network):
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        output, _ = self.network(*inputs)
        return tuple(part for part in output if part is not None)


def _graphed(network: Network) -> Callable[..., tuple[Output, Tensor]]:
    """The forward pass of a memoryless network as a CUDA graph, and the backward pass behind it."""
    passes = GraphedModule(_Parts(network))

    def forward(features: Tensor, player: Tensor, memory: Tensor, state: Tensor) -> tuple[Output, Tensor]:
        logits, value, *auxiliary = passes(features, player, memory, state)
        return Output(logits, value, auxiliary[0] if auxiliary else None), memory

    return forward


def unread(*values: Tensor) -> Tensor:
    """A gradient step's measurements, [n] float32, still on the device, so that nothing waits for a GPU."""
    return torch.stack([value.detach().float() for value in values])


def weights(network: nn.Module) -> dict[str, np.ndarray]:
    """A module's state as arrays."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def set_weights(network: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Set a module's weights to arrays from `weights`."""
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})


@torch.no_grad()
def blend(target: nn.Module, source: nn.Module, share: float | Tensor) -> None:
    """Move every weight of `target` by `share` (0..1) of the way towards that of `source`."""
    own: list[Tensor] = list(target.parameters())
    other: list[Tensor] = list(source.parameters())
    if isinstance(share, Tensor):
        torch._foreach_lerp_(own, other, [share] * len(own))
    else:
        torch._foreach_lerp_(own, other, share)


def _moments(optimiser: torch.optim.Adam) -> dict[str, dict[str, np.ndarray]]:
    state = optimiser.state_dict()["state"]
    return {str(i): {name: v.cpu().numpy().copy() for name, v in own.items()} for i, own in state.items()}


def _set_moments(optimiser: torch.optim.Adam, moments: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    whole = optimiser.state_dict()
    whole["state"] = {
        int(i): {name: torch.from_numpy(np.array(array)) for name, array in own.items()} for i, own in moments.items()
    }
    optimiser.load_state_dict(whole)
