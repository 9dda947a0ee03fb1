"""Helpers that the tests of games in sequence form share."""

from __future__ import annotations

import numpy as np

from pokespiel.core.policy import Tabular
from pokespiel.game import load_game
from pokespiel.game.tree import TreeGame


def tree(name: str) -> TreeGame:
    """The game in sequence form."""
    game = load_game(name, "tree")
    assert isinstance(game, TreeGame)
    return game


def random_policy(game: TreeGame, rng: np.random.Generator, zeros: float = 0.25) -> Tabular:
    """Random probabilities at every information state, about a share `zeros` of them 0."""
    tables = {}
    for player, states in enumerate(game.states):
        weights = states.legal * rng.random(states.legal.shape) * (rng.random(states.legal.shape) >= zeros)
        weights += states.legal * (weights.sum(axis=1, keepdims=True) == 0)
        tables[player] = weights / weights.sum(axis=1, keepdims=True)
    return Tabular(tables)
