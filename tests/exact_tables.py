"""Random payoff tables of all kinds that break solvers, and checks of answers in exact rational arithmetic.

Floating-point numbers are rationals, so a table has an exact value, an answer has exact gains, and both are compared
as fractions. This module shares no code with the solvers under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

Rows = list[list[Fraction]]

# ------------------------------------------------------------------------------------------------------------- tables


def random_matrix(seed: int) -> tuple[str, np.ndarray]:
    """A kind of table and a table of it, [n, m] with n and m up to 8, of the row player's payoffs. Kinds take turns."""
    rng = np.random.default_rng([seed, 7])
    kinds = list(KINDS)
    kind = kinds[seed % len(kinds)]
    return kind, KINDS[kind](rng)


def random_table(seed: int) -> tuple[str, np.ndarray]:
    """The name of a kind of table and general-sum payoffs [2, n, m]: two matrices of that kind and of one shape."""
    rng = np.random.default_rng([seed, 11])
    kinds = [kind for kind in KINDS if kind not in ("loser", "diagonal")]
    kind = kinds[seed % len(kinds)]
    row = KINDS[kind](rng)
    column = KINDS[kind](rng)
    while column.shape != row.shape:
        column = KINDS[kind](rng)
    return kind, np.stack([row, column])


def zero_sum(matrix: np.ndarray) -> np.ndarray:
    """Payoffs [2, n, m] of the game in which the column player pays `matrix` [n, m]."""
    return np.stack([matrix, -matrix])


def _sizes(rng: np.random.Generator) -> tuple[int, int]:
    n, m = rng.integers(1, 9, size=2)
    return int(n), int(m)


def _scale(rng: np.random.Generator) -> float:
    return float(10.0 ** rng.integers(-6, 10))


def _generic(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=_sizes(rng)) * _scale(rng)


def _ties(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-2, 3, size=_sizes(rng)) * _scale(rng)


def _copies(rng: np.random.Generator) -> np.ndarray:
    matrix = rng.integers(-5, 6, size=rng.integers(1, 5, size=2)) * _scale(rng)
    rows, columns = (rng.integers(0, size, size=2 * size) for size in matrix.shape)
    return matrix[np.ix_(rows, columns)]


def _one_line(rng: np.random.Generator) -> np.ndarray:
    line = rng.integers(-3, 4, size=rng.integers(1, 9)) * _scale(rng)
    return line[None] if rng.random() < 0.5 else line[:, None]


def _columns(rng: np.random.Generator) -> np.ndarray:
    n, m = _sizes(rng)
    matrix = rng.normal(size=(n, m)) if rng.random() < 0.5 else rng.integers(-3, 4, size=(n, m))
    matrix = matrix * 10.0 ** rng.integers(-6, 10, size=m)
    return matrix if rng.random() < 0.5 else matrix.T


def _cells(rng: np.random.Generator) -> np.ndarray:
    n, m = _sizes(rng)
    return rng.integers(-9, 10, size=(n, m)) * 10.0 ** rng.integers(-6, 10, size=(n, m))


def _loser(rng: np.random.Generator) -> np.ndarray:
    """Symmetric: a game of up to 5 policies with ordinary payoffs, and one more that loses much to all of them."""
    n = int(rng.integers(1, 6))
    core = rng.integers(-9, 10, size=(n, n)) / 10
    matrix = np.zeros((n + 1, n + 1))
    matrix[:n, :n] = core - core.T
    matrix[:n, n] = 10.0 ** rng.integers(3, 13)
    matrix[n, :n] = -matrix[:n, n]
    order = rng.permutation(n + 1)
    return matrix[np.ix_(order, order)]


def _diagonal(rng: np.random.Generator) -> np.ndarray:
    """Every policy is needed, in proportion to one over its payoff."""
    n = int(rng.integers(2, 7))
    return np.diag(rng.integers(1, 10, size=n) * 10.0 ** rng.integers(-6, 10, size=n))[:, rng.permutation(n)]


def _offset(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-3, 4, size=_sizes(rng)) + 10.0 ** rng.integers(0, 10)


def _near_ties(rng: np.random.Generator) -> np.ndarray:
    n, m = _sizes(rng)
    nudges = rng.integers(-1, 2, size=(n, m)) * 10.0 ** -rng.integers(6, 13)
    return rng.integers(-1, 2, size=(n, m)) + nudges


def _win_rates(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 101, size=_sizes(rng)) / 100


KINDS = {
    "generic": _generic,
    "ties": _ties,
    "copies": _copies,
    "one line": _one_line,
    "columns of mixed size": _columns,
    "cells of mixed size": _cells,
    "loser": _loser,
    "diagonal": _diagonal,
    "offset": _offset,
    "near ties": _near_ties,
    "win rates": _win_rates,
}

# ----------------------------------------------------------------------------------------------------- exact arithmetic


def fractions(values: np.ndarray) -> list:
    """`values` of any shape as nested lists of exact fractions."""
    if values.ndim == 0:
        return Fraction(float(values))  # type: ignore[return-value]
    return [fractions(part) for part in values]


