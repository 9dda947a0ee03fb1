"""Diverse responses: a best response that is also rewarded for its distance from the population.

    maximise over pure policies x:   u(x) / range + weight * d(x)

with u the return against the mixture, range that of the game's payoffs, X the own population's realisation plans, m its
mixture's, and G the matrix from a plan to what it earns against each of the opponents' policies, over the same range:

    behavioural   d = |x - m|^2 / rows                    far from how the mixture plays
    response      d = min over mixtures b  |G x - G X b|^2 / opponents    wins and loses against others than they do
    hull          d = min over mixtures b  |x - X b|^2 / rows             far from everything that mixtures can play

Rows is the player's number of information states, opponents the number of the others' policies. The distances are those
of the papers, with squares of realisation probabilities and payoffs in place of divergences over sampled states. For
pure x the behavioural one is linear, so its maximum is one pass over the tree. The others are convex: a best response
to their linearisation at x improves x or leaves it, and this is repeated until nothing moves, from the plain best
response and from responses that lead away from the population. The best of these local maxima is taken. In a matrix
game a response is one action, all new ones are equally far by behaviour and hull, and these two change nothing.

A response that the population holds already is replaced by the plain one, so that the loop ends at equilibria only.

Reference: Liu et al. (2021), Unifying Behavioral and Response Diversity for Open-ended Learning in Zero-sum Games; Yao
et al. (2023), Policy Space Diversity for Non-Transitive Games.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import nnls

from pokespiel.core.ranges import Checked, NotNegative, Whole

Reward = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Of a pure plan [S]: its distance, and the gradient [S] of that."""


@dataclass(frozen=True)
class Diversity(Checked):
    """A reward for responses that are far from their population, in two-player games."""

    kind: Literal["none", "behavioural", "response", "hull"] = "none"
    """The distance: none; from how the own mixture plays; from what mixtures of the population earn; from what mixtures
    of the population play."""
    weight: NotNegative = 0.1
    """Weight of the distance (about 0..1) against the return as a share of the payoffs' range."""
    starts: Whole = 8
    """Number of the newest policies that the search starts from, beside the plain and the behavioural response."""


class Surroundings(NamedTuple):
    """What a response's distance is measured from."""

    population: np.ndarray
    """[n, S] the own population's plans."""
    mixture: np.ndarray
    """[S] the own mixture's plan."""
    earnings: np.ndarray
    """[m, S] what a plan earns against each of the opponents' policies, over the payoffs' range."""
    rows: int
    """Information states of the player."""


class PurePlay(NamedTuple):
    """A pure policy."""

    plan: np.ndarray
    """[S]"""
    behaviour: np.ndarray
    """[S], also where the plan never comes."""


def diverse(
    diversity: Diversity, around: Surroundings, slope: np.ndarray, best: Callable[[np.ndarray], PurePlay]
) -> PurePlay:
    """The pure policy that maximises return and distance, as far as the search goes.

    Args:
        slope: [S] the return's gradient, over the payoffs' range.
        best: the pure policy that maximises the return's gradient with another [S] added to it.
    """
    reward = _reward(diversity.kind, around)

    def worth(one: PurePlay) -> float:
        return float(slope @ one.plan) + diversity.weight * reward(one.plan)[0]

    plain = best(np.zeros_like(slope))
    ends = [plain]
    for slope_there in _directions(diversity, around):
        here = best(diversity.weight * slope_there)
        while worth(after := best(diversity.weight * reward(here.plan)[1])) > worth(here):
            here = after
        ends.append(here)
    held = {plan.tobytes() for plan in around.population}
    return max((one for one in ends if one.plan.tobytes() not in held), default=plain, key=worth)


def _directions(diversity: Diversity, around: Surroundings) -> list[np.ndarray]:
    """Gradients [S] to start the search with: none, and away from the mixture and from the newest policies.

    By response, "away" is what earns more, or less, against each of the others' newest policies.
    """
    found = [np.zeros_like(around.mixture), _apart(around)]
    newest = slice(-diversity.starts, None) if diversity.starts else slice(0)
    if diversity.kind == "hull":
        found += [(1 - 2 * plan) / around.rows for plan in around.population[newest]]
    elif diversity.kind == "response":
        found += [sign * earned for earned in around.earnings[newest] for sign in (1, -1)]
    return found


def _apart(around: Surroundings) -> np.ndarray:
    """[S] the gradient of |x - m|^2 / rows over pure plans x, whose squares are themselves."""
    return (1 - 2 * around.mixture) / around.rows


def _reward(kind: str, around: Surroundings) -> Reward:
    if kind == "behavioural":
        slope, constant = _apart(around), float(around.mixture @ around.mixture) / around.rows
        return lambda plan: (float(slope @ plan) + constant, slope)
    if kind == "hull":
        return lambda plan: _beyond(around.population, plan, around.rows)
    earned = around.population @ around.earnings.T

    def response(plan: np.ndarray) -> tuple[float, np.ndarray]:
        distance, gradient = _beyond(earned, around.earnings @ plan, len(around.earnings))
        return distance, gradient @ around.earnings

    return response


def _beyond(points: np.ndarray, point: np.ndarray, scale: int) -> tuple[float, np.ndarray]:
    """The squared distance of a point [k] from the hull of points [n, k], over `scale`, and its gradient [k]."""
    apart = point - hull_weights(points, point) @ points
    return float(apart @ apart) / scale, 2 * apart / scale


def hull_weights(points: np.ndarray, point: np.ndarray) -> np.ndarray:
    """[n] the weights, which sum to 1, of the mixture of points [n, k] that is nearest to a point [k].

    This is the mixture of the differences that is nearest to the origin. With a row of ones below the differences,
    nonnegative least squares finds its direction; the row of ones only decides the scale.
    """
    differences = (points - point).T
    scale = max(float(np.abs(differences).max(initial=0)), 1e-12)
    weights, _ = nnls(np.vstack([differences / scale, np.ones(len(points))]), np.append(np.zeros(len(point)), 1.0))
    return weights / weights.sum()
