"""Whether payoffs are equal: the only place that distinguishes real differences from rounding errors.

A table is zero-sum, constant-sum or symmetric if certain numbers are equal. Numbers such as 3, 0.5 or 10_000_000_000
are exact, and so are their sums: among those every difference counts, however small. Numbers such as 0.1 or a mean over
matches carry rounding errors. Among those a difference counts as rounding only if it has the size of rounding errors
and is also negligible compared with the spread of the payoffs, so that a large offset hides nothing: battle of the
sexes plus 5e9 is not zero-sum.

Numbers with few decimal digits, such as 0.1, were entered and not computed: their errors are relative to themselves,
whatever else the table contains. So 0.1 and 0.2 differ even beside a policy that loses 1e15 to all others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ROUNDING = 1e-14
"""A difference is not rounding if it exceeds this share of the largest absolute payoff."""
AGREEMENT = 1e-9
"""Nor is it rounding if it exceeds this share of the payoffs' spread."""
SHORT = 45
"""Multiples of one power of two, up to 2 to this power times it, are exact."""
DOUBLE = 53
"""So are integers up to 2 to this power, which floating point represents exactly."""
WRITTEN = 10
"""Numbers with at most this many significant decimal digits were entered; rounding errors have more."""


def exact_sums(values: np.ndarray) -> float:
    """How many of `values` (any shape, finite) can be added exactly; 0 if they contain rounding errors."""
    mantissas, exponents = np.frexp(values[values != 0])
    if mantissas.size == 0:
        return np.inf
    digits = np.ldexp(mantissas, 53).astype(np.int64)
    lowest = int((np.frexp((digits & -digits).astype(np.float64))[1] - 1 + exponents - 53).min())
    highest = int(exponents.max())
    exact = highest - lowest <= SHORT or (lowest >= 0 and highest <= DOUBLE)
    return 2.0 ** (DOUBLE - highest + lowest) if exact else 0.0


def are_exact(values: np.ndarray) -> bool:
    """Whether `values` (any shape, finite) contain no rounding errors, so that every difference is real."""
    return exact_sums(values) > 0


def rounding(values: np.ndarray) -> float:
    """The largest difference between two of `values` (any shape) that rounding may explain; 0 if they are exact."""
    if are_exact(values):
        return 0.0
    error = ROUNDING * float(np.abs(values).max())
    spread = float(values.max()) - float(values.min())
    return error if spread <= error else min(error, AGREEMENT * spread)


def is_rounding(difference: np.ndarray, compared: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """[...] bool, where rounding may explain a `difference` [...] computed from `compared`, arrays [...] of numbers
    among `values`.

    A difference of 0 counts as explained.
    """
    explained = np.abs(difference) <= rounding(values)
    doubtful = np.nonzero(explained & (difference != 0))
    if len(doubtful[0]):
        own = np.stack([np.broadcast_to(each, difference.shape)[doubtful] for each in compared])
        small = np.abs(difference[doubtful]) <= ROUNDING * np.abs(own).max(axis=0)
        explained[doubtful] = small | ~_are_written(own).all(axis=0)
    return explained


def _are_written(values: np.ndarray) -> np.ndarray:
    """Boolean array: which of `values` (any shape) have at most WRITTEN significant decimal digits, up to rounding."""
    distinct, places = np.unique(values, return_inverse=True)
    nearest = np.array([float(f"{value:.{WRITTEN - 1}e}") for value in distinct.tolist()])
    return (np.abs(nearest - distinct) <= 1e-15 * np.abs(distinct))[places].reshape(values.shape)


def is_zero_sum(payoffs: np.ndarray) -> bool:
    """Whether the players' payoffs [P, ...] sum to zero at every end of the game."""
    return bool(is_rounding(payoffs.sum(axis=0), list(payoffs), payoffs).all())


def is_constant_sum(payoffs: np.ndarray) -> bool:
    """Whether the players' payoffs [P, ...] have the same sum at every end of the game."""
    flat = payoffs.reshape(len(payoffs), -1)
    total, surest = flat.sum(axis=0), int(np.abs(flat).max(axis=0).argmin())
    return bool(is_rounding(total - total[surest], [*flat, *flat[:, surest]], flat).all())


def asymmetry(payoffs: np.ndarray, seat: int) -> float:
    """The largest change of payoffs [P, n, ..., n] when seats 0 and `seat` are swapped, policies and payoffs alike.

    0 if rounding may explain all changes.
    """
    swapped = payoffs.swapaxes(1, seat + 1).copy()
    swapped[[0, seat]] = swapped[[seat, 0]]
    change = swapped - payoffs
    return float(np.abs(np.where(is_rounding(change, [swapped, payoffs], payoffs), 0, change)).max())


def is_symmetric(payoffs: np.ndarray) -> bool:
    """Whether payoffs [P, n_1, ..., n_P] depend only on the policies, not on the seats they play at."""
    if len(set(payoffs.shape[1:])) > 1:
        return False
    return all(asymmetry(payoffs, seat) == 0 for seat in range(1, len(payoffs)))
