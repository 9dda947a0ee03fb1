"""Normal-form games: payoff arrays as games in sequence form, with one information state per player."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pokespiel.core.tablefiles import read_table
from pokespiel.game.flatten import FlatGame, FlatPlayer
from pokespiel.game.tree import TreeGame
from pokespiel.game.treeplex import TERMINAL


def matrix_game(payoffs: Any, name: str = "matrix") -> TreeGame:
    """The game in which each player chooses an action and receives the payoff at cell (a_1, ..., a_P).

    Args:
        payoffs: [P, n_1, ..., n_P], returns to player p; or [n_1, n_2], payoffs to the first of two players in a
            zero-sum game. Each player's one information state has a single feature, 1.

    Raises:
        ValueError: another shape, or payoffs that are not finite.
    """
    payoffs = np.asarray(payoffs, np.float64)
    if payoffs.ndim == 2:
        payoffs = np.stack([payoffs, -payoffs])
    if payoffs.ndim < 2 or payoffs.shape[0] != payoffs.ndim - 1 or 0 in payoffs.shape:
        raise ValueError(f"payoffs must be [n_1, n_2] or [P, n_1, ..., n_P], not {payoffs.shape}")
    if not np.isfinite(payoffs).all():
        raise ValueError("payoffs must be finite")
    players = tuple(_player(player, size) for player, size in enumerate(payoffs.shape[1:]))
    return TreeGame(name, _flat(payoffs, players), max(payoffs.shape[1:]))


def _player(player: int, size: int) -> FlatPlayer:
    return FlatPlayer(
        parent=np.zeros(1, np.int64),
        counts=np.array([size]),
        action=np.arange(-1, size),
        features=np.ones((1, 1), np.float32),
        strings=(f"player {player}",),
        node=np.array([player]),
    )


def _flat(payoffs: np.ndarray, players: tuple[FlatPlayer, ...]) -> FlatGame:
    """The tree in which the players move one after the other: layer p has a node for each joint choice of earlier
    players."""
    sizes = np.array(payoffs.shape[1:])
    widths = np.concatenate([[1], np.cumprod(sizes)])
    starts = np.concatenate([[0], np.cumsum(widths)])
    layer = np.repeat(np.arange(len(widths)), widths)
    node = np.arange(starts[-1])
    within = node - starts[layer]
    last = layer == len(sizes)
    above = np.concatenate([[1], sizes])[layer]  # actions of the previous player
    cells = np.stack(np.unravel_index(np.arange(widths[-1]), sizes))
    return FlatGame(
        players=players,
        actor=np.where(last, TERMINAL, layer),
        row=np.where(last, within, 0),
        child=np.where(last, 0, starts[np.minimum(layer + 1, len(sizes))] + within * np.append(sizes, 0)[layer]),
        parent=np.where(layer == 0, -1, starts[layer - 1] + within // above),
        action=np.where(layer == 0, -1, within % above),
        distributions=(),
        chance=np.ones(widths[-1]),
        returns=payoffs.reshape(len(sizes), -1),
        sequences=cells + 1,
    )


@dataclass(frozen=True)
class Matrix:
    """A normal-form game from a file, in any format that `pokespiel.core.tablefiles` reads."""

    PATHS: ClassVar = ("path", "second")
    """Parameters that are taken literally, including commas."""
    path: str
    """File of the first player's payoffs in a zero-sum game, or of every player's."""
    second: str | None = None
    """File of the second player's payoffs; None = zero-sum, or `path` has all payoffs."""
    symmetric: bool = False
    """Entry (i, j) is what action i earns against action j in either seat, as in a table of win rates."""
    changed: tuple[int, ...] = field(init=False)
    """Modification times of the files, so that an edited file is a different game."""

    def __post_init__(self) -> None:
        for name in self.PATHS:  # quotes around a path are not part of it
            if (path := getattr(self, name)) and path[0] == path[-1] and path[0] in "\"'" and len(path) > 2:
                object.__setattr__(self, name, path[1:-1])
        paths = [Path(path) for path in (self.path, self.second) if path is not None]
        for path in paths:
            if not path.is_file():
                raise FileNotFoundError(f"no payoffs at {path}")
        object.__setattr__(self, "changed", tuple(path.stat().st_mtime_ns for path in paths))

    def load(self, form: str | None) -> TreeGame:
        """The game; its only form is the tree."""
        table = read_table(self.path, self.second, symmetric=self.symmetric)
        return matrix_game(table.payoffs, self._name())

    def _name(self) -> str:
        second = "" if self.second is None else f",second={self.second}"
        return f"matrix(path={self.path}{second}{',symmetric=true' if self.symmetric else ''})"
