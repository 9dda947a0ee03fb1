"""What the foe's Pokémon on the field may do, hidden moves included, and the probability of each move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.damage import LEAST_ROLL, damages
from pokespiel.game.gen1.baselines.facts import moves
from pokespiel.game.gen1.baselines.likely import likely_moves
from pokespiel.game.gen1.baselines.rules import CONFUSED, can_act

_TINY = np.finfo(float).tiny
GREEDY = 0.75
"""Probability that the foe uses its best move; otherwise it uses any of its moves."""
KNOCKS_OUT = 0.3
"""Value of a knock-out in addition to the HP taken."""
FAINTING = 0.7
"""The foe's cost of fainting by its own Explosion, times its remaining HP."""
SLEEPING, PARALYZING, HEALING, OTHER = 0.5, 0.3, 0.6, 0.05
"""Value of moves without damage if they succeed; for healing, times the missing HP."""


class Threats(NamedTuple):
    """C candidate moves of the foe on the field: its four known slots, then likely ones."""

    move: np.ndarray
    """[b, C] numbers, 0 = none."""
    uses: np.ndarray
    """[b, C], probability of each move if the foe stays and acts; rows sum to 1, or to 0 without a foe."""
    damage: np.ndarray
    """[b, 6, C], expected damage on each own Pokémon as a share of its full HP, misses included."""
    knock_out: np.ndarray
    """[b, 6, C], probability that the move takes all remaining HP."""
    later: np.ndarray
    """[b, 6], expected damage per use once the foe chooses its move against that Pokémon."""
    acts: np.ndarray
    """[b], probability that the foe can act this turn."""
    acts_later: np.ndarray
    """[b], the share of later turns in which it can act."""

    def mean(self, values: np.ndarray) -> np.ndarray:
        """[b, 6], the mean of values [b, 6, C] over the foe's moves."""
        return np.einsum("bjc,bc->bj", values, self.uses)

    def share(self, which: np.ndarray) -> np.ndarray:
        """[b], the probability that the foe uses a move in `which` [MOVE_CODES] and hits."""
        return (self.uses * which[self.move] * moves().accuracy[self.move]).sum(axis=1)


def read_threats(board: Board) -> Threats:
    """The threats of the foe on the field."""
    seen = board.threats.move
    hidden, probability = likely_moves(np.where(board.foe_active.transformed, 0, board.foe_active.species), seen)
    move = np.concatenate([seen, hidden], axis=1)
    has = np.concatenate([board.threats.usable.astype(float), probability], axis=1) * board.foe.on_field[:, :1]
    damage, highest = damages(board, move)
    spread = np.maximum(highest * (1 - LEAST_ROLL), _TINY)
    knock_out = np.clip((highest - board.own.hp[:, :, None]) / spread, 0, 1) * (highest > 0)
    knock_out *= moves().accuracy[move][:, None]
    uses = _used(has, _worth(board, move, damage[:, 0], knock_out[:, 0]))
    taken = np.minimum(damage, board.own.hp[:, :, None])
    used_on_each = _used(np.broadcast_to(has[:, None], damage.shape), taken)
    return Threats(move, uses, damage, knock_out, (damage * used_on_each).sum(axis=2), *_activity(board))


def _used(has: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """[..., C], the probability that each move is used, given the probabilities [..., C] that the foe `has` it.

    It uses the best move by `worth` [..., C] if it has it, else the next, and so on; rows sum to 1, or 0 without moves.
    """
    order = np.argsort(-worth, axis=-1, kind="stable")
    ranked = np.take_along_axis(has, order, axis=-1)
    lacks_better = np.ones(worth.shape)
    lacks_better[..., 1:] = np.cumprod(1 - ranked, axis=-1)[..., :-1]
    best = np.empty(worth.shape)
    np.put_along_axis(best, order, ranked * lacks_better, axis=-1)
    return GREEDY * _normalised(best) + (1 - GREEDY) * _normalised(has)


def _normalised(weights: np.ndarray) -> np.ndarray:
    """Weights [..., C] that sum to 1, or to 0 if all are 0."""
    return weights / np.maximum(weights.sum(axis=-1, keepdims=True), _TINY)


def _worth(board: Board, move: np.ndarray, damage: np.ndarray, knock_out: np.ndarray) -> np.ndarray:
    """[b, C], the value of each move to the foe against the own Pokémon on the field."""
    known = moves()
    foe_hp = board.foe.hp[:, :1]
    free = ~board.own.any_status()[:, :1]
    worth = np.minimum(damage, board.own.hp[:, :1]) + KNOCKS_OUT * knock_out
    worth -= FAINTING * foe_hp * known.having("Explode")[move]
    sleep = free & ~board.whole.foe_sleep_clause[:, None] & known.having("Sleep")[move]
    paralyze = free & known.having("Paralyze")[move]
    heal = known.having("Recover", "Rest")[move]
    status = np.select(
        [sleep, paralyze, heal], [SLEEPING * known.accuracy[move], PARALYZING, HEALING * (1 - foe_hp)], OTHER
    )
    return np.where(known.power[move] > 0, worth, status)


def _activity(board: Board) -> tuple[np.ndarray, np.ndarray]:
    """[b] each: the probability that the foe acts this turn, and its share of later turns."""
    later = can_act(board.foe)[:, 0] * board.foe.on_field[:, 0]
    stopped = board.foe.asleep[:, 0] | board.foe_active.recharging
    confused = np.where(board.foe_active.confused, CONFUSED, 1.0)
    return np.where(stopped, 0.0, later * confused), later
