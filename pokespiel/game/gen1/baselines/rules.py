"""Whether a move can have any effect, as far as a player can see."""

from __future__ import annotations

import numpy as np

from pokespiel.game.gen1.baselines.board import TYPES, Board, Rows
from pokespiel.game.gen1.baselines.facts import moves


def status_would_work(board: Board, *effects: str) -> np.ndarray:
    """[b, 4]: the own move is a status move with one of these effects (Sleep, Paralyze, Poison, Toxic), and nothing
    known makes it fail: a status, a Substitute (which sleep and paralysis pass in Gen 1), an immunity, the Sleep
    Clause."""
    known, number = moves(), board.moves.move
    immune = (board.moves.factor == 0) & ~known.ignores_immunity[number]
    poison_move = known.having("Poison", "Toxic")[number]
    is_poison = board.foe_active.types()[:, TYPES.index("type_poison"), None]
    blocked = poison_move & (is_poison | board.foe_active.substitute[:, None])
    clause = known.having("Sleep")[number] & board.whole.own_sleep_clause[:, None]
    out_of_reach = board.foe_active.invulnerable[:, None] | board.foe.any_status()[:, :1] | ~board.foe.on_field[:, :1]
    return known.having(*effects)[number] & ~(immune | blocked | clause | out_of_reach)


PARALYZED, ASLEEP, RESTED = 0.75, 0.3, 0.5
"""Shares of turns in which such a Pokémon acts; for a sleeping one, over the turns to come."""
CONFUSED = 0.5
HELD = 0.2
"""The same for one held by a trapping move, which may have ended."""


def can_act(party: Rows) -> np.ndarray:
    """[b, 6], the share of coming turns in which each Pokémon acts, by its status."""
    sleep = np.where(party.rested, RESTED, ASLEEP)
    return np.select([party.frozen, party.asleep, party.paralyzed], [np.zeros(sleep.shape), sleep, PARALYZED], 1.0)


REST_TURNS = 2
MOST_SLEEP = 7
"""Maximum turns of sleep; every length from 1 on is equally likely."""


def turns_to_wake(party: Rows) -> np.ndarray:
    """[b, 6], turns that a sleeping Pokémon is expected to lose before it acts again; 0 for those awake."""
    rest = np.maximum(REST_TURNS - party.sleep_turns, 1)
    return np.select([party.rested, party.asleep], [rest, (MOST_SLEEP - party.sleep_turns + 1) / 2], 0.0)
