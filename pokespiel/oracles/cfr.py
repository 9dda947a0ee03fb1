"""Counterfactual regret minimisation on the sequence form: CFR, CFR+, discounted, linear and predictive CFR+.

Every row (information state) runs regret matching on its counterfactual values. With v the values of a row's sequences
under the current behaviour b, iteration t adds the regrets r = v - <b, v> and plays next

    cfr          R += r                                             b ~ max(R, 0)          average weight 1
    cfr+         R = max(R + r, 0)                                  b ~ R                  t
    discounted   R = R * t^a / (t^a + 1) + r   (b for a if R < 0)   b ~ max(R, 0)          t^c     (1.5, 0, 2)
    linear       the same with a = b = c = 1                                               t
    predictive   R = max(R + r, 0)                                  b ~ max(R + r, 0)      t^2

The average of the plans with these weights converges to a Nash equilibrium in two-player zero-sum games; in other games
the average regret vanishes, which makes the joint average a coarse correlated equilibrium. Players update in turn, each
against the others' newest plans. One iteration is two passes over each treeplex and one gradient per player.

Reference: Zinkevich et al. (2007), Regret Minimization in Games with Incomplete Information; Tammelin (2014), Solving
Large Imperfect Information Games Using CFR+; Brown and Sandholm (2019), Solving Imperfect-Information Games via
Discounted Regret Minimization; Farina, Kroer and Sandholm (2021), Faster Game Solving via Predictive Blackwell
Approachability.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from pokespiel.core.policy import Policy, Tabular
from pokespiel.core.ranges import Checked, Count, NotNegative, Range
from pokespiel.game.protocols import Game
from pokespiel.game.tree import Plans, TreeGame, in_sequence_form
from pokespiel.game.treeplex import Treeplex
from pokespiel.oracles import Opponents, Training
from pokespiel.oracles.exact import seat_policies

TINY, NOTHING = 1e-200, 1e-100
"""TINY replaces a regret of 0, so that a row without positive regret normalises to uniform; probabilities below NOTHING
count as 0."""
POWERS = {"uniform": 0.0, "linear": 1.0, "quadratic": 2.0}
OWN_AVERAGE = {"cfr": "uniform", "cfr+": "linear", "linear": "linear", "predictive": "quadratic"}


@dataclass(frozen=True)
class CFR(Checked):
    """CFR and its variants in exact self-play, on a game in sequence form; yields average policies."""

    variant: Literal["cfr", "cfr+", "discounted", "linear", "predictive"] = "cfr+"
    """How regrets are accumulated and turned into behaviour; see the equations in `oracles/cfr.py`."""
    iterations: Count = 1000
    """Iterations per call; each updates every player."""
    log_every: Count = 100
    """Iterations between two reports."""
    average: Literal["variant", "uniform", "linear", "quadratic", "last"] = "variant"
    """Weight of iteration t in the average: 1, t or t^2, or only the last iteration counts; `variant` = as
    published."""
    alternating: bool = True
    """Players update one after the other instead of simultaneously."""
    alpha: Annotated[float, Range(infinite=True)] = 1.5
    """Discounted: exponent for positive regrets."""
    beta: Annotated[float, Range(infinite=True)] = 0.0
    """Discounted: exponent for negative regrets."""
    gamma: NotNegative = 2.0
    """Discounted: exponent of the average's weights."""

    def check(self, game: Game) -> None:
        in_sequence_form(game, "the cfr oracle")

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """Average policies for the seats in `opponents` (all seats if empty); the opponents' policies are not used."""
        tree = in_sequence_form(game, "the cfr oracle")
        solver = Solver(self, tree)
        before = 0.0
        if state:
            solver.load(state)
            before = state["seconds"]
        began = time.perf_counter()
        while True:
            if solver.iteration and (solver.iteration % self.log_every == 0 or solver.iteration >= self.iterations):
                yield self._training(solver, opponents, before + time.perf_counter() - began)
            if solver.iteration >= self.iterations:
                return
            solver.step()

    def iterates(self, game: TreeGame) -> Iterator[Solver]:
        """The solver after iteration 1, 2, ...; it never stops by itself."""
        solver = Solver(self, game)
        while True:
            solver.step()
            yield solver

    def weight(self, iteration: int) -> float:
        """The weight of an iteration's plans in the average."""
        if self.average in POWERS:
            return iteration ** POWERS[self.average]
        if self.variant == "discounted":
            return iteration**self.gamma
        return iteration ** POWERS[OWN_AVERAGE[self.variant]]

    def _training(self, solver: Solver, seats: Iterable[int], seconds: float) -> Training:
        game = solver.game
        averages = solver.averages()
        metrics = {
            "iterations": float(solver.iteration),
            "nash_conv": game.nash_conv(averages),
            "seconds": seconds,
        }
        return Training(seat_policies(game, averages, seats), metrics, {**solver.state(), "seconds": seconds})


