"""Payoff cells from matches over a server, counted as every other table's.

    table = round_robin(contestants, pairs_of_teams, servers)
    low, high = interval(table, (-1.0, 1.0))

A unit is a pair of teams played in both seatings; the server rolls each match anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from poke_env import ServerConfiguration

from pokespiel.game.gen1.teams.sets import Team
from pokespiel.payoffs.sampling import record
from pokespiel.payoffs.tables import PayoffTable, Units, grow
from pokespiel.showdown.arena import STANDARD, Conditions, Result, play_arena, seat_swapped
from pokespiel.showdown.contestants import Contestant

_ORDERS = np.array([[0, 1], [1, 0]])
"""Who sits first in the matches of `seat_swapped`."""


def units_of(results: Sequence[Result], cell: tuple[int, int] = (0, 1)) -> Units:
    """The results of `seat_swapped` fixtures, in their order, as units of the cell of both contestants."""
    count = len(results) // 2
    utilities = np.array([result.utility or 0.0 for result in results]).reshape(count, 2)
    by_seat = utilities[:, :, None] * np.array([[1.0, -1.0], [-1.0, 1.0]])
    finished = np.array([result.utility is not None for result in results]).reshape(count, 2)
    turns = np.array([result.turns for result in results]).reshape(count, 2)
    return Units(np.tile(cell, (count, 1)), _ORDERS, np.zeros(count, np.int64), by_seat, finished, turns)


def round_robin(
    contestants: Sequence[Contestant],
    teams: Sequence[tuple[Team, Team]],
    servers: Sequence[ServerConfiguration],
    conditions: Conditions = STANDARD,
) -> PayoffTable:
    """Everyone against everyone with the same pairs of teams; nobody plays itself, which is worth 0."""
    size = len(contestants)
    table = grow(None, 2, (size, size), sampled=True)
    table.payoffs[:, np.arange(size), np.arange(size)] = 0.0
    fixtures = seat_swapped(teams)
    for first, second in itertools.combinations(range(size), 2):
        played = dict(play_arena((contestants[first], contestants[second]), fixtures, servers, conditions))
        table = record(table, units_of([played[index] for index in range(len(fixtures))], (first, second)))
    return table
