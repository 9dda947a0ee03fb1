"""Matches in play as plain data: their seeds and all actions since they started.

Equal seeds and actions give equal matches, so the matches of any game can be saved and restored by replaying them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pokespiel.game.protocols import Game, Matches


class History:
    """Seeds [B] and actions of B matches that restart at different times; actions that no match needs are dropped."""

    def __init__(self, seeds: np.ndarray, players: int):
        self.seeds = np.array(seeds)
        self.age = np.zeros(len(seeds), np.int64)
        self._players = players
        self._actions: list[np.ndarray] = []

    def add(self, actions: np.ndarray) -> None:
        """Append the actions [P, B] of a step."""
        self._actions.append(actions.astype(np.int32))
        self.age += 1
        if len(self._actions) > 2 * self.age.max() + 64:
            del self._actions[: len(self._actions) - int(self.age.max())]

    def restart(self, indices: np.ndarray, seeds: np.ndarray) -> None:
        """Record that the matches at `indices` start anew."""
        self.seeds[indices] = seeds
        self.age[indices] = 0

    def state(self) -> dict[str, Any]:
        longest = int(self.age.max(initial=0))
        actions = self._actions[len(self._actions) - longest :] if longest else []
        empty = np.empty((0, self._players, len(self.seeds)), np.int32)
        return {
            "seeds": self.seeds.copy(),
            "age": self.age.copy(),
            "actions": np.stack(actions) if actions else empty,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        self.seeds, self.age = np.array(state["seeds"]), np.array(state["age"])
        self._actions = list(np.array(state["actions"]))

    def replay(self, game: Game) -> Matches:
        """Restore the matches: the longest is replayed from its start, and shorter ones join later so that all end
        together.

        Until then their slots are filled by matches of the same seed in which any legal action is played.
        """
        matches = game.start(self.seeds)
        longest = len(self._actions)
        for step, actions in enumerate(self._actions):
            joining = np.flatnonzero((self.age == longest - step) & (self.age < longest))
            if len(joining):
                matches.restart(joining, self.seeds[joining])
            waiting = self.age < longest - step
            matches.step(np.where(waiting, _any_legal(matches, actions), actions))
        unplayed = np.flatnonzero((self.age == 0) & (longest > 0))
        if len(unplayed):
            matches.restart(unplayed, self.seeds[unplayed])
        return matches


def _any_legal(matches: Matches, like: np.ndarray) -> np.ndarray:
    """The first legal action [P, B] of every player who is to act."""
    actions = np.zeros(like.shape, np.int64)
    for player in range(len(like)):
        indices, observations = matches.observe(player)
        actions[player, indices] = observations.legal.argmax(axis=1)
    return actions
