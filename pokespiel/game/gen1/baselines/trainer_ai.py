"""The move choice of the cartridge's better trainers.

Every move starts with the same score, which three modifications change; one of the moves with the lowest score is
played at random. A move that only inflicts a status is discouraged while the foe has one. On a Pokémon's second turn,
moves that change stats, heal, transform or put up a screen are encouraged. An effective move is encouraged; an
ineffective one is discouraged if there is a better one.

Reference: the disassembly of Pokémon Red and Blue (pret/pokered), AIMoveChoiceModification1 to 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pokespiel.game.gen1.baselines.board import NUM_MOVES, Board, join
from pokespiel.game.gen1.baselines.facts import moves
from pokespiel.game.gen1.baselines.scripted import Scripted

DISCOURAGED = -5.0
PREFERRED = 1.0
INEFFECTIVE = -1.0
SECOND = 2
EVEN = 100
"""Percentage of a move that is neither effective nor ineffective."""
NEXT_IN_LINE = -np.arange(1.0, 6.0)
SWITCH = -100.0
"""Score of a switch, below every move."""


@dataclass(frozen=True)
class TrainerAI(Scripted):
    """Scores moves as the cartridge's better trainers do; never switches by choice and sends in the next Pokémon in
    order."""

    kind = "gen1_trainer_ai"

    def scores(self, board: Board) -> np.ndarray:
        score = useless_status(board) + second_turn(board) + type_preference(board)
        return join(score, np.tile(SWITCH + NEXT_IN_LINE, (board.size, 1)))


def useless_status(board: Board) -> np.ndarray:
    """[b, 4]: moves that only give a status, while the foe has one."""
    gives = moves().having("Sleep", "Poison", "Toxic", "Paralyze")[board.moves.move]
    return np.where(gives & board.foe.any_status()[:, :1], DISCOURAGED, 0.0)


def second_turn(board: Board) -> np.ndarray:
    """[b, 4]: moves that change stats, heal, transform or screen, on the second turn on the field."""
    known = moves()
    wanted = known.having(
        "Boost", "PayDay", "Conversion", "Haze", "Recover", "Rest", "Transform", "LightScreen", "Reflect"
    )
    second = board.own_active.turns[:, None] == SECOND
    return np.where(wanted[board.moves.move] & second, PREFERRED, 0.0)


def type_preference(board: Board) -> np.ndarray:
    """[b, 4]: effective moves are encouraged; ineffective ones discouraged if another damaging move has another type or
    a special effect."""
    known, number = moves(), board.moves.move
    damaging = known.power[number] > 0
    special = known.having("SuperFang", "LevelDamage", "FixedDamage", "Psywave", "Fly")[number]
    other_type = known.type[number][:, :, None] != known.type[number][:, None, :]
    alternative = special[:, None, :] | (damaging[:, None, :] & other_type)
    better = (alternative & ~np.eye(NUM_MOVES, dtype=bool)).any(axis=2)
    ineffective = (board.moves.factor < EVEN) & (number > 0) & better
    return np.where(board.moves.factor > EVEN, PREFERRED, np.where(ineffective, INEFFECTIVE, 0.0))
