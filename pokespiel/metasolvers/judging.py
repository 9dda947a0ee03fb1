"""Whether payoffs agree: the one place that tells a real difference from a rounding error.

A table is zero-sum, constant-sum or symmetric if the numbers that ought to be equal are. Numbers such as 3, 0.5 or
10_000_000_000 are exact, and so are their sums: between those every difference counts, however small beside the rest.
Numbers such as 0.1 or a mean over matches carry rounding errors. Between those a difference is put down to rounding
only if it is of the size of rounding errors and also negligible beside the spread of the payoffs, so that a large
offset hides nothing: battle of the sexes plus 5e9 is not zero-sum.
"""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-14
"""A difference that is a larger share of the largest payoff's size is not put down to rounding."""
AGREEMENT = 1e-9
"""Nor is a difference that is a larger share of the payoffs' spread."""
SHORT = 45
"""Numbers that are multiples of one power of two, and at most 2 to this power times it, are exact."""
DOUBLE = 53
"""So are whole numbers up to 2 to this power, which floating point holds to the last digit."""


def exact_sums(values: np.ndarray) -> float:
    """How many of `values`, any shape, finite, add up exactly: 0 if rounding has gone into them."""
    mantissas, exponents = np.frexp(values[values != 0])
    if mantissas.size == 0:
        return np.inf
    digits = np.ldexp(mantissas, 53).astype(np.int64)
    lowest = int((np.frexp((digits & -digits).astype(np.float64))[1] - 1 + exponents - 53).min())
    highest = int(exponents.max())
    exact = highest - lowest <= SHORT or (lowest >= 0 and highest <= DOUBLE)
    return 2.0 ** (DOUBLE - highest + lowest) if exact else 0.0


def are_exact(values: np.ndarray) -> bool:
    """Whether `values`, any shape, finite, can be compared digit by digit because no rounding went into them."""
    return exact_sums(values) > 0


def rounding(values: np.ndarray) -> float:
    """The largest difference between two of `values`, any shape, that rounding may explain: 0 where they are exact."""
    if are_exact(values):
        return 0.0
    error = ROUNDING * float(np.abs(values).max())
    spread = float(values.max()) - float(values.min())
    return error if spread <= error else min(error, AGREEMENT * spread)


def is_zero_sum(payoffs: np.ndarray) -> bool:
    """Whether the players' payoffs [P, ...] sum to zero wherever the game may end."""
    return float(np.abs(payoffs.sum(axis=0)).max()) <= rounding(payoffs)


def is_constant_sum(payoffs: np.ndarray) -> bool:
    """Whether the players' payoffs [P, ...] sum to the same number wherever the game may end."""
    return float(np.ptp(payoffs.sum(axis=0))) <= rounding(payoffs)


def asymmetry(payoffs: np.ndarray, seat: int) -> float:
    """The largest change of payoffs [P, n, ..., n] when seats 0 and `seat` are swapped, policies and payoffs alike."""
    swapped = payoffs.swapaxes(1, seat + 1).copy()
    swapped[[0, seat]] = swapped[[seat, 0]]
    return float(np.abs(swapped - payoffs).max())


def is_symmetric(payoffs: np.ndarray) -> bool:
    """Whether payoffs [P, n_1, ..., n_P] depend on the policies alone and not on who plays them."""
    if len(set(payoffs.shape[1:])) > 1:
        return False
    allowed = rounding(payoffs)
    return all(asymmetry(payoffs, seat) <= allowed for seat in range(1, len(payoffs)))
