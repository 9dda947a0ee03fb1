"""Look one turn ahead: the value of each action against the foe's likely replies, and of the resulting match-up.

A Pokémon's value is its worth (by usage) times the share that its HP and status leave. The value of an action is the
expected change of the own values minus the foe's over the turn (who moves first, misses, knock-outs and statuses
included) plus a fraction of the value of the race between the two on the field afterwards:

    Q(a) = E[own value after - before] - E[foe's value after - before] + future * race after a
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1.baselines.board import BENCH, Board, join
from pokespiel.game.gen1.baselines.facts import moves
from pokespiel.game.gen1.baselines.own_moves import read_effects
from pokespiel.game.gen1.baselines.rules import CONFUSED, HELD, can_act, turns_to_wake
from pokespiel.game.gen1.baselines.scripted import Scripted
from pokespiel.game.gen1.baselines.threats import Threats, read_threats
from pokespiel.game.gen1.baselines.value import ALIVE, LEFT_BY_STATUS, body, condition, race, species_worth


class BoardStanding(NamedTuple):
    """The quantities that determine the values of actions."""

    threats: Threats
    own: np.ndarray
    """[b, 6], worth times the status's factor: the value at full HP."""
    foe: np.ndarray
    """[b], the same for the foe's Pokémon on the field; 0 if there is none."""
    first: np.ndarray
    """[b], probability of moving before the foe."""
    acts: np.ndarray
    """[b], probability that the own Pokémon on the field can act this turn."""
    taken: np.ndarray
    """[b, 6], expected damage if the foe acts, at most the HP left."""
    dies: np.ndarray
    """[b, 6], probability that it is knocked out."""
    able: np.ndarray
    """[b, 6], the share of turns in which each one acts when it is not asleep."""
    sleeps: np.ndarray
    """[b, 6], damage that a sleeping one takes before it wakes."""
    cripples: np.ndarray
    """[b, 6], value lost to the foe's status moves, as a share of the value."""


READY = 0.01
"""A small bonus, as a share of its value, for a healthy Pokémon when nothing else differs."""


@dataclass(frozen=True)
class Expert(Scripted):
    """Evaluates every move and switch by the turn's expected exchange and the race that follows."""

    kind = "gen1_expert"
    future: float = 0.3
    """Weight of the race after the turn."""
    restless: float = 0.04
    """Cost of a switch by choice."""
    keeps: float = 0.9
    """Probability that the foe stays in, which matters for Explosion and Self-Destruct."""

    def scores(self, board: Board) -> np.ndarray:
        standing = read_standing(board)
        return join(self.move_values(board, standing), self.switch_values(board, standing))

    def switch_values(self, board: Board, standing: BoardStanding) -> np.ndarray:
        """[b, 5], values of the switches."""
        threats, own_value = standing.threats, standing.own
        meets = np.where(board.replaces, 0.0, threats.acts)[:, None]
        hp, taken = board.own.hp, meets * standing.taken
        lost = meets * (
            standing.dies * own_value * body(hp) + (1 - standing.dies) * standing.taken * (1 - ALIVE) * own_value
        )
        lost += meets * standing.cripples * own_value * body(hp)
        after = race(
            hp - taken - standing.sleeps,
            threats.later * threats.acts_later[:, None],
            own_value * body(hp),
            board.foe.hp[:, :1],
            board.own.deals * standing.able,
            (standing.foe * body(board.foe.hp[:, 0]))[:, None],
            board.own.faster,
        )
        values = self.future * (1 - meets * standing.dies) * after - lost + READY * own_value * body(hp)
        return (values - np.where(board.replaces, 0.0, self.restless)[:, None])[:, BENCH]

    def move_values(self, board: Board, standing: BoardStanding) -> np.ndarray:
        """[b, 4], values of the moves."""
        threats, effects = standing.threats, read_effects(board, standing.threats)
        own_hp, foe_hp = board.own.hp[:, :1], board.foe.hp[:, :1]
        own_value, foe_value = standing.own[:, :1], standing.foe[:, None]
        first, acts, foe_acts = standing.first[:, None], standing.acts[:, None], threats.acts[:, None]
        dies = standing.dies[:, :1]
        goes = acts * (1 - (1 - first) * foe_acts * dies)  # probability that the move is made
        reply = foe_acts * (1 - first * acts * effects.stops)
        taken, falls = reply * standing.taken[:, :1], reply * dies
        leaves = goes * effects.faints
        knocked = goes * effects.knock_out * np.where(effects.faints, self.keeps, 1.0)
        given = goes * effects.deals * np.where(effects.faints, self.keeps, 1.0)
        healed = np.minimum(goes * effects.heals, 1 - own_hp + taken)
        gain = knocked * foe_value * body(foe_hp) + (1 - knocked) * foe_value * (
            (1 - ALIVE) * given + goes * effects.cripples * body(foe_hp)
        )
        lost = falls * own_value * body(own_hp) + (1 - falls) * own_value * (
            (1 - ALIVE) * (taken - healed) + reply * standing.cripples[:, :1] * body(own_hp)
        )
        lost = leaves * own_value * body(own_hp) + (1 - leaves) * (lost + goes * effects.costs * own_value)
        after = race(
            own_hp - taken + healed - standing.sleeps[:, :1],
            threats.later[:, :1] * threats.acts_later[:, None] * (1 - goes * effects.weakens),
            own_value * body(own_hp),
            foe_hp - given,
            effects.then_deals * standing.able[:, :1],
            foe_value * body(foe_hp),
            np.clip(board.own.faster[:, :1] + 2 * goes * effects.outspeeds, -1, 1),
        )
        return gain - lost + self.future * (1 - knocked) * (1 - falls) * (1 - leaves) * after


def read_standing(board: Board) -> BoardStanding:
    """Compute the quantities for a batch."""
    threats = read_threats(board)
    own = species_worth(board.own.species) * condition(board.own)
    foe = (species_worth(board.foe.species) * condition(board.foe))[:, 0] * board.foe.on_field[:, 0]
    stopped = board.own.asleep[:, 0] | board.own.frozen[:, 0]
    acts = np.where(stopped, 0.0, can_act(board.own)[:, 0])
    acts = acts * np.where(board.own_active.confused, CONFUSED, 1.0) * np.where(board.foe_active.trapping, HELD, 1.0)
    taken = threats.mean(np.minimum(threats.damage, board.own.hp[:, :, None]))
    return BoardStanding(
        threats=threats,
        own=own,
        foe=foe,
        first=(1 + board.own.faster[:, 0]) / 2,
        acts=acts,
        taken=taken,
        dies=threats.mean(threats.knock_out),
        able=np.where(board.own.asleep, 1.0, can_act(board.own)),
        sleeps=turns_to_wake(board.own) * threats.later * threats.acts_later[:, None],
        cripples=_cripples(board, threats),
    )


def _cripples(board: Board, threats: Threats) -> np.ndarray:
    """[b, 6], the share of its value that each own Pokémon is expected to lose to the foe's status moves."""
    free = ~board.own.any_status()
    sleep = threats.share(moves().having("Sleep")) * ~board.whole.foe_sleep_clause
    paralysis = threats.share(moves().having("Paralyze"))
    lost = sleep * (1 - LEFT_BY_STATUS["asleep"]) + paralysis * (1 - LEFT_BY_STATUS["paralyzed"])
    return free * lost[:, None]