class Solver:
    """A CFR run on a game in sequence form: `step` is one iteration."""

    def __init__(self, options: CFR, game: TreeGame, allowed: Sequence[np.ndarray] | None = None):
        """`allowed`: per player [S] bool, the sequences of a restricted game; every row must keep an action."""
        self.options, self.game = options, game
        self.iteration = 0
        self.players = [
            RegretLearner(options, treeplex, None if allowed is None else allowed[player])
            for player, treeplex in enumerate(game.players)
        ]

    def step(self) -> None:
        """One iteration: every player sees its values and updates."""
        self.iteration += 1
        plans = tuple(learner.plan for learner in self.players)
        weight = self.options.weight(self.iteration)
        if self.options.alternating:
            for player, learner in enumerate(self.players):
                learner.update(self.game.gradient(plans, player), self.iteration, weight)
        else:
            gradients = [self.game.gradient(plans, player) for player in range(len(plans))]
            for learner, gradient in zip(self.players, gradients, strict=True):
                learner.update(gradient, self.iteration, weight)

    def current(self) -> Plans:
        """The plans to be played next."""
        return tuple(learner.plan.copy() for learner in self.players)

    def averages(self) -> Plans:
        """The average plans, or the current ones if the average is `last`."""
        if self.options.average == "last" or not self.iteration:
            return self.current()
        return tuple(learner.total / learner.total[0] for learner in self.players)

    def policy(self) -> Tabular:
        """The average policies of all seats."""
        averages = zip(self.game.players, self.averages(), strict=True)
        return self.game.policy([treeplex.behaviour(plan) for treeplex, plan in averages])

    def state(self) -> dict[str, Any]:
        """All that `load` needs to continue and reproduce the numbers."""
        return {"iteration": self.iteration, "players": [learner.state() for learner in self.players]}

    def load(self, state: Mapping[str, Any]) -> None:
        if [len(player["regret"]) for player in state["players"]] != [len(player.regret) for player in self.players]:
            raise ValueError(f"this state of cfr belongs to another game than {self.game.name}")
        self.iteration = state["iteration"]
        for learner, kept in zip(self.players, state["players"], strict=True):
            learner.load(kept)


class RegretLearner:
    """One player's regrets, behaviour, plan and average; all arrays [S], written in place."""

    def __init__(self, options: CFR, treeplex: Treeplex, allowed: np.ndarray | None = None):
        self.options, self.treeplex = options, treeplex
        self.regret = np.zeros(treeplex.num_sequences)
        self.behaviour, self.plan = treeplex.uniform(), np.ones(treeplex.num_sequences)
        self.total = np.zeros(treeplex.num_sequences)
        self._allowed = None if allowed is None else allowed.astype(float)
        self._values, self._scratch, self._wanted = np.empty((3, treeplex.num_sequences))
        self._rows = np.empty(treeplex.num_rows)
        # views of each level's blocks: values, behaviour, scratch, wanted, plan [k, n], rows [n], rows within the level
        arrays = (self._values, self.behaviour, self._scratch, self._wanted, self.plan)
        self._levels = [
            (
                level.parents,
                self._rows[level.rows],
                [(*map(block.of, arrays), self._rows[block.rows]) for block in level.blocks],
            )
            for level in treeplex.levels
        ]
        self._wanted[:] = TINY
        self._play()

    def update(self, gradient: np.ndarray, iteration: int, weight: float) -> None:
        """Count the plan that was played, add the regrets that `gradient` [S] gives, and choose the next behaviour."""
        np.multiply(self.plan, weight, out=self._scratch)
        self.total += self._scratch
        self._add_regrets(self._instantaneous(gradient), iteration)
        self._play()

    def _instantaneous(self, gradient: np.ndarray) -> np.ndarray:
        """The regrets [S] of this iteration, value 0 meaningless."""
        values = self._values
        values[:] = gradient
        for parents, level_rows, blocks in reversed(self._levels):
            for own, behaviour, scratch, _, _, rows in blocks:
                np.multiply(own, behaviour, out=scratch)
                np.add.reduce(scratch, axis=0, out=rows)
                own -= rows
            np.add.at(values, parents, level_rows)
        return values

    def _add_regrets(self, regrets: np.ndarray, iteration: int) -> None:
        """Add to the kept regrets, and write into `_wanted` what the behaviour shall be proportional to."""
        variant = self.options.variant
        if variant in ("discounted", "linear"):
            self.regret *= self._discounts(iteration)
        self.regret += regrets
        if variant in ("cfr+", "predictive"):
            np.maximum(self.regret, TINY, out=self.regret)
        if variant == "predictive":
            np.add(self.regret, regrets, out=self._wanted)
            np.maximum(self._wanted, TINY, out=self._wanted)
        else:
            np.maximum(self.regret, TINY, out=self._wanted)

    def _discounts(self, iteration: int) -> np.ndarray:
        """The factors [S] of the regrets kept from the iterations before."""
        before = iteration - 1
        if before == 0:
            return np.zeros(1)
        linear = self.options.variant == "linear"
        alpha, beta = (1.0, 1.0) if linear else (self.options.alpha, self.options.beta)
        positive, negative = (before**power / (before**power + 1) for power in (alpha, beta))
        return np.where(self.regret > 0, positive, negative)

    def _play(self) -> None:
        """Normalise `_wanted` to the next behaviour, and multiply it down to the plan."""
        if self._allowed is not None:
            self._wanted *= self._allowed
        for _, _, blocks in self._levels:
            for _, behaviour, _, wanted, _, rows in blocks:
                np.divide(wanted, np.add.reduce(wanted, axis=0, out=rows), out=behaviour)
        self.behaviour *= self.behaviour > NOTHING
        for parents, level_rows, blocks in self._levels:
            np.take(self.plan, parents, out=level_rows, mode="clip")
            for _, behaviour, _, _, plan, rows in blocks:
                np.multiply(behaviour, rows, out=plan)

    def state(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name).copy() for name in ("regret", "behaviour", "plan", "total")}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        for name, kept in state.items():
            getattr(self, name)[:] = kept


def solve_by_cfr(game: TreeGame, options: CFR | None = None) -> Tabular:
    """The average policies of all seats after `options.iterations`."""
    options = options or CFR()
    return next(itertools.islice(options.iterates(game), options.iterations - 1, None)).policy()
