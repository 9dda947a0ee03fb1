"""Minibatches of a rollout's records, and a network's outputs for them.

On a game in sequence form many records share an information state. A memoryless network is then evaluated once per
distinct state, which gives the same gradient as evaluating every record. Equal decisions, of the same behaviour and
action at one state, can also be pooled to one row: a loss that is linear in what followed them needs only its mean. A
recurrent network is unrolled along each stream from the memory of its first record, and restarted wherever a match
began.
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


class Pooled(NamedTuple):
    """The records that the b rows of a pooled batch stand for."""

    records: np.ndarray
    """[m] indices of all records"""
    row: np.ndarray
    """[m] the row of each"""
    weight: np.ndarray
    """[m] float64, the weight of each"""


class Batch(NamedTuple):
    """b records as tensors; if `inverse` is given, `inputs` are those of the u distinct information states."""

    rows: np.ndarray
    """[b] indices of the records; in a pooled batch, one record of each row"""
    places: Tensor
    """[b] int64, `rows` on the device"""
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
    weight: Tensor | None
    """[b] float32 weight of each row in means over the batch; None = equal"""
    pool: Pooled | None
    """If equal decisions are pooled; None = each row is one record"""

    def of(self, values: np.ndarray) -> np.ndarray:
        """[b] each row's value of per-record `values` [N]; in a pooled batch, the weighted mean over its records."""
        if self.pool is None:
            return values[self.rows]
        records, row, weight = self.pool
        total = np.bincount(row, weight * values[records], len(self.rows))
        return (total / np.bincount(row, weight, len(self.rows))).astype(values.dtype)


_INPUTS = ("features", "player", "memory", "state")
_ANSWERS = ("legal", "action", "behaviour")


class OnDevice:
    """A rollout's records on the learner's device, copied there once; on the CPU they share memory."""

    def __init__(self, records: Records, device: torch.device):
        self.records, self.device = records, device
        self._columns = {name: to_tensor(getattr(records, name), device) for name in (*_INPUTS, *_ANSWERS)}

    def batch(self, rows: np.ndarray, *, distinct: bool = False, weight: np.ndarray | None = None) -> Batch:
        """The records at `rows` [b]; with `distinct`, equal information states are evaluated once.

        weight: [N] of each record in means over a batch; None = equal.
        """
        records, inverse = self.records, None
        shown = places = to_tensor(rows, self.device)
        if distinct and len(rows) and (records.key[rows] >= 0).all():
            first, own = _distinct(records.key[rows] * (records.player.max() + 1) + records.player[rows])
            shown, inverse = to_tensor(rows[first], self.device), to_tensor(own, self.device)
        features, player, memory, state = self._at(_INPUTS, shown)
        legal, action, behaviour = self._at(_ANSWERS, places)
        weights = None if weight is None else to_tensor(weight[rows].astype(np.float32), self.device)
        inputs = (features, player, memory, state)
        return Batch(rows, places, legal, action, behaviour, inputs, inverse, None, None, weights, None)

    def pooled(self, rows: np.ndarray, weight: np.ndarray | None = None) -> Batch:
        """The records at `rows` [m], which have information states, with equal decisions as one row."""
        first, row = _equal(self.records, rows)
        each = np.ones(len(rows)) if weight is None else weight[rows].astype(float)
        totals = np.bincount(row, each, len(first)).astype(np.float32)
        batch = self.batch(rows[first], distinct=True)
        return batch._replace(weight=to_tensor(totals, self.device), pool=Pooled(rows, row, each))

    def _at(self, names: tuple[str, ...], places: Tensor) -> list[Tensor]:
        return [self._columns[name].index_select(0, places) for name in names]


def batch_of(records: Records, rows: np.ndarray, device: torch.device, *, distinct: bool = False) -> Batch:
    """Only the records at `rows` [b]; see `OnDevice.batch`."""
    part = Records(*(array[rows] for array in records))
    batch = OnDevice(part, device).batch(np.arange(len(rows)), distinct=distinct)
    return batch._replace(rows=rows, places=to_tensor(rows, device))


def minibatches(
    rollout: Rollout,
    wanted: np.ndarray,
    count: int,
    rng: np.random.Generator,
    network: Network,
    device: torch.device,
    *,
    epochs: int = 1,
    records: OnDevice | None = None,
    weight: np.ndarray | None = None,
    pool: bool = False,
) -> Iterator[Batch]:
    """Split the `wanted` [N] bool records into `count` random parts, `epochs` times; whole streams for a recurrent
    network.

    records: the rollout's, if they are on the device already. weight: [N] > 0, the weight of each record in means over
    a batch; None = equal. pool: pool equal decisions where a network is a function of information states, for losses
    that are linear in the records' values.
    """
    if network.memory_size:
        streams = np.flatnonzero(_any_wanted(rollout, wanted))
        for part in _parts(streams, count, rng, epochs):
            yield sequences(rollout, wanted, part, device, weight)
        return
    records, distinct = records or OnDevice(rollout.records, device), shares_states(network)
    pool = pool and distinct and bool((rollout.records.key >= 0).all())
    whole = None
    for part in _parts(np.flatnonzero(wanted), count, rng, epochs):
        if pool and count == 1:  # all epochs have the same rows
            whole = whole or records.pooled(part, weight)
            yield whole
        else:
            yield records.pooled(part, weight) if pool else records.batch(part, distinct=distinct, weight=weight)


def _parts(items: np.ndarray, count: int, rng: np.random.Generator, epochs: int) -> Iterator[np.ndarray]:
    """Split the items into `count` random parts, `epochs` times; empty parts are left out."""
    for _ in range(epochs):
        for part in np.array_split(rng.permutation(items), min(count, max(len(items), 1))):
            if len(part):
                yield part


def sequences(
    rollout: Rollout, wanted: np.ndarray, streams: np.ndarray, device: torch.device, weight: np.ndarray | None = None
) -> Batch:
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
    if weight is not None:
        batch = batch._replace(weight=to_tensor(weight[rows].astype(np.float32), device))
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


def _equal(records: Records, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For the records at `rows` [m]: the first position of each distinct decision [u], and each one's row [m].

    Decisions are equal in information state, action and behaviour; the latter by a hash of its bits.
    """
    behaviour = np.ascontiguousarray(records.behaviour[rows]).view(np.int32).astype(np.int64)
    factors = np.random.default_rng(0).integers(1, 2**62, behaviour.shape[1] + 3) | 1
    place = np.stack([records.key[rows], records.player[rows], records.action[rows]])
    with np.errstate(over="ignore"):
        codes = behaviour @ factors[:-3] + factors[-3:] @ place
    _, first, row = np.unique(codes, return_index=True, return_inverse=True)
    return first, row


def _distinct(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For small codes [b]: the first position of each distinct code [u], and each element's row among them [b]."""
    place = np.full(codes.max() + 1, -1)
    place[codes] = np.arange(len(codes))
    present = np.flatnonzero(place >= 0)
    row = np.empty(len(place), np.int64)
    row[present] = np.arange(len(present))
    return place[present], row[codes]
