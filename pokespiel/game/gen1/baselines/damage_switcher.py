"""Count turns: which Pokémon of the own party wins the exchange of expected damage against the foe on the field?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1.baselines.board import BENCH, Board, join
from pokespiel.game.gen1.baselines.rules import can_act
from pokespiel.game.gen1.baselines.scripted import Scripted

SWITCH = 10.0
"""Score of a switch, above every damage."""
NEVER = -100.0
LEAST = 0.01
"""Minimum cost of an exchange per turn, as a share of full HP, so that the number of turns is finite."""


@dataclass(frozen=True)
class DamageSwitcher(Scripted):
    """Plays the move most likely to knock out, else the one with the highest expected damage; switches when it loses
    the exchange.

    The exchange is the number of turns that it would last minus the number that the foe would, by the damage known so
    far.
    """

    kind = "gen1_damage_switcher"
    losing: float = -1.0
    """Leave an exchange that is this many turns behind or more."""
    better_by: float = 2.0
    """Switch only to an exchange that is this many turns better, including the damage taken on entry."""
    stay: int = 2
    """Turn on the field, counted from 1, from which on it may switch out again."""

    def scores(self, board: Board) -> np.ndarray:
        exchange = exchanges(board, np.zeros(1))
        entering = exchanges(board, board.own.takes * ~board.replaces[:, None])
        leaves = (exchange[:, :1] <= self.losing) & (board.own_active.turns[:, None] >= self.stay)
        wanted = leaves & (entering[:, BENCH] >= exchange[:, :1] + self.better_by)
        switches = np.where(wanted | board.replaces[:, None], SWITCH + entering[:, BENCH], NEVER)
        return join(board.moves.deals + board.moves.knock_out, switches)


def exchanges(board: Board, loss: np.ndarray, cap: float = 8.0) -> np.ndarray:
    """[b, 6], turns that each own Pokémon would last after losing `loss` of its HP, minus those that the foe would,
    each at most `cap`; the slower one has half a turn less."""
    own_hp = np.maximum(board.own.hp - loss, 0)
    lasts = np.minimum(own_hp / np.maximum(board.own.takes, LEAST), cap)
    needs = np.minimum(board.foe.hp[:, :1] / np.maximum(board.own.deals * can_act(board.own), LEAST), cap)
    return np.where(own_hp > 0, lasts - needs + board.own.faster / 2, -cap)
