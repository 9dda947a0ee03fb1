"""Thousands of matches of a game in sequence form at once: a match is a node, a step is a few array lookups.

Players that move simultaneously in the game itself move one after the other here, without seeing each other's moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.game.draws import draw, streams
from pokespiel.game.treeplex import CHANCE, TERMINAL

if TYPE_CHECKING:
    from pokespiel.game.tree import TreeGame


class Moves(NamedTuple):
    """A game's tables for play, made once per game."""

    place: tuple[np.ndarray, ...]
    """Per player [I, A] int32, an action's index among the legal ones, -1 = illegal."""
    first: np.ndarray
    """[distributions] start of each distribution in `cumulative`."""
    cumulative: np.ndarray
    """All distributions' cumulative probabilities, with d added to the d-th: ascending throughout."""


def moves_of(game: TreeGame) -> Moves:
    place = tuple(
        np.where(states.legal, states.legal.cumsum(axis=1, dtype=np.int32) - 1, -1).astype(np.int32)
        for states in game.states
    )
    counts = np.array([len(weights) for weights in game.nodes.distributions], np.int64)
    cumulative = [raised + _cumulative(weights) for raised, weights in enumerate(game.nodes.distributions)]
    return Moves(place, np.cumsum(counts) - counts, np.concatenate(cumulative) if cumulative else np.zeros(0))


def _cumulative(weights: tuple[float, ...]) -> np.ndarray:
    """Upper ends of the outcomes' shares of [0, 1); that of the last possible outcome is exactly 1."""
    sums = np.cumsum(weights)
    sums[np.flatnonzero(weights)[-1] :] = 1.0
    return np.minimum(sums, 1.0)


class TreeMatches:
    """B matches, see `pokespiel.game.Matches`."""

    can_skip = True

    def __init__(self, game: TreeGame, seeds: Sequence[int] | np.ndarray):
        self.game, self.nodes, self.moves = game, game.nodes, game.moves
        self.streams = streams(seeds)
        self.node = np.zeros(len(self.streams), np.int64)
        self.actor = np.empty(len(self.streams), np.int64)
        self._deal(np.arange(len(self.streams)))

    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        """The matches in which `player` must act and what it knows in them; see the protocols, also `Skipping`."""
        awaiting = np.flatnonzero(self.actor == player if skip is None else (self.actor == player) & ~skip)
        key = self.nodes.row[self.node[awaiting]]
        states = self.game.states[player]
        if out is None:
            return awaiting, Observations(player, states.features[key], states.legal[key], key)
        features, legal, keys = (array[: len(key)] for array in (out.features, out.legal, out.key))
        np.take(states.features, key, axis=0, out=features, mode="clip")
        np.take(states.legal, key, axis=0, out=legal, mode="clip")
        keys[:] = key
        return awaiting, Observations(player, features, legal, keys)

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        """Play actions [P, B]; utilities [B, P] since the last step, which are paid at the end of a match."""
        actions = np.asarray(actions)
        if actions.shape != (self.game.num_players, len(self.node)):
            raise ValueError(f"expected actions {(self.game.num_players, len(self.node))}, got {actions.shape}")
        playing = np.flatnonzero(self.actor >= 0 if skip is None else (self.actor >= 0) & ~skip)
        place = np.empty(len(playing), np.int64)
        for player in range(self.game.num_players):
            mine = self.actor[playing] == player
            place[mine] = self._places(player, playing[mine], actions[player])
        self.node[playing] = self.nodes.child[self.node[playing]] + place
        self._deal(playing)
        utilities = np.zeros((len(self.node), self.game.num_players))
        ended = playing[self.actor[playing] == TERMINAL]
        utilities[ended] = self.game.terminals.returns[:, self.nodes.row[self.node[ended]]].T
        return utilities

    def finished(self) -> np.ndarray:
        """[B] bool."""
        return self.actor == TERMINAL

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        self.streams[indices] = streams(seeds)
        self.node[indices] = 0
        self._deal(np.asarray(indices))

    def _places(self, player: int, matches: np.ndarray, actions: np.ndarray) -> np.ndarray:
        """The index of each match's action among the legal ones; a `ValueError` if one is illegal."""
        table = self.moves.place[player]
        rows, chosen = self.nodes.row[self.node[matches]], actions[matches]
        known = (chosen >= 0) & (chosen < table.shape[1])
        place = np.where(known, table[rows, np.where(known, chosen, 0)], -1)
        if (place < 0).any():
            bad = int(np.argmax(place < 0))
            legal = np.flatnonzero(self.game.states[player].legal[rows[bad]]).tolist()
            raise ValueError(
                f"action {chosen[bad]} of player {player} is illegal in match {matches[bad]} of {self.game.name}; "
                f"legal: {legal}"
            )
        return place

    def _deal(self, matches: np.ndarray) -> None:
        """Resolve chance in `matches` until a player acts or the match ends."""
        self.actor[matches] = self.nodes.actor[self.node[matches]]
        matches = matches[self.actor[matches] == CHANCE]
        while len(matches):
            node = self.node[matches]
            which = self.nodes.row[node]
            found = np.searchsorted(self.moves.cumulative, which + draw(self.streams, matches), side="right")
            self.node[matches] = self.nodes.child[node] + found - self.moves.first[which]
            self.actor[matches] = self.nodes.actor[self.node[matches]]
            matches = matches[self.actor[matches] == CHANCE]
