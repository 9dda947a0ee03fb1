"""All Nash equilibria of a small table of three or more players.

A region is a simplex of strategies for each player, given by its corners. A policy's payoff is linear in each other
player's strategy, so over a region it lies between its values at the corners, and so does the difference of two
policies. If another policy beats a policy at all corners, no equilibrium in the region plays it: the region shrinks to
the corners that do not play it or, if all corners do, is empty. The remaining region is halved along its longest edge.

If the policies that may be best are exactly those that all corners play, an equilibrium solves one system of equations.
The equations are combined so that each is nearly one weight, which rules out most regions; Newton's method finds the
solutions in the others. Around each solution there is a radius without other solutions, in which the second derivatives
cannot outweigh the first, so regions within it are finished. Equilibria that are not isolated leave regions that shrink
for ever; for the narrowest of these, the equilibria they contain are listed.

Reference: Moore (1966), Interval Analysis.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.metasolvers.judging import ROUNDING
from pokespiel.metasolvers.supports import Solution, Support, largest_gain, solve_support
from pokespiel.metasolvers.tables import Profile, Table

NARROW = 1e-6
"""Regions of this width are not halved any further."""
SOLVED = 1e-10
"""Largest gain at an equilibrium, as a share of what is at stake."""
APART = 1e-5
"""Equilibria that differ by less in every weight are listed once."""
REACH = 0.1
"""A step of Newton's method is followed if it ends at most this far outside the region, in widths."""
ABOUT = 1e-3
"""A step of Newton's method that ends this close to a known equilibrium counts as converging to it."""
TOGETHER = 1024
"""Number of regions processed together."""

Corners = list[np.ndarray]
"""For each player [R, n, n]: the weights of its n policies at each of its n corners (possibly equal), for R regions."""


class Root(NamedTuple):
    """An equilibrium and a radius without others of its support, in the sum of one player's absolute changes of
    weight."""

    profile: Profile
    support: Support
    radius: float


def isolated_equilibria(table: Table, most: int) -> list[Profile]:
    """All equilibria of payoffs [P, n_1, ..., n_P], one population per player; a `ValueError` after `most` regions."""
    waiting: list[Corners] = [[np.eye(size)[None] for size in table.sizes]]
    roots: list[Root] = []
    others: list[Profile] = []
    seen = 0
    while waiting:
        regions = waiting.pop()
        seen += len(regions[0])
        if seen > most:
            raise ValueError(f"{most} regions of strategies were not enough to tell equilibria apart")
        regions, supports = _shrunk(table, regions)
        regions = _wide(table, _unsolved(table, regions, supports, roots), others)
        if len(regions[0]):
            halves = _halved(regions)
            starts = range(0, len(halves[0]), TOGETHER)
            waiting += [[corners[start : start + TOGETHER] for corners in halves] for start in starts]
    known = [root.profile for root in roots]
    return known + _apart(others, known)


def _shrunk(table: Table, regions: Corners) -> tuple[Corners, list[np.ndarray]]:
    """The regions that may contain an equilibrium, shrunk as far as possible, and the policies [R, n] that may be best
    there."""
    beaten = [_beaten(table, player, regions) for player in range(table.num_players)]
    alive = np.ones(len(regions[0]), bool)
    for player, out in enumerate(beaten):
        fits = ~((regions[player] > 0) & out[:, None]).any(axis=2)
        alive &= fits.any(axis=1)
        one = np.take_along_axis(regions[player], fits.argmax(axis=1)[:, None, None], axis=1)
        regions[player] = np.where(fits[..., None], regions[player], one)
    return [corners[alive] for corners in regions], [~out[alive] for out in beaten]


def _beaten(table: Table, player: int, regions: Corners) -> np.ndarray:
    """[R, n] bool, the policies that another policy of the player beats everywhere in the region."""
    values = _values(table, player, regions)
    slack = ROUNDING * float(np.abs(table.payoffs[player]).max())
    by = [(values - values[:, [rival]]).max(axis=2) < -slack for rival in range(values.shape[1])]
    return np.any(by, axis=0)


