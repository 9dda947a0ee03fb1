"""Gen 1 OU as a game: the engine's batch behind the `Game` protocol.

    game = load_game("gen1ou(pool=competitive,party=6)")
    matches = game.start(range(1024))

Both players choose at the same time, except when only one replaces a fainted Pokémon; forced actions are played
automatically. A match's seed determines both teams and every roll, so two policies that swap seats on one seed play a
pair: the same teams, the same generator. Utilities are +1, 0 and -1; a match that passes the turn limit is worth 0 to
both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pokespiel.core.policy import Observations
from pokespiel.core.registry import unknown
from pokespiel.game.gen1 import _engine
from pokespiel.game.gen1.baselines import BASELINES
from pokespiel.game.gen1.batch import BattleBatch, Status
from pokespiel.game.gen1.exploiter import EXPLOITER
from pokespiel.game.gen1.seeds import mixed
from pokespiel.game.gen1.teams.pools import load_pool, split_pool
from pokespiel.game.gen1.teams.sets import Team
from pokespiel.game.gen1.view import ACTION_NAMES, NUM_ACTIONS, NUM_FEATURES, compact, layout
from pokespiel.game.layout import Layout

if TYPE_CHECKING:
    from pokespiel.game.gen1.parameters import TeamChoice
    from pokespiel.game.gen1.row_usage import RowUsage
    from pokespiel.game.protocols import Section

OWN = "competitive"
"""The pool of the game for reported figures."""


class Gen1Game:
    """Gen 1 OU between teams of a pool; see the module. Immutable."""

    num_players = 2
    symmetric = True
    zero_sum = True
    utility_range = (-1.0, 1.0)
    num_features = NUM_FEATURES
    num_state_features: int = _engine.STATE_SIZE
    signals = ("hp", "status", "knock_outs")
    """The signals of `Gen1Matches.signals`: the share of HP left, of Pokémon with a status, of Pokémon fainted."""
    switches = tuple(action for action, name in enumerate(ACTION_NAMES) if name.startswith("switch"))
    scripted = BASELINES
    exploiter = EXPLOITER

    def __init__(
        self,
        name: str,
        teams: Sequence[Team],
        *,
        turn_limit: int = 1000,
        team_choice: TeamChoice = "chance",
        threads: int = 1,
        team_names: Sequence[str] = (),
        section: Section | None = None,
    ):
        """teams: the pool; a match draws one for each side, or the players choose (`team_choice`).

        team_names: one per team, for logs; empty = their numbers.

        threads: number of threads per call on the matches of one `start`.

        section: the game's section of reports.
        """
        self.name = name
        self.teams = tuple(teams)
        self.team_names = tuple(team_names) or tuple(map(str, range(len(self.teams))))
        self.turn_limit = turn_limit
        self.team_choice = team_choice
        self.threads = threads
        self.section = section
        self.num_actions = NUM_ACTIONS if team_choice == "chance" else max(NUM_ACTIONS, len(self.teams))
        self.compact = compact() if team_choice == "chance" else None
        shared = layout()
        more: tuple[None, ...] = (None,) * (self.num_actions - NUM_ACTIONS)
        self.layout = Layout(shared.num_features, shared.blocks, (*shared.actions, *more))

    def start(self, seeds: Sequence[int] | np.ndarray) -> Gen1Matches:
        """One match per seed (integers, 0 to 2^63 - 1)."""
        return Gen1Matches(self, seeds)

    def teams_of(self, seeds: Sequence[int] | np.ndarray) -> np.ndarray:
        """[k, 2]: the teams that chance draws for these seeds, independently for each side."""
        draws = mixed(_checked_seeds(seeds), 1, 2).T
        return (draws % np.uint64(len(self.teams))).astype(np.int64)

    def drawn(self, seeds: Sequence[int] | np.ndarray) -> dict[str, list[str]]:
        """The chance draws for these seeds, in words: `team_0` and `team_1`, unless the players choose their teams."""
        if self.team_choice == "player":
            return {}
        sides = self.teams_of(seeds).T
        return {f"team_{side}": [self.team_names[team] for team in teams] for side, teams in enumerate(sides)}

    def variants(self, held_out: Sequence[str]) -> dict[str, Gen1Game]:
        """The game on the teams for reported figures, and on the teams of each pool in `held_out` whose line-ups
        training never sees.

        Pools are names of shipped ones, or files or folders of teams; the held-out teams of several pools are combined.
        """
        sets = {f"own ({OWN})": load_pool(OWN)}
        for name in held_out:
            pool = split_pool(load_pool(name))[1]
            if not len(pool):
                raise ValueError(f"no team of {name} is held out: all its line-ups belong to training")
            sets[f"held out ({Path(name).stem}, {len(pool)} teams)"] = pool
        return {label: Gen1Game(f"gen1ou, {label}", pool.teams) for label, pool in sets.items()}

    def usage(self) -> RowUsage:
        """Counts of species, leads and moves in recorded decisions; none yet."""
        from pokespiel.game.gen1.row_usage import RowUsage

        return RowUsage()

    def __repr__(self) -> str:
        return f"Gen1Game({self.name!r}, {len(self.teams)} teams)"


def _checked_seeds(seeds: Sequence[int] | np.ndarray) -> np.ndarray:
    checked = np.asarray(seeds)
    if checked.ndim != 1 or (checked.size and checked.dtype.kind not in "iu"):
        raise ValueError(f"seeds: expected whole numbers [k], found {checked.dtype} {list(checked.shape)}")
    if checked.size and (checked.min() < 0 or checked.max() >= 1 << 63):
        raise ValueError("seeds: expected numbers from 0 to 2^63 - 1")
    return checked.astype(np.uint64)


class Gen1Matches:
    """B matches of Gen 1 OU side by side.

    While a player chooses its team (`team_choice="player"`), its features are all zero and action t is team t of the
    pool; the choice stays hidden from the other player.
    """

    can_skip = True

    def __init__(self, game: Gen1Game, seeds: Sequence[int] | np.ndarray):
        checked = _checked_seeds(seeds)
        self.game = game
        self.size = len(checked)
        self.batch = BattleBatch(max(1, self.size), game.teams, turn_limit=game.turn_limit, threads=game.threads)
        self._status = Status.empty(self.batch.size)
        self._seeds = np.zeros(self.size, np.uint64)
        self._choosing = np.zeros(self.size, bool)
        self._paid = np.zeros(self.size, bool)  # the ending's utilities were returned
        self._indices = np.empty(self.batch.size, np.int32)
        self._masks = np.empty((self.batch.size, NUM_ACTIONS), bool)
        self.restart(np.arange(self.size), checked)

    def restart(self, indices: np.ndarray, seeds: Sequence[int] | np.ndarray) -> None:
        """Start the matches at `indices` [k] anew from `seeds` [k]."""
        indices, checked = np.asarray(indices, np.int64), _checked_seeds(seeds)
        if indices.shape != checked.shape or (indices.size and not 0 <= indices.min() <= indices.max() < self.size):
            raise ValueError(f"expected one seed for each of some matches 0 to {self.size - 1}")
        self._seeds[indices] = checked
        self._paid[indices] = False
        if self.game.team_choice == "player":
            self._choosing[indices] = True
        else:
            self._begin(indices, self.game.teams_of(checked))

    def _begin(self, indices: np.ndarray, teams: np.ndarray) -> None:
        self.batch.restart(indices, teams, mixed(self._seeds[indices], 0)[0])
        self.batch.status(self._status)

    def finished(self) -> np.ndarray:
        """[B] bool: the match has ended, and `step` has returned its utilities."""
        return self._paid.copy()

    def endings(self) -> np.ndarray:
        """[B] uint8: the state of each match, in the codes of `batch` (PLAYING, ..., TURN_LIMIT)."""
        return np.where(self._choosing, 0, self._status.endings[: self.size])

    def turns(self) -> np.ndarray:
        """[B] int32: the turn counters."""
        return np.where(self._choosing, 0, self._status.turns[: self.size])

    def observe(
        self, player: int, out: Observations | None = None, skip: np.ndarray | None = None
    ) -> tuple[np.ndarray, Observations]:
        """Indices [b] of the matches in which `player` must act and what it knows there; see `Matches` and
        `Skipping`."""
        features, legal = self._room(out)
        if features.dtype == np.int16 and self.game.compact is not None:
            count = self.batch.observe(player, self._indices, features, legal, self._skipped(skip))
            indices = self._indices[:count].astype(np.int64)
            return indices, Observations(player, features[:count], legal[:count], np.full(count, -1, np.int64))
        native = features.flags.c_contiguous and features.dtype == np.float32 and len(features) >= self.batch.size
        rows = features if native else np.empty((self.batch.size, NUM_FEATURES), np.float32)
        count = self.batch.observe(player, self._indices, rows, self._masks, self._skipped(skip))
        indices = self._indices[:count].astype(np.int64)
        choosing = self._choosing if skip is None else self._choosing & ~skip
        if choosing.any():
            return self._observe_with_choices(player, indices, rows, choosing)
        if rows is not features:
            features[:count] = rows[:count]
        legal[:count, :NUM_ACTIONS] = self._masks[:count]
        legal[:count, NUM_ACTIONS:] = False
        return indices, Observations(player, features[:count], legal[:count], np.full(count, -1, np.int64))

    def _room(self, out: Observations | None) -> tuple[np.ndarray, np.ndarray]:
        if out is not None:
            return out.features, out.legal
        size = self.batch.size
        return np.empty((size, NUM_FEATURES), np.float32), np.empty((size, self.game.num_actions), bool)

    def _skipped(self, skip: np.ndarray | None) -> np.ndarray | None:
        """The mask for the batch, which has at least one battle."""
        return np.zeros(self.batch.size, bool) if skip is not None and not self.size else skip

    def _observe_with_choices(
        self, player: int, battling: np.ndarray, rows: np.ndarray, choosing: np.ndarray
    ) -> tuple[np.ndarray, Observations]:
        awaited = choosing.copy()
        playing = battling[~self._choosing[battling]]
        awaited[playing] = True
        indices = np.flatnonzero(awaited)
        features = np.zeros((len(indices), NUM_FEATURES), np.float32)
        legal = np.zeros((len(indices), self.game.num_actions), bool)
        place = np.searchsorted(indices, playing)
        kept = ~self._choosing[battling]
        features[place], legal[place, :NUM_ACTIONS] = rows[: len(battling)][kept], self._masks[: len(battling)][kept]
        legal[choosing[indices], : len(self.game.teams)] = True
        return indices, Observations(player, features, legal, np.full(len(indices), -1, np.int64))

    def step(self, actions: np.ndarray, skip: np.ndarray | None = None) -> np.ndarray:
        """Play actions [2, B] up to the next decisions; utilities [B, 2] gained. See `Skipping`."""
        actions = np.asarray(actions)
        if actions.shape != (2, self.size) or actions.dtype.kind not in "iu":
            raise ValueError(f"expected whole numbers [2, {self.size}], found {actions.dtype} {list(actions.shape)}")
        choosing = np.flatnonzero(self._choosing if skip is None else self._choosing & ~skip)
        if len(choosing):
            self._check_teams(actions, choosing)
        if self.size:
            self.batch.step(self._battle_actions(actions, choosing), skip)
            self.batch.status(self._status)
        if len(choosing):
            self._choosing[choosing] = False
            self._begin(choosing, actions[:, choosing].T)
        ended = (self._status.endings[: self.size] != 0) & ~self._paid
        gained = np.where(ended, self._status.winners[: self.size], 0).astype(np.float64)
        self._paid |= ended
        return np.stack([gained, -gained], axis=1)

    def _battle_actions(self, actions: np.ndarray, choosing: np.ndarray) -> np.ndarray:
        """The actions for the batch: while a team is chosen, an old battle may occupy the slot; it plays any move."""
        if not len(choosing):
            return actions
        played = actions.astype(np.int64, copy=True)
        first_legal = self._status.legal[:, choosing].argmax(axis=2)
        played[:, choosing] = first_legal
        return played

    def _check_teams(self, actions: np.ndarray, choosing: np.ndarray) -> None:
        for player in range(2):
            chosen = actions[player, choosing]
            wrong = np.flatnonzero((chosen < 0) | (chosen >= len(self.game.teams)))
            if len(wrong):
                match, action = choosing[wrong[0]], chosen[wrong[0]]
                teams = len(self.game.teams)
                raise ValueError(f"match {match}: player {player} cannot choose team {action} of {teams}")

    def signals(self, names: Sequence[str]) -> np.ndarray:
        """[len(names), B, 2] float32: each seat's own standing, by names of `Gen1Game.signals`."""
        for name in names:
            if name not in self.game.signals:
                raise unknown("signal", name, self.game.signals)
        standings = self.batch.standings()[: self.size]
        standings[self._choosing] = [1, 0, 0]
        return np.stack([standings[:, :, self.game.signals.index(name)] for name in names])

    def full_state(self, player: int, out: np.ndarray | None = None) -> np.ndarray:
        """[B, num_state_features] float32, the full state from the player's seat; 0 while teams are chosen."""
        state = self.batch.full_state(player)[: self.size]
        state[self._choosing] = 0
        if out is None:
            return state
        out[:] = state
        return out
