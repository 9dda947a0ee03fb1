"""Extensive-form double oracle: grow a restricted game by best responses' actions, row by row, and solve it.

PSRO mixes whole policies, so a game in which many decisions must be mixed independently needs very many of them. Here a
response adds its action at every information state, the restricted game contains all combinations, and CFR+ solves it;
the number of responses needed is at most the number of actions, not of pure policies.

    allowed = best responses to uniform;  repeat:  solve the restricted game, respond to it in the full one, add

Reference: McAleer et al. (2021), XDO: A Double Oracle Algorithm for Extensive-Form Games.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pokespiel.core.policy import Policy
from pokespiel.core.ranges import Checked, Count, Positive, Share
from pokespiel.game.protocols import Game
from pokespiel.game.tree import Plans, TreeGame, in_sequence_form
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.cfr import CFR, Solver
from pokespiel.oracles.exact import seat_policies

Allowed = tuple[np.ndarray, ...]
"""Per player [S] bool, the sequences of the restricted game."""


@dataclass(frozen=True)
class XDO(Checked):
    """Extensive-form double oracle in exact self-play, on a game in sequence form; yields the restricted solutions."""

    iterations: Count = 20
    """Maximum number of restricted games per call; it ends early when responses add nothing."""
    accuracy: Positive = 0.1
    """Solve a restricted game until its own NashConv is at most this share of the full game's."""
    sweeps: Count = 100
    """CFR+ iterations between two checks of `accuracy`."""
    max_sweeps: Count = 5000
    """Maximum CFR+ iterations per restricted game."""
    tremble: Share = 1e-6
    """Respond to a solution that instead plays uniformly at random with this probability, drawn once per match."""

    def check(self, game: Game) -> None:
        in_sequence_form(game, "the xdo oracle")

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """Solutions for the seats in `opponents` (all seats if empty); the opponents' policies are not used."""
        tree = in_sequence_form(game, "the xdo oracle")
        before = state["seconds"] if state else 0.0
        began = time.perf_counter()
        for done in self.restricted_games(tree, state or None):
            responses = seat_policies(tree, done.plans, opponents)
            seconds = before + time.perf_counter() - began
            yield Training(responses, {**done.metrics(tree), "seconds": seconds}, {**done.state(), "seconds": seconds})
            if done.iteration >= self.iterations or done.complete:
                return

    def restricted_games(self, game: TreeGame, state: Mapping[str, Any] | None = None) -> Iterator[Restricted]:
        """The solution of each restricted game; with `state`, first that state again."""
        if state is not None:
            done = Restricted.load(state)
        else:
            uniform = tuple(player.plan(player.uniform()) for player in game.players)
            allowed = self._responses(game, uniform)
            done = self._solved(game, 1, allowed, game.nash_conv(uniform), 0)
        while True:
            yield done
            if not done.complete:
                done = self._solved(game, done.iteration + 1, done.wanted, game.nash_conv(done.plans), done.sweeps)

    def _solved(self, game: TreeGame, iteration: int, allowed: Allowed, gap: float, spent: int) -> Restricted:
        """Solve the restricted game of `allowed`; `gap` is the NashConv of the solution before."""
        solver = Solver(CFR("cfr+"), game, allowed)
        while True:
            for _ in range(self.sweeps):
                solver.step()
            plans = solver.averages()
            inner = restricted_nash_conv(game, plans, allowed)
            full = game.nash_conv(plans)
            if inner <= self.accuracy * min(full, gap) or solver.iteration >= self.max_sweeps:
                break
        wanted = tuple(old | new for old, new in zip(allowed, self._responses(game, plans), strict=True))
        return Restricted(iteration, allowed, wanted, plans, spent + solver.iteration)

    def _responses(self, game: TreeGame, plans: Plans) -> Allowed:
        """The sequences that best responses to trembled `plans` take."""
        uniform = tuple(player.plan(player.uniform()) for player in game.players)
        chosen = []
        for player, treeplex in enumerate(game.players):
            gradient = (1 - self.tremble) * game.gradient(plans, player) + self.tremble * game.gradient(uniform, player)
            chosen.append(treeplex.best_response(gradient, np.zeros_like(gradient)) > 0)
        return tuple(chosen)


@dataclass(frozen=True, eq=False)
class Restricted:
    """A restricted game and its solution."""

    iteration: int
    allowed: Allowed
    wanted: Allowed
    """The restricted game extended by the responses to the solution."""
    plans: Plans
    sweeps: int
    """CFR+ iterations spent so far, over all restricted games."""

    @property
    def complete(self) -> bool:
        """Whether the responses added nothing, so that only a more exact solution could improve."""
        return all(np.array_equal(old, new) for old, new in zip(self.allowed, self.wanted, strict=True))

    def metrics(self, game: TreeGame) -> dict[str, float]:
        taken = sum(int(allowed.sum()) - 1 for allowed in self.allowed)
        total = sum(len(allowed) - 1 for allowed in self.allowed)
        return {
            "iterations": float(self.iteration),
            "nash_conv": game.nash_conv(self.plans),
            "allowed": taken / total,
            "sweeps": float(self.sweeps),
        }

    def state(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("iteration", "allowed", "wanted", "plans", "sweeps")}

    @classmethod
    def load(cls, state: Mapping[str, Any]) -> Restricted:
        arrays = {name: tuple(state[name]) for name in ("allowed", "wanted", "plans")}
        return cls(iteration=state["iteration"], sweeps=state["sweeps"], **arrays)


def restricted_nash_conv(game: TreeGame, plans: Plans, allowed: Allowed) -> float:
    """The sum of the players' gains from leaving `plans` within the restricted game."""
    gains = 0.0
    for player, treeplex in enumerate(game.players):
        gradient = game.gradient(plans, player)
        best = treeplex.best_values(np.where(allowed[player], gradient, -np.inf))[0]
        gains += float(best - plans[player] @ gradient)
    return gains
