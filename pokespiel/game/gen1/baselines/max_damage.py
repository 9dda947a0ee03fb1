"""The move with the highest expected damage, every turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1.baselines.board import BENCH, SWITCHES, Board, join
from pokespiel.game.gen1.baselines.scripted import Scripted

NEVER = -1.0
"""Below every damage."""


@dataclass(frozen=True)
class MaxDamage(Scripted):
    """Plays the move with the highest expected damage and never switches by choice.

    Damage is the engine's estimate, misses and critical hits included. A fainted Pokémon is replaced by the one that
    deals most.
    """

    kind = "gen1_max_damage"

    def scores(self, board: Board) -> np.ndarray:
        switches = np.where(board.replaces[:, None], board.own.deals[:, BENCH], NEVER)
        assert switches.shape[1] == SWITCHES.stop - SWITCHES.start
        return join(board.moves.deals, switches)
