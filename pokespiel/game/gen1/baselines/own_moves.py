"""The effects of the own moves on the field: damage, knock-outs, statuses, healing, setting up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.board import TYPES, Board
from pokespiel.game.gen1.baselines.facts import moves
from pokespiel.game.gen1.baselines.rules import REST_TURNS, status_would_work
from pokespiel.game.gen1.baselines.threats import Threats
from pokespiel.game.gen1.baselines.value import LEFT_BY_STATUS

SLEEP_STOPS, PARALYSIS_STOPS = 0.75, 0.25
"""Shares of the foe's later turns that these statuses take away."""
BEHIND_SUBSTITUTE = 0.15
"""Value of damage to a Substitute, relative to damage to the Pokémon."""
TRAP_USES = 3.0
"""Mean number of uses of Wrap and similar moves."""
CHARGES = 2.0
"""Turns of a move that charges first."""
RECOVERS = 0.5
RECOIL = 0.25
LOST_TURN = 0.06
"""Share of a Pokémon's value that a turn without acting costs."""
HIGHEST_USEFUL = 4
"""Stages from which a further rise adds little."""
STAGES = 2
CONFUSES, SEEDS = 0.12, 0.1
"""Shares of the foe's value that confusion and Leech Seed take away."""
LOWERS_SPECIAL = 0.15
SECONDARIES = {
    "Paralyze": 1 - LEFT_BY_STATUS["paralyzed"],
    "Freeze": 1 - LEFT_BY_STATUS["frozen"],
    "Burn": 1 - LEFT_BY_STATUS["burned"],
    "Poison": 1 - LEFT_BY_STATUS["poisoned"],
    "Lower": LOWERS_SPECIAL,
    "Confusion": CONFUSES,
}
"""Shares of the foe's value that secondary effects take away."""
STATUS_SECONDARIES = ("Paralyze", "Freeze", "Burn", "Poison")


class Effects(NamedTuple):
    """Arrays [b, 4], a column for each own move; all include the probability to hit."""

    deals: np.ndarray
    """Expected damage, at most the remaining HP."""
    knock_out: np.ndarray
    faints: np.ndarray
    """Bool: the user faints."""
    heals: np.ndarray
    """Share of full HP."""
    cripples: np.ndarray
    """Share of the foe's value that statuses and similar effects take away."""
    stops: np.ndarray
    """Probability that the foe cannot reply if the move comes first."""
    weakens: np.ndarray
    """Share by which the foe's later damage decreases."""
    outspeeds: np.ndarray
    """Probability that the user is faster from now on."""
    then_deals: np.ndarray
    """Expected damage of the best own move in later turns."""
    costs: np.ndarray
    """Share of the user's value that recoil, recharging or sleeping costs."""


def read_effects(board: Board, threats: Threats) -> Effects:
    """The effects of each own move."""
    known, number = moves(), board.moves.move
    chance = board.moves.chance
    covered = board.foe_active.substitute[:, None]
    solid = np.where(covered, BEHIND_SUBSTITUTE, 1.0)
    traps = known.having("Trap")[number] & (board.moves.deals > 0)
    uses = np.where(traps, TRAP_USES, 1.0) / np.where(known.having("TwoTurn", "Fly")[number], CHARGES, 1.0)
    deals = np.minimum(board.moves.deals * uses, board.foe.hp[:, :1] * chance) * solid
    knock_out = np.where(covered, 0.0, board.moves.knock_out)
    sleeps = status_would_work(board, "Sleep") * chance
    paralyzes = status_would_work(board, "Paralyze") * chance + _secondary(board, "Paralyze")
    taken = threats.later[:, :1] * threats.acts_later[:, None]
    return Effects(
        deals=deals,
        knock_out=knock_out,
        faints=known.having("Explode")[number],
        heals=_heals(board, taken),
        cripples=_cripples(board, sleeps),
        stops=np.maximum.reduce([knock_out, sleeps, traps * chance, PARALYSIS_STOPS * paralyzes]),
        weakens=_weakens(board, threats, sleeps, paralyzes),
        outspeeds=np.where(known.boosting("speed")[number], 1.0, paralyzes),
        then_deals=_then_deals(board),
        costs=_costs(board, taken, knock_out),
    )


