"""The opponents that responses train against: from a meta-strategy to each seat's opponents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.game.protocols import Game
from pokespiel.metasolvers import MetaStrategy
from pokespiel.metasolvers.regret import joint_of
from pokespiel.oracles import Opponents
from pokespiel.payoffs.tables import per_seat

if TYPE_CHECKING:
    from pokespiel.oracles.state import PSROState


def respond_to(game: Game, state: PSROState) -> list[dict[int, Opponents]]:
    """Opponents of the next responses: one mapping from seat to opponents for each oracle call.

    In a symmetric game only seat 0 gets a response. A solver without targets asks for one response per seat, to the
    joint distribution of the others; a solver with targets asks for one response per row.
    """
    seats = [0] if game.symmetric else range(game.num_players)
    populations = per_seat(game, state.populations)
    weights = {seat: _targets(state.training, seat) for seat in seats}
    calls = max(len(rows) for rows in weights.values())
    return [
        {seat: _opponents(populations, seat, rows[call]) for seat, rows in weights.items() if call < len(rows)}
        for call in range(calls)
    ]


def _targets(strategy: MetaStrategy, seat: int) -> np.ndarray:
    """[m, sizes of the others], a distribution over the others' policies for each of m responses."""
    if strategy.targets is not None:
        return strategy.targets[seat]
    if strategy.joint is not None:
        return strategy.joint.sum(axis=seat)[None]
    others = [marginal for player, marginal in enumerate(strategy.marginals) if player != seat]
    return joint_of(MetaStrategy(tuple(others)))[None] if others else np.ones((1,))


def _opponents(populations: tuple[Sequence[Policy], ...], seat: int, weights: np.ndarray) -> Opponents:
    """The rows of `weights` [sizes of the others] with positive weight, with -1 at the responder's seat."""
    chosen = np.argwhere(weights > 0)
    rows = np.insert(chosen, seat, -1, axis=1)
    kept = np.atleast_1d(weights[tuple(chosen.T)])
    return Opponents(tuple(populations), rows, kept / kept.sum())
