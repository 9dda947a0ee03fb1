"""Equilibria of zero-sum tables in whole numbers, where floating point cannot tell the policies' weights apart.

Floating-point numbers are whole multiples of a power of two, so a table has an exact equilibrium. With every payoff
lifted above zero it is the solution of

    max sum(u)  with  A u + s = 1,  u, s >= 0           y = u / sum(u),  the value is 1 / sum(u)

and of its dual, whose variables are the row player's (Dantzig 1951). The simplex method leads to a tableau from which
both are read off; its entries stay whole numbers over one common denominator (Edmonds 1967; Bareiss 1968). Where
equilibria are many, further exchanges inside the set of optimal solutions reach a vertex for every policy that one of
them plays, and the mean of those vertices plays them all.

Reference: Dantzig (1951), A Proof of the Equivalence of the Programming Problem and the Game Problem; Bland (1977), New
Finite Pivoting Rules for the Simplex Method; Edmonds (1967), Systems of Distinct Representatives and Linear Algebra.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


def solve_exactly(matrix: np.ndarray, *, spread: bool) -> tuple[np.ndarray, np.ndarray, Fraction]:
    """An exact equilibrium (x [n], y [m]) of payoffs [n, m], its weights rounded once, and the value of the game.

    spread: over all policies that any equilibrium plays, copies of a policy alike; else it is a vertex.
    """
    whole, unit = whole_numbers(matrix)
    rows, row_copies = _distinct(whole)
    columns, column_copies = _distinct(whole.T)
    lift = 1 - min(whole.ravel())
    tableau = Tableau.of(whole[np.ix_(rows, columns)] + lift)
    tableau.optimise()
    n = len(rows)
    x, y = tableau.dual().strategy(slice(n), spread), tableau.strategy(slice(n, None), spread)
    value = (Fraction(tableau.denominator, tableau.entries[-1, -1]) - lift) / unit
    return _shared(x, row_copies), _shared(y, column_copies), value


def less(matrix: np.ndarray, value: Fraction) -> np.ndarray:
    """`matrix` less `value`, each difference rounded once."""
    return np.array([[float(Fraction(float(entry)) - value) for entry in row] for row in matrix])


def whole_numbers(values: np.ndarray) -> tuple[np.ndarray, int]:
    """`values` as whole numbers, an object array of their shape, of one over a common power of two."""
    ratios = [float(value).as_integer_ratio() for value in values.ravel()]
    unit = max(bottom for _, bottom in ratios)
    whole = np.empty(len(ratios), object)
    whole[:] = [top * (unit // bottom) for top, bottom in ratios]
    return whole.reshape(values.shape), unit


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first of each set of equal rows, and for every row which of those it equals."""
    places: dict[tuple[int, ...], int] = {}
    copies = np.array([places.setdefault(tuple(row), len(places)) for row in rows])
    return np.unique(copies, return_index=True)[1], copies


def _shared(weights: list[Fraction], copies: np.ndarray) -> np.ndarray:
    counts = np.bincount(copies)
    return np.array([float(weights[copy] / int(counts[copy])) for copy in copies])


@dataclass
class Tableau:
    """Basic variables as functions of the others; variable i < n is row i's slack s, variable n + j column j's u."""

    entries: np.ndarray
    """[n + 1, m + 1] whole numbers; the last column is the basic variables' value, the last row the reduced costs."""
    denominator: int
    """Of all entries, positive."""
    basic: np.ndarray
    """[n] the variable of each row."""
    free: np.ndarray
    """[m] the variable of each column, zero."""

    @classmethod
    def of(cls, matrix: np.ndarray) -> Tableau:
        """The tableau of positive whole payoffs [n, m] in which all slacks are basic."""
        n, m = matrix.shape
        entries = np.full((n + 1, m + 1), 1, object)
        entries[:n, :m] = matrix
        entries[n] = [-1] * m + [0]
        return cls(entries, 1, np.arange(n), np.arange(n, n + m))

    def pivot(self, row: int, column: int) -> None:
        """Exchange a basic variable for another, where the entry is positive."""
        old, by, across = self.entries, self.entries[row].copy(), self.entries[:, column].copy()
        pivot = by[column]
        new = (old * pivot - np.multiply.outer(across, by)) // self.denominator
        new[row], new[:, column], new[row, column] = by, -across, self.denominator
        self.entries, self.denominator = new, pivot
        self.basic[row], self.free[column] = self.free[column], self.basic[row]

    def exchanged(self, row: int, column: int) -> Tableau:
        """A copy with a basic variable exchanged for another."""
        copy = Tableau(self.entries, self.denominator, self.basic.copy(), self.free.copy())
        copy.pivot(row, column)
        return copy

    def optimise(self) -> None:
        """Exchange variables until no reduced cost is negative.

        The steepest goes first (Dantzig 1951) unless the last exchange gained nothing, else the least (Bland 1977).
        """
        gained = True
        while True:
            costs = self.entries[-1, :-1]
            if not (costs < 0).any():
                return
            column = int(costs.argmin()) if gained else _least(self.free, costs < 0)
            row = self.leaving(column)
            gained = self.entries[row, -1] > 0
            self.pivot(row, column)

    def dual(self) -> Tableau:
        """The same tableau with the row player's strategy for variables i < n, the columns' slacks for the others."""
        entries = -self.entries.T
        entries[:, -1], entries[-1] = self.entries[-1], self.entries[:, -1]
        return Tableau(entries, self.denominator, self.free.copy(), self.basic.copy())

    def strategy(self, variables: slice, spread: bool) -> list[Fraction]:
        """The optimal values of `variables`, scaled to sum to 1; spread: every variable is positive that can be."""
        size = len(self.basic) + len(self.free)
        vertices = [self.values(size)]
        if spread:
            face = self.face()
            for variable in range(size):
                if not any(vertex[variable] for vertex in vertices) and face.raised(variable):
                    vertices.append(face.values(size))
        total = [sum(values) for values in zip(*vertices, strict=True)][variables]
        return [value / sum(total) for value in total]

    def values(self, size: int) -> list[Fraction]:
        """What the variables 0 to `size` come to."""
        values = [Fraction(0)] * size
        for variable, value in zip(self.basic, self.entries[:-1, -1], strict=True):
            values[variable] = Fraction(value, self.denominator)
        return values

    def face(self) -> Tableau:
        """The tableau of the variables that may be positive in an optimal solution, all such solutions alike."""
        kept = self.entries[-1, :-1] == 0
        return Tableau(self.entries[:, np.append(kept, True)], self.denominator, self.basic.copy(), self.free[kept])

    def raised(self, variable: int) -> bool:
        """Exchange variables until `variable` is positive; False if it never is."""
        for column in np.flatnonzero(self.free == variable).tolist():
            self.pivot(self.leaving(column), column)
        for row in np.flatnonzero(self.basic == variable):  # where it now stays
            while self.entries[row, -1] == 0:
                rising = self.entries[row, :-1] < 0
                if not rising.any():
                    return False
                entering = _least(self.free, rising)
                self.pivot(self.leaving(entering), entering)
            return True
        return False

    def leaving(self, column: int) -> int:
        """The row whose variable is the first to reach zero when the column's grows, the least index among equals."""
        rows = np.flatnonzero(self.entries[:-1, column] > 0).tolist()
        room = [Fraction(self.entries[row, -1], self.entries[row, column]) for row in rows]
        return min(zip(room, self.basic[rows].tolist(), rows, strict=True))[2]


def _least(variables: np.ndarray, among: np.ndarray) -> int:
    """The place of the variable of least index."""
    places = np.flatnonzero(among)
    return int(places[variables[places].argmin()])
