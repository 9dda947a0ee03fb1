"""Matches played with their logs: what the batch leaves out, for reports and replays.

Battle by battle in Python, so some hundreds of matches, not millions. A match is the same as in the batch: a seed gives
teams and rolls, and what leaves no choice is played by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.game import Gen1Game, mixed
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.matches import Seats
from pokespiel.policy import Observations, Policy

ACTION = {name: action for action, name in enumerate(ACTION_NAMES)}


@dataclass
class Recorded:
    """A match with everything that was seen and done; seats are 0 and 1."""

    seed: int
    teams: tuple[str, str]
    """Names of the teams, by seat."""
    battle: Battle
    free: list[int] = field(default_factory=lambda: [0, 0])
    """By seat, decisions between moves and switches."""
    switched: list[int] = field(default_factory=lambda: [0, 0])
    """By seat, those of them that were switches."""

    @property
    def score(self) -> float:
        """Seat 0's: 1, 0.5 or 0."""
        return {1: 1.0, 2: 0.0}.get(self.battle.winner or 0, 0.5)

    def log(self) -> list[str]:
        """What a spectator is sent."""
        return self.battle.log(0)


def record(
    game: Gen1Game,
    populations: Sequence[Sequence[Policy]],
    rows: np.ndarray,
    seeds: np.ndarray,
    rng: np.random.Generator,
    names: Sequence[str] = ("P1", "P2"),
) -> list[Recorded]:
    """Play n matches side by side; arguments as in `matches.play`, `names` are the players' in the logs."""
    if game.team_choice != "chance":
        raise ValueError(f"matches are recorded where chance draws the teams, not in {game.name}")
    drawn = game.teams_of(seeds)
    matches = [
        Recorded(
            int(seed),
            (game.team_names[own], game.team_names[foe]),
            Battle(game.teams[own], game.teams[foe], seed=_words(chance), names=names),
        )
        for seed, chance, (own, foe) in zip(seeds, mixed(np.asarray(seeds), 0)[0], drawn, strict=True)
    ]
    seats = Seats(populations, len(matches))
    seats.seat(np.arange(len(matches)), rows, rng)
    while live := [i for i, match in enumerate(matches) if not _over(match.battle, game.turn_limit)]:
        choices = [_chosen(matches, live, seat, game.num_actions, seats, rng) for seat in (0, 1)]
        for index, first, second in zip(live, *choices, strict=True):
            matches[index].battle.choose(first, second)
    return matches


def _over(battle: Battle, turn_limit: int) -> bool:
    return battle.ended or battle.turn > turn_limit


def _chosen(
    matches: Sequence[Recorded],
    live: Sequence[int],
    seat: int,
    num_actions: int,
    seats: Seats,
    rng: np.random.Generator,
) -> list[str]:
    """The choice of a seat in each live match; empty where it waits."""
    offered = [matches[index].battle.choices(seat + 1) for index in live]
    chosen = [choices[0] if choices else "" for choices in offered]
    asked = [place for place, choices in enumerate(offered) if len(choices) > 1]
    if not asked:
        return chosen
    legal = np.zeros((len(asked), num_actions), bool)
    for row, place in enumerate(asked):
        legal[row, [ACTION[choice] for choice in offered[place]]] = True
    where = np.array([live[place] for place in asked])
    features = np.stack([matches[index].battle.features(seat + 1) for index in where])
    seen = Observations(seat, features, legal, np.full(len(asked), -1, np.int64))
    actions, _ = seats.act(where, seen, rng)
    for row, place in enumerate(asked):
        chosen[place] = ACTION_NAMES[actions[row]]
        if legal[row, :4].any() and legal[row, 4:].any():
            matches[where[row]].free[seat] += 1
            matches[where[row]].switched[seat] += int(actions[row] >= 4)
    return chosen


def _words(seed: np.uint64) -> tuple[int, int, int, int]:
    """The generator's four numbers of 16 bits, the most significant first."""
    value = int(seed)
    return (value >> 48, value >> 32 & 0xFFFF, value >> 16 & 0xFFFF, value & 0xFFFF)
