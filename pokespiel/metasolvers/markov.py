"""Stationary distributions of Markov chains, to full relative accuracy however rare their transitions are.

The chain is given by its rates between different states (probabilities or any multiple of them); the rate of staying is
implied. States are eliminated one by one, and their traffic is passed on to the remaining states (Grassmann, Taksar and
Heyman 1985). Nothing is ever subtracted, so rates of 1 and of 1e-60 together lose no digits: the limit of a perturbed
chain is computed with a perturbation that is negligibly small. Elimination needs no subtraction, so it also works on
logarithms, for rates whose ratios floating point cannot represent, at ten times the cost.

Often the rarest transitions do not matter. Let e be a bound on their total rate, and h a bound on the probability, from
every state, that a clock of rate e rings before a given state is reached. Leaving the rare transitions out then changes
the stationary distribution by at most their number per state times h (a cycle from the given state back to it is hardly
ever disturbed). The same elimination computes h, with the clock as one additional state.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import ArpackError, eigs

DENSE_STATES = 8192
"""Maximum states for elimination in a dense matrix (512 MiB): half a minute of processor time."""
LOG_STATES = 4096
"""Maximum states for elimination by logarithms: a minute."""
EXACT_STATES = 4096
"""Maximum states that `stationary_sparse` eliminates; it iterates on larger chains."""
RARE = 340.0
"""Transitions with rates below exp(-RARE) are left out if that does not matter; the product of two such rates still
fits a float."""
ERROR = 1e-12
"""The largest change of the distribution that counts as none."""
TILE = 1 << 15
"""Number of array elements processed at a time, to stay in the cache."""
NEGLIGIBLE = -40.0
"""Difference of logarithms below which the smaller number adds nothing."""


class _Arithmetic(Protocol):
    """The operations on rates that elimination needs, for any representation of rates."""

    def total(self, rates: np.ndarray) -> float:
        """The sum of `rates` [n]."""
        ...

    def divide(self, rates: np.ndarray, total: float) -> None:
        """Divide `rates` [n] in place."""
        ...

    def add_product(self, rates: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        """Add left [n, k] times right [k, m] to `rates` [n, m] in place."""
        ...


class _Plain:
    def total(self, rates: np.ndarray) -> float:
        return float(rates.sum())

    def divide(self, rates: np.ndarray, total: float) -> None:
        rates /= total

    def add_product(self, rates: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        rates += left @ right


class _Logarithms:
    def total(self, rates: np.ndarray) -> float:
        return float(np.logaddexp.reduce(rates))

    def divide(self, rates: np.ndarray, total: float) -> None:
        rates -= total

    def add_product(self, rates: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
        step = max(1, TILE // max(rates.shape[1], 1))
        for low in range(0, len(rates), step):
            _add_product_of_logs(rates[low : low + step], left[low : low + step], right)


def _add_product_of_logs(rates: np.ndarray, left: np.ndarray, right: np.ndarray) -> None:
    """Add the largest terms first, then the sum of all terms that are not negligible relative to them."""
    columns = np.ascontiguousarray(left.T)
    top, term = rates.copy(), np.empty_like(rates)
    for column, row in zip(columns, right, strict=True):
        np.maximum(top, np.add(column[:, None], row, out=term), out=top)
    top[np.isneginf(top)] = 0
    total = np.exp(rates - top)
    for column, row in zip(columns, right, strict=True):
        np.subtract(np.add(column[:, None], row, out=term), top, out=term)
        counts = term > NEGLIGIBLE
        if 4 * np.count_nonzero(counts) > term.size:
            total += np.exp(term)
        else:
            total[counts] += np.exp(term[counts])
    with np.errstate(divide="ignore"):
        np.add(top, np.log(total, out=total), out=rates)


def stationary(rates: np.ndarray) -> np.ndarray:
    """The stationary distribution [n] of an irreducible chain with `rates` [n, n] >= 0; the diagonal is ignored."""
    rates = np.array(rates, dtype=np.float64)
    n = len(rates)
    leaving = np.ones(n)
    _eliminate(rates, leaving, 1, n, _Plain())
    return _weights(rates, leaving)


def _weights(rates: np.ndarray, leaving: np.ndarray) -> np.ndarray:
    """The stationary distribution [n] after all states except the first are eliminated."""
    weights = np.ones(len(rates))
    for state in range(1, len(rates)):
        weights[state] = weights[:state] @ rates[:state, state] / leaving[state]
    weights /= weights.max()
    return weights / weights.sum()


def _eliminate(rates: np.ndarray, leaving: np.ndarray, low: int, high: int, arithmetic: _Arithmetic) -> None:
    """Eliminate the states from high - 1 down to low, in place.

    Afterwards an eliminated state's row holds where its traffic goes, as shares of its `leaving` rate, and its column
    the incoming traffic. Only the eliminated rows and columns are updated: the caller passes their traffic on to the
    rest.
    """
    if high - low < 2:
        for state in range(low, high):
            leaving[state] = arithmetic.total(rates[state, :state])
            arithmetic.divide(rates[state, :state], leaving[state])
        return
    middle = (low + high) // 2
    _eliminate(rates, leaving, middle, high, arithmetic)
    arithmetic.add_product(rates[low:middle, :middle], rates[low:middle, middle:high], rates[middle:high, :middle])
    arithmetic.add_product(rates[:low, low:middle], rates[:low, middle:high], rates[middle:high, low:middle])
    _eliminate(rates, leaving, low, middle, arithmetic)


def stationary_from_logs(log_rates: np.ndarray) -> np.ndarray:
    """`stationary` for logarithms [n, n] of rates whose ratios floating point cannot represent; -inf = never."""
    log_rates = np.array(log_rates, dtype=np.float64)
    n = len(log_rates)
    leaving = np.zeros(n)
    _eliminate(log_rates, leaving, 1, n, _Logarithms())
    logs = np.zeros(n)
    for state in range(1, n):
        logs[state] = np.logaddexp.reduce(logs[:state] + log_rates[:state, state]) - leaving[state]
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def stationary_of_frequent(log_rates: sparse.coo_array) -> np.ndarray | None:
    """The stationary distribution [n] by the more frequent transitions; None if the others may change it by ERROR.

    log_rates: [n, n] logarithms of rates of at most 1; transitions that are not stored never happen.
    """
    n = log_rates.shape[0]
    kept = log_rates.data > -RARE
    places = log_rates.row[kept], log_rates.col[kept]
    classes = closed_classes(sparse.csr_array((np.ones(kept.sum()), places), shape=(n, n)))
    if len(classes) > 1:
        return None
    home = classes[0][0]
    order = np.concatenate([[home], np.delete(np.arange(n), home)])
    place = np.argsort(order) + 1  # the clock is the first
    rates = np.zeros((n + 1, n + 1))
    rates[place[places[0]], place[places[1]]] = np.exp(log_rates.data[kept])
    rates[1:, 0] = np.exp(-RARE)
    leaving = np.ones(n + 1)
    _eliminate(rates, leaving, 2, n + 1, _Plain())
    rings = np.zeros(n + 1)
    rings[0] = 1
    for state in range(2, n + 1):
        rings[state] = rates[state, :state] @ rings[:state]
    most = np.bincount(log_rates.row[~kept], minlength=n).max()
    if not most * rings[1:].max() < ERROR:
        return None
    return _weights(rates[1:, 1:], leaving[1:])[place - 1]


def closed_classes(rates: sparse.csr_array) -> list[np.ndarray]:
    """The strongly connected sets of states that the chain never leaves: indices in ascending order."""
    count, label = csgraph.connected_components(rates, directed=True, connection="strong")
    rows, columns = rates.nonzero()
    open_classes = label[rows[label[rows] != label[columns]]]
    closed = np.setdiff1d(np.arange(count), open_classes)
    return [np.flatnonzero(label == which) for which in closed]


def stationary_sparse(rates: sparse.csr_array) -> np.ndarray:
    """`stationary` for an irreducible chain of any size; iterative above EXACT_STATES, with its residual checked."""
    n = rates.shape[0]
    if n <= EXACT_STATES:
        return stationary(rates.toarray())
    away = rates.sum(axis=1)
    lazy = sparse.eye_array(n) + (rates - sparse.diags_array(away)) / (1.1 * away.max())
    try:
        weights = np.abs(eigs(lazy.T, k=1, which="LR", tol=1e-13, v0=np.ones(n))[1][:, 0])
    except ArpackError as error:
        raise ArithmeticError(f"no stationary distribution of a chain of {n} states found: {error}") from error
    weights /= weights.sum()
    residual = np.abs(lazy.T @ weights - weights).sum()
    if residual > 1e-10:
        raise ArithmeticError(f"no stationary distribution of a chain of {n} states found: residual {residual:.3g}")
    return weights
