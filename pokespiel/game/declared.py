"""Facts about a game before its tree is built, which takes minutes for a large one: seats, and sums of payoffs.

A game's declaration that it is not constant-sum is not trusted, because games may declare less than they satisfy; a few
random matches show it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pokespiel.game.foreign import quiet
from pokespiel.game.protocols import Game, WithOpenSpiel
from pokespiel.game.tree import TreeGame

MATCHES = 30
"""Number of random matches, if they end in time."""
LONGEST = 500
"""Moves after which such a match is abandoned."""


class Declared(NamedTuple):
    """Facts about a game."""

    num_players: int
    ends: Callable[[], np.ndarray]
    """Returns [P, k] payoffs at k ends of matches; k = 0 if their sum is known to be constant, or nothing is known."""


def declared(game: Any) -> Declared:
    """The facts about a `pyspiel.Game`, or about a game that implements the protocol."""
    import pyspiel

    if isinstance(game, TreeGame):
        return Declared(game.num_players, lambda: game.terminals.returns)
    theirs = game if isinstance(game, pyspiel.Game) else game.openspiel if isinstance(game, WithOpenSpiel) else None
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
        except Exception:  # an error in the game's own code, which is reported when it is played
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
