"""Exact endgames of a game that has them: read, solve, describe, and a library of positions to probe policies with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.names import ENDGAMES, RANKED, parsed


class Probe(NamedTuple):
    """One position of the library, as one player sees it."""

    name: str
    kind: str
    position: str
    player: int
    """0 or 1."""
    features: np.ndarray
    """[D] float32."""
    legal: np.ndarray
    """[A] bool, True = allowed."""
    actions: tuple[int, ...]
    """The player's legal actions, in the order of the matrix."""
    labels: tuple[str, ...]
    """What they are called."""
    matrix: np.ndarray
    """[own choices, the other's] the player's chance to win after both."""
    value: float
    """Its chance to win where both play an equilibrium."""
    right: np.ndarray
    """[own choices] an equilibrium's probabilities."""


class EndgameTools(NamedTuple):
    """What a game offers."""

    read_positions: Callable[[str | Path, str], Sequence[tuple[str, str, str]]]
    """Name, text and `pp` of each position in a text or a YAML file."""
    solve_endgame: Callable[..., Any]
    described: Callable[[Any], str]
    probes: Callable[[], Sequence[Probe]]
    """Every decision of the library's positions in which a player has a choice."""


def endgame_tools() -> EndgameTools:
    """Those of the game that this package is about."""
    return ENDGAMES[parsed(RANKED)["name"]]
