"""Weights in shared memory, and a server process that decides for all actors: on a GPU, large batches are efficient.

An actor writes the rows to decide into its request buffer, rings the buffer's bell (a socket), and waits. The server
collects the requests of all bells that rang, copies their rows to the device as one batch, evaluates the network once
and writes the answers back. While one batch is computed, the next is gathered.
"""

from __future__ import annotations

import contextlib
import copy
import selectors
import socket
import struct
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils import parameters_to_vector

from pokespiel.core.children import Link, Region
from pokespiel.core.policy import Observations, Policy
from pokespiel.core.threads import limited
from pokespiel.learning.compute import Settled
from pokespiel.learning.decider import Decider
from pokespiel.learning.network_policy import NetworkPolicy
from pokespiel.learning.networks import Network, NetworkShape
from pokespiel.learning.rollout import Decision

_RING = struct.Struct("iiii")
"""An actor's message: version, learner, player, rows."""


class Weights:
    """The latest versions of some networks' weights, in shared memory as float32."""

    def __init__(self, networks: Sequence[Network], versions: int, region: Region | None = None):
        """versions: number of versions kept, in a ring. region: shared memory that another process made; None =
        allocate."""
        self.networks, self.versions = tuple(networks), versions
        size = sum(parameter.numel() for network in networks for parameter in network.parameters())
        self.region = region or Region(4 * size * versions)
        self._ring = self.region.array((versions, size), np.float32)

    @torch.no_grad()
    def publish(self, version: int) -> None:
        """Store the networks' current weights as this version."""
        parts = [parameters_to_vector(network.parameters()).float().cpu() for network in self.networks]
        self._ring[version % self.versions] = torch.cat(parts).numpy()

    @torch.no_grad()
    def fetch(self, version: int) -> None:
        """Load the weights of this version into the networks."""
        rest = torch.from_numpy(self._ring[version % self.versions])
        for network in self.networks:
            size = sum(parameter.numel() for parameter in network.parameters())
            flat = rest[:size].to(next(network.parameters()).device)
            for parameter in network.parameters():  # in place: the same memory alignment gives the same rounding
                parameter.copy_(flat[: parameter.numel()].view_as(parameter))
                flat = flat[parameter.numel() :]
            rest = rest[size:]

    def __getitem__(self, version: int) -> np.ndarray:
        """[all weights] of a version."""
        return self._ring[version % self.versions]

    def __setitem__(self, version: int, weights: np.ndarray) -> None:
        self._ring[version % self.versions] = weights


class Widths(NamedTuple):
    """Sizes of a decision's arrays."""

    rows: int
    """Maximum rows per request."""
    features: int
    compact: bool
    """Features are compact rows."""
    actions: int
    memory: int
    state: int


