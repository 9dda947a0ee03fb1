"""Recognise policies that play the same, so that a population holds each only once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from pokespiel.core.policy import Policy, describe, forgets
from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame


def identity(game: Game, policy: Policy, seats: Iterable[int]) -> Hashable:
    """A key that is equal for policies that play `game` identically at `seats`, as far as that can be told exactly and
    cheaply.

    On a game in sequence form, memoryless policies and mixtures of them are identified by their realisation plans:
    policies that differ only at states that they never reach themselves are the same. Otherwise a policy of a
    registered kind is identified by what its file would contain. Any other policy equals only itself.
    """
    if isinstance(game, TreeGame) and forgets(policy):
        return tuple(_digest(game.plan(policy, seat)) for seat in seats)
    try:
        kind, options, arrays = describe(policy)
    except TypeError:
        return id(policy)
    held = tuple((name, array.shape, array.dtype.str, _digest(array)) for name, array in sorted(arrays.items()))
    return kind, json.dumps(options, sort_keys=True), held


def over_distinct(weights: np.ndarray, identities: Sequence[Hashable], known: int) -> np.ndarray:
    """Weights [n] over policies with these identities, without those that equal an earlier one, which gets theirs.

    The first `known` policies all stay.
    """
    merged, kept = np.array(weights, float), list(range(known))
    for index in range(known, len(merged)):
        first = identities.index(identities[index])
        if first == index:
            kept.append(index)
        else:
            merged[first] += merged[index]
    return merged[kept]


def _digest(array: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()
