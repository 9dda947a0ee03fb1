"""Stationary distributions of Markov chains, to full relative accuracy however rare their transitions.

The chain is given by its rates between different states (probabilities or any multiple of them); what stays is
implied. States are eliminated one by one, their traffic passed on to the states left (Grassmann, Taksar and Heyman
1985). Nothing is ever subtracted, so rates of 1 and of 1e-60 side by side lose no digits: the limit of a perturbed
chain is that of a perturbation too small to matter, and finite selection pressure can go through logarithms.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import ArpackError, eigs

DENSE_STATES = 8192
"""Most states that are eliminated in a dense matrix (512 MiB)."""
EXACT_STATES = 4096
"""Most states that `stationary_sparse` eliminates; beyond, it iterates."""


def stationary(rates: np.ndarray) -> np.ndarray:
    """The stationary distribution [n] of an irreducible chain with `rates` [n, n] >= 0; the diagonal is ignored."""
    rates = np.array(rates, dtype=np.float64)
    n = len(rates)
    leaving = np.ones(n)
    if n > 1:
        _eliminate(rates, leaving, 1, n)
    weights = np.ones(n)
    for state in range(1, n):
        weights[state] = weights[:state] @ rates[:state, state] / leaving[state]
    weights /= weights.max()
    return weights / weights.sum()


def _eliminate(rates: np.ndarray, leaving: np.ndarray, low: int, high: int) -> None:
    """Eliminate the states from high - 1 down to low, in place.

    Afterwards a row of theirs holds where the state's traffic goes, as shares of its `leaving` rate, and a column what
    comes in. Only their own rows and columns are brought up to date: the caller passes their traffic on to the rest.
    """
    if high - low == 1:
        leaving[low] = rates[low, :low].sum()
        rates[low, :low] /= leaving[low]
        return
    middle = (low + high) // 2
    _eliminate(rates, leaving, middle, high)
    rates[low:middle, :middle] += rates[low:middle, middle:high] @ rates[middle:high, :middle]
    rates[:low, low:middle] += rates[:low, middle:high] @ rates[middle:high, low:middle]
    _eliminate(rates, leaving, low, middle)


def stationary_from_logs(log_rates: np.ndarray) -> np.ndarray:
    """`stationary` for the logarithms [n, n] of rates that differ by more than floating point holds; -inf = never."""
    log_rates = np.array(log_rates, dtype=np.float64)
    n = len(log_rates)
    leaving = np.zeros(n)
    for state in range(n - 1, 0, -1):
        leaving[state] = np.logaddexp.reduce(log_rates[state, :state])
        onward = log_rates[state, :state] - leaving[state]
        kept = log_rates[:state, :state]
        np.logaddexp(kept, log_rates[:state, state, None] + onward, out=kept)
    logs = np.zeros(n)
    for state in range(1, n):
        logs[state] = np.logaddexp.reduce(logs[:state] + log_rates[:state, state]) - leaving[state]
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def closed_classes(rates: sparse.csr_array) -> list[np.ndarray]:
    """The sets of states, each strongly connected, that the chain never leaves: indices in ascending order."""
    count, label = csgraph.connected_components(rates, directed=True, connection="strong")
    rows, columns = rates.nonzero()
    open_classes = label[rows[label[rows] != label[columns]]]
    closed = np.setdiff1d(np.arange(count), open_classes)
    return [np.flatnonzero(label == which) for which in closed]


def stationary_sparse(rates: sparse.csr_array) -> np.ndarray:
    """`stationary` for an irreducible chain of any size; beyond EXACT_STATES iterative, with its residual checked."""
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
