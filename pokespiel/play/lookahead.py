"""The value of each choice, looking one step ahead by a policy's own critic.

For each choice the step is simulated several times with different rolls, and with the opponent's choice drawn from the
policy in its position. The value is the mean win chance by the critic after the step, or the result. The simulation
knows both teams, as the board does, and all choices share the same rolls, so that luck affects all of them equally.
"""

from __future__ import annotations

import numpy as np

from pokespiel.core.policy import Policy, sample_actions
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.positions import reseeded
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.play.advice import opinions

SAMPLES = 24


def worths(
    policy: Policy, battle: Battle, player: int, samples: int = SAMPLES, seed: int = 0
) -> dict[str, float] | None:
    """The mean win chance of `player` (1 or 2) after each of its choices; None if the policy has no critic."""
    rng = np.random.default_rng(seed)
    answers = _drawn(policy, battle, 3 - player, samples, rng)
    seeds = rng.integers(0, 1 << 63, samples)
    ends: dict[str, list[Battle]] = {}
    for choice in battle.choices(player):
        ends[choice] = [
            _after(battle, player, choice, answer, int(roll)) for answer, roll in zip(answers, seeds, strict=True)
        ]
    chances = _chances(policy, [one for list_ in ends.values() for one in list_], player)
    if chances is None:
        return None
    return {choice: float(row.mean()) for choice, row in zip(ends, chances.reshape(len(ends), samples), strict=True)}


def _drawn(policy: Policy, battle: Battle, player: int, samples: int, rng: np.random.Generator) -> list[str]:
    """The player's choice in each sample; empty if it waits."""
    choices = battle.choices(player)
    if not choices:
        return [""] * samples
    probabilities = opinions(policy, player - 1, battle.features(player)[None], battle.legal(player)[None])[0][0]
    return [ACTION_NAMES[action] for action in sample_actions(np.repeat(probabilities[None], samples, axis=0), rng)]


def _after(battle: Battle, player: int, choice: str, answer: str, roll: int) -> Battle:
    then = reseeded(battle, roll)
    then.choose(*((choice, answer) if player == 1 else (answer, choice)))
    return then


def _chances(policy: Policy, battles: list[Battle], player: int) -> np.ndarray | None:
    """[n] the player's win chances; if only the other player is to decide, from that player's view."""
    results: dict[int | None, float] = {player: 1.0, 0: 0.5}
    chances = np.array([results.get(one.winner, 0.0) for one in battles])
    for asked in (player, 3 - player):
        rows = [
            row
            for row, one in enumerate(battles)
            if not one.ended and one.choices(asked) and (asked == player or not one.choices(player))
        ]
        if not rows:
            continue
        features = np.stack([battles[row].features(asked) for row in rows])
        legal = np.stack([battles[row].legal(asked) for row in rows])
        found = [one.win_chance for one in opinions(policy, asked - 1, features, legal)]
        if any(chance is None for chance in found):
            return None
        values = np.array(found, float)
        chances[rows] = values if asked == player else 1 - values
    return chances
