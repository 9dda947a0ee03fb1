"""Matches between an agent, who is asked from outside, and a policy: from one decision of the agent's to the next.

    matchup = Matchup(game, opponent, seat=None, size=256, rng=rng)
    matchup.begin()
    gained = matchup.step(actions)

What the opponent alone decides, such as who replaces a fainted Pokémon, is played on the way, so that the agent is
asked for nothing but its own decisions. Matches that reach one wait there for the others.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Observations, Policy
from pokespiel.core.registry import BadOption
from pokespiel.game.loading import load_game
from pokespiel.game.matches import Seats
from pokespiel.game.protocols import Game, Skipping
from pokespiel.game.spiel import empty_observations
from pokespiel.runs.initial import policies_named

PATIENCE = 100_000
"""Steps in a row in which some match may go on without asking the agent."""
_SEEDS = 1 << 62


def game_named(game: str | Game) -> Game:
    """The game itself, or the one of that name."""
    return load_game(game) if isinstance(game, str) else game


def opponent_named(opponent: str | Policy, game: Game) -> Policy:
    """The policy itself, or the one of that name, which must be able to play `game`."""
    if not isinstance(opponent, str):
        return opponent
    found = policies_named([opponent], game)
    if len(found) != 1:
        raise BadOption(f"expected one opponent, and {opponent!r} stands for {len(found)}: {', '.join(found)}")
    return next(iter(found.values()))


class Gained(NamedTuple):
    """What a step brought in each of B matches."""

    rewards: np.ndarray
    """[B] float64, the agent's utility since its last decision."""
    ended: np.ndarray
    """[B] bool: the match has ended, and another one has begun in its place."""


class Matchup:
    """B matches of a two-player game side by side, each with the agent in one seat and a policy in the other.

    `features` [B, D] float32 and `legal` [B, A] bool, True = allowed, are what the agent knows at its present decision;
    they are written in place. A match that ends before it asks the agent for anything is dealt again.
    """

    def __init__(self, game: Game, opponent: Policy, seat: int | None, size: int, rng: np.random.Generator):
        """seat: the agent's, 0 or 1, None = drawn for each match; rng: draws seats, matches and the opponent's play."""
        if game.num_players != 2:
            raise BadOption(f"{game.name} has {game.num_players} players; expected a game of two")
        if seat not in (None, 0, 1):
            raise BadOption(f"seat: expected 0, 1 or None (drawn for each match), got {seat!r}")
        self.game, self.seat, self.size, self.rng = game, seat, size, rng
        self.features = np.zeros((size, game.num_features), np.float32)
        self.legal = np.zeros((size, game.num_actions), bool)
        self.seats = np.zeros(size, np.int64)
        """[B], where the agent sits."""
        self._matches: Any = game.start(np.zeros(size, np.int64))
        if size > 1 and not isinstance(self._matches, Skipping):
            raise BadOption(
                f"{game.name} cannot leave some of its matches waiting while others go on; use one match per "
                "environment: gymnasium.make_vec(..., vectorization_mode='sync')"
            )
        self._players = Seats([[opponent]] * 2, size)
        self._room = [empty_observations(game, player, size) for player in range(2)]
        self._every = np.arange(size)
        self._early = np.zeros(size)  # utility that a match has paid before its first decision of the agent's

    def begin(self) -> None:
        """Start all matches anew, up to the agent's first decisions."""
        self._deal(self._every)
        self._advance(Gained(np.zeros(self.size), np.ones(self.size, bool)))

    def step(self, actions: np.ndarray) -> Gained:
        """Play the agent's actions [B] up to its next decisions; matches that end are followed by new ones.

        An illegal action raises a `ValueError` that names the legal ones; then nothing has changed.
        """
        self._check(actions)
        gained = Gained(self._early.copy(), np.zeros(self.size, bool))
        self._early[:] = 0
        self._play(actions, np.zeros(self.size, bool), gained)
        self._advance(gained)
        return gained

    def _check(self, actions: np.ndarray) -> None:
        inside = (actions >= 0) & (actions < self.game.num_actions)
        allowed = inside & self.legal[self._every, np.where(inside, actions, 0)]
        if not allowed.all():
            match = int(allowed.argmin())
            raise ValueError(
                f"action {actions[match]} is illegal in match {match} of {self.game.name}; legal, by the action mask: "
                f"{np.flatnonzero(self.legal[match]).tolist()}"
            )

    def _deal(self, matches: np.ndarray) -> None:
        """New seeds and seats for the matches at these indices [k]."""
        seeds = self.rng.integers(_SEEDS, size=len(matches))
        self.seats[matches] = self.rng.integers(2, size=len(matches)) if self.seat is None else self.seat
        self._early[matches] = 0
        self._matches.restart(matches, seeds)
        rows = np.where(np.arange(2) == self.seats[matches, None], -1, 0)
        self._players.seat(matches, rows, self.rng)

    def _advance(self, gained: Gained) -> None:
        """Let the opponent alone play on in every match that does not ask the agent."""
        waiting = np.zeros(self.size, bool)
        for _ in range(PATIENCE):
            for player in range(2):
                indices, seen = self._observe(player, waiting | (self.seats != player))
                self.features[indices], self.legal[indices] = seen.features, seen.legal
                waiting[indices] = True
            if waiting.all():
                return
            self._play(np.zeros(self.size, np.int64), waiting, gained)
        raise RuntimeError(f"in {PATIENCE} steps, {self.game.name} has not asked the agent for anything")

    def _play(self, own: np.ndarray, skip: np.ndarray, gained: Gained) -> None:
        """One step of the matches that are not skipped, the agent's actions [B] being `own`."""
        actions = np.zeros((2, self.size), np.int64)
        for player in range(2):
            indices, seen = self._observe(player, skip | (self.seats == player))
            if len(indices):
                actions[player, indices] = self._players.act(indices, seen, self.rng)[0]
        actions[self.seats, self._every] = own
        utilities = self._step(actions, skip)[self._every, self.seats]
        gained.rewards[:] += np.where(gained.ended, 0, utilities)
        self._early += np.where(gained.ended, utilities, 0)
        over = np.flatnonzero(self._matches.finished() & ~skip)
        if len(over):
            gained.ended[over] = True
            self._deal(over)

    def _observe(self, player: int, skip: np.ndarray) -> tuple[np.ndarray, Observations]:
        """As `Skipping.observe`; a single match needs no matches that can wait."""
        if skip.all():
            return self._every[:0], Observations(player, self.features[:0], self.legal[:0], self._every[:0])
        options = {"skip": skip} if skip.any() else {}
        return self._matches.observe(player, self._room[player], **options)

    def _step(self, actions: np.ndarray, skip: np.ndarray) -> np.ndarray:
        return self._matches.step(actions, skip) if skip.any() else self._matches.step(actions)