def distribution(weights: np.ndarray) -> list[Fraction]:
    """Weights [n] as fractions that sum to exactly 1."""
    exact = fractions(weights)
    assert min(exact) >= 0
    total = sum(exact)
    return [weight / total for weight in exact]


def value(matrix: np.ndarray) -> Fraction:
    """The value to the row player."""
    return _value(matrix.shape, np.ascontiguousarray(matrix).tobytes())


@lru_cache
def _value(shape: tuple[int, int], payoffs: bytes) -> Fraction:
    """By the simplex method of Dantzig (1951) with the rule of Bland (1977)."""
    rows: Rows = fractions(np.frombuffer(payoffs).reshape(shape))
    lift = 1 - min(min(row) for row in rows)
    n, m = shape
    unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    # max sum(u) with (A + lift) u <= 1 and u >= 0 is one over the value of A + lift; the last column is the bound
    table = [[a + lift for a in row] + unit[i] + [Fraction(1)] for i, row in enumerate(rows)]
    costs = [Fraction(-1)] * m + [Fraction(0)] * (n + 1)
    basis = list(range(m, m + n))
    while True:
        entering = next((j for j, cost in enumerate(costs[:-1]) if cost < 0), None)
        if entering is None:
            return 1 / costs[-1] - lift
        ratios = [(row[-1] / row[entering], basis[i], i) for i, row in enumerate(table) if row[entering] > 0]
        leaving = min(ratios)[2]
        pivot = table[leaving][entering]
        table[leaving] = [entry / pivot for entry in table[leaving]]
        for i, row in enumerate(table):
            if i != leaving and row[entering]:
                table[i] = [a - row[entering] * b for a, b in zip(row, table[leaving], strict=True)]
        costs = [a - costs[entering] * b for a, b in zip(costs, table[leaving], strict=True)]
        basis[leaving] = entering


def worst_gain(matrix: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """How far strategies (x [n], y [m]) are from an equilibrium of a zero-sum game, as a share of what is at stake.

    A policy's gain is what it earns against the other strategy above the game's exact value, and its stakes are the
    mean distance from that value of the payoffs that it meets. Rounded weights of an exact equilibrium give gains of
    about 1e-16 of the stakes, at every scale of payoffs and however much they differ.
    """
    exact = value(matrix)
    above = [[a - exact for a in row] for row in fractions(matrix)]
    below = [[-a for a in column] for column in zip(*above, strict=True)]
    return max(_worst(above, distribution(y)), _worst(below, distribution(x)))


def _worst(above: Rows, other: Sequence[Fraction]) -> float:
    worst = Fraction(0)
    for row in above:
        gain = sum(weight * a for weight, a in zip(other, row, strict=True))
        stakes = sum(weight * abs(a) for weight, a in zip(other, row, strict=True))
        worst = max(worst, gain / stakes if stakes else Fraction(0))
    return float(worst)


def beaten(matrix: np.ndarray, y: np.ndarray, policy: int) -> np.ndarray:
    """y [m] restricted to the columns against which a row earns at least the game's exact value."""
    exact, pairs = value(matrix), zip(distribution(y), fractions(matrix[policy]), strict=True)
    kept = [weight if a >= exact else Fraction(0) for weight, a in pairs]
    return np.array([float(weight / sum(kept)) for weight in kept])


def nash_gap(payoffs: np.ndarray, marginals: Sequence[np.ndarray]) -> float:
    """The largest gain of any policy of payoffs [2, n, m] against the other's mixture, as a share of its stakes.

    Stakes are the mean distance of the payoffs that the policy meets from what its player earns.
    """
    x, y = map(distribution, marginals)
    worst = 0.0
    for table, own, other in ((payoffs[0], x, y), (payoffs[1].T, y, x)):
        rows = fractions(table)
        payoffs_met = [sum(q * a for q, a in zip(other, row, strict=True)) for row in rows]
        earned = sum(p * a for p, a in zip(own, payoffs_met, strict=True))
        worst = max(worst, _worst([[a - earned for a in row] for row in rows], other))
    return worst


def correlated_gap(payoffs: np.ndarray, joint: np.ndarray, concept: str) -> float:
    """The largest gain from one deviation of a joint distribution [n_1, ..., n_P], as a share of what is at stake.

    concept: "ce", a swap of one recommendation for another, or "cce", one policy whatever is recommended. What is at
    stake is the player's gain from knowing the others' choices beforehand, as the distribution has them.
    """
    weights = _exactly(joint)
    weights = weights / weights.sum()
    worst = Fraction(0)
    for player, table in enumerate(payoffs):
        own, shares = (
            np.moveaxis(each, player, 0).reshape(each.shape[player], -1) for each in (_exactly(table), weights)
        )
        stakes = ((own.max(axis=0) - own) * shares).sum()
        for played in own:
            swaps = ((played - own) * shares).sum(axis=1)
            gain = max(swaps) if concept == "ce" else swaps.sum()
            worst = max(worst, gain / stakes if gain > 0 else Fraction(0))
    return float(worst)


def _exactly(values: np.ndarray) -> np.ndarray:
    """The array with its numbers as exact fractions."""
    return np.array([Fraction(float(value)) for value in values.flat], dtype=object).reshape(values.shape)
