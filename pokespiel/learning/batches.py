"""Minibatches of a rollout's records, and a network's outputs for them.

On a game in sequence form many records share an information state. A memoryless network is then evaluated once per
distinct state, which gives the same gradient as evaluating every record. A recurrent network is unrolled along each
stream from the memory of its first record, and restarted wherever a match began.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pokespiel.learning.networks import Network, Output, shares_states, to_tensor
from pokespiel.learning.rollout import Records, Rollout


class Batch(NamedTuple):
    """b records as tensors; if `inverse` is given, `inputs` are those of the u distinct information states."""

    rows: np.ndarray
    """[b] indices of the records"""
    legal: Tensor
    """[b, A] bool"""
    action: Tensor
    """[b] int64"""
    behaviour: Tensor
    """[b, A] float32"""
    inputs: tuple[Tensor, Tensor, Tensor, Tensor]
    """features [u, D], player [u], memory [u, M], full state [u, F]"""
    inverse: Tensor | None
    """[b] int64, each record's row of `inputs`; None = `inputs` has one row per record"""
    order: Tensor | None
    """Recurrent networks: [L, S] positions in the batch of each stream's decisions in time order, -1 after the last"""
    begins: Tensor | None
    """Recurrent networks: [L, S] bool, a match began with this decision"""


_INPUTS = ("features", "player", "memory", "state")
_ANSWERS = ("legal", "action", "behaviour")


class OnDevice:
    """A rollout's records on the learner's device, copied there once; on the CPU they share memory."""

    def __init__(self, records: Records, device: torch.device):
        self.records, self.device = records, device
        self._columns = {name: to_tensor(getattr(records, name), device) for name in (*_INPUTS, *_ANSWERS)}

    def batch(self, rows: np.ndarray, *, distinct: bool = False) -> Batch:
        """The records at `rows` [b]; with `distinct`, equal information states are evaluated once."""
        records, inverse = self.records, None
        shown = places = to_tensor(rows, self.device)
        if distinct and len(rows) and (records.key[rows] >= 0).all():
            first, own = _distinct(records.key[rows] * (records.player.max() + 1) + records.player[rows])
            shown, inverse = to_tensor(rows[first], self.device), to_tensor(own, self.device)
        features, player, memory, state = self._at(_INPUTS, shown)
        legal, action, behaviour = self._at(_ANSWERS, places)
        return Batch(rows, legal, action, behaviour, (features, player, memory, state), inverse, None, None)

    def _at(self, names: tuple[str, ...], places: Tensor) -> list[Tensor]:
        return [self._columns[name].index_select(0, places) for name in names]


def batch_of(records: Records, rows: np.ndarray, device: torch.device, *, distinct: bool = False) -> Batch:
    """Only the records at `rows` [b]; see `OnDevice.batch`."""
    part = Records(*(array[rows] for array in records))
    return OnDevice(part, device).batch(np.arange(len(rows)), distinct=distinct)._replace(rows=rows)


def minibatches(
    rollout: Rollout,
    wanted: np.ndarray,
    count: int,
    rng: np.random.Generator,
    network: Network,
    device: torch.device,
    *,
    epochs: int = 1,
) -> Iterator[Batch]:
    """Split the `wanted` [N] bool records into `count` random parts, `epochs` times; whole streams for a recurrent
    network."""
    if network.memory_size:
        streams = np.flatnonzero(_any_wanted(rollout, wanted))
        for part in _parts(streams, count, rng, epochs):
            yield sequences(rollout, wanted, part, device)
        return
    records, distinct = OnDevice(rollout.records, device), shares_states(network)
    for part in _parts(np.flatnonzero(wanted), count, rng, epochs):
        yield records.batch(part, distinct=distinct)


def _parts(items: np.ndarray, count: int, rng: np.random.Generator, epochs: int) -> Iterator[np.ndarray]:
    """Split the items into `count` random parts, `epochs` times; empty parts are left out."""
    for _ in range(epochs):
        for part in np.array_split(rng.permutation(items), min(count, max(len(items), 1))):
            if len(part):
                yield part


def sequences(rollout: Rollout, wanted: np.ndarray, streams: np.ndarray, device: torch.device) -> Batch:
    """All wanted records of `streams`, with their order in time."""
    grid = rollout.grid[:, streams]
    taken = (grid >= 0) & wanted[grid]
    place = taken.cumsum(axis=0) - 1
    length = int(taken.sum(axis=0).max(initial=0))
    order = np.full((length, len(streams)), -1, np.int64)
    time, stream = np.nonzero(taken)
    rows = grid[time, stream]
    order[place[time, stream], stream] = np.arange(len(rows))
    begins = np.zeros(order.shape, bool)
    begins[place[time, stream], stream] = _begins(rollout.done[:, streams], taken)[time, stream]
    batch = batch_of(rollout.records, rows, device)
    return batch._replace(order=torch.from_numpy(order).to(device), begins=torch.from_numpy(begins).to(device))


def outputs(network: Network, batch: Batch, forward: Callable[..., Any] | None = None) -> Output:
    """The network's outputs for all b records; `forward` may be a compiled form of a memoryless network."""
    features, player, memory, state = batch.inputs
    if network.cell is None:
        output, _ = (network if forward is None else forward)(features, player, memory, state)
    else:
        hidden, rows = network.encode(features, player)
        hidden = _unrolled(network.cell, hidden, memory, batch)
        output = network.heads(hidden, rows, features, player, state)
    if batch.inverse is None:
        return output
    logits, value = (functional.embedding(batch.inverse, part) for part in (output.logits, output.value))
    return Output(logits, value, None)


def _unrolled(cell: torch.nn.GRUCell, hidden: Tensor, memory: Tensor, batch: Batch) -> Tensor:
    """[b, R] the GRU's output at every record."""
    assert batch.order is not None
    assert batch.begins is not None
    state = memory[batch.order[0]].to(hidden.dtype)
    after = []
    for place, begins in zip(batch.order, batch.begins, strict=True):
        state = cell(hidden[place], state.masked_fill(begins[:, None], 0))
        after.append(state)
    filled = batch.order >= 0
    result = after[0].new_empty(len(hidden), after[0].shape[1])
    return result.index_copy(0, batch.order[filled], torch.stack(after)[filled])


def _begins(done: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """[T, S] bool: the decision at this step is the first one of its match."""
    begins = np.zeros(taken.shape, bool)
    ended = np.zeros(taken.shape[1], bool)
    for step in range(len(taken)):
        begins[step] = taken[step] & ended
        ended = (ended & ~taken[step]) | done[step]
    return begins


def _any_wanted(rollout: Rollout, wanted: np.ndarray) -> np.ndarray:
    return ((rollout.grid >= 0) & wanted[rollout.grid]).any(axis=0)


def _distinct(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For small codes [b]: the first position of each distinct code [u], and each element's row among them [b]."""
    place = np.full(codes.max() + 1, -1)
    place[codes] = np.arange(len(codes))
    present = np.flatnonzero(place >= 0)
    row = np.empty(len(place), np.int64)
    row[present] = np.arange(len(present))
    return place[present], row[codes]
