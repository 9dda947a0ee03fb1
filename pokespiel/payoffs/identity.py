"""Which policies play alike, so that a population holds none twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable

import numpy as np

from pokespiel.core.policy import Policy, describe, forgets
from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame


def identity(game: Game, policy: Policy, seats: Iterable[int]) -> Hashable:
    """The same for two policies that play `game` alike at `seats`, as far as that is exact and cheap to tell.

    On a game in sequence form a memoryless policy, or a mixture of such, is what its realisation plans are: two that
    differ only where their own actions never lead are the same. Elsewhere a policy of a registered kind is what its
    file would hold. Any other policy is like itself alone.
    """
    if isinstance(game, TreeGame) and forgets(policy):
        return tuple(_digest(game.plan(policy, seat)) for seat in seats)
    try:
        kind, options, arrays = describe(policy)
    except TypeError:
        return id(policy)
    held = tuple((name, array.shape, array.dtype.str, _digest(array)) for name, array in sorted(arrays.items()))
    return kind, json.dumps(options, sort_keys=True), held


def _digest(array: np.ndarray) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(array).data, digest_size=16).digest()
