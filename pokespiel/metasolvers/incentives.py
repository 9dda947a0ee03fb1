"""Incentives to leave a joint distribution, as a linear map of it: one row per deviation, one column per joint choice.

A player's regret at a joint choice is what it could gain there if it knew the others' choices,

    r(a, others) = max over b of u(b, others) - u(a, others) >= 0,

and a deviation from a to b gains r(a, others) - r(b, others). So payoffs enter through r alone: an amount that the
others' choices add to all of a player's payoffs cancels. The expected regret under the joint distribution s,

    R = sum over all of s(a, others) r(a, others),

bounds the gain of any deviation of the player, for every joint distribution, and is the scale for judging gains.

The incentives of coarse equilibria need no matrix of deviations by joint choices. A row's product is R minus the regret
of one policy against the marginal distribution of the others, and G diag(d) G' needs only products of payoff tables.
For full relative accuracy with any payoffs, regrets are taken relative to a policy with much weight.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from pokespiel.metasolvers.judging import ROUNDING, are_exact
from pokespiel.metasolvers.linear_map import MatrixMap


def regrets(payoffs: np.ndarray) -> np.ndarray:
    """[P, n_1, ..., n_P], each player's largest possible gain from another choice; payoffs of the same shape."""
    return np.stack([_regrets(table, player) for player, table in enumerate(payoffs)])


def _regrets(table: np.ndarray, player: int) -> np.ndarray:
    """Payoffs are sorted; a run in which each is within rounding of the previous one counts as equal."""
    share = 0.0 if are_exact(table) else ROUNDING
    order = np.argsort(-table, axis=player, kind="stable")
    falling = np.moveaxis(np.take_along_axis(table, order, player), player, 0)
    size = np.abs(falling)
    level = falling.copy()
    for index in range(1, len(level)):
        larger = np.maximum(size[index - 1], size[index])
        equal = falling[index - 1] - falling[index] <= share * larger
        level[index] = np.where(equal, level[index - 1], falling[index])
    result = np.empty_like(table)
    np.put_along_axis(result, order, np.moveaxis(level[0] - level, 0, player), player)
    return result


def swaps(regret: np.ndarray) -> MatrixMap:
    """Incentives of correlated equilibria: one row per player and ordered pair (recommended, played), by player.

    regret [P, n_1, ..., n_P].
    """
    cells = np.arange(regret[0].size).reshape(regret.shape[1:])
    blocks = []
    for player, table in enumerate(regret):
        own, places = _by_own(table, player), _by_own(cells, player)
        told, played = np.nonzero(~np.eye(len(own), dtype=bool))
        gains = own[told] - own[played]
        ends = np.arange(len(told) + 1) * own.shape[1]
        blocks.append(sparse.csr_array((gains.ravel(), places[told].ravel(), ends), shape=(len(told), own.size)))
    return MatrixMap(sparse.csr_array(sparse.vstack(blocks)))


class Refusals:
    """Incentives of coarse equilibria: one row per player and policy that it always plays, by player."""

    def __init__(self, regret: np.ndarray):
        """regret [P, n_1, ..., n_P]."""
        self.sizes = regret.shape[1:]
        self.cuts = np.cumsum(self.sizes)[:-1]
        self.shape = (sum(self.sizes), regret[0].size)
        self.own = [_by_own(table, player) for player, table in enumerate(regret)]

    def times(self, columns: np.ndarray) -> np.ndarray:
        joint = columns.reshape(self.sizes)
        gains = []
        for player, own in enumerate(self.own):
            weights = _by_own(joint, player)
            near = own - np.take_along_axis(own, np.abs(weights).argmax(axis=0)[None], 0)
            gains.append((weights * near).sum() - near @ weights.sum(axis=0))
        return np.concatenate(gains)

    def transposed_times(self, rows: np.ndarray) -> np.ndarray:
        result = np.zeros(self.sizes)
        for player, own, weights in self._by_player(rows):
            near = own - own[np.abs(weights).argmax()]
            result += self._jointly(weights.sum() * near - weights @ near, player)
        return result.ravel()

    def gram(self, scale: np.ndarray) -> np.ndarray:
        scale = scale.reshape(self.sizes)
        own = [_centred(table, _by_own(scale, player)) for player, table in enumerate(self.own)]
        players = range(len(own))
        blocks = [[np.empty(0) for _ in players] for _ in players]
        for player in players:
            followed = (_by_own(scale, player) * own[player] ** 2).sum()
            refused = (own[player] * _by_own(scale, player).sum(axis=0)) @ own[player].T
            blocks[player][player] = followed + refused
            for other in range(player):
                blocks[player][other] = self._between(player, other, own, scale)
                blocks[other][player] = blocks[player][other].T
        return np.block(blocks)

    def squares(self, scale: np.ndarray) -> np.ndarray:
        scale = scale.reshape(self.sizes)
        rows = []
        for player, table in enumerate(self.own):
            weights = _by_own(scale, player)
            squared = _centred(table, weights) ** 2
            rows.append((weights * squared).sum() + squared @ weights.sum(axis=0))
        return np.concatenate(rows)

    def transposed_squares(self, scale: np.ndarray) -> np.ndarray:
        result = np.zeros(self.sizes)
        for player, own, weights in self._by_player(scale):
            squared = _centred(own, np.broadcast_to(weights[:, None], own.shape)) ** 2
            result += self._jointly(weights.sum() * squared + weights @ squared, player)
        return result.ravel()

    def _between(self, player: int, other: int, own: list[np.ndarray], scale: np.ndarray) -> np.ndarray:
        """[n_player, n_other], the sums over joint choices of `scale` times one row of each."""
        first, second = self._jointly(own[player], player), self._jointly(own[other], other)
        followed = np.vdot(scale * first, second)
        one = own[player] @ _by_own(scale * second, player).sum(axis=0)
        two = own[other] @ _by_own(scale * first, other).sum(axis=0)
        shape = (-1, self.sizes[player], self.sizes[other])
        ends = ((player, other), (-2, -1))
        first, weights, second = (np.moveaxis(array, *ends).reshape(shape) for array in (first, scale, second))
        return followed - one[:, None] - two + (first @ weights.transpose(0, 2, 1) @ second).sum(axis=0)

    def _by_player(self, rows: np.ndarray) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        yield from zip(range(len(self.own)), self.own, np.split(rows, self.cuts), strict=True)

    def _jointly(self, own: np.ndarray, player: int) -> np.ndarray:
        """Expand a table [n_player, joint choices of the others] to the shape of joint choices."""
        others = self.sizes[:player] + self.sizes[player + 1 :]
        return np.moveaxis(own.reshape(self.sizes[player], *others), 0, player)


def _by_own(table: np.ndarray, player: int) -> np.ndarray:
    """[n_player, joint choices of the others]."""
    return np.moveaxis(table, player, 0).reshape(table.shape[player], -1)


def _centred(own: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each column of `own` minus its mean under `weights` >= 0; both [n, m]. A column without weight stays near 0."""
    near = own - np.take_along_axis(own, weights.argmax(axis=0)[None], 0)
    total = weights.sum(axis=0)
    return near - (weights * near).sum(axis=0) / np.where(total > 0, total, 1)
