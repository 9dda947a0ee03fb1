"""A plan for every Pokémon: heal when low, cripple the foe, set up when safe, else attack."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1.baselines.board import BENCH, Board, join
from pokespiel.game.gen1.baselines.facts import moves
from pokespiel.game.gen1.baselines.rules import status_would_work
from pokespiel.game.gen1.baselines.scripted import Scripted

KNOCK_OUT, HEAL, SLEEP, PARALYZE, SET_UP = 5.0, 4.0, 3.0, 2.5, 2.2
"""Scores of the plan's steps, above every damage (at most 2 of the target's full HP)."""
NEVER = -1.0


@dataclass(frozen=True)
class GymLeader(Scripted):
    """Knocks out if that is certain, heals when low, inflicts sleep and paralysis, sets up while healthy, else attacks.

    It never switches by choice; a fainted Pokémon is replaced by the one with the most damage dealt minus taken.
    """

    kind = "gen1_gym_leader"
    low: float = 0.4
    """Heal below this share of HP."""
    healthy: float = 0.7
    """Set up above this share."""
    enough: int = 2
    """Stages after which setting up ends."""

    def scores(self, board: Board) -> np.ndarray:
        deals = np.where(board.moves.deals > 0, board.moves.deals, NEVER)
        steps: list[tuple[np.ndarray, np.ndarray | float]] = [
            (surely_knocks_out(board), KNOCK_OUT + board.moves.deals),
            (self.heals(board), HEAL),
            (status_would_work(board, "Sleep"), SLEEP + board.moves.chance),
            (status_would_work(board, "Paralyze"), PARALYZE),
            (self.sets_up(board), SET_UP),
        ]
        score = deals
        for when, value in reversed(steps):
            score = np.where(when, value, score)
        exchange = board.own.deals[:, BENCH] - board.own.takes[:, BENCH]
        return join(score, np.where(board.replaces[:, None], exchange, NEVER - 1))

    def heals(self, board: Board) -> np.ndarray:
        """[b, 4]: the move heals, and the Pokémon on the field has low HP."""
        return moves().having("Recover", "Rest")[board.moves.move] & (board.own.hp[:, :1] < self.low)

    def sets_up(self, board: Board) -> np.ndarray:
        """[b, 4]: the move raises a stat that is not raised enough, or puts up a screen that is missing."""
        known, number, active = moves(), board.moves.move, board.own_active
        useful = np.zeros(number.shape, bool)
        for stat in ("attack", "defense", "speed", "special"):
            wanted = getattr(active, f"{stat}_stage") < self.enough
            useful |= known.boosting(stat)[number] & wanted[:, None]
        useful |= known.having("Reflect")[number] & ~active.reflect[:, None]
        return useful & (board.own.hp[:, :1] > self.healthy)


def surely_knocks_out(board: Board) -> np.ndarray:
    """[b, 4]: the minimum damage takes all of the foe's remaining HP, unless the move misses."""
    return (board.moves.least >= board.foe.hp[:, :1]) & (board.moves.least > 0) & ~board.foe_active.substitute[:, None]