class RequestBuffer:
    """Where an actor writes requests and reads the answers; both sets of arrays are in one region of shared memory."""

    def __init__(self, widths: Widths, region: Region | None = None):
        n, kind = widths.rows, np.dtype(np.int16 if widths.compact else np.float32)
        shapes: dict[str, tuple[tuple[int, ...], Any]] = {
            "features": ((n, widths.features), kind),
            "legal": ((n, widths.actions), bool),
            "memory": ((n, widths.memory), np.float32),
            "state": ((n, widths.state), np.float32),
            "probabilities": ((n, widths.actions), np.float32),
            "after": ((n, widths.memory), np.float32),
            "value": ((n,), np.float32),
        }
        sizes = [-(-int(np.prod(shape)) * np.dtype(kind).itemsize // 64) * 64 for shape, kind in shapes.values()]
        self.widths = widths
        self.region = region or Region(sum(sizes))
        at = np.cumsum([0, *sizes]).tolist()
        self.arrays = {
            name: self.region.array(shape, kind, offset)
            for (name, (shape, kind)), offset in zip(shapes.items(), at, strict=False)
        }


class Elsewhere:
    """An actor's end of its request buffer: replaces `Decider.decide` for one learner."""

    def __init__(self, desk: RequestBuffer, bell: socket.socket, learner: int):
        self.desk, self.bell, self.learner = desk, bell, learner
        self.version = 0

    def __call__(self, observations: Observations, memory: np.ndarray, state: np.ndarray) -> Decision:
        arrays, n = self.desk.arrays, len(observations.legal)
        arrays["features"][:n] = observations.features
        arrays["legal"][:n] = observations.legal
        arrays["memory"][:n, : memory.shape[1]] = memory
        arrays["state"][:n] = state
        self.bell.sendall(_RING.pack(self.version, self.learner, observations.player, n))
        if not self.bell.recv(1):
            raise EOFError
        width = memory.shape[1]
        return Decision(
            arrays["probabilities"][:n].copy(), arrays["after"][:n, :width].copy(), arrays["value"][:n].copy()
        )


class ServedPolicy:
    """A frozen memoryless network that the inference server evaluates, as a policy; it reads compact rows."""

    memory_size = 0
    reads_compact = True

    def __init__(self, elsewhere: Elsewhere):
        self._elsewhere = elsewhere

    def start(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return np.zeros((n, 0), np.float32)

    def __call__(self, observations: Observations, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nothing = np.zeros((len(memory), 1), np.float32)
        return self._elsewhere(observations, memory, nothing).probabilities, memory


def network_of(policy: Policy, shape: NetworkShape) -> Network | None:
    """The network that the server can evaluate for a frozen policy of a game of this `shape`; None = it can not.

    It is a memoryless one that reads what a player sees, also behind a policy with `reads_compact`, as its `policy`.
    """
    if hasattr(policy, "reads_compact"):
        policy = getattr(policy, "policy", policy)
    if not isinstance(policy, NetworkPolicy) or policy.memory_size or policy.network.options.privileged:
        return None
    return policy.network if policy.network.shape == shape else None


def served(policy: Policy, elsewhere: Elsewhere) -> Policy:
    """The policy, with `ServedPolicy` instead of the network that `network_of` found."""
    if isinstance(policy, NetworkPolicy):
        return ServedPolicy(elsewhere)
    outer: Any = copy.copy(policy)
    outer.policy = ServedPolicy(elsewhere)
    return outer


class Request(NamedTuple):
    """Rows that an actor waits for."""

    desk: int
    version: int
    learner: int
    player: int
    rows: int


class Service(NamedTuple):
    """The data that the server starts with."""

    learners: tuple[Decider, ...]
    frozen: tuple[Network, ...]
    """Networks that never change; they are numbered after the learners and evaluated in float32."""
    device: torch.device
    bf16: bool
    graphs: bool
    desks: tuple[Widths, ...]
    versions: int


def serve_inference(link: Link) -> None:
    """The server process's main function: answer until the parent exits."""
    service, descriptors = link.receive()
    with limited(1):
        InferenceServer(service, descriptors).run(link)


class InferenceServer:
    """Answers every request."""

    def __init__(self, service: Service, descriptors: Sequence[int]):
        """descriptors: of the weights, then of each request buffer's region and bell."""
        weights, *rest = descriptors
        self.desks = [
            RequestBuffer(widths, Region(-1, at)) for widths, at in zip(service.desks, rest[::2], strict=True)
        ]
        self.bells = [socket.socket(fileno=at) for at in rest[1::2]]
        region = Region(-1, weights)
        settled = Settled(service.device, service.bf16, 1, service.graphs)
        self._copies = [
            [Decider(copy.deepcopy(one.network), settled) for one in service.learners] for _ in range(service.versions)
        ]
        self._rings = [Weights([one.network for one in copies], service.versions, region) for copies in self._copies]
        self._frozen = [Decider(network, settled._replace(bf16=False)) for network in service.frozen]
        self._held = [-1] * service.versions
        rows = sum(widths.rows for widths in service.desks)
        self._free = [ServedBatch(service.desks[0]._replace(rows=rows), service.device) for _ in range(2)]
        self._under_way: deque[tuple[ServedBatch, list[Request]]] = deque()

    def run(self, link: Link) -> None:
        """Answer until the parent exits."""
        with selectors.DefaultSelector() as selector:
            selector.register(link, selectors.EVENT_READ, None)
            for number, bell in enumerate(self.bells):
                selector.register(bell, selectors.EVENT_READ, number)
            while True:
                rung = [key.data for key, _ in selector.select(0 if self._under_way else None)]
                if None in rung:
                    return
                for group in self._groups(rung, selector):
                    if not self._free:
                        self._finish()
                    self._begin(group)
                if not rung and self._under_way:
                    self._finish()

    def _groups(self, rung: Sequence[int], selector: selectors.BaseSelector) -> list[list[Request]]:
        """The requests of the bells that rang, in groups for the same network."""
        groups: dict[tuple[int, int], list[Request]] = {}
        for number in rung:
            message = self.bells[number].recv(_RING.size, socket.MSG_WAITALL)
            if len(message) < _RING.size:  # the actor has exited; its parent notices
                selector.unregister(self.bells[number])
                continue
            request = Request(number, *_RING.unpack(message))
            groups.setdefault((request.version, request.learner), []).append(request)
        return list(groups.values())

    def _begin(self, group: list[Request]) -> None:
        batch = self._free.pop()
        batch.gather(self.desks, group)
        batch.evaluate(self._decider(group[0].version, group[0].learner))
        self._under_way.append((batch, group))

    def _decider(self, version: int, number: int) -> Decider:
        """A learner with the weights of this version, or a frozen network."""
        slot = version % len(self._rings)
        if number >= len(self._copies[slot]):
            return self._frozen[number - len(self._copies[slot])]
        if self._held[slot] != version:
            self._rings[slot].fetch(version)
            self._held[slot] = version
        return self._copies[slot][number]

    def _finish(self) -> None:
        """Answer the oldest batch in progress."""
        batch, group = self._under_way.popleft()
        batch.scatter(self.desks, group)
        for request in group:
            with contextlib.suppress(OSError):  # if the actor has exited, its parent notices
                self.bells[request.desk].sendall(b".")
        self._free.append(batch)


class ServedBatch:
    """Memory for one batch of rows: gathered, on the device, and the answers."""

    def __init__(self, widths: Widths, device: torch.device):
        self.device, self.on_gpu = device, device.type == "cuda"
        arrays = RequestBuffer(widths).arrays | {"player": np.zeros(widths.rows, np.int64)}
        self._room = {name: torch.from_numpy(array) for name, array in arrays.items()}
        if self.on_gpu:
            self._room = {name: tensor.pin_memory() for name, tensor in self._room.items()}
        self._arrays = {name: tensor.numpy() for name, tensor in self._room.items()}
        self._rows = 0
        self._done = torch.cuda.Event() if self.on_gpu else None

    def gather(self, desks: Sequence[RequestBuffer], group: Sequence[Request]) -> None:
        """Copy the requests of a group into one batch."""
        at = 0
        for request in group:
            stop = at + request.rows
            for name in ("features", "legal", "memory", "state"):
                self._arrays[name][at:stop] = desks[request.desk].arrays[name][: request.rows]
            self._arrays["player"][at:stop] = request.player
            at = stop
        self._rows = at

    def evaluate(self, decider: Decider) -> None:
        """Start the evaluation on the device; it may still be running when this returns."""
        inputs = [
            self._room[name][: self._rows].to(self.device, non_blocking=True)
            for name in ("features", "legal", "player", "memory", "state")
        ]
        answers = decider.answer(*inputs)
        for name, answer in zip(("probabilities", "after", "value"), answers, strict=True):
            self._room[name][: self._rows].copy_(answer, non_blocking=True)
        if self._done is not None:
            self._done.record()

    def scatter(self, desks: Sequence[RequestBuffer], group: Sequence[Request]) -> None:
        """Write the answers into the request buffers."""
        if self._done is not None:
            self._done.synchronize()
        at = 0
        for request in group:
            stop = at + request.rows
            for name in ("probabilities", "after", "value"):
                desks[request.desk].arrays[name][: request.rows] = self._arrays[name][at:stop]
            at = stop
