"""Oracles: given the opponents' mixture, find a best response, or policies that approximate an equilibrium.

An oracle is a frozen dataclass whose call is a generator: it yields `Training` as it learns, and the last yield is the
result. One that trains several seats at once (NFSP, RNaD, MMD) does so in one call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.registry import Registry
from pokespiel.game.protocols import Game

if TYPE_CHECKING:
    from pokespiel.learning.compute import Compute


class Opponents(NamedTuple):
    """A distribution over the other seats' policies, drawn together once per match."""

    policies: tuple[Sequence[Policy], ...]
    """Per seat, its population (empty at the responder's seat if nobody plays it)."""
    rows: np.ndarray
    """[m, P] indices into the populations, -1 at the responder's seat."""
    weights: np.ndarray
    """[m], sum to 1."""


class Training(NamedTuple):
    """The state of an oracle's call."""

    responses: Mapping[int, tuple[Policy, ...]]
    """Responses by seat; empty = none was accepted."""
    metrics: dict[str, float]
    state: Mapping[str, Any]
    """Everything that a resume needs: plain values and arrays, in nested mappings if need be."""
    mixtures: Mapping[int, np.ndarray] = {}
    """By seat, a solution of the restricted game found on the way: weights over its population and then its responses.

    Empty = the meta-solver solves the payoff table. See `oracles/restricted.py`."""


class Oracle(Protocol):
    """Responses for the seats in `opponents`, each against its own mixture.

    `start` are policies to begin from (warm start), `state` what an earlier, unfinished call last yielded. An oracle
    that does not support every game implements `ChoosyOracle` too.
    """

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]: ...


@runtime_checkable
class ChoosyOracle(Protocol):
    """An oracle that does not support every game."""

    def check(self, game: Game) -> None:
        """Raise a `ValueError` that says why the game is not supported, before any work is done."""
        ...


@runtime_checkable
class NamedOracle(Protocol):
    """An oracle whose responses are named otherwise than by its class."""

    name: str


def oracle_name(oracle: Oracle) -> str:
    """The name of an oracle's responses."""
    return oracle.name if isinstance(oracle, NamedOracle) else type(oracle).__name__.lower()


@runtime_checkable
class Computing(Protocol):
    """An oracle that trains networks."""

    compute: Compute
    """Device, precision and threads, which a resumed run may change."""

    def as_in(self, metrics: Mapping[str, Any]) -> Self:
        """The same options, with each `auto` replaced by the choice recorded in the `metrics` of an earlier
        training."""
        ...


def last_training(trainings: Iterable[Training]) -> Training:
    """The last yield of a call. Earlier ones are dropped at once, because each holds a state, which may be large."""
    return deque(trainings, maxlen=1).pop()


ORACLES = Registry(
    "oracle",
    {
        "exact": "pokespiel.oracles.exact:Exact",
        "cfr": "pokespiel.oracles.cfr:CFR",
        "xdo": "pokespiel.oracles.xdo:XDO",
        "ppo": "pokespiel.oracles.ppo:PPO",
        "mmd": "pokespiel.oracles.mmd:MMD",
        "rnad": "pokespiel.oracles.rnad:RNaD",
        "nfsp": "pokespiel.oracles.nfsp:NFSP",
        "exploiter": "pokespiel.oracles.exploiter:Exploiter",
        "offline": "pokespiel.oracles.offline:Offline",
    },
    own=True,
)


class RestrictedSolver(Protocol):
    """A way to solve the restricted game while the response to its solution is still in training."""

    def over(self, oracle: Oracle) -> Oracle:
        """The oracle whose responses are `oracle`'s, and whose `Training.mixtures` solve the restricted game."""
        ...


RESTRICTED = Registry(
    "restricted game",
    {
        "anytime": "pokespiel.oracles.restricted:AnytimePSRO",
        "self_play": "pokespiel.oracles.restricted:SelfPlayPSRO",
    },
    own=True,
)
