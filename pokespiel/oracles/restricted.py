"""Anytime PSRO and Self-Play PSRO: solve the restricted game while the response to its solution is still in training.

A solution of the payoff table is safe only from policies that are in the table, so double oracle's exploitability can
rise. Anytime double oracle instead mixes each seat's population against every policy of the game,

    x_q = argmin over mixtures x of population q of  max over policies b of the other seat p of  u_p(b, x)      (1)

whose exploitability cannot rise, since populations only grow. It is found by regret minimisation against responses (RM
against BR): at each step the response b_p is improved against the current x_q, and x_q moves by regret matching+ on
what q's policies earn against b_p. The average of the x_q, step t weighing t, approaches (1). Several responses to it
are as good, and mixing them is p's answer, so the one that joins p's population is the best of those seen that it does
not hold yet. An average that is more exploitable than the mixture before is discarded, so with exact responses
exploitability never rises.

Self-Play PSRO adds to each population a policy v_q that minimises its own regret against b_p over *all* policies. While
in training it is one more choice in x_q. What joins the population is its time average, in which step t weighs t times
the weight of v_q in x_q, so that the returned mixture is exactly the average of all x_q. That has no regret either, and
with enough steps it is an equilibrium. With exact responses v_q is a CFR+ learner, and one iteration is CFR-BR.

Departures: the authors' program (indylab/sp-psro) moves x_q by multiplicative weights. Its time average is a network
that learns from every match of v_q alike; since x_q draws most of them, steps count by v_q's weight there too, but not
by t.

Reference: McAleer et al. (2022a), Anytime PSRO for Two-Player Zero-Sum Games; McAleer et al. (2022b), Self-Play PSRO:
Toward Optimal Populations in Two-Player Zero-Sum Games; Johanson et al. (2012), Finding Optimal Abstract Strategies in
Extensive-Form Games.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from pokespiel.core.policy import Policy, Tabular
from pokespiel.core.ranges import Checked, Count, ShareBelowOne
from pokespiel.game.protocols import Game
from pokespiel.game.tree import TreeGame, in_sequence_form
from pokespiel.oracles import Opponents, Oracle, Training
from pokespiel.oracles.cfr import CFR, RegretLearner
from pokespiel.oracles.exact import Exact, slopes_against
from pokespiel.oracles.regret_matcher import RegretMatcher

LEAST_GAIN = 1e-9
"""A new mixture replaces the one before if its exploitability is lower by this share of the payoffs' range."""


@dataclass(frozen=True)
class AnytimePSRO(Checked):
    """Anytime PSRO: mixtures that are least exploitable by any policy, found against responses in training.

    Reference: McAleer et al. (2022), Anytime PSRO for Two-Player Zero-Sum Games.
    """

    steps: Count = 500
    """With exact responses: regret minimisation steps per iteration and seat. With learned ones there is a step every 5
    updates of the response."""

    def over(self, oracle: Oracle) -> Oracle:
        """The oracle with the restricted game; a `ValueError` unless its responses can be improved step by step."""
        return _learned(oracle, None) or RestrictedExact(_exact(oracle), self.steps, average=False)


@dataclass(frozen=True)
class SelfPlayPSRO(AnytimePSRO):
    """Self-Play PSRO: Anytime PSRO whose populations also get the average of a policy that learns on the way.

    Reference: McAleer et al. (2022), Self-Play PSRO: Toward Optimal Populations in Two-Player Zero-Sum Games.
    """

    share: ShareBelowOne = 0.1
    """With learned responses: share (0..1) of the matches from which only the policy that learns on the way learns. It
    meets the response in them, and has matches even if it has no weight in the mixture."""

    def over(self, oracle: Oracle) -> Oracle:
        """The oracle with the restricted game; a `ValueError` unless its responses can be improved step by step."""
        return _learned(oracle, self.share) or RestrictedExact(_exact(oracle), self.steps, average=True)


def _learned(oracle: Oracle, share: float | None) -> Oracle | None:
    """The restricted game with a learning oracle, if its updates can be made one by one."""
    from pokespiel.oracles.common import Learned
    from pokespiel.oracles.restricted_learned import restricted_learned

    return restricted_learned(oracle, share) if isinstance(oracle, Learned) else None


def _exact(oracle: Oracle) -> Exact:
    if not isinstance(oracle, Exact):
        raise ValueError(
            f"the restricted game is not solved against responses of {type(oracle).__name__.lower()}: choose exact, "
            "mmd, nfsp, ppo or rnad, or leave the payoff table to a meta-solver"
        )
    if oracle.diversity.kind != "none":
        raise ValueError("the restricted game is solved against plain responses: leave the oracle's diversity at none")
    return oracle


