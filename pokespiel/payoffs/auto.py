"""Payoff tables that are exact where the game allows it, and counted from matches elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame
from pokespiel.payoffs.exact import ExactPayoffs
from pokespiel.payoffs.sampling import Play, SampledPayoffs, play_units
from pokespiel.payoffs.tables import PayoffTable, Populations


@dataclass(frozen=True)
class AutoPayoffs(SampledPayoffs):
    """Exact returns where the game has a sequence form, else as `sampled` counts them."""

    def __call__(
        self,
        game: Game,
        populations: Populations,
        table: PayoffTable | None,
        rng: np.random.Generator,
        play: Play = play_units,
    ) -> PayoffTable:
        if isinstance(game, TreeGame):
            return ExactPayoffs()(game, populations, table, rng)
        return super().__call__(game, populations, table, rng, play)
