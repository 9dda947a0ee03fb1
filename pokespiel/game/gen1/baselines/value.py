"""What a Pokémon is worth to its side, and who of two on the field faints the other first."""

from __future__ import annotations

import numpy as np

from pokespiel.game.gen1.baselines.board import Rows
from pokespiel.game.gen1.baselines.likely import sets

PLAIN, PER_USAGE = 0.8, 0.5
"""Worth of a Pokémon: PLAIN + PER_USAGE * share of teams that have the species. Tauros 1.26, an unheard-of one 0.80."""
ALIVE = 0.3
"""Share of its value that a Pokémon keeps to its last point of HP."""
LEAST = 0.02
"""Share of HP that a turn costs at least, so that races end."""
FASTER = 0.25
"""Turns that moving first is worth in a race."""
LEFT_BY_STATUS = {
    "frozen": 0.1,
    "rested": 0.8,
    "asleep": 0.45,
    "paralyzed": 0.72,
    "badly_poisoned": 0.8,
    "burned": 0.8,
    "poisoned": 0.88,
}
"""Share of its value that a status leaves; `rested` goes before the sleep it comes with."""


def species_worth(species: np.ndarray) -> np.ndarray:
    """Of species numbers, 0 = not revealed."""
    return PLAIN + PER_USAGE * sets().usage[species] / 100


def condition(party: Rows) -> np.ndarray:
    """[b, 6], the share of its value that each one's status leaves."""
    statuses = [getattr(party, name) for name in LEFT_BY_STATUS]
    return np.select(statuses, list(LEFT_BY_STATUS.values()), 1.0)


def body(hp: np.ndarray) -> np.ndarray:
    """The share of its value that HP leaves."""
    return np.where(hp > 0, ALIVE + (1 - ALIVE) * hp, 0.0)


def race(
    own_hp: np.ndarray, taken: np.ndarray, own_stake: np.ndarray,
    foe_hp: np.ndarray, given: np.ndarray, foe_stake: np.ndarray, faster: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The foe's stake times the chance to faint it first, less the own stake times the chance of the reverse.

    `taken` and `given` are shares of full HP a turn. The chance is w^2 / (w^2 + l^2), w the turns that the own one
    lasts and l those that the foe does; `faster` is 1, 0 or -1. Arguments broadcast.
    """
    lasts = np.maximum(own_hp, 0) / np.maximum(taken, LEAST)
    needs = np.maximum(foe_hp, 0) / np.maximum(given, LEAST)
    lasts, needs = (np.maximum(turns + sign * FASTER * faster, FASTER) for turns, sign in ((lasts, 1), (needs, -1)))
    wins = lasts**2 / (lasts**2 + needs**2)
    return wins * foe_stake - (1 - wins) * own_stake
