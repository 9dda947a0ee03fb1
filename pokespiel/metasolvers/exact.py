"""Equilibria of zero-sum tables in integer arithmetic, for tables that floating point cannot solve.

Floating-point numbers are integer multiples of a power of two, so a table has an exact equilibrium. With every payoff
shifted above zero it is the solution of

    max sum(u)  with  A u + s = 1,  u, s >= 0           y = u / sum(u),  the value is 1 / sum(u)

and of its dual, whose variables are the row player's (Dantzig 1951). The simplex method leads to a tableau that gives
both; its entries stay integers over one common denominator (Edmonds 1967; Bareiss 1968). If there are many equilibria,
further pivots within the set of optimal solutions reach a vertex for every policy that some optimum plays, and the mean
of those vertices plays all of them.

Reference: Dantzig (1951), A Proof of the Equivalence of the Programming Problem and the Game Problem; Bland (1977), New
Finite Pivoting Rules for the Simplex Method; Edmonds (1967), Systems of Distinct Representatives and Linear Algebra.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


def solve_exactly(matrix: np.ndarray, *, spread: bool) -> tuple[np.ndarray, np.ndarray, Fraction]:
    """An exact equilibrium (x [n], y [m]) of payoffs [n, m], each weight rounded once, and the value of the game.

    spread: play all policies that any equilibrium plays, with equal weight on copies of a policy; else return a vertex.
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
    """`matrix` minus `value`, each difference rounded once."""
    return np.array([[float(Fraction(float(entry)) - value) for entry in row] for row in matrix])


def whole_numbers(values: np.ndarray) -> tuple[np.ndarray, int]:
    """`values` as integer multiples of a common power of two: an object array of the same shape, and the scale."""
    ratios = [float(value).as_integer_ratio() for value in values.ravel()]
    unit = max(bottom for _, bottom in ratios)
    whole = np.empty(len(ratios), object)
    whole[:] = [top * (unit // bottom) for top, bottom in ratios]
    return whole.reshape(values.shape), unit


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the first row of each set of equal rows, and for every row the index of its set."""
    places: dict[tuple[int, ...], int] = {}
    copies = np.array([places.setdefault(tuple(row), len(places)) for row in rows])
    return np.unique(copies, return_index=True)[1], copies


def _shared(weights: list[Fraction], copies: np.ndarray) -> np.ndarray:
    counts = np.bincount(copies)
    return np.array([float(weights[copy] / int(counts[copy])) for copy in copies])


@dataclass
class Tableau:
    """Basic variables as functions of the others; variable i < n is row i's slack s, variable n + j is column j's u."""

    entries: np.ndarray
    """[n + 1, m + 1] integers; the last column has the basic variables' values, the last row the reduced costs."""
    denominator: int
    """Common denominator of all entries, positive."""
    basic: np.ndarray
    """[n] the basic variable of each row."""
    free: np.ndarray
    """[m] the nonbasic variable of each column, which is zero."""

    @classmethod
    def of(cls, matrix: np.ndarray) -> Tableau:
        """The tableau of positive integer payoffs [n, m] in which all slacks are basic."""
        n, m = matrix.shape
        entries = np.full((n + 1, m + 1), 1, object)
        entries[:n, :m] = matrix
        entries[n] = [-1] * m + [0]
        return cls(entries, 1, np.arange(n), np.arange(n, n + m))

    def pivot(self, row: int, column: int) -> None:
        """Exchange a basic variable with a nonbasic one whose entry is positive."""
        old, by, across = self.entries, self.entries[row].copy(), self.entries[:, column].copy()
        pivot = by[column]
        new = (old * pivot - np.multiply.outer(across, by)) // self.denominator
        new[row], new[:, column], new[row, column] = by, -across, self.denominator
        self.entries, self.denominator = new, pivot
        self.basic[row], self.free[column] = self.free[column], self.basic[row]

    def exchanged(self, row: int, column: int) -> Tableau:
        """A copy with a basic variable exchanged for a nonbasic one."""
        copy = Tableau(self.entries, self.denominator, self.basic.copy(), self.free.copy())
        copy.pivot(row, column)
        return copy

    def optimise(self) -> None:
        """Pivot until no reduced cost is negative.

        The column is the steepest (Dantzig 1951), or, if the last pivot gained nothing, the lowest (Bland 1977).
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
        """The same tableau for the row player: variables i < n are its strategy, the others the columns' slacks."""
        entries = -self.entries.T
        entries[:, -1], entries[-1] = self.entries[-1], self.entries[:, -1]
        return Tableau(entries, self.denominator, self.free.copy(), self.basic.copy())

    def strategy(self, variables: slice, spread: bool) -> list[Fraction]:
        """The optimal values of `variables`, scaled to sum to 1; spread: every variable that can be positive is."""
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
        """The values of the variables 0 to `size`."""
        values = [Fraction(0)] * size
        for variable, value in zip(self.basic, self.entries[:-1, -1], strict=True):
            values[variable] = Fraction(value, self.denominator)
        return values

    def face(self) -> Tableau:
        """The tableau restricted to variables that are positive in some optimal solution; all its solutions are
        optimal."""
        kept = self.entries[-1, :-1] == 0
        return Tableau(self.entries[:, np.append(kept, True)], self.denominator, self.basic.copy(), self.free[kept])

    def raised(self, variable: int) -> bool:
        """Pivot until `variable` is positive; False if it is zero in every solution."""
        for column in np.flatnonzero(self.free == variable).tolist():
            self.pivot(self.leaving(column), column)
        for row in np.flatnonzero(self.basic == variable):  # it stays there
            while self.entries[row, -1] == 0:
                rising = self.entries[row, :-1] < 0
                if not rising.any():
                    return False
                entering = _least(self.free, rising)
                self.pivot(self.leaving(entering), entering)
            return True
        return False

    def leaving(self, column: int) -> int:
        """The row whose variable reaches zero first when the column's variable grows; of equals, the lowest index."""
        rows = np.flatnonzero(self.entries[:-1, column] > 0).tolist()
        room = [Fraction(self.entries[row, -1], self.entries[row, column]) for row in rows]
        return min(zip(room, self.basic[rows].tolist(), rows, strict=True))[2]


def _least(variables: np.ndarray, among: np.ndarray) -> int:
    """The position of the variable with the lowest index."""
    places = np.flatnonzero(among)
    return int(places[variables[places].argmin()])
