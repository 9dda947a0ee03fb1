"""Matches with their logs, which the batch does not keep: for reports and replays.

Battles are played one by one in Python, so this is for hundreds of matches, not millions. A match is the same as in the
batch: the seed determines teams and rolls, and forced actions are played automatically.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pokespiel.core.policy import Observations, Policy
from pokespiel.core.progress import stage
from pokespiel.game.gen1.battle import Battle
from pokespiel.game.gen1.oddities import OddityTally, OddityWatch, tally
from pokespiel.game.gen1.seeds import mixed
from pokespiel.game.gen1.view import ACTION_NAMES
from pokespiel.game.matches import Seats

if TYPE_CHECKING:
    from pokespiel.game.gen1.game import Gen1Game

ACTION = {name: action for action, name in enumerate(ACTION_NAMES)}


@dataclass
class Recorded:
    """A match with everything that was seen and done; seats are 0 and 1."""

    seed: int
    teams: tuple[str, str]
    """Names of the teams, by seat."""
    battle: Battle
    free: list[int] = field(default_factory=lambda: [0, 0])
    """By seat, number of decisions between moves and switches."""
    switched: list[int] = field(default_factory=lambda: [0, 0])
    """By seat, number of those decisions that were switches."""
    choices: list[tuple[str, str]] = field(default_factory=list)
    """Both seats' choices in Showdown's words, empty if one waits."""
    oddities: np.ndarray = field(default_factory=lambda: np.zeros((2, 0), np.int64))
    """[2, COUNTS] by seat, see `oddities.py`."""

    @property
    def score(self) -> float:
        """Seat 0's score: 1, 0.5 or 0."""
        return {1: 1.0, 2: 0.0}.get(self.battle.winner or 0, 0.5)

    def log(self) -> list[str]:
        """The spectator's log."""
        return self.battle.log(0)


def oddities_of(matches: Sequence[Recorded], seats: Sequence[int] | np.ndarray | None = None) -> OddityTally:
    """The oddities of the player in a seat of each match, by `seats` [n]; None = of both players."""
    both = [(match, seat) for match in matches for seat in (0, 1)]
    sides = both if seats is None else list(zip(matches, seats, strict=True))
    return tally(
        np.array([match.oddities[seat] for match, seat in sides]),
        [match.battle.turn for match, _ in sides],
        [(match.score, 1 - match.score)[seat] for match, seat in sides],
    )


def record_battles(
    game: Gen1Game,
    populations: Sequence[Sequence[Policy]],
    rows: np.ndarray,
    seeds: np.ndarray,
    rng: np.random.Generator,
    names: Sequence[str] = ("P1", "P2"),
) -> list[Recorded]:
    """Play n matches side by side; arguments as in `play_matches`, `names` are the players' in the logs."""
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
    watches = OddityWatch(len(matches)), OddityWatch(len(matches))
    with stage("matches", len(matches)) as told:
        while live := [i for i, match in enumerate(matches) if not _over(match.battle, game.turn_limit)]:
            told.update(len(matches) - len(live))
            choices = [_chosen(matches, live, seat, game.num_actions, seats, rng, watches[seat]) for seat in (0, 1)]
            for index, first, second in zip(live, *choices, strict=True):
                matches[index].battle.choose(first, second)
                matches[index].choices.append((first, second))
    for seat, watch in enumerate(watches):
        _see_the_end(matches, seat, game.num_actions, watch)
    for index, match in enumerate(matches):
        match.oddities = np.stack([watch.counts[index] for watch in watches])
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
    watch: OddityWatch,
) -> list[str]:
    """The choice of a seat in each live match; empty if it waits."""
    offered = [matches[index].battle.choices(seat + 1) for index in live]
    legal = np.zeros((len(live), num_actions), bool)
    for row, choices in enumerate(offered):
        legal[row, [ACTION[choice] for choice in choices]] = True
    features = np.stack([matches[index].battle.features(seat + 1) for index in live])
    actions = np.where(legal.any(axis=1), legal.argmax(axis=1), -1)
    where = np.array(live)
    asked = np.flatnonzero(legal.sum(axis=1) > 1)
    if len(asked):
        seen = Observations(seat, features[asked], legal[asked], np.full(len(asked), -1, np.int64))
        actions[asked], _ = seats.act(where[asked], seen, rng)
    watch.see(where, features, legal, actions)
    for row in asked.tolist():
        if legal[row, :4].any() and legal[row, 4:].any():
            matches[where[row]].free[seat] += 1
            matches[where[row]].switched[seat] += int(actions[row] >= 4)
    return [ACTION_NAMES[action] if action >= 0 else "" for action in actions]


def _see_the_end(matches: Sequence[Recorded], seat: int, num_actions: int, watch: OddityWatch) -> None:
    if matches:
        features = np.stack([match.battle.features(seat + 1) for match in matches])
        nothing = np.full(len(matches), -1)
        watch.see(np.arange(len(matches)), features, np.zeros((len(matches), num_actions), bool), nothing)


def _words(seed: np.uint64) -> tuple[int, int, int, int]:
    """The generator's four numbers of 16 bits, the most significant first."""
    value = int(seed)
    return (value >> 48, value >> 32 & 0xFFFF, value >> 16 & 0xFFFF, value & 0xFFFF)
