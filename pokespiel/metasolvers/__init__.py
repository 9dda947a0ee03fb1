"""Meta-solvers: from a payoff table to the mixtures that the next responses train against.

A meta-solver is a frozen dataclass, called with payoffs [P, n_1, ..., n_P], the mean return to player p at each joint
choice of policies. It sees arrays only: `Nash()(payoffs)` works at a Python prompt.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from pokespiel.core.registry import Registry

SUPPORT = 1e-6
"""A policy belongs to a mixture's support if its weight exceeds this."""


def support(weights: np.ndarray, least: float = 0.0) -> np.ndarray:
    """[m] indices of the weights [n] that belong to the support and are at least `least`."""
    return np.flatnonzero((weights > SUPPORT) & (weights >= least))


class MetaStrategy(NamedTuple):
    """A solver's answer for each player's population."""

    marginals: tuple[np.ndarray, ...]
    """[n_p] each, the distribution over player p's policies."""
    joint: np.ndarray | None = None
    """[n_1, ..., n_P]; None = the product of the marginals."""
    targets: tuple[np.ndarray, ...] | None = None
    """Player p: [m, sizes of the others], a distribution over the others' policies for each of m responses.

    None = one response to the joint."""


class MetaSolver(Protocol):
    """payoffs [P, n_1, ..., n_P] -> MetaStrategy; `symmetric` requests one vector for all seats.

    No two policies of a population play alike, unless the solver is `Repeating`. A solver that supports only some games
    implements `ChoosySolver` too.
    """

    def __call__(self, payoffs: np.ndarray, *, symmetric: bool = False) -> MetaStrategy: ...


@runtime_checkable
class Repeating(Protocol):
    """A solver whose answer depends on how often a response was added, or on which was added last."""

    repeats: bool
    """Whether a response is added again when an oracle returns it again."""


@runtime_checkable
class ChoosySolver(Protocol):
    """A solver that supports only some games."""

    def check(self, num_players: int, ends: Callable[[], np.ndarray]) -> None:
        """Raise a `ValueError` for other games, before anything is played.

        `ends()` returns the payoffs [P, k] at k possible ends of matches; k = 0 = unknown.
        """
        ...


METASOLVERS = Registry(
    "meta-solver",
    {
        "uniform": "pokespiel.metasolvers.uniform:UniformSolver",
        "self_play": "pokespiel.metasolvers.self_play:SelfPlay",
        "nash": "pokespiel.metasolvers.nash:Nash",
        "max_entropy_nash": "pokespiel.metasolvers.max_entropy_nash:MaxEntropyNash",
        "alpharank": "pokespiel.metasolvers.alpharank:AlphaRank",
        "prd": "pokespiel.metasolvers.prd:ProjectedReplicator",
        "replicator": "pokespiel.metasolvers.replicator:Replicator",
        "fictitious_play": "pokespiel.metasolvers.fictitious_play:FictitiousPlay",
        "regret_matching": "pokespiel.metasolvers.regret_matching:RegretMatching",
        "rectified_nash": "pokespiel.metasolvers.rectified_nash:RectifiedNash",
        "logit": "pokespiel.metasolvers.logit:Logit",
        "general_nash": "pokespiel.metasolvers.general_nash:GeneralNash",
        "correlated": "pokespiel.metasolvers.correlated:Correlated",
    },
    own=True,
)