def _values(table: Table, player: int, points: Sequence[np.ndarray]) -> np.ndarray:
    """[R, n, k] a player's payoffs at all k choices of one of the other players' points, [R, c, n] each."""
    values = np.moveaxis(table.payoffs[player], player, 0)[None]
    for other in range(table.num_players):
        if other != player:
            values = np.moveaxis(values, 2, -1)
            *outer, size = values.shape
            flat = values.reshape(outer[0], -1, size) @ points[other].transpose(0, 2, 1)
            values = flat.reshape(len(flat), *outer[1:], -1)
    return values.reshape(*values.shape[:2], -1)


def _unsolved(table: Table, regions: Corners, supports: list[np.ndarray], roots: list[Root]) -> Corners:
    """The regions that may contain an equilibrium that is not among `roots`; new ones are added to `roots`."""
    settled = np.ones(len(regions[0]), bool)
    for everywhere, best in zip(regions, supports, strict=True):
        settled &= (best == (everywhere > 0).all(axis=1)).all(axis=1)
    if not settled.any():
        return regions
    places = np.flatnonzero(settled)
    own, systems = [each[places] for each in regions], [each[places] for each in supports]
    left = ~settled
    left[places], aims, promising = _sifted(table, own, systems)
    for place in np.flatnonzero(left[places]):
        corners = [each[place] for each in own]
        support = tuple([each[place] for each in systems])
        known = [root for root in roots if all(map(np.array_equal, root.support, support))]
        if promising[place] and all(np.abs(np.concatenate(root.profile) - aims[place]).max() > ABOUT for root in known):
            root = _newton(table, [each.mean(axis=0) for each in corners], support)
            if root is not None and not any(_same(root.profile, old.profile, SOLVED) for old in roots):
                roots.append(root)
                known.append(root)
        left[places[place]] = not any(_near(root, corners) for root in known)
    return [each[left] for each in regions]


