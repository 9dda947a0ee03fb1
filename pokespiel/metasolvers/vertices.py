"""All extreme Nash equilibria of a two-player table, in integer arithmetic.

With payoffs shifted above zero, the column player's strategies and what they concede at most form the polytope A u <=
1, u >= 0 with y = u / sum(u); the row player's form B'w <= 1, w >= 0. A vertex has the *label* of each own policy that
it does not play, and of each of the opponent's that is a best response to it. Two vertices, one of each polytope, that
together have all labels are an equilibrium, and every other equilibrium lies between such pairs (Mangasarian 1964;
Avis, Rosenberg, Savani and von Stengel 2010). Vertices are found by walking along all edges. If several bases belong to
one vertex, a lexicographic rule visits only as many as if the table were slightly perturbed (Dantzig, Orden and Wolfe
1955).

Reference: Avis, Rosenberg, Savani and von Stengel (2010), Enumeration of Nash Equilibria for Two-Player Games.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from pokespiel.metasolvers.exact import Tableau, whole_numbers

Strategy = tuple[Fraction, ...]
Pair = tuple[Strategy, Strategy]


def extreme_equilibria(payoffs: np.ndarray, most: int) -> list[Pair]:
    """All pairs (x [n], y [m]) of payoffs [2, n, m]; a `ValueError` if a player has more than `most` vertices."""
    rows, columns = _lifted(payoffs[0]), _lifted(payoffs[1].T)
    n, m = rows.shape
    everything = (1 << (n + m)) - 1
    of_y = _vertices(rows, most)
    of_x = {x: _turned(labels, m, n) for x, labels in _vertices(columns, most).items()}
    return [(x, y) for x, own in of_x.items() for y, other in of_y.items() if own | other == everything]


def _lifted(matrix: np.ndarray) -> np.ndarray:
    """`matrix` as positive integers."""
    whole, _ = whole_numbers(matrix)
    return whole + (1 - min(whole.ravel()))


def _turned(labels: int, low: int, high: int) -> int:
    """Reorder labels, the opponent's `low` and one's own `high` policies, to the other player's order."""
    return labels >> low | (labels & ((1 << low) - 1)) << high


def _vertices(matrix: np.ndarray, most: int) -> dict[Strategy, int]:
    """The strategies [m] of the vertices of `matrix` [n, m] @ u <= 1, u >= 0 except the origin, and their labels.

    Bit i < n is the label of the opponent's policy i, bit n + j that of one's own policy j.
    """
    start = Tableau.of(matrix)
    slacks, size = matrix.shape
    seen, waiting, found = {frozenset(start.free.tolist())}, [start], {}
    while waiting:
        tableau = waiting.pop()
        values = tableau.values(slacks + size)
        total = sum(values[slacks:])
        if total:
            labels = sum(1 << variable for variable, value in enumerate(values) if not value)
            found[tuple(value / total for value in values[slacks:])] = labels
        for column, entering in enumerate(tableau.free.tolist()):
            row = _leaving(tableau, column, slacks)
            reached = frozenset(tableau.free.tolist()) - {entering} | {int(tableau.basic[row])}
            if reached not in seen:
                seen.add(reached)
                waiting.append(tableau.exchanged(row, column))
        if len(seen) > most:
            raise ValueError(f"more than {most} extreme strategies of a player")
    return found


def _leaving(tableau: Tableau, column: int, slacks: int) -> int:
    """The row whose variable reaches zero first if the bounds of the slack variables are slightly perturbed."""
    entries, across = tableau.entries, tableau.entries[:-1, column]
    rows = np.flatnonzero(across > 0).tolist()
    places = {variable: place for place, variable in enumerate(tableau.free.tolist())}

    def coefficient(row: int, variable: int) -> int:
        if variable in places:
            return entries[row, places[variable]]
        return tableau.denominator if tableau.basic[row] == variable else 0

    rows = _least(rows, [Fraction(entries[row, -1], across[row]) for row in rows])
    for variable in range(slacks):
        if len(rows) == 1:
            break
        rows = _least(rows, [Fraction(coefficient(row, variable), across[row]) for row in rows])
    return rows[0]


def _least(rows: list[int], values: list[Fraction]) -> list[int]:
    return [row for row, value in zip(rows, values, strict=True) if value == min(values)]
