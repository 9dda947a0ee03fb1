"""Replicator dynamics as a stream of states.

    dx_i / dt = x_i (u_i(x) - x . u(x))        (Taylor and Jonker 1978)

In logarithms this is the softmax of accumulated payoffs, so weights stay positive and sum to one for any step size. The
classical fourth-order Runge-Kutta rule integrates those logarithms; it follows the closed orbits of zero-sum games,
where Euler steps spiral outwards. Time averages of such orbits converge to equilibrium in two-player zero-sum games:
the regret of the average over time T is at most (log n + log m) / T.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pokespiel.metasolvers.tables import Iterate, Profile, Table


def replicator_flow(table: Table, step: float, floor: float = 0.0, start: Profile | None = None) -> Iterator[Iterate]:
    """States at times 0, step, 2 step, ... and their averages over time, without end.

    step: in units of time, the inverse of payoffs. floor: minimum probability; every state below it, also within a
    step, is projected back (Lanctot et al. 2017), so that no average falls below it. start: interior; None = uniform.
    """
    state = table.uniform() if start is None else start
    logs = tuple(np.log(weights) for weights in state)
    total = tuple(np.zeros_like(weights) for weights in state)
    yield Iterate(state, state)
    steps = 0
    while True:
        logs, passed = _runge_kutta(table, logs, state, step, floor)
        free = _softmax(logs)
        state = _kept_above(free, floor)
        if state is not free:
            logs = tuple(np.log(weights) for weights in state)
        steps += 1
        total = _plus(total, 1.0, passed)
        yield Iterate(state, tuple(weights / steps for weights in total))


def _runge_kutta(table: Table, logs: Profile, state: Profile, step: float, floor: float) -> tuple[Profile, Profile]:
    """One step: the next logarithms of the weights, and the average of the states during the step, none below the
    floor."""

    def ahead(share: float, slope: Profile) -> Profile:
        return _kept_above(_softmax(_plus(logs, share * step, slope)), floor)

    slope = _values(table, state)
    half = ahead(0.5, slope)
    half_slope = _values(table, half)
    again = ahead(0.5, half_slope)
    again_slope = _values(table, again)
    end = ahead(1.0, again_slope)
    end_slope = _values(table, end)
    return (
        _plus(logs, step, _simpson(slope, half_slope, again_slope, end_slope)),
        _simpson(state, half, again, end),
    )


def _values(table: Table, state: Profile) -> Profile:
    """Payoffs up to a common term; policies whose payoffs differ only by rounding get equal values, so they grow
    equally."""
    return tuple([table.advantages(population, state) for population in range(len(state))])


def _plus(base: Profile, share: float, change: Profile) -> Profile:
    return tuple([left + share * right for left, right in zip(base, change, strict=True)])


def _simpson(start: Profile, half: Profile, again: Profile, end: Profile) -> Profile:
    return tuple([(a + 2 * (b + c) + d) / 6 for a, b, c, d in zip(start, half, again, end, strict=True)])


def _softmax(logs: Profile) -> Profile:
    result = []
    for values in logs:
        weights = np.exp(values - values.max())
        weights /= weights.sum()
        result.append(weights)
    return tuple(result)


def _kept_above(state: Profile, floor: float) -> Profile:
    """The state itself, or its projection if a weight is below `floor`."""
    if not floor or all(weights.min() >= floor for weights in state):
        return state
    return tuple([_projected(weights, floor) for weights in state])


def _projected(weights: np.ndarray, floor: float) -> np.ndarray:
    """The closest distribution, in Euclidean distance, whose entries are at least `floor`, which is at most 1 / n."""
    above = weights - floor
    left = max(1 - floor * len(weights), 0.0)
    descending = np.sort(above)[::-1]
    excess = (np.cumsum(descending) - left) / np.arange(1, len(weights) + 1)
    return np.maximum(above - excess[np.flatnonzero(descending >= excess)[-1]], 0) + floor
