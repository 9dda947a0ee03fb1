"""Any OpenSpiel game, stepped through its states: for games that are too large for the sequence form.

Simultaneous moves are made at once; chance is drawn from each match's own stream. A game that samples its chance
internally is loaded anew for each match with its own seed. Utilities are the differences of `state.returns()`, so games
with intermediate rewards pay them when they occur.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.draws import draw, streams
from pokespiel.game.foreign import GameFailed, GameRefusal, called, quiet
from pokespiel.game.tensors import num_features, tensor_of


class SpielGame:
    """An OpenSpiel game played state by state; see `pokespiel.game.Game` for the attributes."""

    def __init__(self, name: str, game: Any, refusal: str = ""):
        """`refusal`: the reason why it is not in sequence form."""
        self.name = name
        self.openspiel = game
        """The `pyspiel.Game`."""
        self.refusal = refusal
        with quiet():
            self._describe(game)

    @called
    def _describe(self, game: Any) -> None:
        import pyspiel

        name, kind = self.name, game.get_type()
        if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
            raise GameRefusal(f"{name} is a mean-field game, which has no matches between players")
        self.sampled: bool = kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC
        """Whether chance is sampled internally, from a seed given when the game is loaded."""
        if self.sampled and "rng_seed" not in game.get_parameters():
            raise GameRefusal(f"{name} samples its chance inside and takes no seed, so its matches cannot be seeded")
        self.num_players: int = game.num_players()
        self.num_actions: int = game.num_distinct_actions()
        self.num_features = num_features(game)
        self.symmetric = False
        zero = kind.utility == pyspiel.GameType.Utility.ZERO_SUM
        self.zero_sum = bool(zero or game.utility_sum() == 0)
        self.utility_range = (float(game.min_utility()), float(game.max_utility()))
        self.tensor = tensor_of(game)

    def __repr__(self) -> str:
        return f"<{self.name} stepped through its states>"

    @called
    def start(self, seeds: Sequence[int] | np.ndarray) -> SpielMatches:
        """One match per seed, see `pokespiel.game.Matches`."""
        return SpielMatches(self, seeds)

    def seeded_state(self, number: float) -> Any:
        """An initial `pyspiel.State` of a game that samples its chance internally, seeded by `number` in [0, 1)."""
        import pyspiel

        parameters = {**self.openspiel.get_parameters(), "rng_seed": int(number * 2**31)}
        return pyspiel.load_game(self.openspiel.get_type().short_name, parameters).new_initial_state()


class SpielMatches:
    """B matches, see `pokespiel.game.Matches`."""

    can_skip = True

    def __init__(self, game: SpielGame, seeds: Sequence[int] | np.ndarray):
        self.game = game
        self.streams = np.empty(len(seeds), np.uint64)
        self.states: list[Any] = [None] * len(self.streams)
        self._returns = np.zeros((len(self.states), game.num_players))
        self._finished = np.zeros(len(self.states), bool)
        self.restart(np.arange(len(self.states)), seeds)

    @called
    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        """The matches in which `player` must act and what it knows in them; see the protocols. The key is -1."""
        asked = range(len(self.states)) if skip is None else np.flatnonzero(~skip)
        awaiting = np.array([match for match in asked if awaits(self.states[match], player)], np.int64)
        count = len(awaiting)
        if out is None:
            out = empty_observations(self.game, player, count)
        features, legal, key = (array[:count] for array in (out.features, out.legal, out.key))
        legal[:] = False
        for place, match in enumerate(awaiting):
            state = self.states[match]
            features[place] = self.game.tensor(state, player)
            legal[place, state.legal_actions(player)] = True  # `legal_actions_mask` relies on the game's own count
        if not legal.any(axis=1).all():
            match = awaiting[legal.any(axis=1).argmin()]
            raise GameFailed(f"{self.game.name} is inconsistent: player {player} has no legal action in match {match}")
        key[:] = -1
        return awaiting, Observations(player, features, legal, key)

    @called
    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        """Play actions [P, B]; utilities [B, P] since the last step. See `Skipping`."""
        actions = np.asarray(actions)
        if actions.shape != (self.game.num_players, len(self.states)):
            raise GameRefusal(f"expected actions {(self.game.num_players, len(self.states))}, got {actions.shape}")
        playing = np.flatnonzero(~self._finished if skip is None else ~self._finished & ~skip)
        for match in playing:
            self._check(match, actions[:, match])
        for match in playing:
            apply(self.states[match], actions[:, match])
        self._deal(playing)
        before = self._returns.copy()
        for match in playing:
            self._returns[match] = self._paid(match)
        return self._returns - before

    def finished(self) -> np.ndarray:
        """[B] bool."""
        return self._finished.copy()

    @called
    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        indices = np.asarray(indices)
        self.streams[indices] = streams(seeds)
        if self.game.sampled:
            for match, number in zip(indices, draw(self.streams, indices), strict=True):
                self.states[match] = self.game.seeded_state(number)
        else:
            for match in indices:
                self.states[match] = self.game.openspiel.new_initial_state()
        self._returns[indices] = 0
        self._deal(indices)

    def _paid(self, match: Any) -> list[float]:
        """The players' returns so far."""
        returns = self.states[match].returns()
        if len(returns) != self.game.num_players or not all(map(math.isfinite, returns)):
            raise GameFailed(f"{self.game.name} is inconsistent: its returns are {returns}, not a number per player")
        return returns

    def _check(self, match: Any, actions: np.ndarray) -> None:
        state = self.states[match]
        for player in range(self.game.num_players):
            if awaits(state, player) and actions[player] not in state.legal_actions(player):
                raise GameRefusal(
                    f"action {actions[player]} of player {player} is illegal in match {match} of {self.game.name}; "
                    f"legal: {state.legal_actions(player)}"
                )

    def _deal(self, matches: np.ndarray) -> None:
        """Resolve chance in `matches` until a player acts or the match ends."""
        waiting = np.array([match for match in matches if self.states[match].is_chance_node()], np.int64)
        while len(waiting):
            for match, number in zip(waiting, draw(self.streams, waiting), strict=True):
                state = self.states[match]
                state.apply_action(_drawn(state.chance_outcomes(), number))
            waiting = np.array([match for match in waiting if self.states[match].is_chance_node()], np.int64)
        for match in matches:
            self._finished[match] = self.states[match].is_terminal()


def awaits(state: Any, player: int) -> bool:
    """Whether `player` has to act in an OpenSpiel state."""
    if state.is_simultaneous_node():
        return bool(state.legal_actions(player))
    return state.current_player() == player


def apply(state: Any, actions: np.ndarray) -> None:
    """Play the joint actions [P] in an OpenSpiel state; actions of players who are not to act are ignored."""
    if state.is_simultaneous_node():
        joint = [int(action) if awaits(state, player) else 0 for player, action in enumerate(actions)]
        state.apply_actions(joint)
    else:
        state.apply_action(int(actions[state.current_player()]))


def empty_observations(game: Any, player: int, count: int) -> Observations:
    """Arrays for `count` observations of a game."""
    return Observations(
        player,
        np.empty((count, game.num_features), np.float32),
        np.empty((count, game.num_actions), bool),
        np.empty(count, np.int64),
    )


def _drawn(outcomes: Sequence[tuple[int, float]], number: float) -> int:
    """The outcome whose share of [0, 1) contains `number`."""
    possible = [(outcome, weight) for outcome, weight in outcomes if weight > 0]
    for outcome, weight in possible:
        number -= weight
        if number < 0:
            return outcome
    return possible[-1][0]
