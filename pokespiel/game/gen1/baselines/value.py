"""A Pokémon's value to its side, and which of two on the field makes the other faint first."""

from __future__ import annotations

import numpy as np

from pokespiel.game.gen1.baselines.board import Rows
from pokespiel.game.gen1.baselines.likely import sets

PLAIN, PER_USAGE = 0.8, 0.5
"""Worth of a Pokémon: PLAIN + PER_USAGE * share of teams with the species. Tauros 1.26, a species without usage
0.80."""
ALIVE = 0.3
"""Share of its value that a Pokémon keeps down to its last HP."""
LEAST = 0.02
"""Minimum share of HP lost per turn, so that races end."""
FASTER = 0.25
"""Value of moving first in a race, in turns."""
LEFT_BY_STATUS = {
    "frozen": 0.1,
    "rested": 0.8,
    "asleep": 0.45,
    "paralyzed": 0.72,
    "badly_poisoned": 0.8,
    "burned": 0.8,
    "poisoned": 0.88,
}
"""Share of the value that remains with a status; `rested` takes precedence over the sleep that comes with it."""


def species_worth(species: np.ndarray) -> np.ndarray:
    """Worth by species number, 0 = not revealed."""
    return PLAIN + PER_USAGE * sets().usage[species] / 100


def condition(party: Rows) -> np.ndarray:
    """[b, 6], the share of each one's value that remains with its status."""
    statuses = [getattr(party, name) for name in LEFT_BY_STATUS]
    return np.select(statuses, list(LEFT_BY_STATUS.values()), 1.0)


def body(hp: np.ndarray) -> np.ndarray:
    """The share of its value that remains with `hp`."""
    return np.where(hp > 0, ALIVE + (1 - ALIVE) * hp, 0.0)


def race(
    own_hp: np.ndarray, taken: np.ndarray, own_stake: np.ndarray,
    foe_hp: np.ndarray, given: np.ndarray, foe_stake: np.ndarray, faster: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """The foe's stake times the probability that it faints first, minus the own stake times that of the reverse.

    `taken` and `given` are shares of full HP per turn. The probability is w^2 / (w^2 + l^2), where w is the number of
    turns that the own Pokémon lasts and l that of the foe; `faster` is 1, 0 or -1. Arguments broadcast.
    """
    lasts = np.maximum(own_hp, 0) / np.maximum(taken, LEAST)
    needs = np.maximum(foe_hp, 0) / np.maximum(given, LEAST)
    lasts, needs = (np.maximum(turns + sign * FASTER * faster, FASTER) for turns, sign in ((lasts, 1), (needs, -1)))
    wins = lasts**2 / (lasts**2 + needs**2)
    return wins * foe_stake - (1 - wins) * own_stake