def _sifted(table: Table, regions: Corners, supports: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether the supports' equations may have a solution, where Newton's step ends, and whether that is within reach.

    [R] bool, [R, N] all players' weights, [R] bool. The equations are combined by the inverse of their derivatives at
    the centre, so that each is nearly one weight.
    """
    centres = [corners.mean(axis=1, keepdims=True) for corners in regions]
    inverse = np.linalg.pinv(_derivatives(table, centres, supports))
    ends = np.cumsum(table.sizes)
    low, high, change = (np.zeros((len(inverse), ends[-1])) for _ in range(3))
    for player, (support, end) in enumerate(zip(supports, ends, strict=True)):
        combined = inverse[:, :, end - support.shape[1] : end]
        at_corners = combined @ _indifference(_values(table, player, regions), support)
        low += at_corners.min(axis=2)
        high += at_corners.max(axis=2)
        change += (combined @ _indifference(_values(table, player, centres), support))[:, :, 0]
    slack = ROUNDING * np.abs(inverse).sum(axis=2) * table.range
    possible = ((low <= slack) & (high >= -slack)).all(axis=1)
    aims = np.concatenate(centres, axis=2)[:, 0] - change
    lowest = np.concatenate([corners.min(axis=1) for corners in regions], axis=1)
    highest = np.concatenate([corners.max(axis=1) for corners in regions], axis=1)
    reach = NARROW + REACH * (highest - lowest).max(axis=1, keepdims=True)
    return possible, aims, ((aims > lowest - reach) & (aims < highest + reach)).all(axis=1)


def _indifference(values: np.ndarray, support: np.ndarray) -> np.ndarray:
    """`values` [R, n, k] of supported policies minus that of the first one; 0 for the others."""
    first = np.take_along_axis(values, support.argmax(axis=1)[:, None, None], axis=1)
    return np.where(support[..., None], values - first, 0)


def _derivatives(table: Table, points: Corners, supports: list[np.ndarray]) -> np.ndarray:
    """[R, N, N] derivatives of the equations with respect to the weights, at points [R, 1, n].

    A player's supported policies earn the same, its weights sum to one and those outside the support are zero.
    """
    ends = np.cumsum(table.sizes)
    derivatives = np.zeros((len(points[0]), ends[-1], ends[-1]))
    places = [slice(end - size, end) for size, end in zip(table.sizes, ends, strict=True)]
    for player, support in enumerate(supports):
        for other, size in enumerate(table.sizes):
            if other != player:
                each = np.broadcast_to(np.eye(size), (len(points[0]), size, size))
                values = _values(table, player, [*points[:other], each, *points[other + 1 :]])
                derivatives[:, places[player], places[other]] = _indifference(values, support)
        own = derivatives[:, places[player], places[player]]
        own[...] = ~support[:, :, None] * np.eye(support.shape[1])
        own[np.arange(len(support)), support.argmax(axis=1)] = 1
    return derivatives


def _near(root: Root, corners: Sequence[np.ndarray]) -> bool:
    """Whether a region of the root's support lies within the radius that contains no other root."""
    pairs = zip(corners, root.profile, strict=True)
    return all(np.abs(each - weights).sum(axis=1).max() < root.radius for each, weights in pairs)


def _newton(table: Table, start: Sequence[np.ndarray], support: Support) -> Root | None:
    """The equilibrium of a support that Newton's method finds from `start`; None if it finds none."""
    solution = solve_support(table, start, support)
    if solution is None or largest_gain(table, solution.profile) > SOLVED:
        return None
    return Root(solution.profile, support, _radius(table, support, solution))


def _radius(table: Table, support: Support, at: Solution) -> float:
    """A radius around a root without other roots: there the equations' second derivatives cannot outweigh the first."""
    bends = np.zeros(len(at.owner))
    for player, payoffs in enumerate(table.payoffs):
        own = np.moveaxis(payoffs[np.ix_(*support)], player, 0)
        combined = np.tensordot(at.inverse[:, at.owner == player], own - own[:1], axes=1)
        for one, other in itertools.combinations(range(1, combined.ndim), 2):
            shape = (len(at.owner), -1, combined.shape[one], combined.shape[other])
            pairs = np.moveaxis(combined, (one, other), (-2, -1)).reshape(shape)
            across = pairs[..., :, None, :, None] - pairs[..., None, :, :, None]
            across = across - np.swapaxes(across, -2, -1)
            bends += np.abs(across).reshape(len(at.owner), -1).max(axis=1) / 4
    bend = max(float(bends[at.owner == player].sum()) for player in range(len(support)))
    return 1 / bend if bend else np.inf


def _wide(table: Table, regions: Corners, others: list[Profile]) -> Corners:
    """The regions to be halved; equilibria in regions that are too narrow are added to `others`."""
    widths = np.max([np.ptp(corners, axis=1).max(axis=1) for corners in regions], axis=0)
    for region in np.flatnonzero(widths < NARROW):
        centre = [corners[region].mean(axis=0) for corners in regions]
        profile = tuple([np.where(weights > NARROW, weights, 0) for weights in centre])
        profile = tuple([weights / weights.sum() for weights in profile])
        if largest_gain(table, profile) <= NARROW:
            others.append(profile)
    return [corners[widths >= NARROW] for corners in regions]


def _halved(regions: Corners) -> Corners:
    """Two regions for each, split at the middle of the longest edge."""
    edges = [np.abs(corners[:, :, None] - corners[:, None]).max(axis=3) for corners in regions]
    longest = np.array([edge.max(axis=(1, 2)) for edge in edges]).argmax(axis=0)
    halves: list[list[np.ndarray]] = [[], []]
    for player, (corners, edge) in enumerate(zip(regions, edges, strict=True)):
        chosen = np.flatnonzero(longest == player)
        size = corners.shape[1]
        ends = np.array(np.unravel_index(edge[chosen].reshape(len(chosen), size**2).argmax(axis=1), (size, size)))
        middle = corners[chosen, ends].mean(axis=0)
        for half, end in zip(halves, ends, strict=True):
            changed = corners.copy()
            changed[chosen, end] = middle
            half.append(changed)
    return [np.concatenate(pair) for pair in zip(*halves, strict=True)]


def _apart(profiles: list[Profile], known: list[Profile]) -> list[Profile]:
    """The profiles that differ from each other and from those already known."""
    kept: list[Profile] = []
    for profile in profiles:
        if not any(_same(profile, other, APART) for other in [*kept, *known]):
            kept.append(profile)
    return kept


def _same(one: Profile, other: Profile, distance: float) -> bool:
    return all(np.abs(left - right).max() <= distance for left, right in zip(one, other, strict=True))
