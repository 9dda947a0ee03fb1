"""How a solver's answer changes with one of its options: alpha-rank with alpha, logit with its rationality.

sweep(payoffs, AlphaRank(), "alpha", spaced(0.01, 100, 21)).marginals[0]        [21, n_0]
"""

from __future__ import annotations

import math
import typing
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pokespiel.core.registry import BadOption, build, options_of, unknown
from pokespiel.metasolvers import MetaSolver, MetaStrategy


class Sweep(NamedTuple):
    """Solutions for K values of an option."""

    option: str
    values: np.ndarray
    """[K] values of the option."""
    strategies: tuple[MetaStrategy, ...]
    """[K] solutions."""

    @property
    def marginals(self) -> tuple[np.ndarray, ...]:
        """[K, n_p] for each player."""
        players = range(len(self.strategies[0].marginals))
        return tuple(np.stack([strategy.marginals[player] for strategy in self.strategies]) for player in players)


def sweep(
    payoffs: np.ndarray, solver: MetaSolver, option: str, values: Iterable[float], *, symmetric: bool = False
) -> Sweep:
    """Solve payoffs [P, n_1, ..., n_P] with `option` of `solver` set to each of `values`; other options keep their
    values.

    An integer option is rounded to the nearest integers. Raises `UnknownName` for an option that the solver does not
    have, `BadOption` for one that is not a number.
    """
    plugin, options = type(solver), options_of(solver)
    name = option.replace("-", "_")
    if name not in options:
        raise unknown(f"option of {plugin.__name__}:", name, options)
    hint = typing.get_type_hints(plugin)[name]
    if hint not in (int, float):
        raise BadOption(f"option {name!r} of {plugin.__name__} is not a number: it cannot be swept")
    chosen = [float(value) for value in values]
    if hint is int:
        chosen = [float(value) for value in dict.fromkeys(map(round, chosen))]
    solvers = [build(plugin, options | {name: hint(value)}, plugin.__name__) for value in chosen]
    return Sweep(name, np.array(chosen), tuple(each(payoffs, symmetric=symmetric) for each in solvers))


def spaced(low: float, high: float, points: int) -> np.ndarray:
    """[points] values from `low` to `high`: geometrically spaced if both are positive, else evenly spaced."""
    if points < 2 or not (math.isfinite(low) and math.isfinite(high)) or low == high:
        raise ValueError(f"a sweep needs two finite ends and at least 2 points, got {points} from {low} to {high}")
    return np.geomspace(low, high, points) if min(low, high) > 0 else np.linspace(low, high, points)
