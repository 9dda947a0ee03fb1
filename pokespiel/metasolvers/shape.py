"""The shape of a symmetric zero-sum table: how much of it a rating explains, and its layers.

The best rating of antisymmetric payoffs A, by least squares of A_ij - (r_i - r_j), is the mean of each row. The
residual has row means 0: it is cyclic, and no rating explains it (Balduzzi et al. 2019, Section 2; Jiang et al. 2011).

Layers peel the table from the top: the support of its Nash mixture is the first; the support of the remaining policies'
Nash mixture is the second, and so on. In a spinning top few policies are in the first layers, most in the middle, few
at the end; the layers are ordered, since no mixture of a later one beats the Nash mixture of an earlier one.

Reference: Balduzzi et al. (2019), Open-ended Learning in Symmetric Zero-sum Games; Czarnecki et al. (2020), Real World
Games Look Like Spinning Tops, Section 4 (Nash clustering).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers import support
from pokespiel.metasolvers.judging import ROUNDING
from pokespiel.metasolvers.nash import Nash


class Parts(NamedTuple):
    """A table as the sum of its transitive and its cyclic part."""

    rating: np.ndarray
    """[n], mean 0: the transitive part is rating[i] - rating[j]."""
    cyclic: np.ndarray
    """[n, n], with row means 0."""

    @property
    def share(self) -> float:
        """The cyclic part's share of the sum of squares, 0..1; 0 for a table of zeros."""
        cyclic, rated = (self.cyclic**2).sum(), (np.subtract.outer(self.rating, self.rating) ** 2).sum()
        return float(cyclic / (cyclic + rated)) if cyclic + rated else 0.0


def parts_of(payoffs: np.ndarray) -> Parts:
    """The parts of antisymmetric payoffs [n, n]; a `ValueError` if they are not."""
    checked = _antisymmetric(payoffs)
    rating = checked.mean(axis=1)
    return Parts(rating, checked - np.subtract.outer(rating, rating))


def layers(payoffs: np.ndarray) -> list[np.ndarray]:
    """The policies of each layer of antisymmetric payoffs [n, n], the strongest layer first."""
    checked, left, found = _antisymmetric(payoffs), np.arange(len(payoffs)), []
    while len(left):
        table = checked[np.ix_(left, left)]
        chosen = support(Nash()(np.stack([table, -table]), symmetric=True).marginals[0])
        found.append(left[chosen])
        left = np.delete(left, chosen)
    return found


def _antisymmetric(payoffs: np.ndarray) -> np.ndarray:
    payoffs = np.asarray(payoffs, float)
    if payoffs.ndim != 2 or len(payoffs) != payoffs.shape[1] or not np.isfinite(payoffs).all():
        raise ValueError(f"expected finite payoffs [n, n], got the shape {payoffs.shape}")
    if np.abs(payoffs + payoffs.T).max(initial=0) > ROUNDING * np.abs(payoffs).max(initial=0):
        raise ValueError("expected payoffs in which entry (j, i) is minus entry (i, j); subtract 0.5 from win rates")
    return payoffs
