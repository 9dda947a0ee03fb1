"""Damage of moves that the view does not include, by the engine's formula (`engine/formula.hpp`) for a whole batch.

The view has the damage of revealed moves. For moves that the foe only probably has, it is computed here from the view's
information about both sides' stats. A test checks that the two agree for revealed moves.
"""

from __future__ import annotations

import numpy as np

from pokespiel.game.gen1.baselines.board import Board
from pokespiel.game.gen1.baselines.facts import MoveFacts, effectiveness, moves, species

LEAST_ROLL, MEAN_ROLL = 217 / 255, 236 / 255
CRITICALS = 512
"""A critical hit has base Speed / 2 chances of 256."""
HIGH_CRITICAL = 8
MOST_CRITICALS = 255 / 256
MOST, LEAST = 997, 2
"""The formula's result is capped at MOST, then LEAST is added."""
SAME_TYPE = 1.5
HITS = {"MultiHit": 3.0, "DoubleHit": 2.0}


def damages(board: Board, move: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Damage of moves [b, C] of the foe on the field to each Pokémon of the own party, as shares of full HP.

    Returns:
        Expected damage per use [b, 6, C], misses and critical hits included; maximum damage of a non-critical hit
        [b, 6, C]. 0 for moves without damage and moves that return damage (Counter, Bide).
    """
    known = moves()
    physical = known.physical[move]
    level = board.foe.level[:, :1]
    normal = _points(known, move, level, _attack(board, physical, False), _defense(board, physical, False))
    critical = _points(known, move, 2 * level, _attack(board, physical, True), _defense(board, physical, True))
    rate = species().speed[board.foe_active.species][:, None] / CRITICALS
    rate = np.minimum(rate * np.where(known.high_critical[move], HIGH_CRITICAL, 1), MOST_CRITICALS)[:, None]
    factor = _factor(board, move)
    hits = np.select([known.effect[move] == name for name in HITS], list(HITS.values()), 1.0)[:, None] * factor
    fixed = _fixed(board, known, move, factor)
    mean = np.where(np.isnan(fixed), hits * ((1 - rate) * normal + rate * critical) * MEAN_ROLL, fixed)
    highest = np.where(np.isnan(fixed), hits * normal, fixed)
    per_point = known.power[move][:, None].astype(bool) / np.maximum(board.own.full_hp, 1)[:, :, None]
    return mean * per_point * known.accuracy[move][:, None], highest * per_point


def _points(
    known: MoveFacts, move: np.ndarray, level: np.ndarray, attack: np.ndarray, defense: np.ndarray
) -> np.ndarray:
    """[b, 6, C], the formula without types: level [b, 1], attack [b, C], defense [b, 6, C]."""
    attack = np.broadcast_to(attack[:, None], defense.shape)
    large = (attack >= 256) | (defense >= 256)
    attack, defense = (np.where(large, stat // 4, stat) for stat in (attack, defense))
    defense = np.where(known.having("Explode")[move][:, None], defense // 2, defense)
    base = (level * 2 // 5 + 2)[:, :, None] * known.power[move][:, None]
    return np.minimum(base * attack / np.maximum(defense, 1) / 50, MOST) + LEAST


def _attack(board: Board, physical: np.ndarray, plain: bool) -> np.ndarray:
    """[b, C], the foe's current stat; with `plain`, the stat that critical hits use."""
    if plain:
        return np.where(physical, board.foe.attack[:, :1], board.foe.special[:, :1])
    return np.where(physical, board.foe_active.attack[:, None], board.foe_active.special[:, None])


def _defense(board: Board, physical: np.ndarray, plain: bool) -> np.ndarray:
    """[b, 6, C], each own Pokémon's stat against the moves; row 0 with its stages and screens unless `plain`."""
    defense, special = board.own.defense.copy(), board.own.special.copy()
    if not plain:
        active = board.own_active
        defense[:, 0] = np.where(active.reflect, 2, 1) * active.defense
        special[:, 0] = np.where(active.light_screen, 2, 1) * active.special
    return np.where(physical[:, None], defense[:, :, None], special[:, :, None])


def _factor(board: Board, move: np.ndarray) -> np.ndarray:
    """[b, 6, C], type effectiveness times the bonus for the user's own types."""
    target = board.own.species.copy()
    target[:, 0] = np.where(board.own_active.species > 0, board.own_active.species, target[:, 0])
    move_type = moves().type[move]
    same = np.take_along_axis(board.foe_active.types(), move_type, axis=1)
    return effectiveness(move_type[:, None], target[:, :, None]) * np.where(same, SAME_TYPE, 1.0)[:, None]


def _fixed(board: Board, known: MoveFacts, move: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """[b, 6, C], damage of moves that do not use the formula, nan for the others."""
    level = board.foe.level[:, :1]
    left = board.own.hp * board.own.full_hp
    by_level = np.select(
        [known.having("LevelDamage")[move], known.having("FixedDamage")[move], known.having("Psywave")[move]],
        [np.broadcast_to(level, move.shape), known.parameter[move], 0.75 * level],
        np.nan,
    )
    fixed = np.where(known.having("SuperFang")[move][:, None], left[:, :, None] / 2, by_level[:, None])
    nothing = known.having("Counter", "Bide", "DreamEater")[move][:, None] | (
        (factor == 0) & ~known.ignores_immunity[move][:, None]
    )
    return np.where(nothing, 0.0, fixed)
