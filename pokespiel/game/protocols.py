"""The protocols behind which every game stands: an immutable game, and many of its matches side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np

from pokespiel.core.policy import Observations

Form = Literal["tree", "step"]
"""The sequence form, or stepped through its states (in batches by its own engine, where the game has one)."""


class Matches(Protocol):
    """B matches side by side, simultaneous or turn-based."""

    def observe(self, player: int, out: Observations | None = None) -> tuple[np.ndarray, Observations]:
        """Indices [b] of the unfinished matches that await `player`, and what it knows in them.

        `out` offers arrays of at least B rows to write into; the result may be views of them, valid until the next
        call.
        """
        ...

    def step(self, actions: np.ndarray) -> np.ndarray:
        """Play actions [P, B] (ignored where a player is not to act); utilities [B, P] gained since the last step.

        An illegal action raises a `ValueError` that names the match and leaves all matches as they were.
        """
        ...

    def finished(self) -> np.ndarray:
        """[B] bool."""
        ...

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        ...


class Game(Protocol):
    """An immutable game; `start(seeds)` gives one match a seed. Equal seeds and actions give equal matches."""

    name: str
    """The string that `load_game` takes."""
    num_players: int
    num_actions: int
    num_features: int
    symmetric: bool
    """One population serves every seat."""
    zero_sum: bool
    utility_range: tuple[float, float]

    def start(self, seeds: Sequence[int] | np.ndarray) -> Matches: ...