def _secondary(board: Board, kind: str) -> np.ndarray:
    """[b, 4], probability that a hit has this secondary effect. Pokémon of the move's type are immune to its status."""
    known, number = moves(), board.moves.move
    possible = ~board.foe_active.substitute[:, None] & (board.moves.deals > 0)
    if kind in STATUS_SECONDARIES:
        shares = np.take_along_axis(board.foe_active.types(), known.type[number], axis=1)
        possible &= ~shares & ~board.foe.any_status()[:, :1]
    if kind == "Freeze":
        possible &= ~board.whole.own_freeze_clause[:, None]
    return (known.secondary[number] == kind) * known.secondary_chance[number] * board.moves.chance * possible


def _cripples(board: Board, sleeps: np.ndarray) -> np.ndarray:
    known, number, chance = moves(), board.moves.move, board.moves.chance
    total = sleeps * (1 - LEFT_BY_STATUS["asleep"])
    for effect, status in (("Paralyze", "paralyzed"), ("Toxic", "badly_poisoned"), ("Poison", "poisoned")):
        total = total + status_would_work(board, effect) * chance * (1 - LEFT_BY_STATUS[status])
    for kind, share in SECONDARIES.items():
        total = total + _secondary(board, kind) * share
    open_to = ~board.foe_active.substitute[:, None] & board.foe.on_field[:, :1]
    grass = board.foe_active.types()[:, TYPES.index("type_grass"), None]
    confuses = known.having("Confuse")[number] & ~board.foe_active.confused[:, None] & open_to
    seeds = known.having("LeechSeed")[number] & ~board.foe_active.seeded[:, None] & ~grass & open_to
    return total + chance * (CONFUSES * confuses + SEEDS * seeds)


def _heals(board: Board, taken: np.ndarray) -> np.ndarray:
    """Recover heals half; Rest heals what is missing, minus the damage taken in the turns asleep."""
    known, number = moves(), board.moves.move
    missing = 1 - board.own.hp[:, :1]
    return np.select(
        [known.having("Recover")[number], known.having("Rest")[number]],
        [np.minimum(RECOVERS, missing), np.maximum(missing - REST_TURNS * taken, 0) * (missing > 0)],
        0.0,
    )


def _weakens(board: Board, threats: Threats, sleeps: np.ndarray, paralyzes: np.ndarray) -> np.ndarray:
    known, number, active = moves(), board.moves.move, board.own_active
    damage = threats.damage[:, 0] * threats.uses
    physical = (damage * known.physical[threats.move]).sum(axis=1) / np.maximum(
        damage.sum(axis=1), np.finfo(float).tiny
    )
    screen = known.having("Reflect")[number] & ~active.reflect[:, None]
    special = known.boosting("special")[number] & (active.special_stage < HIGHEST_USEFUL)[:, None]
    defense = known.boosting("defense")[number] & (active.defense_stage < HIGHEST_USEFUL)[:, None]
    half = (screen | defense) * physical[:, None] / 2 + special * (1 - physical[:, None]) / 2
    return np.maximum.reduce([half, SLEEP_STOPS * sleeps, PARALYSIS_STOPS * paralyzes])


def _then_deals(board: Board) -> np.ndarray:
    """The best damage of a later turn, after the move's rise in stats."""
    known, number, active = moves(), board.moves.move, board.own_active
    usual = np.where(known.having("Explode")[number], 0.0, board.moves.deals)
    physical = np.where(known.physical[number], usual, 0).max(axis=1, keepdims=True)
    special = np.where(known.physical[number], 0, usual).max(axis=1, keepdims=True)
    rise = 1 + known.parameter[number] / STAGES
    more_physical = known.boosting("attack")[number] & (active.attack_stage < HIGHEST_USEFUL)[:, None]
    more_special = known.boosting("special")[number] & (active.special_stage < HIGHEST_USEFUL)[:, None]
    return np.maximum(physical * np.where(more_physical, rise, 1), special * np.where(more_special, rise, 1))


def _costs(board: Board, taken: np.ndarray, knock_out: np.ndarray) -> np.ndarray:
    """Recoil, and the turns lost to a recharge or Rest, as shares of the user's value."""
    known, number = moves(), board.moves.move
    recoil = RECOIL * board.moves.deals * known.having("Recoil")[number]
    recharge = np.maximum(board.moves.chance - knock_out, 0) * (taken + LOST_TURN) * known.having("HyperBeam")[number]
    return recoil + recharge + REST_TURNS * LOST_TURN * known.having("Rest")[number]
