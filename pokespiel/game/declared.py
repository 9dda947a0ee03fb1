"""What can be known of a game before its tree is read, which takes minutes for a large one: seats, and sums of payoffs.

That a game is not constant-sum is shown by a few random matches, not believed: a game may declare less than it keeps.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.foreign import quiet
from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame

MATCHES = 30
"""Random matches that are played, as far as they end in time."""
LONGEST = 500
"""Moves after which such a match is given up."""


class Declared(NamedTuple):
    """What is known of a game."""

    num_players: int
    ends: Callable[[], np.ndarray]
    """[P, k] what the players get at k ends of matches; k = 0 where their sum is known to be constant, or nothing is.
    """


def declared(game: Any) -> Declared:
    """What is known of a `pyspiel.Game`, or of a game behind our protocol."""
    import pyspiel

    if isinstance(game, TreeGame):
        return Declared(game.num_players, lambda: game.terminals.returns)
    theirs = game if isinstance(game, pyspiel.Game) else getattr(game, "openspiel", None)
    if isinstance(theirs, pyspiel.Game):
        return Declared(theirs.num_players(), lambda: _ends(theirs))
    ours: Game = game
    return Declared(ours.num_players, lambda: np.zeros((ours.num_players, 0)))


def _ends(game: Any) -> np.ndarray:
    """[P, k] the returns of random matches of a `pyspiel.Game` that is not declared to have a constant sum."""
    import pyspiel

    kind, utility = game.get_type(), pyspiel.GameType.Utility
    found: list[list[float]] = []
    if kind.utility not in (utility.ZERO_SUM, utility.CONSTANT_SUM):
        rng = random.Random(0)
        try:
            with quiet():
                ends = [_end(game.new_initial_state(), rng) for _ in range(MATCHES)]
            found = [end for end in ends if len(end) == game.num_players() and np.isfinite(end).all()]
        except Exception:  # of the game's own code, which whoever plays it reports
            found = []
    return np.array(found).reshape(-1, game.num_players()).T


def _end(state: Any, rng: random.Random) -> list[float]:
    """The returns of one random match; empty if it does not end in time."""
    for _ in range(LONGEST):
        if state.is_terminal():
            return state.returns()
        if state.is_simultaneous_node():
            choices = [state.legal_actions(player) for player in range(state.num_players())]
            state.apply_actions([rng.choice(legal) if legal else 0 for legal in choices])
        elif state.is_chance_node():
            outcomes, weights = zip(*state.chance_outcomes(), strict=True)
            state.apply_action(rng.choices(outcomes, weights)[0])
        else:
            state.apply_action(rng.choice(state.legal_actions()))
    return []
