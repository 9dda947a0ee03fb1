"""A population and its weights as one policy, with the same members for all callers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pokespiel.core.policy import Mixture, Policy
from pokespiel.metasolvers import SUPPORT, support


def mixture_of(population: Sequence[Policy], weights: np.ndarray, least: float = 0.0) -> Mixture:
    """The per-match mixture of the support's members that weigh at least `least`, scaled to sum to 1.

    Raises `ValueError` if there are none.
    """
    weights = np.asarray(weights)
    kept = support(weights, least)
    if not len(kept):
        raise ValueError(
            f"no member has a weight of {max(least, SUPPORT):g} or more; the largest is {weights.max():.3g}"
        )
    return Mixture([population[index] for index in kept], weights[kept] / weights[kept].sum())