@dataclass(frozen=True)
class RestrictedExact:
    """Exact responses, and the restricted game's solution against them."""

    oracle: Exact
    steps: int
    average: bool
    """Whether a policy learns on the way and joins the population."""
    name = "exact"

    def check(self, game: Game) -> None:
        tree = in_sequence_form(game, "the exact oracle")
        if tree.num_players != 2 or tree.total is None:
            raise ValueError(f"Anytime and Self-Play PSRO need a two-player game of constant sum, not {game.name}")

    def __call__(
        self,
        game: Game,
        opponents: Mapping[int, Opponents],
        rng: np.random.Generator,
        *,
        start: Sequence[Policy] = (),
        state: Mapping[str, Any] | None = None,
    ) -> Iterator[Training]:
        """Responses to each seat's new mixture; `value/<seat>` is what the seat's response earns against it."""
        self.check(game)
        tree, began = in_sequence_form(game, "the exact oracle"), time.perf_counter()
        found = {player: self._solve(tree, player, mixture, rng) for player, mixture in opponents.items()}
        responses: dict[int, tuple[Policy, ...]] = {}
        mixtures: dict[int, np.ndarray] = {}
        for player, own in found.items():
            other = found[player if tree.symmetric else 1 - player]  # it solved this seat's population
            responses[player] = _policy(tree, player, own.response.behaviour), *_averages(tree, player, other)
            mixtures[player] = np.insert(other.weights, len(other.weights) - len(responses[player]) + 1, 0.0)
        metrics = {f"value/{player}": own.value for player, own in found.items()}
        spent = {"updates": float(self.steps * len(found)), "seconds": time.perf_counter() - began}
        yield Training(responses, {**metrics, **spent}, {}, mixtures)

    def _solve(self, game: TreeGame, player: int, mixture: Opponents, rng: np.random.Generator) -> Solved:
        """Mix the other seat's population against the responses of `player`."""
        other = 1 - player
        plans = np.stack([game.plan(policy, other) for policy in mixture.policies[other]])
        before = np.bincount(mixture.rows[:, other], mixture.weights, minlength=len(plans))
        learner = RegretLearner(CFR(), game.players[other]) if self.average else None
        if learner is not None:
            plans, before = np.vstack([plans, learner.plan]), np.append(before, 0.0)
        matcher = RegretMatcher(len(plans))
        learned, seen = np.zeros(plans.shape[1]), {}
        for step in range(1, self.steps + 1):
            response = self._respond(game, player, matcher.current @ plans, rng)
            seen[response.plan.tobytes()] = response
            gradient = game.matrices[other] @ response.plan
            values = plans @ gradient
            if learner is not None:
                learned += step * matcher.current[-1] * plans[-1]
                learner.update(gradient, step, step)
                plans[-1] = learner.plan
            matcher.observe(values)
        if learner is not None:
            plans[-1] = learned / learned[0] if learned[0] > 0 else learner.total / learner.total[0]
        found = self._better(game, player, plans, (before, matcher.average), rng)
        held = {game.plan(policy, player).tobytes() for policy in mixture.policies[player]}
        new = [response for plan, response in seen.items() if plan not in held]
        slope = slopes_against(game, player, found.weights @ plans).gradient
        best = max([found.response, *new], key=lambda one: (one.plan.tobytes() not in held, one.plan @ slope))
        return found._replace(response=best, average=plans[-1] if self.average else None)

    def _better(
        self,
        game: TreeGame,
        player: int,
        plans: np.ndarray,
        mixtures: tuple[np.ndarray, np.ndarray],
        rng: np.random.Generator,
    ) -> Solved:
        """The second of two mixtures of `plans` if it is less exploitable, else the first, with the response to it."""
        answers = [self._respond(game, player, weights @ plans, rng) for weights in mixtures]
        low, high = game.utility_range
        better = int(answers[1].value < answers[0].value - LEAST_GAIN * (high - low))
        return Solved(mixtures[better], answers[better], answers[better].value)

    def _respond(self, game: TreeGame, player: int, plan: np.ndarray, rng: np.random.Generator) -> PureResponse:
        """The response to the other player's plan."""
        slopes = slopes_against(game, player, plan)
        behaviour = self.oracle.best(game, player, slopes, rng)
        own = game.players[player].plan(behaviour)
        return PureResponse(behaviour, own, float(own @ slopes.gradient))


class PureResponse(NamedTuple):
    """A pure response."""

    behaviour: np.ndarray
    """[S]"""
    plan: np.ndarray
    """[S]"""
    value: float
    """What it earns against the mixture that it was computed for."""


class Solved(NamedTuple):
    """A population's mixture, and the other player's response to it."""

    weights: np.ndarray
    """[n], or [n + 1] if a policy learned on the way."""
    response: PureResponse
    """The response that joins the other player's population."""
    value: float
    """What the other player's best response earns."""
    average: np.ndarray | None = None
    """[S] the plan of the policy that learned on the way."""


def _policy(game: TreeGame, player: int, behaviour: np.ndarray) -> Tabular:
    """The table of a behaviour [S]; in a symmetric game it covers every seat."""
    seats = range(game.num_players) if game.symmetric else [player]
    return Tabular(dict.fromkeys(seats, game.table(behaviour, player)))


def _averages(game: TreeGame, player: int, solved: Solved) -> list[Tabular]:
    """The policy of `player` that learned on the way, if one did."""
    if solved.average is None:
        return []
    return [_policy(game, player, game.players[player].behaviour(solved.average))]
