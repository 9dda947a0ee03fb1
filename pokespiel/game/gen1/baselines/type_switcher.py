"""Types alone: attack with effective moves, send in Pokémon that resist."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1.baselines.board import BENCH, Board, join
from pokespiel.game.gen1.baselines.facts import moves, type_chart
from pokespiel.game.gen1.baselines.scripted import Scripted

SAME_TYPE = 1.5
"""Bonus for a move of its user's type."""
EVEN = 100
"""Percentage of a move that is neither effective nor ineffective."""
FIXED = 60.0
"""Assumed power of a move with fixed damage."""
SWITCH = 1e3
"""Score of a switch, above every move."""
NEVER = -1.0


@dataclass(frozen=True)
class TypeSwitcher(Scripted):
    """Plays the strongest move by power, type and accuracy, and leaves bad type match-ups for good ones.

    A match-up is the best factor of the own types against the foe's, minus the foe's best factor against the own. It
    ignores stats, HP and the foe's moves.
    """

    kind = "gen1_type_switcher"
    bad: float = -0.5
    """Leave a match-up of this value or worse."""
    better_by: float = 1.0
    """Switch only to a match-up that is better by this."""
    stay: int = 2
    """Turn on the field, counted from 1, from which on it may switch out again."""

    def scores(self, board: Board) -> np.ndarray:
        matchups = type_matchups(board)
        active = matchups[:, :1]
        leaves = (active <= self.bad) & (board.own_active.turns[:, None] >= self.stay)
        wanted = (leaves & (matchups[:, BENCH] >= active + self.better_by)) | board.replaces[:, None]
        return join(type_powers(board), np.where(wanted, SWITCH + matchups[:, BENCH], NEVER))


def type_powers(board: Board) -> np.ndarray:
    """[b, 4], power of the own moves times accuracy, effectiveness and the bonus for the user's types."""
    known, number = moves(), board.moves.move
    fixed = known.having("LevelDamage", "FixedDamage", "SuperFang", "Psywave")[number]
    same = np.take_along_axis(board.own_active.types(), known.type[number], axis=1)
    power = known.power[number] * np.where(same, SAME_TYPE, 1.0) * (board.moves.factor / EVEN)
    return np.where(fixed & (board.moves.deals > 0), FIXED, power) * known.accuracy[number]


def type_matchups(board: Board) -> np.ndarray:
    """[b, 6], each own Pokémon's type match-up against the foe on the field: about -4 to 4, 0 is even."""
    own = board.own.types()
    own[:, 0] |= board.own_active.types()
    foe = np.broadcast_to(board.foe_active.types()[:, None], own.shape)
    there = board.foe.on_field[:, :1]
    return np.where(there, best_factor(own, foe) - best_factor(foe, own), 0.0)


def best_factor(attacker: np.ndarray, target: np.ndarray) -> np.ndarray:
    """[...], the best factor of types [..., 15] bool against types [..., 15] bool; 0 without types."""
    factors = np.where(target[..., None, :], type_chart(), 1.0).prod(axis=-1)
    return np.where(attacker, factors, 0.0).max(axis=-1)
