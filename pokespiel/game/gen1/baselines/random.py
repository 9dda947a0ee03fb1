"""The weakest baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1 import view
from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.scripted import Scripted


@dataclass(frozen=True)
class Random(Scripted):
    """Plays every legal action with equal probability."""

    kind = "gen1_random"

    def scores(self, board: Board) -> np.ndarray:
        return np.zeros((board.size, view.NUM_ACTIONS))
