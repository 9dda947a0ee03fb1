"""Many battles side by side, stepped in one native call that releases the GIL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pokespiel.game.gen1 import _engine
from pokespiel.game.gen1.battle import BattleTeam, _native_team
from pokespiel.game.gen1.view import COMPACT_SIZE, NUM_ACTIONS, NUM_FEATURES

PLAYING, P1_WINS, P2_WINS, TIE, TURN_LIMIT = range(5)
"""The state of a battle. TURN_LIMIT: stopped by the batch's own limit, which is not a tie of the game."""

WINNERS = np.array([0, 1, -1, 0, 0], np.int8)
"""By ending: +1 player 0 won, -1 player 1 won, 0 neither (yet)."""


class Status(NamedTuple):
    """The state of the N battles of a batch."""

    legal: np.ndarray
    """[2, N, 9] bool, True = allowed; all False if the player is not to act."""
    awaits: np.ndarray
    """[2, N] bool: the battle waits for the player's action."""
    endings: np.ndarray
    """[N] uint8: PLAYING, P1_WINS, P2_WINS, TIE or TURN_LIMIT."""
    turns: np.ndarray
    """[N] int32: the turn counter."""

    @classmethod
    def empty(cls, size: int) -> Status:
        """Arrays for a batch of `size` battles, to be written into."""
        masks, awaits = np.zeros((2, size, NUM_ACTIONS), bool), np.zeros((2, size), bool)
        return cls(masks, awaits, np.zeros(size, np.uint8), np.zeros(size, np.int32))

    @property
    def winners(self) -> np.ndarray:
        """[N] int8: +1 player 0 won, -1 player 1 won, 0 neither (yet)."""
        return WINNERS[self.endings]


class BattleBatch:
    """N battles between teams of a pool. Players are 0 and 1 here; actions are those of `view`.

    All battles are ended at first: `restart` starts them. An ended battle stays ended until it is restarted.
    """

    def __init__(
        self,
        size: int,
        teams: Sequence[BattleTeam],
        *,
        views: bool = True,
        autoplay: bool = True,
        turn_limit: int = 1000,
        threads: int = 1,
    ):
        """`size` battles whose teams come from the pool `teams`.

        views: keep the players' views, which `observe` needs; without them steps are faster. autoplay: play forced
        actions automatically; then only players with more than one legal action are to act. turn_limit: battles that
        would pass this turn are stopped; Showdown itself declares a tie past turn 1000. threads: number of threads per
        call.
        """
        native = [_native_team(team, number) for number, team in enumerate(teams, 1)]
        self.native = _engine.Batch(
            size, native, views=views, autoplay=autoplay, turn_limit=turn_limit, threads=threads
        )
        self.size = size
        self.views = views

    def restart(
        self, battles: Sequence[int] | np.ndarray, teams: np.ndarray, seeds: Sequence[int] | np.ndarray
    ) -> None:
        """Start `battles` [k] anew with teams [k, 2] (indices of the pool, one per side) and seeds [k] (64 bits)."""
        chosen = np.asarray(teams, np.int64).reshape(-1, 2)
        self.native.restart(
            np.ascontiguousarray(battles, np.int64),
            np.ascontiguousarray(chosen[:, 0]),
            np.ascontiguousarray(chosen[:, 1]),
            np.ascontiguousarray(seeds, np.uint64),
        )

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> None:
        """Play actions [2, N] (ignored for players who are not to act) up to the next decision of each battle.

        skip: [N] bool, battles that stay unchanged.

        An illegal action raises a `ValueError` that names the battle and its legal actions; no battle has then changed.
        """
        actions = np.asarray(actions)
        if actions.dtype.kind not in "iu" or actions.shape != (2, self.size):
            raise ValueError(f"expected whole numbers [2, {self.size}], found {actions.dtype} {list(actions.shape)}")
        self.native.step(np.ascontiguousarray(actions, np.int64), *_given(skip))

    def status(self, out: Status | None = None) -> Status:
        """The state of the battles, written into `out` if given."""
        out = out or Status.empty(self.size)
        self.native.status(*out)
        return out

    def observe(
        self,
        player: int,
        battles: np.ndarray,
        features: np.ndarray,
        legal: np.ndarray,
        skip: np.ndarray | None = None,
    ) -> int:
        """Write `player`'s views of the battles in which it must act into the first b rows of the arrays; returns b.

        battles: [>= N] int32, their indices. features: [>= N, NUM_FEATURES] float32 or [>= N, COMPACT_SIZE] int16.
        legal: [>= N, 9] bool. skip: [N] bool, battles that are left out.
        """
        return self.native.observe(player, battles, features, legal, *_given(skip))

    def observation(self, player: int, *, compact: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The same in new arrays: battles [b], features [b, D], legal [b, 9]."""
        shape, kind = ((self.size, COMPACT_SIZE), np.int16) if compact else ((self.size, NUM_FEATURES), np.float32)
        battles, features = np.empty(self.size, np.int32), np.empty(shape, kind)
        legal = np.empty((self.size, NUM_ACTIONS), bool)
        count = self.observe(player, battles, features, legal)
        return battles[:count], features[:count], legal[:count]

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        """The full state, [N, STATE_SIZE] float32: the player's features, the other's, and everything hidden."""
        if out is None:
            out = np.empty((self.size, _engine.STATE_SIZE), np.float32)
        self.native.full_state(player, out)
        return out

    def standings(self, out: np.ndarray | None = None) -> np.ndarray:
        """[N, 2, 3] float32, per battle and side: HP left, Pokémon with a status, Pokémon fainted, each out of 1."""
        if out is None:
            out = np.empty((self.size, 2, 3), np.float32)
        self.native.standings(out)
        return out


def _given(skip: np.ndarray | None) -> tuple[np.ndarray, ...]:
    return () if skip is None else (np.ascontiguousarray(skip, bool),)
