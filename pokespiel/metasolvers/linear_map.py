"""Matrices as operators, so that a structured matrix need not be stored."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import sparse


class LinearMap(Protocol):
    """A matrix A [n, m]."""

    shape: tuple[int, int]

    def times(self, columns: np.ndarray) -> np.ndarray:
        """A y [n] for y [m]."""
        ...

    def transposed_times(self, rows: np.ndarray) -> np.ndarray:
        """A' x [m] for x [n]."""
        ...

    def gram(self, scale: np.ndarray) -> np.ndarray:
        """A diag(scale) A' [n, n] for scale [m] >= 0."""
        ...

    def squares(self, scale: np.ndarray) -> np.ndarray:
        """The diagonal [n] of `gram(scale)`."""
        ...

    def transposed_squares(self, scale: np.ndarray) -> np.ndarray:
        """The diagonal [m] of A' diag(scale) A for scale [n] >= 0."""
        ...


class MatrixMap:
    """A stored matrix [n, m], dense or sparse."""

    def __init__(self, matrix: np.ndarray | sparse.csr_array):
        self.matrix = matrix
        self.shape: tuple[int, int] = matrix.shape

    def times(self, columns: np.ndarray) -> np.ndarray:
        return self.matrix @ columns

    def transposed_times(self, rows: np.ndarray) -> np.ndarray:
        return rows @ self.matrix

    def gram(self, scale: np.ndarray) -> np.ndarray:
        half = self.matrix * np.sqrt(scale)
        if sparse.issparse(half):
            half = sparse.csr_array(half)
            return (half @ half.T).toarray()
        return half @ half.T

    def squares(self, scale: np.ndarray) -> np.ndarray:
        return (self.matrix * self.matrix) @ scale

    def transposed_squares(self, scale: np.ndarray) -> np.ndarray:
        return scale @ (self.matrix * self.matrix)

    def transposed(self) -> MatrixMap:
        return MatrixMap(sparse.csr_array(self.matrix.T) if sparse.issparse(self.matrix) else self.matrix.T)


class MapPart:
    """diag(by_row) A[rows, columns] diag(by_column) of a structured A; `rows` and `columns` are indices."""

    def __init__(
        self, whole: LinearMap, rows: np.ndarray, columns: np.ndarray, by_row: np.ndarray, by_column: np.ndarray
    ):
        self.whole, self.rows, self.columns = whole, rows, columns
        self.by_row, self.by_column = by_row, by_column
        self.shape = (len(rows), len(columns))

    def times(self, columns: np.ndarray) -> np.ndarray:
        return self.whole.times(self._wide(columns * self.by_column))[self.rows] * self.by_row

    def transposed_times(self, rows: np.ndarray) -> np.ndarray:
        return self.whole.transposed_times(self._tall(rows * self.by_row))[self.columns] * self.by_column

    def gram(self, scale: np.ndarray) -> np.ndarray:
        product = self.whole.gram(self._wide(scale * self.by_column**2))
        return product[np.ix_(self.rows, self.rows)] * np.outer(self.by_row, self.by_row)

    def squares(self, scale: np.ndarray) -> np.ndarray:
        return self.whole.squares(self._wide(scale * self.by_column**2))[self.rows] * self.by_row**2

    def transposed_squares(self, scale: np.ndarray) -> np.ndarray:
        return self.whole.transposed_squares(self._tall(scale * self.by_row**2))[self.columns] * self.by_column**2

    def _wide(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self.whole.shape[1])
        full[self.columns] = values
        return full

    def _tall(self, values: np.ndarray) -> np.ndarray:
        full = np.zeros(self.whole.shape[0])
        full[self.rows] = values
        return full


def part(
    whole: LinearMap,
    rows: np.ndarray,
    columns: np.ndarray,
    by_row: np.ndarray | float = 1.0,
    by_column: np.ndarray | float = 1.0,
) -> LinearMap:
    """diag(by_row) A[rows, columns] diag(by_column); `rows` and `columns` are indices."""
    by_row, by_column = np.broadcast_to(by_row, len(rows)), np.broadcast_to(by_column, len(columns))
    if not isinstance(whole, MatrixMap):
        return MapPart(whole, rows, columns, by_row, by_column)
    chosen = whole.matrix[rows][:, columns]
    return MatrixMap(chosen * by_row[:, None] * by_column)
