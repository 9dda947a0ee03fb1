"""Minibatches of transitions from datasets, with one part of each in memory at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from pokespiel.learning.datasets import Columns, Dataset, Filter
from pokespiel.learning.rollout import Records


class Source(Protocol):
    """Parts that can be loaded by number."""

    def __len__(self) -> int: ...

    def load(self, number: int, rng: np.random.Generator) -> Columns:
        """A part's columns, together with `keep` [n] bool."""
        ...


@dataclass(frozen=True)
class OnDisk:
    """The parts of a dataset that pass a filter."""

    folder: str
    chosen: Filter = Filter()

    def __len__(self) -> int:
        return len(Dataset(Path(self.folder)).parts())

    def load(self, number: int, rng: np.random.Generator) -> Columns:
        dataset = Dataset(Path(self.folder))
        part = dataset.parts()[number]
        columns = dataset.read(part)
        return columns | {"keep": self.chosen.keep(columns, dataset.provenance(part), rng)}


@dataclass(frozen=True)
class InMemory:
    """Parts that were just collected."""

    parts: Sequence[Columns]

    def __len__(self) -> int:
        return len(self.parts)

    def load(self, number: int, rng: np.random.Generator) -> Columns:
        part = self.parts[number]
        return part | {"keep": np.ones(len(part["action"]), bool)}


class Transitions(NamedTuple):
    """n transitions: a decision, its result, and the same player's next decision."""

    now: Records
    reward: np.ndarray
    """[n] float32 utility until the next decision"""
    utility: np.ndarray
    """[n] float32 the player's utility over the match"""
    last: np.ndarray
    """[n] bool, no next decision: the match ended"""
    next: Records
    """The next decision; its values are meaningless where `last` is set"""


class Sampler:
    """Iterates over a source's kept rows in random order, part by part, without end."""

    def __init__(self, source: Source, rng: np.random.Generator):
        self.source, self.rng = source, rng
        self._order = np.empty(0, np.int64)
        self._at = 0
        self._rows = np.empty(0, np.int64)
        self._part: Columns = {}

    def sample(self, n: int) -> Transitions:
        """The next n transitions."""
        pieces = []
        while n > 0:
            if not len(self._rows):
                self._next_part()
            rows, self._rows = self._rows[:n], self._rows[n:]
            pieces.append(transitions(self._part, rows))
            n -= len(rows)
        return pieces[0] if len(pieces) == 1 else joined(pieces)

    def _next_part(self) -> None:
        for _ in range(len(self.source) + 1):
            if self._at == len(self._order):
                self._order, self._at = self.rng.permutation(len(self.source)), 0
            self._part = self.source.load(int(self._order[self._at]), self.rng)
            self._at += 1
            self._rows = self.rng.permutation(np.flatnonzero(self._part["keep"]))
            if len(self._rows):
                return
        raise ValueError("no decision passes the filter: nothing to learn from")

    def state(self) -> dict[str, Any]:
        keep = self._part.get("keep", np.empty(0, bool))
        return {"order": self._order.copy(), "at": self._at, "rows": self._rows.copy(), "keep": keep.copy()}

    def load(self, state: Mapping[str, Any]) -> None:
        self._order, self._at = np.array(state["order"]), int(state["at"])
        self._rows = np.array(state["rows"])
        if self._at:
            loaded = self.source.load(int(self._order[self._at - 1]), np.random.default_rng(0))
            self._part = loaded | {"keep": np.array(state["keep"])}


def transitions(part: Columns, rows: np.ndarray) -> Transitions:
    """The transitions at `rows` of a part."""
    last = part["last"][rows]
    after = np.where(last, rows, rows + 1)
    return Transitions(_records(part, rows), part["reward"][rows], part["utility"][rows], last, _records(part, after))


def joined(pieces: Sequence[Transitions]) -> Transitions:
    """Concatenate several groups of transitions."""
    now, after = (
        Records(*(np.concatenate(columns) for columns in zip(*side, strict=True)))
        for side in ([piece.now for piece in pieces], [piece.next for piece in pieces])
    )
    reward, utility, last = (
        np.concatenate([getattr(piece, name) for piece in pieces]) for name in ("reward", "utility", "last")
    )
    return Transitions(now, reward, utility, last, after)


def _records(part: Columns, rows: np.ndarray) -> Records:
    n = len(rows)
    return Records(
        features=part["features"][rows],
        legal=part["legal"][rows],
        key=part["key"][rows],
        player=part["seat"][rows],
        learner=part["policy"][rows],
        action=part["action"][rows],
        behaviour=part["behaviour"][rows],
        value=np.zeros(n, np.float32),
        memory=np.zeros((n, 0), np.float32),
        state=np.zeros((n, 0), np.float32),
        ratio=np.ones(n, np.float32),
        reach=np.ones(n, np.float32),
    )
