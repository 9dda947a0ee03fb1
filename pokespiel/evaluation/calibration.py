"""Calibration: how much of a victim's exact exploitability an exploiter finds, on games in sequence form."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import numpy as np

from pokespiel.core.policy import Policy, Uniform
from pokespiel.evaluation.verdict import Recovery
from pokespiel.game.tree import TreeGame
from pokespiel.oracles import Opponents, Oracle, last_training
from pokespiel.oracles.cfr import CFR

log = logging.getLogger(__name__)


def victims(game: TreeGame, iterations: tuple[int, ...]) -> Iterator[tuple[str, Policy]]:
    """The uniform policy, then the average policies of CFR+ after these numbers of iterations: increasingly strong."""
    yield "uniform", Uniform()
    for done, solver in enumerate(CFR(variant="cfr+").iterates(game), 1):
        if done in iterations:
            yield f"cfr+ {done}", solver.policy()
        if done >= max(iterations, default=0):
            return


def recover(game: TreeGame, name: str, victim: Policy, exploiter: Oracle, rng: np.random.Generator) -> Recovery:
    """Train `exploiter` against `victim` from every seat; both figures are exact, over the whole game.

    In a two-player zero-sum game the mean utility of best responses over the seats is the exploitability.
    """
    if game.num_players != 2 or not game.zero_sum:
        raise ValueError(f"calibration needs a two-player zero-sum game, which {game.name} is not")
    opponents = {
        seat: Opponents(((victim,), (victim,)), np.where(np.arange(2) == seat, -1, 0)[None], np.ones(1))
        for seat in range(2)
    }
    training = last_training(exploiter(game, opponents, rng))
    plans = game.plans(victim)
    earned = []
    for seat in range(2):
        joint = list(plans)
        joint[seat] = game.plan(training.responses[seat][0], seat)
        earned.append(float(game.returns(tuple(joint))[seat]))
    recovery = Recovery(game.name, name, game.exploitability(plans), float(np.mean(earned)))
    log.info("%s against %s in %s: %.0f %% of exact", type(exploiter).__name__, name, game.name, 100 * recovery.share)
    return recovery
