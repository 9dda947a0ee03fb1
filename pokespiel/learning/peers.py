"""Parallel learners: each plays its own matches and computes the gradient of its own decisions; steps use the mean.

All learners start with the same weights and take the same steps, so their weights stay equal: the mean of the gradients
over equal parts of a minibatch is the gradient over the whole. A training with n learners is thus the training of one
process with the same batch, except for the random numbers, and takes about 1/n of the time on free cores. On a CPU most
of the time goes into gradients, which actors cannot take over.

All peers synchronise in every step, in the same order: `average` writes gradients into shared memory and waits until
all have done so; `total`, `first` and `gathered` exchange small values. The first peer is the caller's process. The
others are `Child` processes that run the same oracle call and discard what it yields.

Reference: Wijmans et al. (2020), DD-PPO: Learning Near-Perfect PointGoal Navigators from 2.5 Billion Frames, section 3.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from pokespiel.core.children import Child, Link, Region
from pokespiel.core.threads import limited

Value = TypeVar("Value")

_current: ContextVar[Peers | None] = ContextVar("current", default=None)
"""The peers that a training which starts now belongs to."""


class Peers:
    """The processes of one training, seen from the process with number `rank`; rank 0 is the caller's."""

    def __init__(self, rank: int, count: int, children: Sequence[Child] = (), parent: Link | None = None):
        """children: for rank 0, all other processes in order. parent: for any other rank, its link to rank 0."""
        self.rank, self.count = rank, count
        self._children, self._parent = tuple(children), parent
        self._rooms: dict[int, tuple[Region, np.ndarray]] = {}
        self._turn = 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace every peer's `tensors` by their mean over all peers."""
        flat = torch.cat([tensor.detach().reshape(-1).float().cpu() for tensor in tensors])
        room = self._room(len(flat))
        half = room[self._turn % 2]  # nobody writes into a half before all have met again and read it
        self._turn += 1
        half[self.rank] = flat.numpy()
        self._meet()
        mean = torch.from_numpy(half.sum(axis=0) / np.float32(self.count))
        for tensor, part in zip(tensors, mean.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def total(self, value: float) -> float:
        """The sum over all peers."""
        every = self.gathered(value)
        return self.first(sum(every) if self.rank == 0 else 0.0)

    def first(self, value: Value) -> Value:
        """The value of rank 0."""
        if self._parent is not None:
            received: Value = self._parent.receive()[0]
            return received
        for child in self._children:
            child.send(value)
        return value

    def gathered(self, value: Value) -> list[Value]:
        """On rank 0: the values of all peers, its own first. On others: an empty list."""
        if self._parent is not None:
            self._parent.send(value)
            return []
        return [value, *(child.receive()[0] for child in self._children)]

    def _meet(self) -> None:
        """Wait until all peers have arrived."""
        self.gathered(None)
        self.first(None)

    def _room(self, size: int) -> np.ndarray:
        """[2, count, size] float32, shared by all."""
        if size not in self._rooms:
            shape = (2, self.count, size)
            if self._parent is not None:
                _, (descriptor,) = self._parent.receive()
                region = Region(-1, descriptor)
            else:
                region = Region(8 * self.count * size)
                for child in self._children:
                    child.send(None, [region.descriptor])
            self._rooms[size] = region, region.array(shape, np.float32)
        return self._rooms[size][1]


def current() -> Peers | None:
    """The peers that a training which starts now belongs to; None = it runs alone."""
    return _current.get()


Call = Callable[..., Iterator[Any]]


def side_by_side(count: Callable[..., int]) -> Callable[[Call], Call]:
    """Run an oracle's call as one of `count(oracle, game, state)` peers, which start at its first `next`."""

    def decorated(call: Call) -> Call:
        @functools.wraps(call)
        def learn(
            oracle: Any,
            game: Any,
            opponents: Mapping[int, Any],
            rng: np.random.Generator,
            *,
            start: Sequence[Any] = (),
            state: Mapping[str, Any] | None = None,
        ) -> Iterator[Any]:
            peers = 1 if current() is not None else count(oracle, game, state)
            arguments = (oracle, game, opponents, rng)
            if peers == 1:
                yield from call(*arguments, start=start, state=state)
                return
            children = [Child(_peer, f"learner {rank}") for rank in range(1, peers)]
            try:
                shared = pickle.dumps((arguments, tuple(start), state))
                for rank, child in enumerate(children, 1):
                    child.send((rank, peers, shared))
                yield from _begun(call(*arguments, start=start, state=state), Peers(0, peers, children))
            finally:
                for child in children:
                    child.leave()
                for child in children:
                    child.close()

        return learn

    return decorated


def _begun(trainings: Iterator[Any], peers: Peers) -> Iterator[Any]:
    """The trainings; everything that is set up before the first yield belongs to `peers`."""
    token = _current.set(peers)
    try:
        first = next(trainings)
    finally:
        _current.reset(token)
    yield first
    yield from trainings


def _peer(link: Link) -> None:
    """The main function of the processes of ranks above 0."""
    (rank, count, shared), _ = link.receive()
    (oracle, *arguments), start, state = pickle.loads(shared)
    with limited(1):
        _current.set(Peers(rank, count, parent=link))
        for _ in oracle(*arguments, start=start, state=state):
            pass
    link.receive()  # wait until rank 0 exits
