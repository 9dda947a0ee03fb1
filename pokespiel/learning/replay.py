"""A bounded memory of decisions: a reservoir, which is a uniform sample of all rows ever added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


class Reservoir:
    """Vitter's algorithm R: every row ever added is held with the same probability, in O(1) per row.

    Named columns of at most `capacity` rows; they grow by doubling, so an unfilled memory is small.
    """

    def __init__(self, capacity: int):
        if capacity < 1:
            raise ValueError(f"a memory needs room for at least one row, not {capacity}")
        self.capacity = capacity
        self.seen = 0
        """Number of rows ever added."""
        self.columns: dict[str, np.ndarray] = {}

    def __len__(self) -> int:
        return min(self.seen, self.capacity)

    def add(self, rows: Mapping[str, np.ndarray], rng: np.random.Generator) -> None:
        """Add n rows, given as columns of length n."""
        n = len(next(iter(rows.values())))
        number = self.seen + np.arange(n)
        places = np.where(number < self.capacity, number, (rng.random(n) * (number + 1)).astype(np.int64))
        kept = _last_of_each(places, places < self.capacity)
        self._put(places[kept], {name: values[kept] for name, values in rows.items()})
        self.seen += n

    def sample(self, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """n rows drawn uniformly with replacement, in O(n)."""
        if not self.seen:
            raise ValueError("nothing to sample: the memory is empty")
        rows = rng.integers(len(self), size=n)
        return {name: column[rows] for name, column in self.columns.items()}

    def rows(self) -> dict[str, np.ndarray]:
        """All rows held, as views."""
        return {name: column[: len(self)] for name, column in self.columns.items()}

    def _put(self, places: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
        needed = int(places.max(initial=-1)) + 1
        for name, values in rows.items():
            column = self.columns.get(name, np.empty((0, *values.shape[1:]), values.dtype))
            if needed > len(column):
                size = min(max(needed, 2 * len(column), 1024), self.capacity)
                larger = np.empty((size, *values.shape[1:]), values.dtype)
                larger[: len(column)] = column
                column = larger
            column[places] = values
            self.columns[name] = column

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen, "columns": {name: rows.copy() for name, rows in self.rows().items()}}

    def load(self, state: Mapping[str, Any]) -> None:
        self.seen = int(state["seen"])
        self.columns = {name: np.array(rows) for name, rows in state["columns"].items()}


def _last_of_each(places: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Indices of the wanted rows; of rows with the same place only the last, so that each place is written once."""
    rows = np.flatnonzero(wanted)
    _, last = np.unique(places[rows][::-1], return_index=True)
    return rows[::-1][last]
